"""What the screen shows after each agent event."""

from __future__ import annotations

import pytest

from koi.core.agent_events import (
    ApprovalRequested,
    ApprovalResolved,
    BudgetReached,
    CostChanged,
    FellBack,
    ModelCost,
    RequestStarted,
    Retrying,
    ToolFinished,
    ToolOutput,
    ToolStarted,
    TurnCancelled,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from koi.core.errors import ErrorReport
from koi.core.messages import ToolCall
from koi.core.provider_events import (
    FinishReason,
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallDelta,
    ToolCallReady,
    ToolCallStarted,
    UsageReported,
)
from koi.core.references import ModelReference
from koi.core.usage import Cost, Usage
from koi.view.state import MAX_CALLS, MAX_OUTPUTS, Changed
from tests.view.screen import Screen

MODEL = ModelReference("anthropic", "claude")
OTHER = ModelReference("openai", "gpt")
CALL = ToolCall("c1", "bash", {"command": "pytest -q"})


def finished(reason: FinishReason = "stop") -> TurnFinished:
    return TurnFinished("t1", "text", reason, None, MODEL, 1.0)


def ended() -> StreamEnded:
    return StreamEnded("stop", "end_turn", ())


def request(model: ModelReference = MODEL, attempt: int = 1) -> RequestStarted:
    return RequestStarted("r1", model, "executor", attempt)


def asked(call: ToolCall = CALL, preview: str = "pytest -q") -> ApprovalRequested:
    return ApprovalRequested(call, "run pytest -q", preview, "command", "no rule", "bash(pytest*)")


def result(*, ok: bool = True, content: str = "2 passed", display: str = "") -> ToolFinished:
    return ToolFinished("c1", "bash", ok, content, False, 1.2, display=display)


@pytest.fixture
def screen() -> Screen:
    return Screen()


def test_a_plain_turn(screen: Screen) -> None:
    screen.take(TurnStarted("t1", "Hi"))
    assert screen.step() == "preparing the request"
    screen.take(request())
    assert screen.step() == "waiting for anthropic/claude"
    screen.take(TextDelta("Hel"), TextDelta("lo"))
    assert screen.step() == "answering"
    screen.take(ended(), finished())
    assert screen.step() is None
    assert not screen.state.busy
    assert screen.lines == ["you  Hi", "koi  Hello"]


def test_a_step_that_goes_on_keeps_its_age(screen: Screen) -> None:
    screen.take(request(), TextDelta("a"))
    screen.now += 5
    changed = screen.take(TextDelta("b"))
    assert changed == Changed.TRANSCRIPT
    assert screen.state.activity is not None
    assert screen.state.activity.since == 100.0


def test_reasoning_ends_where_the_answer_begins(screen: Screen) -> None:
    screen.take(request(), ReasoningDelta("let me see"))
    assert screen.step() == "thinking"
    screen.now += 4
    screen.take(TextDelta("\n\n"), TextDelta("Yes."))
    assert screen.lines == ["     ▸ thought  3 words, 4.0 s", "koi  Yes."]


def test_a_call_from_its_first_character_to_its_result(screen: Screen) -> None:
    screen.take(request(), ToolCallStarted("c1", "bash"))
    assert screen.step() == "writing a call of bash"
    screen.take(ToolCallDelta("c1", "x" * 2500))
    assert screen.step() == "writing a call of bash (2 kB)"
    screen.take(ToolCallReady(CALL), ended())
    assert screen.lines == ["     · bash  pytest -q"]
    screen.take(asked())
    assert screen.step() == "waiting for your yes"
    assert screen.lines == ["     ? bash  run pytest -q  waits for your yes"]
    screen.take(ApprovalResolved("c1", "allow", ""))
    assert screen.state.approvals == []
    screen.take(ToolStarted(CALL, "pytest -q"))
    assert screen.step() == "running bash"
    assert screen.take(ToolOutput("c1", "2 pas")) == Changed.TOOLS
    screen.take(ToolOutput("c1", "sed\n"), result())
    assert screen.step() == "preparing the next request"
    assert screen.lines == ["     ✓ bash  pytest -q  1.2 s", "     │ 2 passed"]
    entry = screen.state.calls[0]
    assert (entry.status, entry.seconds, entry.summary) == ("ok", 1.2, "pytest -q")
    assert entry.output is not None
    assert entry.output.tail(9) == ["2 passed"]


def test_a_denied_call_says_denied(screen: Screen) -> None:
    screen.take(ToolCallReady(CALL), asked(), ApprovalResolved("c1", "deny", ""))
    screen.take(result(ok=False, content="The person said no."))
    assert screen.lines[0] == "     ⊘ bash  run pytest -q  denied · 1.2 s"
    assert screen.state.calls[0].status == "denied"


def test_a_diff_replaces_the_output_in_the_pane(screen: Screen) -> None:
    screen.take(ToolStarted(CALL, "x"), result(content="edited", display="@@ -1 +1 @@\n-a\n+b\n"))
    assert screen.state.calls[0].output is not None
    assert screen.state.calls[0].output.tail(9) == ["@@ -1 +1 @@", "-a", "+b"]


def test_questions_are_answered_in_the_order_they_came(screen: Screen) -> None:
    second = ToolCall("c2", "bash", {"command": "ls"})
    screen.take(asked(), asked(second))
    assert [approval.call_id for approval in screen.state.approvals] == ["c1", "c2"]
    screen.take(ApprovalResolved("c1", "allow", ""))
    assert [approval.call_id for approval in screen.state.approvals] == ["c2"]
    assert screen.step() == "waiting for your yes"


def test_nothing_hides_in_a_question(screen: Screen) -> None:
    screen.take(asked(preview="rm\u200b -rf /\r\x1b[2Kls"))
    assert screen.state.approvals[0].preview == ("rm\\u{200b} -rf /\\r\\e[2Kls",)


def test_parallel_calls_are_counted(screen: Screen) -> None:
    second = ToolCall("c2", "read", {"path": "a"})
    screen.take(ToolStarted(CALL, "x"), ToolStarted(second, "a"))
    assert screen.step() == "running read and 1 more"
    screen.take(result())
    assert screen.step() == "running read"


def test_the_same_call_id_in_a_later_request_is_another_call(screen: Screen) -> None:
    for _ in range(2):
        screen.take(ToolCallReady(CALL), ToolStarted(CALL, "x"), result())
    assert len(screen.state.calls) == 2
    assert len(screen.state.transcript.items) == 2


def test_a_cut_answer_never_looks_complete(screen: Screen) -> None:
    screen.take(request(), TextDelta("Half an ans"))
    screen.take(Retrying(MODEL, "connection lost", None, 2.0, 2))
    assert screen.activity.startswith(" ● waiting 0:02 before asking anthropic/claude again")
    screen.take(request(attempt=2), TextDelta("A whole answer."), ended(), finished())
    assert screen.lines == [
        "     ▸ cut off after 3 words; asked again",
        "     · anthropic/claude: connection lost; again in 2.0 s",
        "koi  A whole answer.",
    ]


def test_a_call_of_a_failed_attempt_is_stopped(screen: Screen) -> None:
    screen.take(request(), ToolCallStarted("c1", "bash"))
    screen.take(FellBack(MODEL, OTHER, "overloaded"))
    assert screen.lines[0] == "     ■ bash  stopped"
    assert screen.state.model == "openai/gpt"


def test_an_interrupted_turn_keeps_its_text(screen: Screen) -> None:
    screen.take(request(), TextDelta("Half"), ToolCallStarted("c1", "bash"), asked())
    screen.take(TurnCancelled("t1", "Half", 1.0))
    assert screen.lines == [
        "koi  Half",
        "     ■ bash  run pytest -q  stopped",
        "     ■ interrupted. /retry goes on with the turn.",
    ]
    assert screen.state.approvals == []
    assert screen.step() is None


def test_a_failed_turn_says_what_to_do(screen: Screen) -> None:
    error = ErrorReport("auth", "The key was refused (401).", "See koi providers.")
    screen.take(request(), TurnFailed("t1", error, "", 1.0))
    assert screen.lines == [
        "     ✗ The key was refused (401).",
        "       See koi providers.",
        "       /retry goes on with the turn.",
    ]


@pytest.mark.parametrize("reason", ["length", "content_filter", "refusal", "error"])
def test_an_unusual_end_is_named(screen: Screen, reason: FinishReason) -> None:
    screen.take(request(), TextDelta("x"), ended(), finished(reason))
    assert screen.lines[1].startswith("     ! ")


def test_a_limit_is_told_once_at_the_end_of_the_turn(screen: Screen) -> None:
    said = "The limit of $1 was reached."
    screen.take(BudgetReached("max_cost", 1.0, said))
    screen.take(TurnFailed("t1", ErrorReport("budget", said, "Raise it."), "", 1.0))
    assert screen.lines == [
        "     ! The limit of $1 was reached.",
        "       Raise it.",
        "       /retry goes on with the turn.",
    ]


def test_costs_and_context(screen: Screen) -> None:
    usage = Usage(1000, 3000, 0, 500)
    event = CostChanged(
        MODEL, "executor", usage, 0.01, usage, Cost(0.01), usage, Cost(0.41),
        (ModelCost(MODEL, "executor", usage, Cost(0.41)),), 45_000,
    )  # fmt: skip
    assert screen.take(event) == Changed.COST | Changed.HEADER
    assert screen.state.context_share == pytest.approx(0.1)
    assert screen.take(UsageReported(usage)) == Changed.NOTHING


def test_the_tool_pane_is_bounded(screen: Screen) -> None:
    for number in range(MAX_CALLS + 20):
        call = ToolCall(f"c{number}", "bash", {})
        screen.take(ToolStarted(call, "x"), ToolFinished(call.id, "bash", True, "out", False, 0.1))
    assert len(screen.state.calls) == MAX_CALLS
    assert sum(entry.output is not None for entry in screen.state.calls) <= MAX_OUTPUTS


def test_the_selection_of_the_tool_pane(screen: Screen) -> None:
    for number in range(3):
        screen.take(ToolStarted(ToolCall(f"c{number}", "bash", {}), "x"))
    state = screen.state
    assert state.selected_call is state.calls[2]
    state.select_call(-1)
    assert state.selected_call is state.calls[1]
    state.select_call(-5)
    assert state.selected_call is state.calls[0]
    state.select_call(+9)
    assert state.selected is None


def test_a_call_that_asks_is_in_the_tool_pane_with_what_it_would_do(screen: Screen) -> None:
    screen.take(asked(preview="pytest -q"))
    entry = screen.state.calls[0]
    assert entry.output is not None
    assert (entry.status, entry.output.tail(9)) == ("asking", ["pytest -q"])
    screen.take(ApprovalResolved(CALL.id, "allow", "person"), ToolStarted(CALL, "pytest -q"))
    assert [each.status for each in screen.state.calls] == ["running"]
    screen.take(result())
    assert [each.status for each in screen.state.calls] == ["ok"]


def test_a_failure_names_provider_and_status_once(screen: Screen) -> None:
    report = ErrorReport("auth", "wrong key", "", "openai", "gpt", 401)
    screen.take(TurnFailed("t", report, "", 1.0))
    assert "✗ openai/gpt: wrong key (401)" in "\n".join(screen.lines)
    report = ErrorReport("overloaded", "openai answered 529", "", "openai", "gpt", 529)
    screen.take(TurnFailed("t", report, "", 1.0))
    assert "✗ openai answered 529" in "\n".join(screen.lines)
