"""The demo behaves like any provider: events, parts, usage, errors, and no network at all."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from koi.core.errors import ConfigurationError, ProviderError
from koi.core.messages import (
    Message,
    ModelRequest,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    ToolSchema,
)
from koi.core.provider_events import (
    ProviderEvent,
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallDelta,
    ToolCallReady,
    ToolCallStarted,
    UsageReported,
)
from koi.core.seams import Provider
from koi.providers.demo.pacing import pace_from
from koi.providers.demo.provider import LABEL, DemoProvider

TOOLS = tuple(
    ToolSchema(name, name, {"type": "object"})
    for name in ("read", "write", "edit", "ls", "glob", "grep", "bash")
)


def request(prompt: str, tools: tuple[ToolSchema, ...] = TOOLS) -> ModelRequest:
    return ModelRequest("koi", (Message("user", (Text(prompt),)),), tools=tools)


async def events(prompt: str, *, whole: bool = False) -> list[ProviderEvent]:
    demo: Provider = DemoProvider(pace=0)
    made = demo.complete(request(prompt)) if whole else demo.stream(request(prompt))
    return [event async for event in made]


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(
    "prompt", ["tour", "list the files and read README", "write a long answer", "no idea"]
)
async def test_the_deltas_are_the_parts(prompt: str, whole: bool) -> None:
    got = await events(prompt, whole=whole)
    ended = got[-1]
    assert isinstance(ended, StreamEnded)
    text = "".join(event.delta for event in got if isinstance(event, TextDelta))
    thought = "".join(event.delta for event in got if isinstance(event, ReasoningDelta))
    ready = tuple(event.call for event in got if isinstance(event, ToolCallReady))
    started = [(event.id, event.name) for event in got if isinstance(event, ToolCallStarted)]
    assert text == "".join(part.text for part in ended.parts if isinstance(part, Text))
    assert thought == "".join(part.text for part in ended.parts if isinstance(part, Reasoning))
    assert ready == tuple(part for part in ended.parts if isinstance(part, ToolCall))
    assert started == [(call.id, call.name) for call in ready]
    for call in ready:
        raw = "".join(
            event.delta for event in got if isinstance(event, ToolCallDelta) and event.id == call.id
        )
        assert raw == call.arguments_raw
    assert ended.finish_reason == ("tool_calls" if ready else "stop")


async def test_usage_is_koi_s_own_count_and_comes_before_the_end() -> None:
    got = await events("list the files")
    [reported] = [event for event in got if isinstance(event, UsageReported)]
    assert got[-2] is reported
    assert reported.usage.estimated
    assert reported.usage.input_tokens > 0
    assert 0 < reported.usage.reasoning_tokens < reported.usage.output_tokens


async def test_the_answer_depends_on_the_request_alone() -> None:
    assert await events("list the files and read README") == await events(
        "list the files and read README"
    )


async def test_call_ids_never_repeat_in_a_conversation() -> None:
    demo = DemoProvider(pace=0)
    messages: tuple[Message, ...] = ()
    seen: list[str] = []
    for _ in range(3):
        messages += (Message("user", (Text("list the files"),)),)
        got = [event async for event in demo.stream(ModelRequest("koi", messages, tools=TOOLS))]
        ended = got[-1]
        assert isinstance(ended, StreamEnded)
        answer = Message("assistant", ended.parts)
        results = tuple(ToolResult(call.id, "a.txt") for call in answer.tool_calls)
        messages += (answer, Message("user", results), Message("assistant", (Text("One file."),)))
        seen += [call.id for call in answer.tool_calls]
    assert len(seen) == len(set(seen)) == 3


async def test_the_greeting_says_what_it_is() -> None:
    got = await events("hi")
    assert LABEL in "".join(event.delta for event in got if isinstance(event, TextDelta))


async def test_a_stream_can_be_cancelled_and_closed_anywhere() -> None:
    demo = DemoProvider(pace=100)
    heard = asyncio.Event()

    async def listen() -> None:
        async for _ in demo.stream(request("write a long answer")):
            heard.set()

    task = asyncio.create_task(listen())
    await heard.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    fast = DemoProvider(pace=0)
    async with aclosing(fast.stream(request("hi"))) as stream:
        assert await anext(stream)


async def test_it_is_free_and_always_there() -> None:
    demo = DemoProvider()
    [info] = await demo.list_models()
    assert str(info.reference) == "demo/koi"
    assert info.price is not None
    assert (info.price.input_per_mtok, info.price.output_per_mtok) == (0, 0)
    assert await demo.is_available()
    await demo.aclose()


async def test_it_has_one_model_and_no_embeddings() -> None:
    demo = DemoProvider(pace=0)
    with pytest.raises(ProviderError, match="no model 'gpt'") as wrong:
        await anext(demo.stream(ModelRequest("gpt", ())))
    assert wrong.value.kind == "model_not_found"
    with pytest.raises(ProviderError, match="cannot make embeddings"):
        await demo.embed("koi", ("text",))


def test_the_pace_comes_from_the_environment() -> None:
    assert pace_from({}) == 1
    assert pace_from({"KOI_DEMO_PACE": "0"}) == 0
    assert pace_from({"KOI_DEMO_PACE": "2.5"}) == 2.5
    for wrong in ("fast", "-1", "nan", "1e9"):
        with pytest.raises(ConfigurationError, match="KOI_DEMO_PACE"):
            pace_from({"KOI_DEMO_PACE": wrong})
