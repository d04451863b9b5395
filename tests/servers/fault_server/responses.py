"""Scripted answers as the events of OpenAI Responses.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.servers.answers import Answer, JsonObject, MarkedEvent, pieces, text_pieces


def event(kind: str, **fields: object) -> bytes:
    """One server-sent event."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind} | fields)}\n\n".encode()


def events(model: str, answer: Answer) -> Iterator[MarkedEvent]:
    """The events of a streamed answer, each with what it brings."""
    output: list[JsonObject] = []
    response: JsonObject = {"id": "resp_1", "object": "response", "model": model}
    yield "start", event("response.created", response=response | {"status": "in_progress"})
    if answer.reasoning:
        said = [{"type": "summary_text", "text": answer.reasoning}]
        item: JsonObject = {"id": "rs_1", "type": "reasoning", "summary": []}
        yield "between", event("response.output_item.added", output_index=0, item=item)
        for piece in pieces(answer.reasoning, answer.piece):
            where = {"item_id": "rs_1", "output_index": 0, "summary_index": 0}
            kind = "response.reasoning_summary_text.delta"
            yield "reasoning", event(kind, **where, delta=piece)
        item = item | {"summary": said}
        yield "between", event("response.output_item.done", output_index=0, item=item)
        output.append(item)
    if text := answer.opening + answer.text:
        index = len(output)
        item = {"id": "msg_1", "type": "message", "role": "assistant", "content": []}
        yield "between", event("response.output_item.added", output_index=index, item=item)
        for piece in text_pieces(answer):
            where = {"item_id": "msg_1", "output_index": index, "content_index": 0}
            yield "text", event("response.output_text.delta", **where, delta=piece)
        item = item | {"content": [{"type": "output_text", "text": text, "annotations": []}]}
        yield "between", event("response.output_item.done", output_index=index, item=item)
        output.append(item)
    for call in answer.calls:
        index = len(output)
        item = {"id": f"fc_{index}", "type": "function_call", "status": "in_progress"}
        item |= {"arguments": "", "call_id": call.id, "name": call.name}
        yield "call", event("response.output_item.added", output_index=index, item=item)
        for piece in pieces(call.raw, answer.piece):
            where = {"item_id": f"fc_{index}", "output_index": index}
            kind = "response.function_call_arguments.delta"
            yield "arguments", event(kind, **where, delta=piece)
        item = item | {"status": "completed", "arguments": call.raw}
        yield "called", event("response.output_item.done", output_index=index, item=item)
        output.append(item)
    usage = {
        "input_tokens": answer.input_tokens + answer.cached_tokens,
        "input_tokens_details": {"cached_tokens": answer.cached_tokens},
        "output_tokens": answer.output_tokens,
    }
    whole = response | {"status": "completed", "output": output, "usage": usage}
    yield "end", event("response.completed", response=whole)
