"""JSON objects that appear in several places of the machine output."""

from __future__ import annotations

import msgspec

from koi.core.agent_events import (
    BudgetReached,
    Compacted,
    CostChanged,
    FellBack,
    RequestEvent,
    RequestStarted,
    Retrying,
)
from koi.core.budgets import BudgetHeld, BudgetUse, BudgetWarned
from koi.core.errors import ErrorReport
from koi.core.messages import JsonObject, ToolCall
from koi.core.request_events import AttemptEnded, CandidateState, ChainChanged, Estimate, Routed
from koi.core.usage import Usage

CANCELLED = ErrorReport("cancelled", "Interrupted")


def call_object(call: ToolCall) -> JsonObject:
    """A tool call. Arguments that are not a JSON object are null, with what came as text."""
    found: JsonObject = {"id": call.id, "name": call.name, "arguments": call.arguments}
    if call.arguments is None:
        found["arguments_raw"] = call.arguments_raw
    return found


def error_object(error: ErrorReport | None) -> JsonObject:
    """The `error` object; None stands for an interrupt."""
    failed = error or CANCELLED
    report: JsonObject = msgspec.to_builtins(failed)
    del report["attempts"]
    if failed.attempts:
        report["attempts"] = [msgspec.to_builtins(attempt) for attempt in failed.attempts]
    return {"type": "error", **report}


def token_counts(usage: Usage) -> JsonObject:
    """The five counts, without more."""
    return {
        "input_tokens": usage.input_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    }


def usage_object(event: CostChanged) -> JsonObject:
    """What one request used and cost; the cost is null when the price is not known."""
    return {
        "type": "usage",
        "model": str(event.model),
        "role": event.role,
        **token_counts(event.usage),
        "cost_usd": event.cost_usd,
        "estimated": event.usage.estimated,
        "budgets": [use_object(use) for use in event.budgets],
    }


def request_object(event: RequestEvent) -> JsonObject:
    """The line of something that happened to a request on its way."""
    match event:
        case RequestStarted():
            return {
                "type": "request_started",
                "model": str(event.model),
                "role": event.role,
                "attempt": event.attempt,
                "key": event.key,
                "estimate": estimate_object(event.estimate),
            }
        case AttemptEnded():
            return {"type": "attempt", **attempt_object(event)}
        case Retrying():
            return {
                "type": "retry",
                "model": str(event.model),
                "reason": event.reason,
                "status": event.status,
                "wait_s": event.wait_s,
                "attempt": event.attempt,
                "key": event.key,
            }
        case FellBack():
            return {
                "type": "fallback",
                "from": str(event.from_model),
                "to": str(event.to_model),
                "reason": event.reason,
                "rest_s": None if event.rest_s is None else round(event.rest_s, 3),
            }
        case Routed():
            return {
                "type": "routed",
                "requested": str(event.requested),
                "model": str(event.model),
                "rule": event.rule,
                "reason": event.reason,
            }
        case ChainChanged():
            return chain_object(event)
        case BudgetWarned():
            return {
                "type": "budget",
                "event": "warned",
                **use_object(event.use),
                "warn_at": event.share,
                "message": event.message,
            }
        case BudgetHeld():
            return {
                "type": "budget",
                "event": "held",
                **use_object(event.use),
                "wait_s": event.wait_s,
                "message": event.message,
            }
        case BudgetReached():
            return {
                "type": "budget",
                "event": "reached",
                "limit": event.limit,
                "value": event.value,
                "message": event.message,
            }
        case Compacted():
            return {
                "type": "compacted",
                "cause": event.cause,
                "before_tokens": event.before_tokens,
                "after_tokens": event.after_tokens,
                "outputs_removed": event.outputs_removed,
                "messages_summarised": event.messages_summarised,
                "model": None if event.model is None else str(event.model),
            }


def estimate_object(estimate: Estimate | None) -> JsonObject | None:
    """What a request will cost; an unknown price is null."""
    found: JsonObject | None = msgspec.to_builtins(estimate)
    return found


def attempt_object(event: AttemptEnded) -> JsonObject:
    """One exchange that is over, as the log and the result have it."""
    return {
        "model": str(event.model),
        "role": event.role,
        "attempt": event.attempt,
        "key": event.key,
        "ok": event.kind is None,
        "action": event.action,
        "kind": event.kind,
        "reason": event.reason or None,
        "status": event.status,
        "wait_s": event.wait_s,
        "duration_s": round(event.duration_s, 3),
        "billed": event.billed,
    }


def chain_object(event: ChainChanged) -> JsonObject:
    """The candidates of a role in the order in which they are tried."""
    candidates = [candidate_object(each) for each in event.candidates]
    return {"type": "chain", "role": event.role, "candidates": candidates}


def candidate_object(state: CandidateState) -> JsonObject:
    """One model with one key, and whether a request may go to it."""
    return {
        "model": str(state.model),
        "key": state.key,
        "condition": state.condition,
        "cooling_s": round(state.cooling_s, 3),
        "reason": state.reason,
    }


def use_object(use: BudgetUse) -> JsonObject:
    """A limit and how far it is used up."""
    return {
        "limit": use.limit,
        "value": use.value,
        "spent": use.spent,
        "reserved": use.reserved,
        "share": round(use.share, 4),
    }
