"""Error answers of providers, named by kind: what the reliability rules and people act upon."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from koi.core.errors import ErrorKind, ProviderError
from koi.net.error_bodies import ErrorBody, read_error, read_error_body
from koi.net.error_words import kind_from_words
from koi.net.retry_after import retry_after_s

_BY_TYPE: dict[str, ErrorKind] = {
    "rate_limit_error": "rate_limit",
    "rate_limit_exceeded": "rate_limit",
    "too_many_requests": "rate_limit",
    "resource_exhausted": "rate_limit",
    "usage_limit_reached": "rate_limit",
    "overloaded_error": "overloaded",
    "server_error": "overloaded",
    "api_error": "overloaded",
    "internal_server_error": "overloaded",
    "service_unavailable": "overloaded",
    "timeout_error": "timeout",
    "permission_error": "auth",
    "billing_error": "billing",
    "invalid_request_error": "bad_request",
    "bad_request": "bad_request",
    "throttlingexception": "rate_limit",
    "servicequotaexceededexception": "rate_limit",
    "modelnotreadyexception": "overloaded",
    "modelerrorexception": "overloaded",
    "modelstreamerrorexception": "overloaded",
    "internalserverexception": "overloaded",
    "serviceunavailableexception": "overloaded",
    "modeltimeoutexception": "timeout",
    "validationexception": "bad_request",
    "resourcenotfoundexception": "model_not_found",
    "accessdeniedexception": "auth",
    "unrecognizedclientexception": "auth",
    "expiredtokenexception": "auth",
    "invalidsignatureexception": "auth",
    "incompletesignatureexception": "auth",
    "missingauthenticationtokenexception": "auth",
}
_HINTS: dict[ErrorKind, str] = {
    "auth": "The key was refused. koi providers says which one it is, and where it comes from.",
    "billing": "The account has no credit left: top it up, or use another provider.",
    "rate_limit": "Wait a little, use another key, or another model.",
    "overloaded": "The provider has trouble: try again, or use another model.",
    "timeout": "The provider took too long: try again, or use another model.",
    "context_overflow": "Start a new session, or send less: the request does not fit the model.",
    "tools_unsupported": 'Use a model that can call tools, or set tools = "prompt" for it.',
    "model_not_found": "Check the model's name; `koi models` lists what the provider offers.",
    "content_policy": "The provider's content rules refuse this: put it in other words.",
    "bad_request": "The provider does not accept the request in this form.",
}


def response_error(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that an HTTP answer other than 2xx means. Header names are lower case."""
    error, value = read_error_body(body)
    if not error.type:
        error = msgspec.structs.replace(error, type=_type_in_headers(headers))
    message = error.message or f"The server answered {status} and said nothing"
    if message.startswith("HTML page"):
        message = f"The server answered {status} with an {message}"
    kind = _classify(status, error)
    failed = ProviderError(
        message,
        kind=kind,
        hint=_hint(kind, status),
        status=status,
        code=error.code or error.type or None,
        retry_after_s=retry_after_s(headers, value),
    )
    failed.parameter = error.parameter or None
    return failed


def inline_error(value: object) -> ProviderError:
    """The error that an object inside a good answer (status 200) means."""
    error = read_error(value)
    kind = _classify(error.status, error)
    return ProviderError(
        error.message or "The provider broke off with an error and said nothing",
        kind=kind,
        hint=_hint(kind, error.status),
        status=200,
        code=error.code or error.type or None,
        retry_after_s=retry_after_s({}, value),
    )


def page_error(status: int, body: bytes) -> ProviderError:
    """The error for a web page where an answer should be."""
    page, _ = read_error_body(body)
    return ProviderError(
        f"The server answered with an {page.message}",
        kind="protocol",
        hint="Check base_url: a web server, a proxy or a login page answers there.",
        status=status,
    )


def _type_in_headers(headers: Mapping[str, str]) -> str:
    """The class of an error of AWS, which is not in its body: ValidationException:http://…"""
    return headers.get("x-amzn-errortype", "").partition(":")[0].strip()


def _classify(status: int | None, error: ErrorBody) -> ErrorKind:
    """The kind of an error; words weigh more than the status, which many servers get wrong."""
    words = f"{error.type} {error.code} {error.message}"
    if kind := kind_from_words(words):
        return kind
    by_type = _BY_TYPE.get(error.type.lower()) or _BY_TYPE.get(error.code.lower())
    return by_type or "overloaded" if status is None else _by_status(status, by_type, words)


def _by_status(status: int, by_type: ErrorKind | None, words: str) -> ErrorKind:
    match status:
        case 401 | 403 | 407:
            return "auth"
        case 402:
            return "billing"
        case 404 if re.search(r"\bmodel", words, re.IGNORECASE):
            return "model_not_found"
        case 408 | 504 | 524:
            return "timeout"
        case 413:
            return "context_overflow"
        case 409 | 425:
            return "overloaded"
        case 429:
            return "rate_limit"
        case _ if status >= 500:
            return by_type if by_type in ("rate_limit", "timeout") else "overloaded"
    return by_type or "bad_request"


def _hint(kind: ErrorKind, status: int | None) -> str:
    if kind == "bad_request" and status in (404, 405):
        return "Nothing answers at this address: check base_url and protocol."
    return _HINTS.get(kind, "")
