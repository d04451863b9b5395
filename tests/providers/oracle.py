"""What koi must report for a recording: the SDK's view of it, in the terms of koi's output."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import msgspec

from koi.core.errors import ErrorKind
from koi.core.provider_events import FinishReason
from koi.core.usage import Usage
from tests.providers.recordings import OWN, JsonFields, Recording, load

FINISH: dict[str | None, FinishReason] = {
    None: "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "stop": "stop",
    "STOP": "stop",
    "completed": "stop",
    "tool_use": "tool_calls",
    "tool_calls": "tool_calls",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "length": "length",
    "MAX_TOKENS": "length",
    "refusal": "refusal",
    "content_filter": "content_filter",
    "content_filtered": "content_filter",
    "guardrail_intervened": "content_filter",
    "SAFETY": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "UNEXPECTED_TOOL_CALL": "error",
}
KINDS: dict[str | int | None, ErrorKind] = {
    "openai-chat.llamacpp.rig-error-matrix-tools-without-jinja": "tools_unsupported",
    "gemini.google.rig-response-identity-auth-rejection-keeps-transport-shape": "auth",
    "content_filter": "content_policy",
    "context-length": "context_overflow",
    "exceed_context_size_error": "context_overflow",
    "request_too_large": "context_overflow",
    "insufficient_quota": "billing",
    "model_not_found": "model_not_found",
    "overloaded_error": "overloaded",
    "server_error": "overloaded",
    "tool_use_failed": "bad_request",
    "throttlingException": "rate_limit",
    "modelStreamErrorException": "overloaded",
    "botocore.ChecksumMismatch": "protocol",
    400: "bad_request",
    401: "auth",
    403: "auth",
    404: "model_not_found",
    429: "rate_limit",
    500: "overloaded",
    502: "overloaded",
    503: "overloaded",
    529: "overloaded",
    -1: "overloaded",
}
"""By what says most, in this order: the recording where only its words tell (its id), its
features, the error's class, type, code, and status. Ollama's SDK has -1 for errors in a stream."""
_DROPPED_BY_THE_SDK = {
    "anthropic.anthropic.derived-no-event-lines-no-space": (
        "anthropic.anthropic.rig-messages-sessions-sequential-tool-calls-streaming-i1"
    ),
}
"""The official SDK drops every event without an `event:` line, and with them the text and the
arguments of the call. koi reads such streams, as compatible servers send them: what it must find
is in the recording that this one was made from."""


@dataclass(frozen=True, slots=True)
class UsageRule:
    """How a protocol counts, as its SDK reports it."""

    cached_in_input: bool
    reasoning: Literal["inside", "outside", "outside when larger"]
    """Whether the output has the reasoning. xAI and some of Copilot's models count it apart in a
    protocol that counts it inside, which shows when it is more than the output."""


_OPENAI = UsageRule(cached_in_input=True, reasoning="outside when larger")
_APART = UsageRule(cached_in_input=False, reasoning="inside")
USAGE = {
    "anthropic": _APART,
    "bedrock-converse": _APART,
    "ollama": _APART,
    "openai-chat": _OPENAI,
    "openai-responses": _OPENAI,
    "copilot-chat": _OPENAI,
    "gemini": UsageRule(cached_in_input=True, reasoning="outside"),
}


@dataclass(frozen=True, slots=True)
class Expected:
    """The oracle, normalised as koi's machine output is. `kind` is set for an error."""

    text: str
    reasoning: str
    calls: list[JsonFields]
    finish_reason: FinishReason | None = None
    raw_finish_reason: str | None = None
    usage: Usage | None = None
    """Its reasoning_tokens are 0 where the oracle does not count them."""
    kind: ErrorKind | None = None
    status: int | None = None


def expected(recording: Recording) -> Expected:
    """What koi must report for a recording."""
    if twin := _DROPPED_BY_THE_SDK.get(recording.id):
        recording = load(OWN / recording.protocol / f"{twin}.json")
    oracle = recording.expected
    error = oracle.get("error") or oracle.get("error_in_200")
    if error is not None:
        return _failure(recording, error, oracle.get("partial", {}))
    raw = oracle["finish_reason"]
    finish = _finish_reason(oracle)
    return Expected(
        text=oracle["text"] + (oracle.get("refusal") or "") + _cited(recording),
        reasoning=oracle["reasoning"],
        calls=[_call(call, finish) for call in oracle["tool_calls"]],
        finish_reason=finish,
        raw_finish_reason=raw,
        usage=_usage(recording, oracle["usage"]) if oracle["usage"] else None,
    )


def with_given_ids(found: object, wanted: list[JsonFields]) -> object:
    """The calls that were found, without the ids that koi made because the wire had none."""
    if not isinstance(found, list) or len(found) != len(wanted):
        return found
    return [
        call if "id" in other else {key: value for key, value in call.items() if key != "id"}
        for call, other in zip(found, wanted, strict=True)
    ]


def _failure(recording: Recording, error: JsonFields, partial: JsonFields) -> Expected:
    named = (error.get(key) for key in ("class", "type", "code", "status"))
    clues = [recording.id, *recording.wire_features, *named, recording.response.status]
    kind = next(KINDS[clue] for clue in clues if clue in KINDS)
    return Expected(
        text=partial.get("text", ""),
        reasoning=partial.get("reasoning", ""),
        calls=[],
        kind=kind,
        # No server reports damage on the way.
        status=None if kind == "protocol" else recording.response.status,
    )


def _finish_reason(oracle: JsonFields) -> FinishReason:
    reason = FINISH[oracle.get("incomplete_reason") or oracle["finish_reason"]]
    if oracle.get("blocked"):
        return "content_filter"
    if oracle["tool_calls"] and reason == "stop":
        return "tool_calls"
    return "refusal" if oracle.get("refusal") and reason == "stop" else reason


def _cited(recording: Recording) -> str:
    """Bedrock's cited answers, which the oracle leaves out of the text."""
    if "citationsContent" not in recording.expected.get("other_blocks", ()):
        return ""
    blocks = msgspec.json.decode(recording.body)["output"]["message"]["content"]
    cited = (block["citationsContent"]["content"] for block in blocks if "text" not in block)
    return "".join(piece["text"] for content in cited for piece in content)


def _call(call: JsonFields, finish: FinishReason) -> JsonFields:
    found = {key: call[key] for key in ("id", "name") if call.get(key) is not None}
    arguments = call["arguments"]
    if call.get("custom"):
        return {**found, "arguments": {"input": arguments["$input"]}}
    if "$unparsed" in arguments:
        return {**found, "arguments": None, "arguments_raw": arguments["$unparsed"]}
    if call.get("arguments_raw") == "" and finish == "length":
        return {**found, "arguments": None, "arguments_raw": ""}
    return {**found, "arguments": arguments}


def _usage(recording: Recording, oracle: dict[str, int]) -> Usage:
    rule = USAGE[recording.protocol]
    fresh, output = oracle.get("input", 0), oracle.get("output", 0)
    read, written = oracle.get("cache_read", 0), oracle.get("cache_write", 0)
    reasoning = oracle.get("reasoning", 0)
    fresh += _server_tool_tokens(recording)
    if rule.cached_in_input:
        fresh = max(0, fresh - read - written)
    if rule.reasoning == "outside" or (rule.reasoning != "inside" and reasoning > output):
        output += reasoning
    return Usage(fresh, read, written, output, reasoning)


def _server_tool_tokens(recording: Recording) -> int:
    """What tools of Gemini's servers added to the prompt, which the oracle leaves out."""
    counts = re.findall(r'"toolUsePromptTokenCount": ?(\d+)', recording.response.body)
    return int(counts[-1]) if counts else 0
