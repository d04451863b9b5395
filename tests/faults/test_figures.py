"""Turns succeed although their model fails now and then, and koi asks little more than it must."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.loads import Figures, Trouble, play
from tests.faults.recording import Record


def check(figures: Figures, least: float) -> None:
    assert figures.success >= least
    assert (figures.truncated, figures.twice, figures.early) == (0, 0, 0)
    assert figures.most_requests <= 10


async def test_twenty_turns_with_many_faults(workspace: Path) -> None:
    figures = await play(workspace, 20, Trouble(0.2, seed=1, drawn=True))
    assert figures.faults
    check(figures, 0.95)


@pytest.mark.faults
@pytest.mark.parametrize(
    ("rate", "turns", "least"), [(0.01, 1000, 0.999), (0.05, 1000, 0.995), (0.2, 500, 0.95)]
)
async def test_turns_succeed(
    rate: float, turns: int, least: float, workspace: Path, record: Record
) -> None:
    figures = await play(workspace, turns, Trouble(rate, seed=turns, drawn=True))
    record("success", {"rate": rate, "least": least, **figures.record()})
    check(figures, least)


@pytest.mark.faults
async def test_few_requests_are_added(workspace: Path, record: Record) -> None:
    figures = await play(workspace, 500, Trouble(0.1, seed=10, drawn=False))
    record("amplification", {"rate": 0.1, "most": 1.1, **figures.record()})
    check(figures, 0.99)
    assert figures.amplification <= 1.1
