"""OpenAI Responses."""

from __future__ import annotations

from collections.abc import Iterator

from bench.streams.pieces import CALLS, Messages, fragments, padding, shares, sse, words

_ITEM = "msg_0fabc13af1ee0049006a691dfebdc881a1ae18d027c313d8ce"


class _Responses:
    """Messages with their running number."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, kind: str, **fields: object) -> bytes:
        self.number += 1
        return sse({"type": kind, **fields, "sequence_number": self.number}, kind)

    def start(self) -> bytes:
        return self("response.created", response=_response("in_progress", []))

    def item(self, index: int, item: dict[str, object]) -> bytes:
        return self("response.output_item.added", output_index=index, item=item)

    def done(self, index: int, item: dict[str, object]) -> bytes:
        return self("response.output_item.done", output_index=index, item=item)

    def delta(self, kind: str, index: int, delta: str, **more: object) -> bytes:
        fields = {"item_id": _ITEM, "output_index": index, **more, "delta": delta}
        return self(f"response.{kind}.delta", **fields, obfuscation=padding(self.number))

    def end(self, output: list[object]) -> bytes:
        return self("response.completed", response=_response("completed", output))


def _response(status: str, output: list[object]) -> dict[str, object]:
    usage = {
        "input_tokens": 63,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 69,
        "output_tokens_details": {"reasoning_tokens": 26},
        "total_tokens": 132,
    }
    return {
        "id": "resp_0fabc13af1ee0049006a691dfdab8881a1a75f2db7ff78cb83",
        "object": "response",
        "created_at": 1785273853,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "model": "gpt-5.5-2026-04-23",
        "output": output,
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "usage": usage if status == "completed" else None,
        "metadata": {},
    }


def stream(count: int) -> Iterator[bytes]:
    """The messages of an answer."""
    thinking, text, each = shares(count)
    make = _Responses()
    yield make.start()
    thought: dict[str, object] = {"id": "rs_1", "type": "reasoning", "summary": []}
    yield make.item(0, thought)
    for word in words(thinking):
        yield make.delta("reasoning_summary_text", 0, word, summary_index=0)
    said = [{"type": "summary_text", "text": "".join(words(thinking))}]
    output: list[object] = [thought | {"summary": said}]
    yield make.done(0, thought | {"summary": said})
    message = _message([])
    yield make.item(1, message)
    for word in words(text):
        yield make.delta("output_text", 1, word, content_index=0, logprobs=[])
    message = _message(words(text))
    output.append(message)
    yield make.done(1, message)
    for call in range(CALLS):
        item = {"id": f"fc_{call}", "type": "function_call", "status": "in_progress"}
        item |= {"arguments": "", "call_id": f"call_{call}", "name": "write_file"}
        yield make.item(2 + call, dict(item))
        for piece in fragments(each):
            yield make.delta("function_call_arguments", 2 + call, piece)
        item |= {"status": "completed", "arguments": "".join(fragments(each))}
        output.append(item)
        yield make.done(2 + call, dict(item))
    yield make.end(output)


def _message(said: list[str]) -> dict[str, object]:
    text = {"type": "output_text", "annotations": [], "logprobs": [], "text": "".join(said)}
    content = [text] if said else []
    return {
        "id": _ITEM,
        "type": "message",
        "status": "completed" if said else "in_progress",
        "content": content,
        "role": "assistant",
    }


def spoken(said: list[str]) -> tuple[bytes, Messages, bytes]:
    """An answer of text alone: its beginning, its messages, its end."""
    make = _Responses()
    start = make.start() + make.item(0, _message([]))
    pieces = [make.delta("output_text", 0, one, content_index=0, logprobs=[]) for one in said]
    return start, pieces, make.end([_message(said)])
