"""The small application, running."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from rich.cells import cell_len

from koi.view.items.answer import Answer
from koi.view.items.tool_card import ToolCard
from koi.view.transcript import Transcript
from tests.tui.chat.small_app import TEXT, Running, Small


@pytest.fixture(autouse=True)
def coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours, whatever the environment of the tests says."""
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    """Twenty answers, each with a tool call below."""
    transcript = Transcript()
    for index in range(20):
        transcript.add(Answer(cell_len, f"Message {index}. " + TEXT))
        card = ToolCard(str(index), "bash", cell_len)
        card.finish("ok", f"step {index}", "a\nb\nc", "", 1.0)
        transcript.add(card)
    app = Small(transcript)
    async with app.run_test(size=(42, 20)) as pilot:
        await pilot.pause()
        yield Running(app, pilot)
