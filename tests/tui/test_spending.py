"""Limits on the screen: shown, changed, reached, raised."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from koi.core.budgets import BudgetUse
from koi.core.errors import UsageError
from koi.core.request_events import Estimate
from koi.tui.app import KoiApp
from koi.tui.limit_argument import LimitChange, parse_limit
from koi.view.budgets import proposed_limit
from tests.servers.answers import Answer, text
from tests.servers.model_server import ModelServer
from tests.tui.koi_app import ask, running, say, screen_text, until

LIMITED = """
[providers.work]
protocol = "openai-chat"
base_url = "{url}"
api_key = "sk-test-0000"
max_output_tokens = 2000
[pricing."scripted-model"]
input_per_mtok = 1.0
output_per_mtok = 10.0
[budget]
session_usd = {limit}
"""


@pytest.fixture
def limited(model_server: ModelServer, koi_home: Path) -> Callable[..., str]:
    """Gives the server answers and a limit; returns the name of its model."""

    def use(*answers: Answer, limit: float = 0.001) -> str:
        koi_home.mkdir(parents=True, exist_ok=True)
        config = LIMITED.format(url=model_server.openai_url, limit=limit)
        (koi_home / "config.toml").write_text(config)
        model_server.script(*answers)
        return f"work/{model_server.model}"

    return use


async def wait_until_it_hears(app: KoiApp) -> None:
    """The bar is deaf for a moment after it has appeared and after keys that were typed."""
    bar = app.regions.limit
    await until(app, lambda: bar.display and not bar._is_deaf)


async def test_a_limit_that_is_reached_is_raised_and_the_turn_goes_on(
    workspace: Path, limited: Callable[..., str], model_server: ModelServer
) -> None:
    async with running(workspace, model=limited(text("Done."))) as (app, pilot):
        await say(app, pilot, "do it")
        await until(app, "raise it to")
        assert model_server.model_requests == []
        await wait_until_it_hears(app)
        await pilot.press("enter")
        await until(app, "koi  Done.")
        assert not app.regions.limit.display
        assert app.editor.has_focus
    (request,) = model_server.model_requests
    assert [message["content"] for message in request.messages[1:]] == ["do it"]


async def test_another_amount_is_typed_over_the_proposed_one(
    workspace: Path, limited: Callable[..., str]
) -> None:
    async with running(workspace, model=limited(text("Done."))) as (app, pilot):
        await say(app, pilot, "do it")
        await until(app, "raise it to")
        await wait_until_it_hears(app)
        await pilot.press(*"0.001", "enter")
        await until(app, "this is not more than 0.001")
        await pilot.press("backspace", "5")
        await until(app, "raise it to 0.005")
        await pilot.press(*"0", "backspace", "backspace", "backspace", "7", "enter")
        await until(app, "Limit of the session in USD: $0.070")


async def test_the_offer_is_for_this_session_and_follows_what_is_set_while_it_is_open(
    workspace: Path, limited: Callable[..., str], model_server: ModelServer
) -> None:
    async with running(workspace, model=limited(text("Done."))) as (app, pilot):
        await say(app, pilot, "do it")
        await until(app, "USD for this session")
        app.editor.focus()
        await say(app, pilot, "/budget session 7")
        await until(app, "raise it to 7.00")
        await pilot.press("tab")
        await wait_until_it_hears(app)
        await pilot.press("enter")
        await until(app, "koi  Done.")
        assert app.host.session is not None
        assert [use.value for use in app.host.session.limits()] == [7.0]


async def test_the_offer_goes_away_with_its_limit(
    workspace: Path, limited: Callable[..., str]
) -> None:
    async with running(workspace, model=limited()) as (app, pilot):
        await say(app, pilot, "do it")
        await until(app, "raise it to")
        app.editor.focus()
        await say(app, pilot, "/budget session off")
        await until(app, lambda: not app.regions.limit.display)


async def test_escape_keeps_the_stop_and_the_turn_can_go_on_later(
    workspace: Path, limited: Callable[..., str], model_server: ModelServer
) -> None:
    async with running(workspace, model=limited(text("Done."))) as (app, pilot):
        await say(app, pilot, "do it")
        await until(app, "raise it to")
        await pilot.press("escape")
        await until(app, lambda: not app.regions.limit.display)
        assert model_server.model_requests == []
        await say(app, pilot, "/budget session off")
        await say(app, pilot, "/retry")
        await until(app, "koi  Done.")


async def test_what_is_typed_at_the_limit_is_a_prompt_and_no_answer(
    workspace: Path, limited: Callable[..., str]
) -> None:
    async with running(workspace, model=limited()) as (app, pilot):
        app.editor.type_text("half a wo")
        app.bridge.submit("do it")
        await until(app, "raise it to")
        assert app.editor.has_focus
        await pilot.press("tab")
        await until(app, lambda: app.regions.limit.has_focus)
        await pilot.press("r")
        assert app.editor.text == "half a wor"
        assert app.editor.has_focus
        assert app.regions.limit.display
        await pilot.press("escape")
        await until(app, lambda: not app.regions.limit.display)
        assert app.editor.text == "half a wor"


async def test_prompts_that_wait_at_a_limit_go_back_into_the_prompt(
    workspace: Path, limited: Callable[..., str], model_server: ModelServer
) -> None:
    async with running(workspace, model=limited()) as (app, _):
        app.bridge.submit("first")
        app.bridge.submit("second")
        await until(app, "raise it to")
        assert app.editor.text == "second"
        assert app.host.session is not None
        assert app.host.session.state.turns == 1


async def test_an_unknown_price_offers_nothing_to_raise(
    workspace: Path, limited: Callable[..., str], koi_home: Path
) -> None:
    model = limited()
    config = koi_home / "config.toml"
    config.write_text(config.read_text().replace("scripted-model", "another-model"))
    async with running(workspace, model=model) as (app, pilot):
        await say(app, pilot, "do it")
        await until(app, "cannot be kept")
        await until(app, "price unknown")
        await pilot.pause()
        assert "raise it to" not in screen_text(app)


async def test_a_limit_is_shown_with_its_share_and_changed(
    workspace: Path, limited: Callable[..., str]
) -> None:
    async with running(workspace, model=limited(text("Done."), limit=1.0)) as (app, pilot):
        await until(app, "$0 of $1.00, 0% used")
        await say(app, pilot, "/budget day 20")
        await until(app, "Limit of the day in USD: $20.00, in this session.")
        assert "today" in screen_text(app)
        await say(app, pilot, "/budget")
        await until(app, "0% used, $20.00 left")


async def test_a_limit_is_kept_for_new_sessions(
    workspace: Path, limited: Callable[..., str], koi_home: Path
) -> None:
    async with running(workspace, model=limited(limit=1.0)) as (app, pilot):
        await say(app, pilot, "/budget day 200k tokens keep")
        await until(app, "in this session and in new")
    assert "day_tokens = 200000" in (koi_home / "config.toml").read_text()


async def test_the_price_of_the_next_request_follows_what_is_typed(
    workspace: Path, limited: Callable[..., str]
) -> None:
    async with running(workspace, model=limited(text("Done."), limit=1.0)) as (app, pilot):
        await ask(app, pilot, "do it")
        await until(app, "+ up to $0.020")
        before = next_price(app)
        await type_large(pilot)
        await until(app, lambda: next_price(app) != before)


async def type_large(pilot: Pilot[int]) -> None:
    app = pilot.app
    assert isinstance(app, KoiApp)
    app.editor.paste("x" * 8000)


def next_price(app: KoiApp) -> str:
    row = next(line for line in screen_text(app).splitlines() if "≈" in line)
    return row.rpartition("≈")[2]


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("session 5", LimitChange("session_usd", 5.0, False)),
        ("day $20.50 keep", LimitChange("day_usd", 20.5, True)),
        ("session off", LimitChange("session_usd", None, False)),
        ("day 1.5M tokens", LimitChange("day_tokens", 1_500_000.0, False)),
        ("session tokens 200k", LimitChange("session_tokens", 200_000.0, False)),
        ("day tokens off keep", LimitChange("day_tokens", None, True)),
    ],
)
def test_what_is_written_behind_budget(words: str, change: LimitChange) -> None:
    assert parse_limit(words) == change


@pytest.mark.parametrize("words", ["5", "week 5", "day", "day -1", "day nan", "day 1e999"])
def test_what_is_no_limit_says_how_to_write_one(words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_limit(words)
    assert "/budget session 5" in caught.value.hint


def test_the_proposed_limit_has_room_for_the_next_request() -> None:
    dear = Estimate(10_000, 4_000, 0.03, 0.09)
    assert proposed_limit("session_usd", 5.0, 4.99, dear) == 10.0
    assert proposed_limit("session_usd", 0.01, 0.0095, dear) == pytest.approx(0.19)
    assert proposed_limit("session_usd", 0.0, 0.0, Estimate(1000, None, 0.003)) == 0.03
    assert proposed_limit("day_tokens", 1000, 900, dear) == 28_900.0
    assert proposed_limit("max_turns", 3, 0, dear) == 6.0


def test_a_limit_that_is_zero_is_used_up() -> None:
    assert BudgetUse("session_usd", 0.0, 0.0).share == 1.0
