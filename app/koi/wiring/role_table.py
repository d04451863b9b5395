"""Which model each role has in a session, why, and who follows it, as a table shows it."""

from __future__ import annotations

import msgspec

from koi.agent.options import SessionOptions
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


async def role_rows(executor: ModelReference, options: SessionOptions) -> tuple[RoleRow, ...]:
    """Every role, while the session works with `executor`.

    Raises UsageError, ConfigurationError.
    """
    registry = registry_of(options)
    kept = registry.config.role_model(EXECUTOR) == str(executor)
    rows = [_row(each) for each in await role_statuses(options, registry, executor)]
    return tuple(
        msgspec.structs.replace(row, place="this session")
        if row.role == EXECUTOR and not kept
        else row
        for row in rows
    )


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
