"""Budgets from the configuration, and kept in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from koi.agent.gate import Nobody
from koi.agent.options import SessionOptions
from koi.config.load import load
from koi.core.agent_events import TurnFailed, TurnFinished
from koi.core.budgets import Amounts, BudgetLimit, BudgetUse
from koi.core.errors import UsageError
from koi.core.references import ModelReference
from koi.core.usage import Usage
from koi.store.day_account import DayAccount
from koi.store.ledger import LedgerEntry, append_ledger
from koi.wiring.budgets import configured_limits, day_uses, keep_limit, spent_today
from koi.wiring.session import open_session
from tests.configurations import load_text
from tests.servers.answers import text
from tests.servers.model_server import ModelServer

TEXT = """# mine
[budget]
day_usd = 2.5  # enough
session_tokens = 1000
"""


def test_options_and_configuration_make_the_limits(tmp_path: Path) -> None:
    table = load_text(tmp_path, TEXT).tables.budget
    options = SessionOptions(workspace=tmp_path, max_cost=0.5)
    assert configured_limits(table, options) == {
        "max_cost": 0.5,
        "day_usd": 2.5,
        "session_tokens": 1000,
    }


def test_a_limit_is_kept_and_removed_without_touching_the_rest(tmp_path: Path) -> None:
    config = load_text(tmp_path, TEXT)
    keep_limit(config, "day_usd", 4.0)
    keep_limit(config, "day_tokens", 5000.0)
    keep_limit(config, "session_tokens", None)
    file = config.paths.config_file
    assert file.read_text() == "# mine\n[budget]\nday_usd = 4.0  # enough\nday_tokens = 5000\n"
    table = load(paths=config.paths, environment={}).tables.budget
    assert configured_limits(table) == {"day_usd": 4.0, "day_tokens": 5000}


@pytest.mark.parametrize("limit", ["max_cost", "max_turns"])
def test_options_are_not_kept(tmp_path: Path, limit: BudgetLimit) -> None:
    with pytest.raises(UsageError, match="cannot be kept"):
        keep_limit(load_text(tmp_path, TEXT), limit, 1.0)


def test_what_is_spent_today_is_told_without_a_session(tmp_path: Path) -> None:
    config = load_text(tmp_path, TEXT)
    model = ModelReference("a", "b")
    for cost in (0.5, None):
        entry = LedgerEntry(time.time(), "s", model, "executor", Usage(10), cost)
        append_ledger(config.paths.ledger, entry)
    holder = DayAccount(config.paths.ledger)
    holder.hold("r", lambda spent, held: Amounts(0.25, 7))
    assert spent_today(config.paths.ledger).spent == Amounts(0.5, 20)
    assert spent_today(config.paths.ledger).unpriced == 1
    assert day_uses(config) == (BudgetUse("day_usd", 2.5, 0.5, 0.25),)


def test_a_projects_file_sets_no_limit(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / ".koi").mkdir(parents=True)
    (project / ".koi" / "config.toml").write_text("[budget]\nday_usd = 1000.0\n")
    paths = load_text(tmp_path, TEXT).paths
    config = load(paths=paths, environment={}, project_folder=project, trusted=True)
    assert config.tables.budget.day_usd == 2.5
    assert [warning.key for warning in config.warnings] == ["budget"]


@pytest.fixture
def write_limits(model_server: ModelServer, koi_home: Path) -> Callable[[str], None]:
    """Writes a configuration with a scripted model and these lines in `[budget]`."""
    koi_home.mkdir()

    def write(limits: str) -> None:
        (koi_home / "config.toml").write_text(
            f"""
            [providers.chatty]
            protocol = "openai-chat"
            base_url = "{model_server.openai_url}"
            api_key = "a-key-of-the-scripted-model"
            [pricing."scripted-model"]
            input_per_mtok = 1.0
            output_per_mtok = 10.0
            [budget]
            {limits}
            """
        )

    return write


async def test_a_limit_raised_elsewhere_counts_after_a_stop(
    model_server: ModelServer, write_limits: Callable[[str], None], workspace: Path
) -> None:
    write_limits("day_usd = 0.001\nsession_usd = 0.001")
    model_server.script(text("hello"))
    options = SessionOptions(workspace=workspace, model="chatty/scripted-model")
    session = await open_session(options, Nobody())
    assert isinstance([event async for event in session.prompt("hi")][-1], TurnFailed)
    session.set_limit("session_usd", 2.0)
    write_limits("day_usd = 1.0\nsession_usd = 0.001")
    assert isinstance([event async for event in session.go_on()][-1], TurnFinished)
    limits = [(use.limit, use.value) for use in session.limits()]
    assert limits == [("session_usd", 2.0), ("day_usd", 1.0)]
    await session.close()
