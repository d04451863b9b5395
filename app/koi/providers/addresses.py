"""Full URLs from a base URL in any of the forms that people and documents write."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from koi.core.errors import UsageError

_ENDINGS = (
    "/chat/completions",
    "/completions",
    "/v1/messages",
    "/messages",
    "/embeddings",
    "/responses",
    "/models",
)
_METHOD_OF_A_MODEL = re.compile(r"/models/[^/]+:[a-zA-Z]+$")
"""The last part of Gemini's addresses, which hold the model."""


def join(base_url: str, path: str, *, version: str = "") -> str:
    """`base_url` with `path` after it. `version` (/v1) is put in when the base has no path.

    A query in the base (?api-version=…) stays at the end. Raises UsageError for what is no URL.
    """
    try:
        parts = urlsplit(base_url.strip())
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https"):
        raise UsageError(
            f"'{base_url}' is not a base URL", hint="Write it as https://HOST or https://HOST/v1."
        )
    root = written = _METHOD_OF_A_MODEL.sub("", parts.path.rstrip("/"))
    for ending in _ENDINGS:
        if root.endswith(ending):
            root = root.removesuffix(ending).rstrip("/")
            break
    if version and path.startswith(f"{version}/"):
        root = root.removesuffix(version)
    elif version and not written:
        root = version
    return urlunsplit((parts.scheme, parts.netloc, f"{root}{path}", parts.query, ""))
