"""The page of a turn's attempts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from koi.core.agent_events import RequestStarted
from koi.core.references import ModelReference
from koi.core.request_events import AttemptEnded
from koi.view.attempt_log import MAX_ROWS, MAX_TURNS, AttemptLog
from koi.view.lines.attempts import log_lines, turn_title
from tests.view.screen import text

SONNET = ModelReference("anthropic", "claude-sonnet-4-6")
GPT = ModelReference("openai", "gpt-5.2")


@pytest.fixture
def log() -> AttemptLog:
    log = AttemptLog()
    log.begin_turn("Fix the\ntest")
    log.begin(RequestStarted("r1", SONNET, "executor", 1, key="ab12"), 100.0)
    log.end(
        AttemptEnded(
            "r1", SONNET, "executor", 1, "fall_back", "ab12",
            "rate_limit", "too fast", 429, 42.0, 1.2,
        )
    )  # fmt: skip
    log.note("anthropic/claude-sonnet-4-6 → openai/gpt-5.2: too fast")
    log.begin(RequestStarted("r2", GPT, "executor", 2), 110.0)
    return log


def shown(log: AttemptLog, width: int, now: float = 0.0) -> list[str]:
    return text(log_lines(log.turns[-1] if log.turns else None, width, now, cell_len), width)


def test_a_wide_page_is_a_table(log: AttemptLog) -> None:
    assert shown(log, 90, 115.0) == [
        "step  model                            key    status  wait         took     then",
        "1.1   anthropic/claude-sonnet-4-6      …ab12  429     42 s         1.2 s    next model",
        "      rate limit: too fast",
        "      · anthropic/claude-sonnet-4-6 → openai/gpt-5.2: too fast",
        "1.2   openai/gpt-5.2                                               5 s      running",
    ]


def test_a_narrow_page_has_two_lines_for_an_attempt(log: AttemptLog) -> None:
    log.end(AttemptEnded("r2", GPT, "executor", 2, "done", duration_s=6.0))
    assert shown(log, 60) == [
        "1.1   anthropic/claude-sonnet-4-6 …ab12",
        "      next model · 429 · wait 42 s · 1.2 s",
        "      rate limit: too fast",
        "      · anthropic/claude-sonnet-4-6 → openai/gpt-5.2: too",
        "        fast",
        "1.2   openai/gpt-5.2",
        "      answered · 6.0 s",
    ]


def test_an_attempt_without_an_end_was_interrupted(log: AttemptLog) -> None:
    log.end_turn(113.0)
    assert shown(log, 90)[-1].split()[-3:] == ["3.0", "s", "interrupted"]


def test_an_overflow_says_no_more_than_that_it_was_too_long(log: AttemptLog) -> None:
    log.end(AttemptEnded("r2", GPT, "executor", 2, "compact", kind="context_overflow"))
    assert shown(log, 90)[-2].endswith("too long")


def test_a_failed_attempt_that_costs_money_says_so(log: AttemptLog) -> None:
    log.end(
        AttemptEnded("r2", GPT, "executor", 2, "retry", kind="network", reason="cut", billed=True)
    )
    assert shown(log, 90)[-1] == "      network: cut (on the bill)"


def test_the_title_counts_turns(log: AttemptLog) -> None:
    assert turn_title(log.turns[-1], 3, 40, cell_len).text == "turn 1 of 3  Fix the test"


def test_before_the_first_turn_the_page_says_why_it_is_empty() -> None:
    assert shown(AttemptLog(), 200)[0].startswith("Nothing was asked since koi was started.")


def test_the_log_is_bounded() -> None:
    log = AttemptLog()
    for _ in range(MAX_TURNS + 5):
        log.begin_turn("x" * 10_000)
    for number in range(MAX_ROWS + 5):
        log.begin(RequestStarted(f"r{number}", GPT, "executor", 1), 0.0)
    assert len(log.turns) == MAX_TURNS
    assert log.turns[-1].number == MAX_TURNS + 5
    assert len(log.turns[-1].rows) == MAX_ROWS
    assert len(log.turns[-1].prompt) < 1_000
    assert shown(log, 80)[1] == "… 5 earlier rows are not kept"


@given(st.integers(16, 120), st.text(max_size=40))
def test_no_line_is_wider_than_the_page(width: int, words: str) -> None:
    log = AttemptLog()
    model = ModelReference("p", f"m{words}")
    log.begin(RequestStarted("r1", model, words, 1, key=words), 0.0)
    log.end(AttemptEnded("r1", model, words, 1, "stop", kind="auth", reason=words, status=401))
    log.note(words)
    shown(log, width)
