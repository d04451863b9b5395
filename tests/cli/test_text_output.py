"""What `koi run` and the plain chat tell on standard error while a request is on its way."""

from __future__ import annotations

import pytest

from koi.cli.text_output import TextWriter
from koi.core.agent_events import (
    AgentEvent,
    Compacted,
    FellBack,
    RequestStarted,
    Retrying,
    Streamed,
    TurnFailed,
    TurnFinished,
)
from koi.core.budgets import BudgetUse, BudgetWarned
from koi.core.errors import ErrorReport, FailedAttempt
from koi.core.messages import Text
from koi.core.provider_events import INTERRUPTED, StreamEnded, TextDelta
from koi.core.references import ModelReference
from koi.core.request_events import AttemptEnded, CandidateState, ChainChanged, Routed

MODEL, OTHER = ModelReference("p", "m"), ModelReference("q", "n")
Captured = pytest.CaptureFixture[str]


def told(capsys: Captured, *events: AgentEvent) -> list[str]:
    writer = TextWriter(live=True)
    for event in events:
        writer.write(event)
    return capsys.readouterr().err.splitlines()


def started(model: ModelReference = MODEL, attempt: int = 1) -> RequestStarted:
    return RequestStarted(f"r{attempt}", model, "executor", attempt)


def finished(model: ModelReference) -> TurnFinished:
    return TurnFinished("t", "", "stop", None, model, 1.0)


def test_a_wait_is_told_once(capsys: Captured) -> None:
    assert told(capsys, started(), Retrying(MODEL, "too fast", 429, 42.0, 1)) == [
        "p/m: too fast (429); again in 42 s"
    ]


def test_what_was_printed_of_a_broken_answer_does_not_count(capsys: Captured) -> None:
    lines = told(
        capsys, started(), Streamed("r1", TextDelta("Half")), Retrying(MODEL, "cut", None, 0.0, 1)
    )
    assert lines == ["the answer broke off: what stands above does not count", "p/m: cut; again"]


def printed(capsys: Captured, *events: AgentEvent) -> str:
    """What a pipe is given."""
    writer = TextWriter(live=False)
    for event in events:
        writer.write(event)
    return capsys.readouterr().out


def ended(text: str, raw: str = "stop") -> Streamed:
    return Streamed("r2", StreamEnded("stop", raw, (Text(text),)))


def test_a_pipe_gets_no_text_of_an_answer_that_is_asked_for_again(capsys: Captured) -> None:
    broken = (started(), Streamed("r1", TextDelta("Half")), Retrying(MODEL, "cut", None, 0.0, 1))
    whole = (started(attempt=2), Streamed("r2", TextDelta("Whole")), ended("Whole"))
    assert printed(capsys, *broken, *whole) == "Whole\n"


def test_a_pipe_gets_what_came_of_an_answer_that_nothing_follows(capsys: Captured) -> None:
    failure = TurnFailed("t", ErrorReport("network", "broke off"), "Half", 1.0)
    assert printed(capsys, started(), Streamed("r1", TextDelta("Half")), failure) == "Half\n"


def test_a_pipe_gets_only_what_stands_before_the_last_whole_call(capsys: Captured) -> None:
    said = (Streamed("r2", TextDelta("I look. ")), Streamed("r2", TextDelta("And th")))
    assert printed(capsys, started(), *said, ended("I look. ", INTERRUPTED)) == "I look. \n"


def test_another_model_is_told_and_named_at_the_end(capsys: Captured) -> None:
    assert told(capsys, started(), FellBack(MODEL, OTHER, "down"), finished(OTHER)) == [
        "p/m → q/n: down",
        "q/n answered in place of p/m",
    ]


def test_a_model_that_rests_is_named_and_so_is_the_way_back(capsys: Captured) -> None:
    chain = ChainChanged("executor", (CandidateState(MODEL, "cooling"), CandidateState(OTHER)))
    back = AttemptEnded("r2", MODEL, "executor", 1, "done")
    assert told(capsys, chain, started(OTHER), started(MODEL, 2), back, finished(MODEL)) == [
        "back to p/m"
    ]


def test_routes_warnings_and_compaction_are_sentences(capsys: Captured) -> None:
    warned = BudgetWarned(BudgetUse("day_usd", 1.0, 0.8), 0.8, "80 % of today's $1.00 is spent.")
    lines = told(capsys, Routed(MODEL, OTHER, "tier", "short"), warned, Compacted("asked", 9, 3))
    assert lines == [
        "routed to q/n (tier): short",
        "80 % of today's $1.00 is spent.",
        "The conversation is shorter for the model now: 9 → 3 tokens. /compact undo takes it back.",
    ]


def test_when_everything_failed_each_attempt_is_a_line(capsys: Captured) -> None:
    log = (FailedAttempt("p/m", "ab12", "too fast", 429, 42.0), FailedAttempt("q/n", "", "no key"))
    report = ErrorReport("rate_limit", "no model could answer", "Wait.", attempts=log)
    assert told(capsys, TurnFailed("t", report, "", 1.0)) == [
        "error (rate_limit): no model could answer",
        "  p/m …ab12: too fast (429), again in 42 s",
        "  q/n: no key",
        "Wait.",
    ]


def test_a_server_cannot_write_to_the_terminal(capsys: Captured) -> None:
    (line,) = told(capsys, Retrying(MODEL, "a\x1b[2Jb\nc", 500, 0.0, 1))
    assert line == "p/m: ab c (500); again"


def test_a_rest_from_before_is_told_once_and_takes_no_answer_back(capsys: Captured) -> None:
    rests = FellBack(MODEL, OTHER, "too fast", 41.0)
    said = Streamed("r1", TextDelta("Whole."))
    assert told(capsys, rests, started(OTHER), said, rests, started(OTHER, 2), finished(OTHER)) == [
        "p/m rests 0:41: too fast; asking q/n",
        "q/n answered in place of p/m",
    ]


def test_calls_that_were_complete_are_said_to_run(capsys: Captured) -> None:
    kept = AttemptEnded("r1", MODEL, "executor", 1, "keep_calls", kind="network", reason="cut")
    assert told(capsys, started(), kept) == [
        "p/m broke off; its complete calls run, the rest was dropped"
    ]


def test_a_model_that_cannot_take_over_is_named_once_when_it_is_its_turn(capsys: Captured) -> None:
    unfit = CandidateState(OTHER, "unfit", reason="it has no tools")
    third = ModelReference("t", "h")
    before = ChainChanged("executor", (CandidateState(MODEL, "active"), unfit))
    turn = ChainChanged(
        "executor", (CandidateState(MODEL, "cooling"), unfit, CandidateState(third, "active"))
    )
    assert told(capsys, before) == []
    assert told(capsys, turn, turn) == ["q/n is passed over: it has no tools"]


def test_a_rest_that_began_in_this_turn_is_not_told_again(capsys: Captured) -> None:
    third = ModelReference("t", "h")
    chain = FellBack(MODEL, OTHER, "down"), FellBack(OTHER, third, "down")
    assert told(capsys, *chain, started(third), FellBack(MODEL, third, "down", 59.0)) == [
        "p/m → q/n: down",
        "q/n → t/h: down",
    ]
