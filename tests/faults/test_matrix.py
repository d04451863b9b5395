"""Every fault in every phase of every wire format ends as docs/reliability.md says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.cells import CELLS, Cell
from tests.faults.judging import facts, judge
from tests.faults.recording import Record
from tests.faults.runs import run

SEEDS = 5
FEW = [cell for at, cell in enumerate(CELLS) if at % 20 == 7 and not cell.slow]


@pytest.mark.parametrize("cell", FEW, ids=str)
async def test_a_few_cells(cell: Cell, workspace: Path) -> None:
    judge(await run(cell, 1, workspace), cell.expected(1))


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("cell", CELLS, ids=str)
async def test_every_cell(cell: Cell, seed: int, workspace: Path, record: Record) -> None:
    expected = cell.expected(seed)
    found = await run(cell, seed, workspace)
    kept = record("turn", facts(found, expected))
    judge(found, expected)
    kept["ok"] = True


def test_there_are_enough_cells() -> None:
    assert len(CELLS) >= 230
