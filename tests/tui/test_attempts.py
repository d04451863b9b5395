"""Waits, candidates and the attempt log as their user meets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.core.agent_events import (
    AgentEvent,
    FellBack,
    RequestStarted,
    Retrying,
    TurnCancelled,
    TurnFinished,
    TurnStarted,
)
from koi.core.references import ModelReference
from koi.core.request_events import AttemptEnded, CandidateState, ChainChanged
from koi.tui.app import KoiApp
from koi.tui.screens.attempt_log import AttemptLogScreen
from tests.tui.koi_app import running, screen_text, tell, until

MODEL, OTHER = ModelReference("anthropic", "claude"), ModelReference("openai", "gpt")


@pytest.fixture(autouse=True)
def without_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo model answers at once."""
    monkeypatch.setenv("KOI_DEMO_PACE", "0")


def turn(number: int, prompt: str) -> list[AgentEvent]:
    """A turn that another model ended."""
    first, second = f"r{number}a", f"r{number}b"
    return [
        TurnStarted(f"t{number}", prompt),
        RequestStarted(first, MODEL, "executor", 1, key="ab12"),
        AttemptEnded(
            first, MODEL, "executor", 1, "fall_back", "ab12", "rate_limit", "slow \x1b[2Jdown", 429
        ),
        FellBack(MODEL, OTHER, "slow down"),
        RequestStarted(second, OTHER, "executor", 2),
        AttemptEnded(second, OTHER, "executor", 2, "done", duration_s=1.0),
        TurnFinished(f"t{number}", "", "stop", None, OTHER, 2.0),
    ]


def cooling(seconds: float) -> ChainChanged:
    states = (CandidateState(MODEL, "cooling", "ab12", seconds), CandidateState(OTHER, "active"))
    return ChainChanged("executor", states)


def has_clock(app: KoiApp) -> bool:
    return app.regions._clock is not None


async def test_a_candidate_that_rests_counts_down_in_the_cost_pane(workspace: Path) -> None:
    async with running(workspace) as (app, _):
        tell(app, cooling(42.0))
        await until(app, "claude: cooling 0:42")
        await until(app, "claude: cooling 0:41")
        assert "▸ fallback gpt: active" in screen_text(app)


async def test_a_clock_runs_only_while_something_is_counted_that_can_be_seen(
    workspace: Path,
) -> None:
    async with running(workspace) as (app, pilot):
        assert not has_clock(app)
        tell(app, cooling(300.0))
        assert has_clock(app)
        await pilot.press("f4")
        assert not has_clock(app)
        await pilot.press("f4")
        assert has_clock(app)
        tell(app, cooling(0.0))
        assert not has_clock(app)


async def test_the_clock_stops_when_the_rest_is_over(workspace: Path) -> None:
    async with running(workspace) as (app, _):
        tell(app, cooling(0.5))
        assert has_clock(app)
        await until(app, lambda: not has_clock(app))
        assert "claude: ready" in screen_text(app)


async def test_the_wait_before_a_retry_counts_down(workspace: Path) -> None:
    async with running(workspace, (80, 24)) as (app, _):
        tell(app, TurnStarted("t", "Hi"), Retrying(MODEL, "slow down", 429, 42.0, 1))
        await until(app, "waiting 0:42 before asking anthropic/claude again")
        await until(app, "waiting 0:41 before asking anthropic/claude again")
        tell(app, TurnCancelled("t", "", 1.0))
        await until(app, "■ interrupted")
        assert not has_clock(app)


async def test_the_log_is_opened_scrolled_by_turn_and_closed(workspace: Path) -> None:
    async with running(workspace) as (app, pilot):
        tell(app, *turn(1, "first prompt"), *turn(2, "second prompt"))
        await pilot.press("f6")
        await until(app, "turn 2 of 2  second prompt")
        shown = screen_text(app)
        assert "1.1   anthropic/claude" in shown
        assert "rate limit: slow down" in shown
        await pilot.press("left")
        await until(app, "turn 1 of 2  first prompt")
        await pilot.press("left", "right")
        await until(app, "turn 2 of 2  second prompt")
        await pilot.press("f6")
        await until(app, lambda: not isinstance(app.screen, AttemptLogScreen))


async def test_the_log_follows_the_turn_that_runs(workspace: Path) -> None:
    async with running(workspace, (80, 24)) as (app, pilot):
        await pilot.press("f6")
        await until(app, "Nothing was asked since koi was started.")
        tell(app, *turn(1, "first prompt"))
        await until(app, "turn 1 of 1  first prompt")
        running_now = RequestStarted("r", MODEL, "executor", 1)
        tell(app, TurnStarted("t2", "second prompt"), running_now)
        await until(app, "running")
        tell(app, AttemptEnded("r", MODEL, "executor", 1, "done", duration_s=3.0))
        await until(app, "answered · 3.0 s")
        await pilot.press("escape")
        await until(app, lambda: not isinstance(app.screen, AttemptLogScreen))
        assert app.regions.listeners == []


async def test_a_long_log_is_read_upwards_while_it_grows(workspace: Path) -> None:
    async with running(workspace, (80, 24)) as (app, pilot):
        tell(app, TurnStarted("t", "many steps"))
        for number in range(60):
            tell(app, RequestStarted(f"r{number}", MODEL, "executor", 1))
            tell(app, AttemptEnded(f"r{number}", MODEL, "executor", 1, "done"))
        await pilot.press("f6")
        await until(app, "60.1  anthropic/claude")
        await pilot.press("home")
        await until(app, "1.1   anthropic/claude")
        tell(app, RequestStarted("r", MODEL, "executor", 1))
        await pilot.pause()
        assert "61.1" not in screen_text(app)
        await pilot.press("end")
        await until(app, "61.1  anthropic/claude")
