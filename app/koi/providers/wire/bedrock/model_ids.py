"""The forms in which Bedrock names models: with a region's prefix, with -v1:0, as an ARN.

https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html
"""

from __future__ import annotations

import re
from urllib.parse import quote

_PROFILE = re.compile(r"(us-gov|us|eu|apac|jp|au|ca|sa|global)\.(?=[a-z0-9-]+\.)")
_ARN = re.compile(r"arn:[a-z-]+:bedrock:([a-z0-9-]*):")
_UNCACHED_CLAUDE = re.compile(
    r"anthropic\.claude-(v\d|instant|3-(opus|sonnet|haiku)|3-5-sonnet)", re.IGNORECASE
)


def model_path(model: str, operation: str) -> str:
    """The path of an operation. Colons and slashes are escaped: the signature is of this form."""
    return f"/model/{quote(model, safe='')}/{operation}"


def plain_id(model: str) -> str:
    """The id without ARN and region prefix: anthropic.claude-sonnet-4-20250514-v1:0."""
    return _PROFILE.sub("", model.rpartition("/")[2], count=1)


def is_profile(model: str) -> bool:
    """True for the id of an inference profile, which has the prefix of a region."""
    return _PROFILE.match(model.rpartition("/")[2]) is not None


def arn_region(model: str) -> str:
    """The region in an ARN, "" when there is none."""
    found = _ARN.match(model)
    return found[1] if found else ""


def caches_prompts(model: str) -> bool:
    """True for Claude models that take cache points; others refuse the whole request.

    https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
    """
    plain = plain_id(model)
    return plain.startswith("anthropic.claude-") and not _UNCACHED_CLAUDE.match(plain)


def reads_result_status(model: str) -> bool:
    """True for models that accept whether a tool failed.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolResultBlock.html
    """
    return plain_id(model).startswith(("anthropic.claude-", "amazon.nova-"))
