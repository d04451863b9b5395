"""Scripted answers of the model server, and their bytes in two wire formats."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Wire: TypeAlias = Literal["openai-chat", "anthropic", "cohere"]
JsonObject: TypeAlias = dict[str, object]
Mark: TypeAlias = Literal[
    "start", "reasoning", "text", "call", "arguments", "called", "between", "finish", "usage", "end"
]
"""What an event of a stream brings. `call` opens a tool call and `called` completes it; `between`
opens or closes something else; `usage` also ends an answer where both are said in one event."""
MarkedEvent: TypeAlias = tuple[Mark, bytes]


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call that the scripted model makes. A string as arguments is sent as it is."""

    name: str
    arguments: Mapping[str, object] | str
    id: str = ""

    @property
    def raw(self) -> str:
        """The arguments as they go over the wire."""
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the scripted model; the helpers below make the usual ones."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[Call, ...] = ()
    finish_reason: str = ""
    """Raw, as the wire has it; empty: what fits text or calls."""
    input_tokens: int = 100
    cached_tokens: int = 0
    output_tokens: int = 20
    status: int = 200
    error: str = ""
    """With a status: the body's message. With status 200: an error event after the text."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """Sent as it is, whatever the wire format."""
    opening: str = ""
    """Text before `text`, all of it in one event."""
    piece: int = 12
    """Characters in one event."""
    delay_s: float = 0.0
    """Seconds before the response's first byte."""
    pause_s: float = 0.0
    """Seconds between two events."""
    cut_after: int | None = None
    """The stream ends after so many events, before its end marker."""
    cut: Literal["close", "clean", "reset"] = "close"
    """How it ends: connection closed, body ended as if all were well, or connection reset."""
    hold: threading.Event | None = None
    """After `cut_after` events (else before the first), wait until this is set, then go on."""


def text(content: str, **more: object) -> Answer:
    """An answer in words."""
    return Answer(text=content, **more)  # type: ignore[arg-type]


def calls(*wanted: tuple[str, Mapping[str, object] | str], content: str = "") -> Answer:
    """An answer that calls tools: calls(("read", {"path": "a.txt"}))."""
    return Answer(text=content, calls=tuple(Call(name, given) for name, given in wanted))


def failure(status: int, message: str = "scripted failure", **headers: str) -> Answer:
    """An HTTP error; headers as keywords: failure(429, retry_after="7")."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, error=message, headers=named)


def cut_stream(
    content: str, after: int = 2, how: Literal["close", "clean", "reset"] = "close"
) -> Answer:
    """A stream that breaks after some events."""
    return Answer(text=content, cut_after=after, cut=how)


def error_body(wire: Wire, answer: Answer) -> bytes:
    """The body of a response that is not 200."""
    kind = {401: "authentication_error", 429: "rate_limit_error", 529: "overloaded_error"}.get(
        answer.status, "invalid_request_error" if answer.status < 500 else "api_error"
    )
    error: JsonObject = {"type": kind, "message": answer.error}
    if wire == "anthropic":
        return json.dumps({"type": "error", "error": error}).encode()
    return json.dumps({"error": error | {"code": None, "param": None}}).encode()


def whole_body(wire: Wire, model: str, answer: Answer) -> bytes:
    """The body of a response that is not streamed."""
    if wire == "anthropic":
        content: list[JsonObject] = []
        if answer.reasoning:
            content.append({"type": "thinking", "thinking": answer.reasoning, "signature": "sig"})
        if said := answer.opening + answer.text:
            content.append({"type": "text", "text": said})
        content.extend(
            {"type": "tool_use", "id": call.id, "name": call.name, "input": json.loads(call.raw)}
            for call in answer.calls
        )
        whole = _anthropic_message(model, answer) | {
            "content": content,
            "stop_reason": _stop_reason(answer),
            "usage": _anthropic_usage(answer) | {"output_tokens": answer.output_tokens},
        }
        return json.dumps(whole).encode()
    message: JsonObject = {"role": "assistant", "content": answer.opening + answer.text or None}
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    if answer.calls:
        message["tool_calls"] = [_openai_call(call) for call in answer.calls]
    choice = {"index": 0, "message": message, "finish_reason": _finish_reason(answer)}
    completion: JsonObject = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1}
    completion |= {"model": model, "choices": [choice], "usage": _openai_usage(answer)}
    return json.dumps(completion).encode()


def events(wire: Wire, model: str, answer: Answer, *, with_usage: bool) -> Iterator[bytes]:
    """The server-sent events of a streamed response, end marker included."""
    return (event for _, event in marked_events(wire, model, answer, with_usage=with_usage))


def marked_events(
    wire: Wire, model: str, answer: Answer, *, with_usage: bool
) -> Iterator[MarkedEvent]:
    """The same events, each with what it brings."""
    if wire == "anthropic":
        return _anthropic_events(model, answer)
    return _openai_events(model, answer, with_usage)


def pieces(content: str, size: int) -> Iterator[str]:
    """`content` in pieces of `size` characters."""
    return (content[start : start + size] for start in range(0, len(content), size))


def text_pieces(answer: Answer) -> Iterator[str]:
    """The text of an answer as it is streamed."""
    if answer.opening:
        yield answer.opening
    yield from pieces(answer.text, answer.piece)


def _openai_call(call: Call) -> JsonObject:
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.raw},
    }


def _openai_usage(answer: Answer) -> JsonObject:
    return {
        "prompt_tokens": answer.input_tokens + answer.cached_tokens,
        "completion_tokens": answer.output_tokens,
        "total_tokens": answer.input_tokens + answer.cached_tokens + answer.output_tokens,
        "prompt_tokens_details": {"cached_tokens": answer.cached_tokens},
    }


def _finish_reason(answer: Answer) -> str:
    return answer.finish_reason or ("tool_calls" if answer.calls else "stop")


def _openai_events(model: str, answer: Answer, with_usage: bool) -> Iterator[MarkedEvent]:
    def event(delta: JsonObject | None, finish: str | None = None, **more: object) -> bytes:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        chunk: JsonObject = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1}
        chunk |= {"model": model, "choices": [] if delta is None else choices} | more
        return b"data: " + json.dumps(chunk).encode() + b"\n\n"

    yield "start", event({"role": "assistant", "content": ""})
    for piece in pieces(answer.reasoning, answer.piece):
        yield "reasoning", event({"reasoning_content": piece})
    for piece in text_pieces(answer):
        yield "text", event({"content": piece})
    for index, call in enumerate(answer.calls):
        opening = _openai_call(Call(call.name, "", call.id))
        yield "call", event({"tool_calls": [{"index": index} | opening]})
        for piece in pieces(call.raw, answer.piece):
            delta = {"index": index, "function": {"arguments": piece}}
            yield "arguments", event({"tool_calls": [delta]})
    if answer.error:
        error = {"error": {"message": answer.error, "type": "api_error", "code": None}}
        yield "end", b"data: " + json.dumps(error).encode() + b"\n\n"
        return
    yield "finish", event({}, _finish_reason(answer))
    if with_usage:
        yield "usage", event(None, usage=_openai_usage(answer))
    yield "end", b"data: [DONE]\n\n"


def _anthropic_message(model: str, answer: Answer) -> JsonObject:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _anthropic_usage(answer) | {"output_tokens": 1},
    }


def _anthropic_usage(answer: Answer) -> JsonObject:
    return {
        "input_tokens": answer.input_tokens,
        "cache_read_input_tokens": answer.cached_tokens,
        "cache_creation_input_tokens": 0,
    }


def _stop_reason(answer: Answer) -> str:
    return answer.finish_reason or ("tool_use" if answer.calls else "end_turn")


def _anthropic_events(model: str, answer: Answer) -> Iterator[MarkedEvent]:
    def event(kind: str, **fields: object) -> bytes:
        data = json.dumps({"type": kind} | fields)
        return f"event: {kind}\ndata: {data}\n\n".encode()

    def block(
        index: int, start: JsonObject, mark: Mark, deltas: list[JsonObject]
    ) -> Iterator[MarkedEvent]:
        tool = mark == "arguments"
        opening = event("content_block_start", index=index, content_block=start)
        yield ("call" if tool else "between"), opening
        for delta in deltas:
            yield mark, event("content_block_delta", index=index, delta=delta)
        yield ("called" if tool else "between"), event("content_block_stop", index=index)

    yield "start", event("message_start", message=_anthropic_message(model, answer))
    index = 0
    if answer.reasoning:
        deltas: list[JsonObject] = [
            {"type": "thinking_delta", "thinking": piece}
            for piece in pieces(answer.reasoning, answer.piece)
        ]
        deltas.append({"type": "signature_delta", "signature": "c2lnbmF0dXJl"})
        opening: JsonObject = {"type": "thinking", "thinking": "", "signature": ""}
        yield from block(index, opening, "reasoning", deltas)
        index += 1
    if answer.opening or answer.text:
        deltas = [{"type": "text_delta", "text": piece} for piece in text_pieces(answer)]
        yield from block(index, {"type": "text", "text": ""}, "text", deltas)
        index += 1
    for number, call in enumerate(answer.calls, start=index):
        deltas = [
            {"type": "input_json_delta", "partial_json": piece}
            for piece in pieces(call.raw, answer.piece)
        ]
        start: JsonObject = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
        yield from block(number, start, "arguments", deltas)
    if answer.error:
        yield "end", event("error", error={"type": "overloaded_error", "message": answer.error})
        return
    ending = event(
        "message_delta",
        delta={"stop_reason": _stop_reason(answer), "stop_sequence": None},
        usage={"output_tokens": answer.output_tokens},
    )
    yield "usage", ending
    yield "end", event("message_stop")
