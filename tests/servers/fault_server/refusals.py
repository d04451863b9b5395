"""Answers other than an answer: HTTP errors in the words of each service, redirects, web pages."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import NamedTuple

from tests.servers.answers import Answer, JsonObject, error_body
from tests.servers.fault_server.faults import Fault, Format

PAGE = b"<!doctype html><html><head><title>Sign in to the network</title></head><body>Hello</body>"
LONG = 90
_QUOTA: dict[str, str] = {
    "gemini": "Your prepayment credits are depleted. Please manage your project and billing.",
    "anthropic": "Your credit balance is too low to access the API.",
}
_OVERFLOW: dict[Format, str] = {
    "openai-chat": "This model's maximum context length is 128000 tokens. However, your messages "
    "resulted in 150000 tokens.",
    "openai-responses": "Your input exceeds the context window of this model.",
    "copilot": "prompt token count of 150000 exceeds the limit of 128000",
    "anthropic": "prompt is too long: 213462 tokens > 200000 maximum",
    "gemini": "The input token count (1206449) exceeds the maximum number of tokens allowed.",
    "bedrock": "Input is too long for requested model.",
    "ollama": "request (150000 tokens) exceeds the available context size (131072 tokens)",
}
_HISTORY = "messages.2: `tool_use` ids were found without `tool_result` blocks after: call_1."
_CODES: dict[str, str] = {
    "429-quota": "insufficient_quota",
    "400-overflow": "context_length_exceeded",
    "429": "rate_limit_exceeded",
}
_GOOGLE = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED"}
_GOOGLE |= {404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE", 500: "INTERNAL"}
_AMAZON = {400: "ValidationException", 403: "AccessDeniedException", 429: "ThrottlingException"}
_AMAZON |= {404: "ResourceNotFoundException", 408: "ModelTimeoutException"}
_AMAZON |= {500: "InternalServerException", 503: "ServiceUnavailableException"}


class Refusal(NamedTuple):
    """Status, headers and body."""

    status: int
    headers: dict[str, str]
    body: bytes


def refusal(wire: Format, fault: Fault, elsewhere: str) -> Refusal:
    """What is answered; redirects lead to the URL `elsewhere`."""
    if fault.name in ("page", "page-502"):
        return Refusal(200 if fault.name == "page" else 502, {"content-type": "text/html"}, PAGE)
    status = int(fault.name[:3])
    if status < 400:
        return Refusal(status, {"location": f"{elsewhere}/elsewhere"}, b"")
    headers = {"content-type": "application/json"}
    details: list[JsonObject] = []
    if status == 429:
        hint, details = _hint(wire, fault)
        headers |= hint
    message = _message(wire, fault, status)
    body: JsonObject
    match wire:
        case "anthropic":
            return Refusal(status, headers, error_body(wire, Answer(status=status, error=message)))
        case "gemini":
            error = {"code": status, "message": message, "status": _GOOGLE.get(status, "UNKNOWN")}
            body = {"error": error | ({"details": details} if details else {})}
        case "bedrock":
            headers["x-amzn-errortype"] = f"{_AMAZON.get(status, 'UnknownException')}:http://x/"
            body = {"message": message}
        case "ollama":
            body = {"error": message}
        case _:
            code = _CODES.get(fault.name) or _CODES.get(str(status))
            kind = code if status == 429 else "invalid_request_error" if status < 500 else "server"
            body = {"error": {"message": message, "type": kind, "code": code, "param": None}}
    return Refusal(status, headers, json.dumps(body).encode())


def hint_s(fault: Fault) -> float:
    """Seconds after which a client may come again, 0 when it was told none."""
    match fault.name:
        case "429-ms" | "429-seconds" | "429-reset":
            return fault.wait_s
        case "429-date":
            return math.ceil(fault.wait_s)
        case "429-long":
            return fault.wait_s * LONG
    return 0.0


def _message(wire: Format, fault: Fault, status: int) -> str:
    match fault.name:
        case "429-quota":
            return _QUOTA.get(wire, "You exceeded your current quota, check your plan and billing.")
        case "400-overflow":
            return _OVERFLOW[wire]
        case "400-history":
            return _HISTORY
        case "404":
            return "The model `m` does not exist or you do not have access to it."
    said = {401: "invalid api key", 402: "Payment required", 403: "Not allowed for this key"}
    return said.get(status, f"fault server: {status}")


def _hint(wire: Format, fault: Fault) -> tuple[dict[str, str], list[JsonObject]]:
    """When to come again, as headers, and as details of Google's error body."""
    wait = fault.wait_s
    now = datetime.now(UTC)
    clock = {"date": format_datetime(now, usegmt=True)}
    then = now.replace(microsecond=0) + timedelta(seconds=math.ceil(wait))
    match fault.name:
        case "429-ms":
            return {"retry-after-ms": f"{wait * 1000:.0f}"}, []
        case "429-seconds":
            return {"retry-after": f"{wait:g}"}, []
        case "429-date":
            return clock | {"retry-after": format_datetime(then, usegmt=True)}, []
        case "429-long":
            return {"retry-after": f"{wait * LONG:g}"}, []
        case "429-reset" if wire == "gemini":
            kind = "type.googleapis.com/google.rpc.RetryInfo"
            return {}, [{"@type": kind, "retryDelay": f"{wait:g}s"}]
        case "429-reset" if wire == "anthropic":
            return clock | _bucket("anthropic-ratelimit-requests-{}", then.isoformat()), []
        case "429-reset":
            return _bucket("x-ratelimit-{}-requests", f"{wait * 1000:.0f}ms"), []
    return {}, []


def _bucket(name: str, reset: str) -> dict[str, str]:
    return {name.format("remaining"): "0", name.format("reset"): reset}
