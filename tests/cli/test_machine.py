"""Machine output: lines and the result."""

from __future__ import annotations

from koi.cli.machine import event_object
from koi.cli.machine_result import ResultBuilder
from koi.core.agent_events import (
    AgentEvent,
    ApprovalResolved,
    BudgetReached,
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
from koi.core.errors import ErrorReport
from koi.core.messages import JsonObject, ToolCall
from koi.core.provider_events import (
    FinishReason,
    ReasoningDelta,
    StreamEnded,
    TextDelta,
    ToolCallReady,
)
from koi.core.references import ModelReference
from koi.core.usage import Cost, Usage

MODEL, OTHER = ModelReference("p", "m"), ModelReference("q", "n")
STARTED = RequestStarted("r1", MODEL, "executor", 1)
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
    assert event_object(STARTED) == {
        "type": "request_started",
        "model": "p/m",
        "role": "executor",
        "attempt": 1,
    }
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
    assert event_object(FellBack(MODEL, OTHER, "down")) == {
        "type": "fallback",
        "from": "p/m",
        "to": "q/n",
        "reason": "down",
    }
    assert event_object(TurnStarted("t", "hello")) is None
    assert event_object(ended()) is None


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
        "ok": ok,
        "reason": reason,
        "status": status,
    }


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
