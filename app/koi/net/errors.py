"""Error answers of providers, named by kind: what the reliability rules and people act upon."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from koi.core.errors import ErrorKind, ProviderError
from koi.net.error_bodies import MAX_MESSAGE, ErrorBody, read_error, read_error_body
from koi.net.error_words import kind_from_words
from koi.net.next_steps import next_step
from koi.net.retry_after import retry_after_s
from koi.net.web_pages import looks_like_page, page_kind, read_page

_BY_TYPE: dict[str, ErrorKind] = {
    "rate_limit_error": "rate_limit",
    "rate_limit_exceeded": "rate_limit",
    "too_many_requests": "rate_limit",
    "resource_exhausted": "rate_limit",
    "rate_limited": "rate_limit",
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


def response_error(
    status: int, headers: Mapping[str, str], body: bytes, host: str = ""
) -> ProviderError:
    """The error that an HTTP answer other than 2xx of `host` means. Header names are lower case."""
    text = body.decode("utf-8", "replace")
    if looks_like_page(text):
        return page_error(status, body, headers, host)
    error, value = read_error_body(body)
    if not error.type:
        error = msgspec.structs.replace(error, type=_type_in_headers(headers))
    kind, words = _classify(status, error)
    failed = ProviderError(
        error.message or f"The server answered {status} and said nothing",
        kind=kind,
        hint=next_step(kind, status, words),
        status=status,
        code=error.code or error.type or None,
        retry_after_s=retry_after_s(headers, value),
    )
    failed.parameter = error.parameter or None
    return failed


def inline_error(value: object) -> ProviderError:
    """The error that an object inside a good answer (status 200) means."""
    error = read_error(value)
    kind, words = _classify(error.status, error)
    return ProviderError(
        error.message or "The provider broke off with an error and said nothing",
        kind=kind,
        hint=next_step(kind, error.status, words),
        status=200,
        code=error.code or error.type or None,
        retry_after_s=retry_after_s({}, value),
    )


def page_error(
    status: int, body: bytes, headers: Mapping[str, str] | None = None, host: str = ""
) -> ProviderError:
    """The error for a web page where an answer of `host` should be: whose page, and what to do."""
    headers = headers or {}
    text = body.decode("utf-8", "replace").strip()
    page = read_page(status, headers, text, host)
    kind = page_kind(status) or _by_status(status, None, page.words)
    answered = "The server answered" if status < 300 else f"The server answered {status}"
    sender = f" (from {page.owner})" if page.owner else ""
    by_page = page.on_the_way or kind in ("protocol", "bad_request")
    return ProviderError(
        f"{answered} with an HTML page: {page.words}{sender}",
        kind=kind,
        hint=page.hint if by_page else next_step(kind, status, text[:MAX_MESSAGE]),
        status=status,
        retry_after_s=retry_after_s(headers),
    )


def _type_in_headers(headers: Mapping[str, str]) -> str:
    """The class of an error of AWS, which is not in its body: ValidationException:http://…"""
    return headers.get("x-amzn-errortype", "").partition(":")[0].strip()


def _classify(status: int | None, error: ErrorBody) -> tuple[ErrorKind, str]:
    """The kind of an error, and the words that it was found in.

    Words weigh more than the status, which many servers get wrong.
    """
    words = f"{error.type} {error.code} {error.message}"
    if kind := kind_from_words(words):
        return kind, words
    by_type = _BY_TYPE.get(error.type.lower()) or _BY_TYPE.get(error.code.lower())
    if status is None:
        return by_type or "overloaded", words
    return _by_status(status, by_type, words), words


def _by_status(status: int, by_type: ErrorKind | None, words: str) -> ErrorKind:
    match status:
        case 401 | 403 | 451:
            return by_type if by_type == "rate_limit" else "auth"
        case 402:
            return "billing"
        case 404 | 410 if re.search(r"\bmodel", words, re.IGNORECASE):
            return "model_not_found"
        case 407:
            return "network_policy"
        case 408 | 504 | 524:
            return "timeout"
        case 413:
            return "context_overflow"
        case 409 | 425 | 498 | 499:
            return "overloaded"
        case 429:
            return "rate_limit"
        case _ if status >= 500:
            return by_type if by_type in ("rate_limit", "timeout") else "overloaded"
    return by_type or "bad_request"
