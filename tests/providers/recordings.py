"""Recorded answers of real providers, and what koi must make of them."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import runpy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec

from koi.catalogue.rows import Protocol
from koi.core.provider_events import FinishReason
from koi.core.usage import Usage

PROTOCOLS = (
    "anthropic",
    "gemini",
    "openai-chat",
    "openai-responses",
    "ollama",
    "bedrock-converse",
    "copilot-chat",
)
FINISH: dict[str | None, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "stop": "stop",
    "pause_turn": "stop",
    None: "stop",
    "tool_use": "tool_calls",
    "tool_calls": "tool_calls",
    "max_tokens": "length",
    "length": "length",
    "refusal": "refusal",
    "content_filter": "content_filter",
    "completed": "stop",
    "max_output_tokens": "length",
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "UNEXPECTED_TOOL_CALL": "error",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}
KOI_NAMES: dict[str, Protocol] = {"bedrock-converse": "bedrock", "copilot-chat": "copilot"}
KIND_OF_CLASS = {
    "AuthenticationError": "auth",
    "BadRequestError": "bad_request",
    "NotFoundError": "model_not_found",
    "RateLimitError": "rate_limit",
    "OverloadedError": "overloaded",
    "InternalServerError": "overloaded",
    "ContentTooLargeError": "context_overflow",
    "ResourceNotFoundException": "model_not_found",
    "ThrottlingException": "rate_limit",
    "ValidationException": "bad_request",
    "AccessDeniedException": "auth",
    "ServiceUnavailableException": "overloaded",
    "InternalServerException": "overloaded",
    "ModelTimeoutException": "timeout",
    "throttlingException": "rate_limit",
    "validationException": "bad_request",
    "modelStreamErrorException": "overloaded",
    "internalServerException": "overloaded",
    "serviceUnavailableException": "overloaded",
    "ChecksumMismatch": "protocol",
}
KIND_OF_ID = {
    "openai-responses.openai.derived-error-event-mid-stream": "overloaded",
    "openai-responses.openai.inferred-model-name-suggestion": "model_not_found",
    "openai-responses.openai.vercel-openai-error-1": "billing",
    "openai-chat.llamacpp.rig-error-matrix-context-overflow-blocking": "context_overflow",
    "anthropic.anthropic.derived-overloaded-mid-stream": "overloaded",
    "openai-chat.openai.derived-server-error-mid-stream": "overloaded",
    "openai-chat.groq.tool-use-failed-error-streaming-with-text": "bad_request",
    "openai-chat.llamacpp.rig-error-matrix-tools-without-jinja": "tools_unsupported",
    "openai-chat.azure.prompt-content-filtering": "content_policy",
    "gemini.google.rig-response-identity-auth-rejection-keeps-transport-shape": "auth",
}
KIND_OF_STATUS = {
    400: "bad_request",
    401: "auth",
    403: "auth",
    404: "model_not_found",
    429: "rate_limit",
    500: "overloaded",
    503: "overloaded",
}
"""For SDKs that have one class for all errors, or two."""
TWINS = {
    "anthropic.anthropic.derived-no-event-lines-no-space": (
        "anthropic.anthropic.rig-messages-sessions-sequential-tool-calls-streaming-i1"
    ),
}
"""The official SDK drops every event without an `event:` line, and with them the text and the
arguments of the call. koi reads such streams, as compatible servers send them: what it must find
is in the recording that this one was made from."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The oracle, normalised as koi's machine output is."""

    text: str
    reasoning: str
    calls: list[dict[str, object]]
    finish_reason: FinishReason | None
    raw_finish_reason: str | None
    usage: Usage | None
    """reasoning_tokens are None-like (0) where the oracle does not count them."""
    kind: str | None
    status: int | None


def recording_files() -> list[Path]:
    """All recordings of the protocols that koi speaks; none without KOI_WIRE."""
    folder = os.environ.get("KOI_WIRE")
    if not folder:
        return []
    return sorted(path for protocol in PROTOCOLS for path in Path(folder, protocol).glob("*.json"))


def load(path: Path) -> dict[str, Any]:
    """One recording."""
    return cast(dict[str, Any], msgspec.json.decode(path.read_bytes()))


def protocol_of(recording: dict[str, Any]) -> Protocol:
    """What koi calls the protocol of a recording."""
    name = recording["protocol"]
    return KOI_NAMES.get(name) or cast(Protocol, name)


def body_of(recording: dict[str, Any]) -> bytes:
    """The bytes of the answer."""
    response = recording["response"]
    if "body_base64" in response:
        return base64.b64decode(response["body_base64"])
    return cast(str, response["body"]).encode()


@contextlib.contextmanager
def replayed(folder: Path, recording: dict[str, Any], **how: object) -> Iterator[str]:
    """The base URL of a server that replays the recording."""
    server = runpy.run_path(str(folder / "replay_server.py"))
    with server["ReplayServer"](recording, **how) as running:
        yield running.url


def expected(recording: dict[str, Any], folder: Path) -> Expected:
    """What koi must report for a recording."""
    if twin := TWINS.get(recording["id"]):
        recording = load(folder / recording["protocol"] / f"{twin}.json")
    oracle = recording["expected"]
    error = oracle.get("error") or oracle.get("error_in_200")
    if error is not None:
        partial = oracle.get("partial", {})
        return Expected(
            text=partial.get("text", ""),
            reasoning=partial.get("reasoning", ""),
            calls=[],
            finish_reason=None,
            raw_finish_reason=None,
            usage=None,
            kind=_kind(recording, error),
            status=_status(recording, error),
        )
    raw = oracle["finish_reason"]
    finish = FINISH[oracle.get("incomplete_reason") or raw]
    if oracle.get("blocked"):
        finish = "content_filter"
    if oracle["tool_calls"] and finish == "stop":
        finish = "tool_calls"
    if oracle.get("refusal") and finish == "stop":
        finish = "refusal"
    return Expected(
        text=oracle["text"] + (oracle.get("refusal") or "") + _cited(recording),
        reasoning=oracle["reasoning"],
        calls=[_call(call, finish) for call in oracle["tool_calls"]],
        finish_reason=finish,
        raw_finish_reason=raw,
        usage=_usage(recording, oracle["usage"]) if oracle["usage"] else None,
        kind=None,
        status=None,
    )


def _kind(recording: dict[str, Any], error: dict[str, Any]) -> str:
    if kind := KIND_OF_ID.get(recording["id"]):
        return kind
    if "context-length" in (*recording["wire_features"], *recording["features"]):
        return "context_overflow"
    name = error["class"].partition(".")[2]
    if name in ("ResponseError", "ClientError", "ServerError"):
        return KIND_OF_STATUS.get(error["status"], "overloaded")
    return KIND_OF_CLASS[error["type"] if name == "EventStreamError" else name]


def _status(recording: dict[str, Any], error: dict[str, Any]) -> int | None:
    """None for damage on the way, which no server reports."""
    damaged = error["class"].endswith("ChecksumMismatch")
    return None if damaged else recording["response"]["status"]


def _cited(recording: dict[str, Any]) -> str:
    """Bedrock's cited answers, which the oracle leaves out of the text."""
    if "citationsContent" not in recording["expected"].get("other_blocks", ()):
        return ""
    blocks = msgspec.json.decode(body_of(recording))["output"]["message"]["content"]
    cited = (block["citationsContent"]["content"] for block in blocks if "text" not in block)
    return "".join(piece["text"] for pieces in cited for piece in pieces)


def _call(call: dict[str, Any], finish: FinishReason) -> dict[str, object]:
    found = {key: call[key] for key in ("id", "name") if call.get(key) is not None}
    arguments = call["arguments"]
    if call.get("custom"):
        return {**found, "arguments": {"input": arguments["$input"]}}
    if "$unparsed" in arguments:
        return {**found, "arguments": None, "arguments_raw": arguments["$unparsed"]}
    if call.get("arguments_raw") == "" and finish == "length":
        return {**found, "arguments": None, "arguments_raw": ""}
    return {**found, "arguments": arguments}


def with_given_ids(found: object, wanted: list[dict[str, object]]) -> object:
    """The calls that were found, without the ids that koi made because the wire had none."""
    if not isinstance(found, list) or len(found) != len(wanted):
        return found
    return [
        call if "id" in other else {key: value for key, value in call.items() if key != "id"}
        for call, other in zip(found, wanted, strict=True)
    ]


def _usage(recording: dict[str, Any], oracle: dict[str, int]) -> Usage:
    fresh, output = oracle.get("input", 0), oracle.get("output", 0)
    read, written = oracle.get("cache_read", 0), oracle.get("cache_write", 0)
    reasoning = oracle.get("reasoning", 0)
    if recording["protocol"] in ("openai-chat", "openai-responses", "copilot-chat"):
        fresh = max(0, fresh - read - written)
        if reasoning > output:
            output += reasoning
    if recording["protocol"] == "gemini":
        fresh += _server_tool_tokens(recording["response"]["body"]) - read
        output += reasoning
    return Usage(fresh, read, written, output, reasoning)


def _server_tool_tokens(body: str) -> int:
    """What tools of Gemini's servers added to the prompt, which the oracle leaves out."""
    return int((re.findall(r'"toolUsePromptTokenCount": ?(\d+)', body) or ["0"])[-1])
