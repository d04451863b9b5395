"""A conversation outgrows the model: all of koi against servers that refuse in their own words."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from koi.agent.gate import Nobody
from koi.agent.options import SessionOptions
from koi.agent.session import Session
from koi.core.agent_events import AgentEvent, Compacted, TurnFailed, TurnFinished
from koi.store.scan import Contents, read_journal
from koi.wiring.session import open_session
from tests.servers.answers import Answer, text
from tests.servers.fault_server.asked import Asked
from tests.servers.fault_server.faults import Fault, Format
from tests.servers.fault_server.server import FaultServer
from tests.servers.model_server import ModelServer

WINDOW = 48_000
"""Bytes of a request that the server takes."""
LONG = "There is much to say about it. " * 300


def configure(home: Path, protocol: str, url: str, more: str = "") -> None:
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(
        f"""
        model = "mine/m"
        [providers.mine]
        protocol = "{protocol}"
        base_url = "{url}"
        api_key = "a-key-of-the-test-0123"
        {more}
        """
    )


@asynccontextmanager
async def session(workspace: Path, resume: str | None = None) -> AsyncIterator[Session]:
    options = SessionOptions(workspace=workspace, mode="ask", resume=resume)
    opened = await open_session(options, Nobody())
    try:
        yield opened
    finally:
        await opened.close()


async def turn(opened: Session, prompt: str) -> list[AgentEvent]:
    async with aclosing(opened.prompt(prompt)) as events:
        return [event async for event in events]


def compacted(events: list[AgentEvent]) -> list[Compacted]:
    return [event for event in events if isinstance(event, Compacted)]


def journal_of(home: Path) -> Contents:
    (journal,) = home.rglob("sessions/*.jsonl")
    return read_journal(journal)


def too_long(asked: Asked) -> Fault | None:
    return Fault("400-overflow", "headers") if asked.size > WINDOW else None


@pytest.mark.parametrize(
    "wire", ["openai-chat", "openai-responses", "anthropic", "gemini", "ollama"]
)
async def test_the_turn_goes_on_after_one_compaction(
    koi_home: Path, workspace: Path, wire: Format
) -> None:
    with FaultServer(wire, too_long, lambda asked: Answer(text="## Goal\nGo on")) as server:
        configure(koi_home, wire, server.base_url)
        async with session(workspace) as opened:
            told: list[Compacted] = []
            for number in range(8):
                events = await turn(opened, f"{number}: {LONG}")
                assert isinstance(events[-1], TurnFinished)
                told += compacted(events)
        assert {each.cause for each in told} == {"overflow"}
        assert len(told) in (1, 2)
        refused = [each for each in server.log if each.fault is not None]
        assert len(refused) == len(told)
        assert all(str(each.model) == "mine/m" for each in told)


async def test_llama_cpp_refuses_and_its_numbers_are_taken(
    koi_home: Path, workspace: Path, model_server: ModelServer
) -> None:
    said = {
        "error": {
            "code": 400,
            "message": "request (12400 tokens) exceeds the available context size (8192 tokens), "
            "try increasing it",
            "type": "exceed_context_size_error",
            "n_prompt_tokens": 12_400,
            "n_ctx": 8_192,
        }
    }
    refusal = Answer(status=400, body=json.dumps(said).encode())
    configure(koi_home, "openai-chat", model_server.openai_url)
    model_server.script(text("ok"), text("ok"), text("ok"), refusal, text("## Goal"), text("done"))
    async with session(workspace) as opened:
        for number in range(3):
            await turn(opened, f"{number}: {LONG}")
        events = await turn(opened, f"3: {LONG}")
    assert isinstance(events[-1], TurnFinished)
    (told,) = compacted(events)
    assert told.after_tokens < 8_192


async def test_a_resumed_session_goes_on_with_the_short_one_and_shows_the_whole(
    koi_home: Path, workspace: Path, model_server: ModelServer
) -> None:
    configure(koi_home, "openai-chat", model_server.openai_url)
    model_server.script(*[text(f"answer {number}. {LONG}") for number in range(3)])
    async with session(workspace) as opened:
        for number in range(3):
            await turn(opened, f"request {number}")
        model_server.script(text("## Goal\nthe summary"))
        async with aclosing(opened.compact()) as events:
            assert compacted([event async for event in events])
        short = list(opened.state.history)
        cost = opened.state.account.session_usage
        identity = opened.state.session_id
    async with session(workspace, identity) as opened:
        assert opened.state.history == short
        assert opened.state.account.session_usage == cost
        shown = opened.state.resumed
        assert [message.text for message in shown.messages if message.role == "user"] == [
            "request 0",
            "request 1",
            "request 2",
        ]
        assert [[each.cause for each in told] for told in shown.compactions.values()] == [["asked"]]
        model_server.script(text("on"))
        await turn(opened, "and on")
        assert "the summary" in str(model_server.model_requests[-1].messages)
        assert (await opened.undo_compaction()).cause == "undone"
        assert [each.text for each in opened.state.history if each.role == "user"] == [
            "request 0",
            "request 1",
            "request 2",
            "and on",
        ]
        whole = list(opened.state.history)
    async with session(workspace, identity) as opened:
        assert opened.state.history == whole


async def test_a_failed_compaction_leaves_the_session_as_it_was(
    koi_home: Path, workspace: Path, model_server: ModelServer
) -> None:
    configure(koi_home, "openai-chat", model_server.openai_url)
    refusal = Answer(status=400, error="prompt is too long: 9000 tokens > 8000 maximum")
    model_server.script(
        text(LONG), text(LONG), text(LONG), refusal, Answer(status=400, error="no such thing")
    )
    async with session(workspace) as opened:
        for number in range(3):
            await turn(opened, f"request {number}")
        before = list(opened.state.history)
        last = (await turn(opened, "one more"))[-1]
        assert isinstance(last, TurnFailed)
        assert last.error.kind == "context_overflow"
        assert opened.state.history == [*before, *opened.state.history[-1:]]
        model_server.script(text("fine"))
        assert isinstance((await turn(opened, "again"))[-1], TurnFinished)
    assert journal_of(koi_home).damage == ()
