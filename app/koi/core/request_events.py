"""What happens to one model request on its way: candidates, attempts, and what they may cost."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from koi.core.errors import ErrorKind
from koi.core.references import ModelReference

AttemptAction: TypeAlias = Literal[
    "done", "retry", "rotate", "fall_back", "keep_calls", "compact", "stop"
]
"""What follows an attempt. `keep_calls`: it broke off, but the calls it had completed are run."""
Condition: TypeAlias = Literal[
    "ready", "active", "cooling", "probing", "no_key", "refused", "unfit", "unknown"
]
"""`unknown`: nobody has looked for its key yet, as nothing needed it. `probing`: it rested, and one
request tries whether it works again. `refused`: its key was refused and is not sent again. `unfit`:
it lacks what the request needs (tools, vision, context)."""


class Estimate(msgspec.Struct, frozen=True):
    """What a request will cost, before it is sent. None: the price or the limit is unknown."""

    input_tokens: int
    max_output_tokens: int | None = None
    input_usd: float | None = None
    """USD for the input alone, nothing of it read from a cache."""
    max_usd: float | None = None
    """USD for the input and as much output as the model may give."""


class AttemptEnded(msgspec.Struct, frozen=True):
    """One HTTP exchange is over; every RequestStarted gets one. `attempt` is its number."""

    request_id: str
    model: ModelReference
    role: str
    attempt: int
    action: AttemptAction
    key: str = ""
    """The last four characters of the key, "" without one."""
    kind: ErrorKind | None = None
    """None for an attempt that went well."""
    reason: str = ""
    status: int | None = None
    wait_s: float = 0.0
    """Seconds that the server asked to wait, or that koi waits before the same model."""
    duration_s: float = 0.0
    billed: bool = False
    """True for a failed attempt that the provider had and did not refuse: it counts as paid."""


class CandidateState(msgspec.Struct, frozen=True):
    """One model with one key in a chain, and whether a request may go to it now."""

    model: ModelReference
    condition: Condition = "ready"
    key: str = ""
    """The last four characters of its key."""
    cooling_s: float = 0.0
    """Seconds from this moment until it may be asked again."""
    reason: str = ""


class ChainChanged(msgspec.Struct, frozen=True):
    """The candidates of a role in the order in which they are tried, as they are now."""

    role: str
    candidates: tuple[CandidateState, ...]


class Routed(msgspec.Struct, frozen=True):
    """A route or a tier chose another model, or key, than the one that was named."""

    requested: ModelReference
    model: ModelReference
    rule: Literal["route", "tier"]
    reason: str
