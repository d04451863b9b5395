"""What the ledger adds up to for a day, read a piece at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from koi.core.budgets import Amounts
from koi.core.errors import StorageError
from koi.core.usage import Usage
from koi.store.day_ledger import DayLedger, DaySums, day_start
from koi.store.ledger import LedgerEntry, append_ledger
from tests.store.samples import MODEL

NOON = 1_795_176_000.0  # 2026-11-20 12:00 UTC
DAY_S = 86_400.0
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
BEIRUT = "EET-2EEST,M3.5.0/0,M10.5.0/0"
"""Its day of spring has no midnight."""
HAVANA = "CST5CDT,M3.2.0/0,M11.1.0/1"
"""Its day of autumn has two."""


def add(path: Path, *costs: float | None, ts: float = NOON) -> None:
    for cost in costs:
        append_ledger(path, LedgerEntry(ts, "s1", MODEL, "executor", Usage(7, 1, 1, 1), cost))


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


@pytest.fixture
def day(ledger: Path) -> DayLedger:
    """The ledger at noon."""
    return DayLedger(ledger, lambda: NOON)


def test_a_ledger_that_is_not_there_is_empty(day: DayLedger) -> None:
    assert day.read() == DaySums()


def test_only_today_counts(day: DayLedger, ledger: Path) -> None:
    add(ledger, 5.0, ts=NOON - DAY_S)
    add(ledger, 0.5, None, 0.25)
    assert day.read() == DaySums(Amounts(0.75, 30), unpriced=1)


def test_what_is_appended_is_added(day: DayLedger, ledger: Path) -> None:
    for number in range(1, 4):
        add(ledger, 1.0)
        assert day.read().spent.usd == number
        assert day.read().spent.usd == number


def test_a_line_that_is_being_written_counts_once_it_is_whole(day: DayLedger, ledger: Path) -> None:
    add(ledger, 1.0)
    day.read()
    add(ledger, 2.0)
    whole = ledger.read_bytes()
    for end in range(len(whole) // 2, len(whole)):
        ledger.write_bytes(whole[:end])
        assert day.read().spent.usd == 1.0
    ledger.write_bytes(whole)
    assert day.read().spent.usd == 3.0


def test_damaged_lines_are_left_out(day: DayLedger, ledger: Path) -> None:
    add(ledger, 1.0)
    with ledger.open("ab") as file:
        file.write(b'\x00\xff\n[1]\n{"ts":"x"}\n\n' + b"x" * 3_000_000 + b"\n")
    add(ledger, 2.0)
    assert day.read().spent.usd == 3.0
    with ledger.open("ab") as file:
        file.write(b"\xff torn")
    add(ledger, 4.0)
    assert day.read().spent.usd == 7.0


def test_a_long_ledger_is_read_from_its_end(ledger: Path) -> None:
    add(ledger, *[1.0] * 400, ts=NOON - 3 * DAY_S)
    add(ledger, *[1.0] * 700)
    old = ledger.read_bytes().index(b"\n") + 1
    damaged = b"x" * (old - 1) + b"\n" + ledger.read_bytes()[old:]
    ledger.write_bytes(damaged)
    assert DayLedger(ledger, lambda: NOON).read().spent.usd == 700


@pytest.mark.parametrize("costs", [(), (4.0,), (4.0, 4.0), (4.0, 4.0, 4.0)])
def test_another_file_in_its_place_is_read_anew(
    day: DayLedger, ledger: Path, costs: tuple[float, ...]
) -> None:
    add(ledger, 1.0, 2.0)
    day.read()
    ledger.unlink()
    ledger.touch()
    add(ledger, *costs)
    assert day.read().spent.usd == sum(costs)


@pytest.mark.parametrize("costs", [(), (4.0,), (4.0, 4.0), (4.0, 4.0, 4.0)])
def test_a_file_that_was_emptied_is_read_anew(
    day: DayLedger, ledger: Path, costs: tuple[float, ...]
) -> None:
    add(ledger, 1.0, 2.0)
    day.read()
    with ledger.open("wb"):
        pass
    add(ledger, *costs)
    assert day.read().spent.usd == sum(costs)


def test_lines_of_older_versions_count(day: DayLedger, ledger: Path) -> None:
    ledger.write_text(
        '{"ts":1795176000.0,"session_id":"s","model":{"provider":"a","model":"b"},'
        '"role":"executor","usage":{"input_tokens":5},"cost_usd":0.5,"v":1}\n'
    )
    assert day.read().spent == Amounts(0.5, 5)


def test_a_ledger_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot read the ledger"):
        DayLedger(tmp_path, lambda: NOON).read()


@pytest.fixture
def in_zone(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets the local time zone."""

    def enter(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    return enter


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (BERLIN, date(2026, 3, 29), 23),
        (BERLIN, date(2026, 10, 25), 25),
        (BERLIN, date(2026, 7, 1), 24),
        (BEIRUT, date(2026, 3, 29), 23),
        (BEIRUT, date(2026, 10, 24), 25),
        (HAVANA, date(2026, 3, 8), 23),
        (HAVANA, date(2026, 11, 1), 25),
    ],
)
def test_a_day_ends_at_the_local_midnight(
    in_zone: Callable[[str], None], ledger: Path, zone: str, day: date, hours: int
) -> None:
    in_zone(zone)
    start = day_start(datetime(day.year, day.month, day.day, 12).timestamp())
    end = start + hours * 3600
    clock = [start]
    sums = DayLedger(ledger, lambda: clock[0])
    for cost, ts in ((1.0, start - 1), (2.0, start), (4.0, end - 1)):
        add(ledger, cost, ts=ts)
    for clock[0] in (start, (start + end) / 2, end - 1):
        assert sums.read().spent.usd == 6.0
    add(ledger, 8.0, ts=end)
    clock[0] = end
    assert sums.read().spent.usd == 8.0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zone=st.sampled_from([BERLIN, BEIRUT, HAVANA, "UTC", "NPT-5:45"]),
    now=st.integers(1_750_000_000, 1_850_000_000),
)
def test_a_day_begins_with_the_first_moment_of_its_date(
    in_zone: Callable[[str], None], zone: str, now: int
) -> None:
    in_zone(zone)
    start = day_start(now)
    assert start <= now
    assert date.fromtimestamp(start) == date.fromtimestamp(now)
    assert date.fromtimestamp(start - 1) < date.fromtimestamp(now)
