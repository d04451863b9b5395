"""The scripted model in the format of Cohere's v2 chat, for the example of a provider plugin.

https://docs.cohere.com/v2/docs/streaming
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.servers.answers import Answer, Call, JsonObject


def whole_body(answer: Answer) -> bytes:
    """The body of a response that is not streamed."""
    content: list[JsonObject] = []
    if answer.reasoning:
        content.append({"type": "thinking", "thinking": answer.reasoning})
    if said := answer.opening + answer.text:
        content.append({"type": "text", "text": said})
    message: JsonObject = {"role": "assistant", "content": content}
    if answer.calls:
        message |= {"tool_plan": "A plan.", "tool_calls": [_call(call) for call in answer.calls]}
    return json.dumps({"id": "1", "message": message} | _end(answer)).encode()


def events(answer: Answer) -> Iterator[bytes]:
    """The server-sent events of a streamed response."""

    def event(kind: str, **fields: object) -> bytes:
        data = json.dumps({"type": kind} | fields)
        return f"event: {kind}\ndata: {data}\n\n".encode()

    def block(index: int, kind: str, field: str, said: str) -> Iterator[bytes]:
        opening = {"message": {"content": {"type": kind, field: ""}}}
        yield event("content-start", index=index, delta=opening)
        for start in range(0, len(said), answer.piece):
            content = {field: said[start : start + answer.piece]}
            yield event("content-delta", index=index, delta={"message": {"content": content}})
        yield event("content-end", index=index)

    yield event("message-start", id="1", delta={"message": {"role": "assistant", "content": []}})
    if answer.reasoning:
        yield from block(0, "thinking", "thinking", answer.reasoning)
    if said := answer.opening + answer.text:
        yield from block(1, "text", "text", said)
    for plan in ("A ", "plan.") if answer.calls else ():
        yield event("tool-plan-delta", delta={"message": {"tool_plan": plan}})
    for index, call in enumerate(answer.calls):
        opening = _call(Call(call.name, "", call.id))
        yield event("tool-call-start", index=index, delta={"message": {"tool_calls": opening}})
        for start in range(0, len(call.raw), answer.piece):
            piece = {"function": {"arguments": call.raw[start : start + answer.piece]}}
            yield event("tool-call-delta", index=index, delta={"message": {"tool_calls": piece}})
        yield event("tool-call-end", index=index)
    problem = {"error": answer.error} if answer.error else {}
    yield event("message-end", delta=_end(answer) | problem)


def _call(call: Call) -> JsonObject:
    function = {"name": call.name, "arguments": call.raw}
    return {"id": call.id, "type": "function", "function": function}


def _end(answer: Answer) -> JsonObject:
    reason = "ERROR" if answer.error else "TOOL_CALL" if answer.calls else "COMPLETE"
    tokens = {
        "input_tokens": float(answer.input_tokens + answer.cached_tokens),
        "output_tokens": float(answer.output_tokens),
    }
    usage = {"billed_units": tokens, "tokens": tokens, "cached_tokens": answer.cached_tokens}
    return {"finish_reason": answer.finish_reason or reason, "usage": usage}
