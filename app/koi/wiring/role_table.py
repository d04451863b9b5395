"""Which model each role has in a session, why, and who follows it, as a table shows it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec

from koi.agent.options import SessionOptions
from koi.config.schema import RoleName
from koi.core.offers import EXECUTOR
from koi.core.references import ModelReference
from koi.core.request_events import CandidateState
from koi.wiring.role_statuses import RoleStatus, role_statuses
from koi.wiring.session import registry_of

NO_MODEL = "none"


class RoleRow(msgspec.Struct, frozen=True):
    """One role. Texts are as they came: not safe."""

    role: str
    model: str
    place: str = ""
    """Where the model is set, or why it is this one; and whether anything asks for it yet."""
    fallbacks: tuple[str, ...] = ()
    """The models that are asked after it."""
    candidates: tuple[CandidateState, ...] = ()
    """These models with each of their keys, as they are now."""


States: TypeAlias = Callable[[RoleName], Awaitable[tuple[CandidateState, ...]]]


async def role_rows(
    executor: ModelReference, options: SessionOptions, states: States | None = None
) -> tuple[RoleRow, ...]:
    """Every role, while the session works with `executor`.

    `states` gives the candidates of a role as the session knows them; without it, as the files say.
    Raises UsageError, ConfigurationError, and what `states` raises.
    """
    registry = registry_of(options)
    kept = registry.config.role_model(EXECUTOR) == str(executor)
    statuses = await role_statuses(options, registry, executor)
    if states is not None:
        statuses = tuple([await _as_the_session_knows(each, states) for each in statuses])
    rows = map(_row, statuses)
    return tuple(_of_session(row, kept=kept) if row.role == EXECUTOR else row for row in rows)


def _of_session(row: RoleRow, *, kept: bool) -> RoleRow:
    """The executor's row; the turn's tier may have put another model first."""
    first = str(row.candidates[0].model) if row.candidates else row.model
    if first != row.model:
        after = tuple(each for each in row.fallbacks if each != first)
        model = f"{row.model}, this turn {first} (tier)"
        row = msgspec.structs.replace(row, model=model, fallbacks=after)
    return row if kept else msgspec.structs.replace(row, place="this session")


async def _as_the_session_knows(status: RoleStatus, states: States) -> RoleStatus:
    if status.reference is None:
        return status
    return msgspec.structs.replace(status, candidates=await states(status.role))


def _row(status: RoleStatus) -> RoleRow:
    unused = "" if status.in_effect else "nothing asks for it yet"
    why = status.reason if status.reference is None else status.place or status.reason
    place = ", ".join(filter(None, (why, unused)))
    if status.reference is None:
        return RoleRow(status.role, NO_MODEL, place)
    model = str(status.reference)
    models = dict.fromkeys(str(each.model) for each in status.candidates)
    fallbacks = tuple(name for name in models if name != model)
    return RoleRow(status.role, model, place, fallbacks, status.candidates)
