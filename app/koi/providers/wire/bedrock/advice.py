"""What a person can do about errors that only AWS has: profiles, clocks, expired logins."""

from __future__ import annotations

import re

from koi.core.errors import ProviderError
from koi.providers.wire.bedrock.model_ids import arn_region, is_profile, plain_id

_CLOCK = re.compile(
    r"signature (expired|not yet current)|RequestTimeTooSkewed|request time too skewed",
    re.IGNORECASE,
)
_NEEDS_PROFILE = re.compile(r"on-demand throughput|inference profile", re.IGNORECASE)
_NO_ACCESS = re.compile(
    r"access to the model|model access is denied|not authorized to perform|use[- ]case",
    re.IGNORECASE,
)
_BY_CODE = {
    "ExpiredTokenException": "The AWS session has expired: log in again (aws sso login), or set "
    "a new AWS_SESSION_TOKEN with its keys.",
    "UnrecognizedClientException": "AWS does not know this access key, or its AWS_SESSION_TOKEN is "
    "missing or of another key: aws sts get-caller-identity says what is used.",
    "InvalidSignatureException": "AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID.",
}


def advice(error: ProviderError, model: str) -> str:
    """What to do, "" when the general hint is as good."""
    if _CLOCK.search(f"{error.code} {error.title}"):
        return "The clock of this machine is wrong by minutes: set it, and ask again."
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    if _NO_ACCESS.search(error.title):
        return "Ask for access to the model in the Bedrock console, for this region and account."
    if error.kind == "model_not_found" or _NEEDS_PROFILE.search(error.title):
        return _names(model)
    return ""


def _names(model: str) -> str:
    """How else the model may be called."""
    if region := arn_region(model):
        return f"The ARN is of {region}: is AWS_REGION that, and is the ARN of this account?"
    if is_profile(model):
        return "Is the profile offered in this AWS_REGION? koi models bedrock lists them all."
    plain = plain_id(model)
    return (
        f"Newer models have names of their region: us.{plain}, eu.{plain}, apac.{plain} or "
        f"global.{plain}. koi models bedrock lists them, for the AWS_REGION that is set."
    )
