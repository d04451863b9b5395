"""The executor's fallbacks are written into the person's file, or the file is as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.agent.options import SessionOptions
from koi.core.errors import KoiError
from koi.core.references import ModelReference
from koi.core.request_events import CandidateState
from koi.wiring.fallback_lists import keep_fallbacks
from koi.wiring.role_table import role_rows

CONFIG = """# mine
model = "work/big"
[providers.work]
protocol = "openai-chat"
base_url = "http://127.0.0.1:9/v1"
"""
EXECUTOR = ModelReference("work", "big")


@pytest.fixture
def options(workspace: Path, koi_home: Path) -> SessionOptions:
    koi_home.mkdir(parents=True, exist_ok=True)
    (koi_home / "config.toml").write_text(CONFIG)
    return SessionOptions(workspace=workspace)


async def test_a_list_is_kept_and_taken_away(options: SessionOptions, koi_home: Path) -> None:
    done = await keep_fallbacks("executor", ["work/small", "work/tiny"], options, EXECUTOR)
    assert done.startswith("models.fallback.executor = work/small, work/tiny in ")
    (executor, *_) = await role_rows(EXECUTOR, options)
    assert executor.fallbacks == ("work/small", "work/tiny")
    await keep_fallbacks("executor", [], options, EXECUTOR)
    assert written(koi_home).rstrip() == CONFIG.rstrip()


async def test_a_name_means_itself_and_no_variable(options: SessionOptions, koi_home: Path) -> None:
    await keep_fallbacks("executor", ["work/${HOME}"], options, EXECUTOR)
    (executor, *_) = await role_rows(EXECUTOR, options)
    assert executor.fallbacks == ("work/${HOME}",)


async def test_an_unknown_provider_changes_nothing(options: SessionOptions, koi_home: Path) -> None:
    with pytest.raises(KoiError, match="nowhere"):
        await keep_fallbacks("executor", ["work/small", "nowhere/x"], options, EXECUTOR)
    assert written(koi_home) == CONFIG


async def test_the_model_itself_does_not_follow_itself(
    options: SessionOptions, koi_home: Path
) -> None:
    with pytest.raises(KoiError, match="work/big is the model itself"):
        await keep_fallbacks("executor", ["work/small", "work/big"], options, EXECUTOR)
    assert written(koi_home) == CONFIG


async def test_the_model_of_a_tier_is_told_with_the_chosen_one(options: SessionOptions) -> None:
    async def states(role: str) -> tuple[CandidateState, ...]:
        return tuple(CandidateState(ModelReference("work", name)) for name in ("quick", "big"))

    (executor, *_) = await role_rows(EXECUTOR, options, states)
    assert executor.fallbacks == ()
    assert executor.model == "work/big, this turn work/quick (tier)"


async def test_a_model_of_this_session_only_is_told_as_such(options: SessionOptions) -> None:
    (executor, *_) = await role_rows(ModelReference("work", "other"), options)
    assert (executor.model, executor.place) == ("work/other", "this session")


def written(koi_home: Path) -> str:
    return (koi_home / "config.toml").read_text()
