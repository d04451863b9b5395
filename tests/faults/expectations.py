"""What koi does about each fault in each phase: the rules of docs/reliability.md as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from koi.core.errors import ErrorKind
from tests.servers.fault_server.faults import Fault, FaultName, Format, Phase

Move: TypeAlias = Literal[
    "completes", "recovers", "rotates", "falls back", "keeps calls", "compacts", "stops"
]
"""The answer is whole in spite of it; the same model is asked again; another key is; another model
is; the complete calls of the broken answer run; the conversation is made shorter; the turn ends."""

_HARMLESS: tuple[FaultName, ...] = (
    "nan",
    "surrogates",
    "separators",
    "bom",
    "carriage-returns",
    "single-bytes",
    "content-type",
)
_KINDS: dict[FaultName, ErrorKind] = {
    "refuse": "network",
    "close": "network",
    "reset": "network",
    "eof": "network",
    "stall": "timeout",
    "comments": "timeout",
    "drip": "timeout",
    "garbage": "protocol",
    "truncated-json": "protocol",
    "deep-json": "protocol",
    "long-number": "protocol",
    "huge-line": "protocol",
    "gzip-bomb": "protocol",
    "in-band-error": "overloaded",
    "error-left-open": "overloaded",
    "page": "protocol",
    "page-502": "overloaded",
    "429": "rate_limit",
    "429-ms": "rate_limit",
    "429-seconds": "rate_limit",
    "429-date": "rate_limit",
    "429-reset": "rate_limit",
    "429-long": "rate_limit",
    "429-quota": "billing",
    "402": "billing",
    "401": "auth",
    "403": "auth",
    "400": "bad_request",
    "400-history": "bad_request",
    "400-overflow": "context_overflow",
    "404": "model_not_found",
    "408": "timeout",
    "500": "overloaded",
    "502": "overloaded",
    "503": "overloaded",
    "504": "timeout",
    "529": "overloaded",
    "301": "network_policy",
    "302": "network_policy",
    "303": "network_policy",
    "307": "network_policy",
    "308": "network_policy",
}
_ENDS_WITH_BODY: tuple[Format, ...] = ("openai-chat", "copilot", "gemini")
"""These formats are complete when a finish reason was seen and the body ended in order."""
_STOPS: tuple[ErrorKind, ...] = (
    "auth",
    "bad_request",
    "model_not_found",
    "network_policy",
)


@dataclass(frozen=True, slots=True)
class Expected:
    """`kind` is the failure's, None for an answer that is whole."""

    move: Move
    kind: ErrorKind | None = None


def kind_of(name: FaultName, phase: Phase, wire: Format) -> ErrorKind | None:
    """The kind of failure that every wire format makes of a fault, None for none."""
    if name in _HARMLESS or (name == "eof" and _is_whole(phase, wire)):
        return None
    if name == "garbage" and phase == "headers":
        return "network"  # not even HTTP
    return _KINDS[name]


def _is_whole(phase: Phase, wire: Format) -> bool:
    """Whether an answer whose body ends in order is complete in this phase."""
    if phase == "before-usage":
        return wire in (*_ENDS_WITH_BODY, "bedrock")
    return phase == "before-end" and wire in _ENDS_WITH_BODY


def expected(wire: Format, fault: Fault, *, calls: bool, keys: int = 1) -> Expected:
    """What follows the fault when it comes once, with a second model that is well.

    `calls`: the answer that it breaks makes tool calls. `keys`: how many the model has.
    """
    kind = kind_of(fault.name, fault.phase, wire)
    if kind is None:
        return Expected("completes")
    if fault.name == "page" or kind in _STOPS:
        rotates = kind == "auth" and keys > 1
        return Expected("rotates" if rotates else "stops", kind)
    if kind == "context_overflow":
        return Expected("compacts", kind)
    if kind in ("billing", "rate_limit") and keys > 1:
        return Expected("rotates", kind)
    if kind == "billing" or fault.name == "429-long":
        return Expected("falls back", kind)
    complete = fault.phase in ("after-call", "before-usage", "before-end")
    return Expected("keeps calls" if complete and calls else "recovers", kind)
