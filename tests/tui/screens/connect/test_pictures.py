"""Pictures of the screens of connecting: what stands where, in one theme."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import pytest
from textual.app import App
from textual.pilot import Pilot

from koi.credentials.findings import (
    CODEX_CLI,
    ENVIRONMENT,
    KOI_LOGIN,
    LOCAL_PROBE,
    Discovery,
    Finding,
    ranked,
)
from koi.credentials.logins.login import Clock
from koi.credentials.status import ProviderStatus, statuses
from koi.tui.screens.connect.login import LoginScreen
from koi.tui.screens.connect.status import StatusScreen
from koi.tui.screens.connect.target_list import TargetList
from tests.configurations import registry_of
from tests.tui.screens.connect.screen_app import ScreenApp
from tests.tui.screens.connect.scripted_login import CODE, ScriptedLogin

NOW = 1_800_000_000.0
FOUND = (
    Finding("anthropic", ENVIRONMENT, "usable", "…abcd", "ANTHROPIC_API_KEY"),
    Finding("openai-codex", CODEX_CLI, "needs_yes", consent="codex-cli"),
    Finding("copilot", KOI_LOGIN, "usable", account="octocat", expires_at=NOW + 2820, renewed=True),
    Finding("ollama", LOCAL_PROBE, "usable", "", "http://localhost:11434", models=("llama3.3",)),
)


class Picture(Protocol):
    """The fixture of pytest-textual-snapshot."""

    def __call__(
        self,
        app: App[None],
        *,
        terminal_size: tuple[int, int],
        run_before: Callable[[Pilot[None]], object],
    ) -> bool:
        """True when the application looks as it did."""
        ...


async def found() -> Discovery:
    return ranked(tuple((each,) for each in FOUND))


async def no_models(provider: str) -> Sequence[str]:
    return ()


@pytest.mark.parametrize("size", [(80, 24), (60, 15)], ids=["80x24", "60x15"])
def test_the_code_of_a_login(tmp_path: Path, snap_compare: Picture, size: tuple[int, int]) -> None:
    clock = Clock(monotonic=lambda: 0.0)
    login = ScriptedLogin([[CODE]])
    screen = LoginScreen("GitHub Copilot", login, registry_of(tmp_path), no_models, clock=clock)
    app = ScreenApp(screen)

    async def wait(pilot: Pilot[None]) -> None:
        await app.until("15:00 left")

    assert snap_compare(app, terminal_size=size, run_before=wait)


def test_the_list_of_targets(tmp_path: Path, snap_compare: Picture) -> None:
    app = ScreenApp(TargetList(registry_of(tmp_path), found))

    async def wait(pilot: Pilot[None]) -> None:
        await app.until("needs your yes")

    assert snap_compare(app, terminal_size=(80, 24), run_before=wait)


def test_the_status(tmp_path: Path, snap_compare: Picture) -> None:
    async def look() -> tuple[tuple[ProviderStatus, ...], tuple[str, ...]]:
        rows = statuses(registry_of(tmp_path), await found(), NOW)
        return rows, ("OS keyring: did not answer within 4 s",)

    app = ScreenApp(StatusScreen(look))

    async def wait(pilot: Pilot[None]) -> None:
        await app.until("did not answer")

    assert snap_compare(app, terminal_size=(80, 24), run_before=wait)
