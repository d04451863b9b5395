"""What the screen shows of a request on its way: attempts, candidates, limits, compaction."""

from __future__ import annotations

import pytest

from koi.core.agent_events import (
    Compacted,
    FellBack,
    RequestStarted,
    Retrying,
    Streamed,
    TurnCancelled,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from koi.core.budgets import BudgetHeld, BudgetUse, BudgetWarned
from koi.core.errors import ErrorReport, FailedAttempt
from koi.core.messages import ToolCall
from koi.core.provider_events import (
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallReady,
    ToolCallStarted,
)
from koi.core.references import ModelReference
from koi.core.request_events import (
    AttemptAction,
    AttemptEnded,
    CandidateState,
    ChainChanged,
    Estimate,
    Routed,
)
from koi.view.attempt_log import AttemptRow
from koi.view.lines.cost import cost_pane_lines
from tests.view.screen import Screen, text

PRIMARY, OTHER = ModelReference("anthropic", "claude"), ModelReference("openai", "gpt")
CALL = ToolCall("c1", "read", {"path": "a.py"})


def request(
    model: ModelReference = PRIMARY, attempt: int = 1, *, role: str = "executor"
) -> RequestStarted:
    return RequestStarted(f"r{attempt}", model, role, attempt, key="ab12")


def failed(
    action: AttemptAction, attempt: int = 1, model: ModelReference = PRIMARY
) -> AttemptEnded:
    return AttemptEnded(
        f"r{attempt}", model, "executor", attempt, action, "ab12", "rate_limit", "too fast", 429
    )


def answered(model: ModelReference, attempt: int = 1) -> AttemptEnded:
    return AttemptEnded(f"r{attempt}", model, "executor", attempt, "done", duration_s=1.0)


def ended(*parts: ToolCall) -> StreamEnded:
    return StreamEnded("tool_calls" if parts else "stop", "end_turn", parts)


def finished(model: ModelReference) -> TurnFinished:
    return TurnFinished("t1", "text", "stop", None, model, 1.0)


@pytest.fixture
def screen() -> Screen:
    screen = Screen()
    screen.state.choose_model(str(PRIMARY))
    return screen


# Waiting


def test_the_wait_before_a_retry_counts_down(screen: Screen) -> None:
    screen.take(request(), failed("retry"), Retrying(PRIMARY, "too fast", 429, 42.0, 1))
    assert screen.activity.startswith(" ● waiting 0:42 before asking anthropic/claude again")
    assert screen.activity.endswith("Esc stops")
    screen.now += 40.5
    assert screen.activity.startswith(" ● waiting 0:02 before")
    screen.now += 1.5
    assert screen.activity.startswith(" ● asking anthropic/claude again")


def test_another_key_is_named_by_its_end(screen: Screen) -> None:
    screen.take(request(), failed("rotate"), Retrying(PRIMARY, "too fast", 429, 0.0, 1, "cd34"))
    assert screen.step() == "asking anthropic/claude again with key …cd34"
    assert screen.lines == [
        "     · anthropic/claude: too fast (429); again with key",
        "       …cd34",
    ]


def test_a_wait_for_another_key_names_both(screen: Screen) -> None:
    screen.take(Retrying(PRIMARY, "too fast", 429, 42.0, 1, "cd34"))
    assert "again in 42 s with key …cd34" in " ".join(line.strip() for line in screen.lines)
    assert screen.activity.startswith(" ● waiting 0:42 before asking anthropic/claude again with")


# What a broken attempt has said


def test_a_broken_answer_is_folded_before_the_next_attempt(screen: Screen) -> None:
    screen.take(request(), TextDelta("Half an ans"), failed("retry"))
    assert screen.lines == ["     ▸ cut off after 3 words; asked again"]


def test_a_broken_thought_says_that_it_was_cut_off(screen: Screen) -> None:
    screen.take(request(), ReasoningDelta("let me see"), failed("fall_back"))
    screen.take(FellBack(PRIMARY, OTHER, "too fast"))
    assert screen.lines == [
        "     ▸ thought  cut off after 3 words; next model",
        "     ! anthropic/claude → openai/gpt: too fast",
    ]


def test_everything_that_an_attempt_has_said_is_folded(screen: Screen) -> None:
    screen.take(
        request(), ReasoningDelta("hm"), TextDelta("I will look."), ToolCallStarted("c1", "read")
    )
    screen.take(failed("retry"), Retrying(PRIMARY, "cut", None, 0.0, 1))
    assert screen.lines == [
        "     ▸ thought  cut off after 1 word; asked again",
        "     ▸ cut off after 3 words; asked again",
        "     ■ read  stopped",
        "     · anthropic/claude: cut; again",
    ]


def test_what_stands_from_earlier_steps_is_left_alone(screen: Screen) -> None:
    screen.take(request(), TextDelta("Done."), answered(PRIMARY), ended())
    screen.take(request(), failed("retry"), Retrying(PRIMARY, "too fast", 429, 0.0, 1))
    assert screen.lines[0] == "koi  Done."


def test_complete_calls_are_kept_with_what_came_before_them(screen: Screen) -> None:
    screen.take(request(), TextDelta("I will look."), ToolCallReady(CALL))
    screen.take(TextDelta("And then"), ToolCallStarted("c2", "bash"), failed("keep_calls"))
    screen.take(Streamed("r1", ended(CALL)))
    assert screen.lines == [
        "koi  I will look.",
        "     · read  a.py",
        "     ▸ cut off after 2 words; its calls count",
        "     ■ bash  stopped",
        "     ! anthropic/claude broke off; its complete calls run,",
        "       the rest was dropped",
    ]


def test_a_broken_answer_is_dim_when_it_is_opened(screen: Screen) -> None:
    screen.take(request(), TextDelta("Half an **ans**"), failed("retry"))
    transcript = screen.state.transcript
    transcript.measure(0)
    assert transcript.click(0, 0)
    assert screen.lines[1] == "koi  Half an ans"
    faces = {face.kind for text, face in transcript.items[0].line(1).spans if text.strip()}
    assert faces == {"muted"}


# Who answers


def test_the_end_of_a_turn_says_who_answered_instead(screen: Screen) -> None:
    screen.take(request(), failed("fall_back"), FellBack(PRIMARY, OTHER, "too fast"))
    assert screen.state.model == "openai/gpt"
    screen.take(request(OTHER, 2), TextDelta("Yes."), answered(OTHER, 2), ended(), finished(OTHER))
    assert screen.lines[-1] == "     · openai/gpt answered in place of anthropic/claude"


def test_a_later_turn_of_the_other_model_says_so_too(screen: Screen) -> None:
    chain = ChainChanged(
        "executor", (CandidateState(PRIMARY, "cooling", "ab12", 42.0), CandidateState(OTHER))
    )
    screen.take(chain, request(OTHER), TextDelta("Yes."), answered(OTHER), ended(), finished(OTHER))
    assert screen.lines[-1] == "     · openai/gpt answered in place of anthropic/claude"


def test_the_way_back_is_told_when_the_first_model_has_answered(screen: Screen) -> None:
    screen.take(FellBack(PRIMARY, OTHER, "too fast"), finished(OTHER))
    screen.take(request(), TextDelta("Hello."))
    assert "back" not in "\n".join(screen.lines)
    screen.take(answered(PRIMARY), ended(), finished(PRIMARY))
    assert screen.lines[-1] == "     · back to anthropic/claude"


def test_another_choice_of_the_person_is_no_fallback(screen: Screen) -> None:
    screen.take(FellBack(PRIMARY, OTHER, "too fast"), finished(OTHER))
    screen.state.choose_model(str(OTHER))
    screen.take(request(OTHER), TextDelta("Yes."), answered(OTHER), ended(), finished(OTHER))
    assert screen.lines[-1] == "koi  Yes."


def test_a_request_of_another_role_leaves_the_header_alone(screen: Screen) -> None:
    screen.take(request(OTHER, role="small"))
    assert screen.state.model == "anthropic/claude"
    assert screen.step() == "waiting for openai/gpt (small)"


def test_a_fallback_of_another_role_is_not_the_executors(screen: Screen) -> None:
    screen.take(request(OTHER, role="small"), FellBack(OTHER, PRIMARY, "down"))
    screen.take(request(PRIMARY, 2, role="small"), request(PRIMARY), finished(PRIMARY))
    assert screen.state.model == "anthropic/claude"
    assert "in place of" not in "\n".join(screen.lines)


def test_a_route_says_why(screen: Screen) -> None:
    screen.take(Routed(PRIMARY, OTHER, "tier", "fast: a short question"))
    assert screen.lines == ["     · routed to openai/gpt (tier): fast: a short question"]


# Limits, failures, compaction


def test_a_warning_is_told(screen: Screen) -> None:
    use = BudgetUse("day_usd", 20.0, 16.0)
    screen.take(BudgetWarned(use, 0.8, "80 % of today's $20.00 is spent."))
    assert screen.lines == ["     ! 80 % of today's $20.00 is spent."]


def test_a_request_that_waits_for_others_says_so(screen: Screen) -> None:
    use = BudgetUse("day_usd", 20.0, 16.0, 4.0)
    screen.take(BudgetHeld(use, 120.0, "waiting for others"))
    assert screen.lines == ["     · waiting for others"]


def test_when_everything_failed_each_attempt_is_listed(screen: Screen) -> None:
    attempts = (
        FailedAttempt("anthropic/claude", "ab12", "too fast", 429, 42.0),
        FailedAttempt("openai/gpt", "", "no key", None),
    )
    report = ErrorReport("rate_limit", "No model could answer", "Wait.", attempts=attempts)
    screen.take(request(), TurnFailed("t1", report, "", 1.0))
    assert screen.lines == [
        "     ✗ No model could answer",
        "       anthropic/claude …ab12: too fast (429), again in 42 s",
        "       openai/gpt: no key",
        "       Wait.",
        "       /retry goes on with the turn.",
    ]


def test_a_compaction_says_what_it_did_and_how_to_undo_it(screen: Screen) -> None:
    screen.take(Compacted("overflow", 210_000, 60_000, 12, 30, OTHER))
    said = " ".join(line.strip() for line in screen.lines)
    assert "210k → 60k tokens (12 older tool outputs left out, 30 messages summarised" in said
    assert said.endswith("/compact undo takes it back.")
    assert screen.state.context_tokens == 60_000


# The attempt log


def test_the_log_has_every_attempt_of_a_turn(screen: Screen) -> None:
    screen.take(TurnStarted("t1", "Fix it"), request(), failed("fall_back"))
    screen.take(FellBack(PRIMARY, OTHER, "too fast"), request(OTHER, 2), answered(OTHER, 2))
    screen.take(ended(CALL), request(PRIMARY, 1))
    (turn,) = screen.state.requests.log.turns
    rows = [row for row in turn.rows if isinstance(row, AttemptRow)]
    assert [(row.step, row.attempt, row.action) for row in rows] == [
        (1, 1, "fall_back"),
        (1, 2, "done"),
        (2, 1, None),
    ]
    assert (rows[0].status, rows[0].kind, rows[0].reason) == (429, "rate_limit", "too fast")


def test_the_price_of_a_request_stands_while_it_runs(screen: Screen) -> None:
    estimate = Estimate(1000, 100, 0.012, 0.072)
    screen.state.requests.next = Estimate(2000, 100, 0.024, 0.084)
    screen.take(RequestStarted("r1", PRIMARY, "executor", 1, estimate=estimate))
    assert "now     ≈ $0.012 + up to $0.060" in text(cost_pane_lines(screen.state, 31, 0.0), 31)
    screen.take(answered(PRIMARY), ended(), finished(PRIMARY))
    assert "next    ≈ $0.024 + up to $0.060" in text(cost_pane_lines(screen.state, 31, 0.0), 31)


def test_after_an_interrupt_nobody_is_shown_as_asked(screen: Screen) -> None:
    states = (CandidateState(PRIMARY, "active", "ab12"), CandidateState(OTHER, "cooling", "cd34"))
    screen.take(ChainChanged("executor", states), request(), TurnCancelled("t1", "", 1.0))
    conditions = [row.condition for row in screen.state.requests.chains["executor"]]
    assert conditions == ["ready", "cooling"]


def test_a_model_that_rests_at_the_start_is_told_once_and_takes_nothing_back(
    screen: Screen,
) -> None:
    rests = FellBack(PRIMARY, OTHER, "too fast", 41.0)
    screen.take(rests, request(OTHER), TextDelta("First."), answered(OTHER), ended())
    screen.take(rests, request(OTHER, 2), TextDelta("Second."), answered(OTHER, 2), ended())
    shown = "\n".join(screen.lines)
    assert shown.count("anthropic/claude rests 0:41: ") == 1
    assert "First." in shown
    assert "cut off" not in shown


def test_complete_calls_of_a_broken_answer_are_said_to_run(screen: Screen) -> None:
    screen.take(request(), ToolCallReady(CALL), failed("keep_calls"))
    shown = " ".join(" ".join(screen.lines).split())
    assert "anthropic/claude broke off; its complete calls run, the rest was dropped" in shown


def test_a_model_that_cannot_take_over_is_named_in_the_chat(screen: Screen) -> None:
    third = ModelReference("work", "third")
    states = (
        CandidateState(PRIMARY, "cooling", "ab12", 42.0),
        CandidateState(OTHER, "no_key", reason="no key for openai"),
        CandidateState(third, "active"),
    )
    screen.take(ChainChanged("executor", states), ChainChanged("executor", states))
    shown = " ".join(screen.lines)
    assert shown.count("openai/gpt is passed over: no key for openai") == 1
