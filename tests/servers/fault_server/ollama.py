"""Scripted answers as the lines of Ollama's /api/chat. Its tool calls come whole.

https://docs.ollama.com/api/chat
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.servers.answers import Answer, JsonObject, MarkedEvent, pieces, text_pieces


def events(model: str, answer: Answer) -> Iterator[MarkedEvent]:
    """The lines of a streamed answer, each with what it brings."""

    def line(message: JsonObject, **more: object) -> bytes:
        said = {"role": "assistant", "content": ""} | message
        whole: JsonObject = {"model": model, "message": said, "done": False}
        return json.dumps(whole | more).encode() + b"\n"

    yield "start", line({})
    for piece in pieces(answer.reasoning, answer.piece):
        yield "reasoning", line({"thinking": piece})
    for piece in text_pieces(answer):
        yield "text", line({"content": piece})
    for call in answer.calls:
        function = {"name": call.name, "arguments": json.loads(call.raw)}
        yield "called", line({"tool_calls": [{"id": call.id, "function": function}]})
    counts = {"prompt_eval_count": answer.input_tokens, "eval_count": answer.output_tokens}
    yield "end", line({}, done=True, done_reason="stop", **counts)
