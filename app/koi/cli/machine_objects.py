"""JSON objects that appear in several places of the machine output."""

from __future__ import annotations

import msgspec

from koi.core.agent_events import BudgetReached, CostChanged
from koi.core.errors import ErrorReport
from koi.core.messages import JsonObject, ToolCall
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
    report: JsonObject = msgspec.to_builtins(error or CANCELLED)
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
    }


def budget_object(event: BudgetReached) -> JsonObject:
    """The limit that stopped the turn."""
    return {
        "type": "budget",
        "limit": event.limit,
        "value": event.value,
        "message": event.message,
    }
