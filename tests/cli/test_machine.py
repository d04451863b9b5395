"""Machine output: lines and the result."""

from __future__ import annotations

from koi.cli.machine import event_object
from koi.cli.machine_objects import attempt_object
from koi.cli.machine_result import ResultBuilder
from koi.core.agent_events import (
    AgentEvent,
    ApprovalResolved,
    BudgetReached,
    Compacted,
    CostChanged,
    FellBack,
    RequestStarted,
    Retrying,
    Streamed,
    ToolFinished,
    ToolOutput,
    TurnCancelled,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from koi.core.budgets import BudgetHeld, BudgetUse, BudgetWarned
from koi.core.errors import ErrorReport, FailedAttempt
from koi.core.messages import JsonObject, ToolCall
from koi.core.provider_events import (
    FinishReason,
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallReady,
)
from koi.core.references import ModelReference
from koi.core.request_events import (
    AttemptEnded,
    CandidateState,
    ChainChanged,
    Estimate,
    Routed,
)
from koi.core.usage import Cost, Usage

MODEL, OTHER = ModelReference("p", "m"), ModelReference("q", "n")
STARTED = RequestStarted("r1", MODEL, "executor", 1)
BROKEN = AttemptEnded(
    "r1", MODEL, "executor", 1, "retry", "ab12", "overloaded", "busy", 529, 0.5, 1.2, True
)
CALL = ToolCall("c", "read", {"path": "a"})


def text(delta: str) -> Streamed:
    return Streamed("r1", TextDelta(delta))


def ended(reason: FinishReason = "stop", *parts: ToolCall) -> Streamed:
    return Streamed("r1", StreamEnded(reason, reason, parts))


def finished(reason: FinishReason = "stop", denied: int = 0) -> TurnFinished:
    return TurnFinished("t", "", reason, f"raw {reason}", MODEL, 1.0, denied)


def cost(usage: Usage, usd: float | None) -> CostChanged:
    total = Cost().add(usd)
    return CostChanged(MODEL, "executor", usage, usd, usage, total, usage, total, (), None)


def result(*events: AgentEvent) -> JsonObject:
    builder = ResultBuilder()
    for event in events:
        builder.take(event)
    return builder.build("s1", 1.23456)


def test_lines() -> None:
    assert event_object(text("a")) == {"type": "text", "delta": "a"}
    assert event_object(Streamed("r1", ReasoningDelta("a"))) == {"type": "reasoning", "delta": "a"}
    assert event_object(ApprovalResolved("c", "deny", "bash")) == {
        "type": "approval",
        "id": "c",
        "decision": "deny",
        "rule": "bash",
    }
    assert event_object(ToolOutput("c", "x")) == {"type": "tool_output", "id": "c", "chunk": "x"}
    assert event_object(ToolFinished("c", "read", True, "x", False, 0.1)) == {
        "type": "tool_result",
        "id": "c",
        "ok": True,
        "content": "x",
        "truncated": False,
    }
    assert event_object(TurnStarted("t", "hello")) is None
    assert event_object(ended()) is None


def test_lines_of_a_request_on_its_way() -> None:
    estimate = Estimate(1000, 100, 0.01, 0.06)
    started = RequestStarted("r1", MODEL, "executor", 1, key="ab12", estimate=estimate)
    assert event_object(started) == {
        "type": "request_started",
        "model": "p/m",
        "role": "executor",
        "attempt": 1,
        "key": "ab12",
        "estimate": {
            "input_tokens": 1000,
            "max_output_tokens": 100,
            "input_usd": 0.01,
            "max_usd": 0.06,
        },
    }
    assert event_object(BROKEN) == {
        "type": "attempt",
        "model": "p/m",
        "role": "executor",
        "attempt": 1,
        "key": "ab12",
        "ok": False,
        "action": "retry",
        "kind": "overloaded",
        "reason": "busy",
        "status": 529,
        "wait_s": 0.5,
        "duration_s": 1.2,
        "billed": True,
    }
    assert event_object(Retrying(MODEL, "busy", 529, 0.5, 1, "cd34")) == {
        "type": "retry",
        "model": "p/m",
        "reason": "busy",
        "status": 529,
        "wait_s": 0.5,
        "attempt": 1,
        "key": "cd34",
    }
    assert event_object(FellBack(MODEL, OTHER, "down")) == {
        "type": "fallback",
        "from": "p/m",
        "to": "q/n",
        "reason": "down",
        "rest_s": None,
    }
    assert event_object(Routed(MODEL, OTHER, "tier", "short")) == {
        "type": "routed",
        "requested": "p/m",
        "model": "q/n",
        "rule": "tier",
        "reason": "short",
    }
    cooling = CandidateState(MODEL, "cooling", "ab12", 42.0, "busy")
    assert event_object(ChainChanged("executor", (cooling,))) == {
        "type": "chain",
        "role": "executor",
        "candidates": [
            {
                "model": "p/m",
                "key": "ab12",
                "condition": "cooling",
                "cooling_s": 42.0,
                "reason": "busy",
            }
        ],
    }


def test_lines_of_limits_and_compaction() -> None:
    warned = BudgetWarned(BudgetUse("day_usd", 20.0, 16.0, 0.5), 0.8, "much is spent")
    assert event_object(warned) == {
        "type": "budget",
        "event": "warned",
        "limit": "day_usd",
        "value": 20.0,
        "spent": 16.0,
        "reserved": 0.5,
        "share": 0.8,
        "warn_at": 0.8,
        "message": "much is spent",
    }
    held = BudgetHeld(BudgetUse("day_usd", 20.0, 16.0, 4.0), 120.0, "waiting for others")
    assert event_object(held) == {
        "type": "budget",
        "event": "held",
        "limit": "day_usd",
        "value": 20.0,
        "spent": 16.0,
        "reserved": 4.0,
        "share": 0.8,
        "wait_s": 120.0,
        "message": "waiting for others",
    }
    assert event_object(BudgetReached("day_usd", 20.0, "all is spent")) == {
        "type": "budget",
        "event": "reached",
        "limit": "day_usd",
        "value": 20.0,
        "message": "all is spent",
    }
    assert event_object(Compacted("overflow", 9000, 3000, 4, 20, OTHER)) == {
        "type": "compacted",
        "cause": "overflow",
        "before_tokens": 9000,
        "after_tokens": 3000,
        "outputs_removed": 4,
        "messages_summarised": 20,
        "model": "q/n",
    }


def test_a_call_that_is_no_json_has_null_arguments_and_what_came() -> None:
    broken = ToolCall("c", "read", None, '{"pa')
    assert event_object(Streamed("r1", ToolCallReady(broken))) == {
        "type": "tool_call",
        "id": "c",
        "name": "read",
        "arguments": None,
        "arguments_raw": '{"pa',
    }


def test_a_usage_line_has_null_for_an_unknown_price() -> None:
    line = event_object(cost(Usage(1, 2, 3, 4, 5), None))
    assert line is not None
    assert line["cost_usd"] is None
    assert (line["input_tokens"], line["reasoning_tokens"]) == (1, 5)


def test_the_result_of_a_turn() -> None:
    assert result(
        STARTED,
        text("Hel"),
        Streamed("r1", ReasoningDelta("hm")),
        text("lo"),
        cost(Usage(1, output_tokens=2), 0.5),
        ended("tool_calls", CALL),
        RequestStarted("r2", MODEL, "executor", 1),
        text("!"),
        cost(Usage(3, output_tokens=4), 0.25),
        ended(),
        finished(),
    ) == {
        "type": "result",
        "ok": True,
        "text": "Hello!",
        "reasoning": "hm",
        "tool_calls": [{"id": "c", "name": "read", "arguments": {"path": "a"}}],
        "finish_reason": "stop",
        "raw_finish_reason": "raw stop",
        "model": "p/m",
        "usage": {
            "input_tokens": 4,
            "cache_read_tokens": 0,
            "cache_write_tokens": 0,
            "output_tokens": 6,
            "reasoning_tokens": 0,
        },
        "cost_usd": 0.75,
        "attempts": [attempt(ok=True), attempt(ok=True)],
        "session_id": "s1",
        "duration_s": 1.235,
        "error": None,
    }


def attempt(
    *, ok: bool | None, reason: str | None = None, status: int | None = None, number: int = 1
) -> JsonObject:
    return {
        "model": "p/m",
        "role": "executor",
        "attempt": number,
        "key": "",
        "ok": ok,
        "action": None,
        "kind": None,
        "reason": reason,
        "status": status,
        "wait_s": 0.0,
        "duration_s": None,
        "billed": False,
    }


def test_the_result_has_all_that_is_known_of_each_attempt() -> None:
    done = AttemptEnded("r2", MODEL, "executor", 2, "done", duration_s=2.0)
    found = result(
        *(STARTED, text("lost"), BROKEN, RequestStarted("r2", MODEL, "executor", 2)),
        *(text("kept"), done, ended(), finished()),
    )
    assert found["text"] == "kept"
    assert found["attempts"] == [attempt_object(BROKEN), attempt_object(done)]


def test_a_broken_answer_counts_up_to_its_complete_calls() -> None:
    kept = AttemptEnded("r1", MODEL, "executor", 1, "keep_calls", kind="network", reason="cut")
    found = result(
        *(STARTED, text("I look."), Streamed("r1", ToolCallReady(CALL)), text("And th")),
        *(kept, ended("tool_calls", CALL), RequestStarted("r2", MODEL, "executor", 1)),
        *(text(" Done."), ended(), finished()),
    )
    assert found["text"] == "I look. Done."


def test_what_another_role_says_is_not_the_answer() -> None:
    summary = RequestStarted("r1", OTHER, "small", 1)
    done = AttemptEnded("r1", OTHER, "small", 1, "done")
    found = result(
        summary, text("summary"), done, ended(), STARTED, text("Hi"), ended(), finished()
    )
    assert (found["text"], found["model"]) == ("Hi", "p/m")


def test_an_error_of_all_candidates_carries_its_attempts() -> None:
    log = (FailedAttempt("p/m", "ab12", "busy", 529, 2.0),)
    found = result(TurnFailed("t", ErrorReport("overloaded", "none left", attempts=log), "", 1.0))
    assert isinstance(found["error"], dict)
    assert found["error"]["attempts"] == [
        {"model": "p/m", "key": "ab12", "reason": "busy", "status": 529, "wait_s": 2.0}
    ]


def test_text_of_an_attempt_that_was_given_up_is_not_in_the_result() -> None:
    found = result(
        STARTED,
        text("lost"),
        Retrying(MODEL, "busy", 529, 0.5, 1),
        RequestStarted("r2", MODEL, "executor", 2),
        text("kept"),
        ended(),
        finished(),
    )
    assert found["text"] == "kept"
    assert found["attempts"] == [
        attempt(ok=False, reason="busy", status=529),
        attempt(ok=True, number=2),
    ]


def test_a_failed_turn_keeps_what_came() -> None:
    error = ErrorReport("network", "cut", "again", "p", "m", None, 2.0)
    found = result(STARTED, text("half"), TurnFailed("t", error, "half", 1.0))
    assert (found["ok"], found["text"], found["finish_reason"]) == (False, "half", None)
    assert found["error"] == {
        "type": "error",
        "kind": "network",
        "message": "cut",
        "hint": "again",
        "provider": "p",
        "model": "m",
        "status": None,
        "retry_after_s": 2.0,
    }


def test_an_interrupt() -> None:
    found = result(STARTED, text("half"), TurnCancelled("t", "half", 1.0))
    assert (found["ok"], found["finish_reason"]) == (False, "cancelled")
    assert isinstance(found["error"], dict)
    assert found["error"]["kind"] == "cancelled"


def test_a_limit_is_an_error() -> None:
    found = result(STARTED, ended(), BudgetReached("max_cost", 1.0, "too dear"), finished())
    assert found["ok"] is False
    assert isinstance(found["error"], dict)
    assert found["error"]["kind"] == "budget"


def test_a_refused_answer_and_a_denied_call_are_not_ok() -> None:
    assert result(finished("refusal"))["ok"] is False
    assert result(finished("length"))["ok"] is True
    assert result(finished(denied=1))["ok"] is False


def test_a_cost_of_which_a_part_is_unknown_is_unknown() -> None:
    found = result(STARTED, cost(Usage(1), 0.5), cost(Usage(1), None), ended(), finished())
    assert found["cost_usd"] is None
