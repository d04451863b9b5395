"""Read a request back: the prompt that counts, and what became of the calls made since."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from koi.core.messages import Message, ModelRequest, Text, ToolCall, ToolResult
from koi.providers.demo.plays import Call, Outcome, OutcomeState

_INTERRUPTED = ("Interrupted", "Not run: the user interrupted")


class Conversation:
    """The last prompt of a request, and the outcomes of the calls after it, each given once."""

    def __init__(self, request: ModelRequest) -> None:
        begin, self.prompt = _last_prompt(request.messages)
        offered = () if request.tool_choice == "none" else request.tools
        self.tools = frozenset(tool.name for tool in offered)
        self._outcomes = _outcomes(request.messages[begin:])

    def take(self, call: Call) -> Outcome | None:
        """What became of a call; None when it was not made yet."""
        recorded = self._outcomes[_key(call)]
        if recorded:
            return recorded.pop(0)
        return None if call.tool in self.tools else Outcome(call, "missing")


def _last_prompt(messages: tuple[Message, ...]) -> tuple[int, str]:
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        if message.role != "user":
            continue
        texts = [
            part.text for part in message.parts if isinstance(part, Text) and part.text.strip()
        ]
        if texts:
            return index + 1, texts[-1]
        if not any(isinstance(part, ToolResult) for part in message.parts):
            return index + 1, ""
    return len(messages), ""


def _outcomes(messages: tuple[Message, ...]) -> defaultdict[bytes, list[Outcome]]:
    results = {
        part.call_id: part
        for message in messages
        for part in message.parts
        if isinstance(part, ToolResult)
    }
    outcomes: defaultdict[bytes, list[Outcome]] = defaultdict(list)
    for message in messages:
        for made in message.tool_calls:
            result = results.get(made.id)
            if result is not None and made.arguments is not None:
                call = Call(made.name, made.arguments)
                outcomes[_key(call)].append(Outcome(call, _state(result), result.content))
    return outcomes


def _state(result: ToolResult) -> OutcomeState:
    if result.ok:
        return "ok"
    if result.content.startswith(_INTERRUPTED):
        return "interrupted"
    return "denied" if result.content.startswith("Denied") else "failed"


def _key(call: Call) -> bytes:
    return msgspec.json.encode((call.tool, call.arguments), order="sorted")


def calls_with_ids(request: ModelRequest, calls: tuple[Call, ...]) -> tuple[ToolCall, ...]:
    """The calls with ids that no other request of the same conversation can have."""
    import hashlib

    digest = hashlib.sha256(msgspec.msgpack.encode(request.messages)).hexdigest()[:12]
    return tuple(
        ToolCall(
            f"demo_{digest}_{number}",
            call.tool,
            call.arguments,
            msgspec.json.encode(call.arguments).decode("utf-8", errors="replace"),
        )
        for number, call in enumerate(calls, start=1)
    )
