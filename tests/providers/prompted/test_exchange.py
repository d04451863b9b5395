"""A whole prompted exchange: what is sent, and the events and parts that come out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import pytest

from koi.core.errors import ProviderError
from koi.core.messages import (
    Message,
    ModelRequest,
    Opaque,
    Part,
    ProviderData,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from koi.core.provider_events import (
    FinishReason,
    ProviderEvent,
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallReady,
    ToolCallStarted,
    UsageReported,
)
from koi.core.usage import Usage
from koi.providers.prompted.exchange import prompted, with_words, without_tools
from tests.providers.prompted.reading import TOOLS, called

CALL = '<tool_call>{"name": "ls", "arguments": {}}</tool_call>'
REQUEST = ModelRequest(
    "m", (Message("user", (Text("Look."),)),), "Be brief.", tuple(TOOLS.values())
)


async def answered(
    *pieces: str,
    reason: FinishReason = "stop",
    parts: Sequence[Part] | None = None,
    more: Sequence[ProviderEvent] = (),
) -> list[ProviderEvent]:
    async def ask(request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
        assert not request.tools
        for piece in pieces:
            yield TextDelta(piece)
        for event in more:
            yield event
        yield UsageReported(Usage(1))
        whole = (Text("".join(pieces)),) if parts is None else tuple(parts)
        yield StreamEnded(reason, "raw", whole, "m-1")

    return [event async for event in prompted(REQUEST, ask)]


async def test_calls_are_ready_at_the_end_of_the_answer() -> None:
    events = await answered("I look. ", CALL[:20], CALL[20:])
    kinds = [type(event) for event in events]
    assert kinds.index(ToolCallStarted) < kinds.index(UsageReported) < kinds.index(ToolCallReady)
    (call,) = called(events)
    assert events[-1] == StreamEnded("tool_calls", "raw", (Text("I look. "), call), "m-1")


async def test_an_answer_in_words_only_stops() -> None:
    events = await answered("Nothing ", "to do.")
    assert events[-1] == StreamEnded("stop", "raw", (Text("Nothing to do."),), "m-1")


@pytest.mark.parametrize("reason", ["length", "content_filter", "refusal", "error"])
async def test_calls_of_an_answer_that_ended_otherwise_are_never_ready(
    reason: FinishReason,
) -> None:
    events = await answered(CALL, reason=reason)
    assert called(events) == []
    ended = events[-1]
    assert isinstance(ended, StreamEnded)
    assert ended.finish_reason == reason
    assert isinstance(ended.parts[0], ToolCall)


async def test_other_parts_keep_their_places() -> None:
    thought = Reasoning("hm", ProviderData("f", {"signature": "s"}))
    block = Opaque(ProviderData("f", {"type": "search"}))
    events = await answered(
        f"a{CALL}", "b", parts=[thought, Text("a"), block, Text("b")], more=[ReasoningDelta("x")]
    )
    (call,) = called(events)
    ended = events[-1]
    assert isinstance(ended, StreamEnded)
    assert ended.parts == (thought, Text("a"), call, Text("b"), block)


async def test_native_calls_still_count() -> None:
    native = ToolCall("n", "ls", {})
    events = await answered("a", parts=[Text("a"), native], more=[ToolCallReady(native)])
    assert called(events) == [native]
    assert events[-1] == StreamEnded("tool_calls", "raw", (Text("a"), native), "m-1")


async def test_a_thought_in_the_text_becomes_reasoning() -> None:
    events = await answered("<think>hm</think>Yes.")
    assert events[-1] == StreamEnded("stop", "raw", (Reasoning("hm"), Text("Yes.")), "m-1")


def test_the_tools_come_after_the_system_prompt() -> None:
    sent = with_words(REQUEST)
    assert sent.system.startswith("Be brief.\n\n# Tools")
    assert '## ls\ndoes it\nParameters: {"type":"object"' in sent.system
    assert (sent.tools, sent.tool_choice) == ((), None)


def test_a_request_without_tools_tells_earlier_calls_in_text() -> None:
    history = (
        Message("user", (Text("Look."),)),
        Message("assistant", (ToolCall("1", "ls", {}),)),
        Message("user", (ToolResult("1", "a.txt"),)),
    )
    sent = without_tools(ModelRequest("m", history))
    assert sent.system == ""
    assert "<tool_call>" in sent.messages[1].text


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (CALL, ("ls",)),
        (f"{CALL} and then {CALL[:-3]}", ("ls",)),
        (f"{CALL}{CALL} and", ("ls", "ls")),
        (CALL[:-1], ()),
        ("only words", ()),
    ],
)
async def test_of_an_answer_that_breaks_off_the_closed_calls_are_kept(
    said: str, kept: tuple[str, ...]
) -> None:
    async def ask(request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
        yield TextDelta(said)
        raise ProviderError("cut", kind="network")

    with pytest.raises(ProviderError) as failed:
        _ = [event async for event in prompted(REQUEST, ask)]
    found = failed.value.kept
    assert tuple(part.name for part in found if isinstance(part, ToolCall)) == kept
    assert not found or isinstance(found[-1], ToolCall)
