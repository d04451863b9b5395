"""The wire formats: where they are asked, how they stream an answer, and how they say an error."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.net.event_stream_bytes import event as amazon_event
from tests.servers.answers import Answer, JsonObject, MarkedEvent, marked_events
from tests.servers.fault_server import bedrock, gemini, ollama, responses
from tests.servers.fault_server.faults import Format

SSE, AMAZON, NDJSON = "text/event-stream", "application/vnd.amazon.eventstream", "text/x-ndjson"


@dataclass(frozen=True, slots=True)
class Wire:
    """One wire format."""

    base_path: str
    """What base_url has after the host."""
    asked: re.Pattern[str]
    """The path of a request for an answer, without its query."""
    content_type: str
    events: Callable[[str, Answer], Iterator[MarkedEvent]]
    error: Callable[[str], bytes]
    """An error event with this message, in the middle of a stream."""
    carrier: str
    """An event that says nothing, as JSON with %s where a value can be."""
    name: str = ""
    """The name of that event, for framings that need one."""

    def framed(self, payload: bytes) -> bytes:
        """An event around these bytes, which need not be JSON."""
        match self.content_type:
            case "text/event-stream":
                return b"data: " + payload + b"\n\n"
            case "text/x-ndjson":
                return payload + b"\n"
        return amazon_event(self.name, payload)

    def comment(self) -> bytes:
        """Something between two events that is no data."""
        return b": still there\n\n" if self.content_type == SSE else b"\n"


def _chat(model: str, answer: Answer) -> Iterator[MarkedEvent]:
    return marked_events("openai-chat", model, answer, with_usage=True)


def _anthropic(model: str, answer: Answer) -> Iterator[MarkedEvent]:
    return marked_events("anthropic", model, answer, with_usage=True)


def _sse(value: JsonObject, name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value)}\n\n".encode()


def _chat_error(message: str) -> bytes:
    return _sse({"error": {"message": message, "type": "server_error", "code": None}})


def _anthropic_error(message: str) -> bytes:
    error = {"type": "overloaded_error", "message": message}
    return _sse({"type": "error", "error": error}, "error")


def _responses_error(message: str) -> bytes:
    failed = {"status": "failed", "error": {"code": "server_error", "message": message}}
    return responses.event("response.failed", response=failed)


def _gemini_error(message: str) -> bytes:
    return _sse({"error": {"code": 503, "status": "UNAVAILABLE", "message": message}})


def _bedrock_error(message: str) -> bytes:
    body = json.dumps({"message": message}).encode()
    return amazon_event("serviceUnavailableException", body, "exception")


def _ollama_error(message: str) -> bytes:
    return json.dumps({"error": message}).encode() + b"\n"


_CHAT = re.compile(r".*/chat/completions")
WIRES: dict[Format, Wire] = {
    "openai-chat": Wire("/v1", _CHAT, SSE, _chat, _chat_error, '{"choices": [], "x": %s}'),
    "copilot": Wire("", _CHAT, SSE, _chat, _chat_error, '{"choices": [], "x": %s}'),
    "openai-responses": Wire(
        "/v1",
        re.compile(r".*/responses"),
        SSE,
        responses.events,
        _responses_error,
        '{"type": "response.in_progress", "x": %s}',
    ),
    "anthropic": Wire(
        "",
        re.compile(r".*/messages"),
        SSE,
        _anthropic,
        _anthropic_error,
        '{"type": "ping", "x": %s}',
    ),
    "gemini": Wire(
        "/v1beta",
        re.compile(r".*:streamGenerateContent"),
        SSE,
        gemini.events,
        _gemini_error,
        '{"candidates": [], "x": %s}',
    ),
    "bedrock": Wire(
        "",
        re.compile(r".*/converse-stream"),
        AMAZON,
        bedrock.events,
        _bedrock_error,
        '{"contentBlockIndex": 0, "delta": {}, "x": %s}',
        "contentBlockDelta",
    ),
    "ollama": Wire(
        "",
        re.compile(r"/api/chat"),
        NDJSON,
        ollama.events,
        _ollama_error,
        '{"message": {"role": "assistant", "content": ""}, "done": false, "x": %s}',
    ),
}
