"""Which model each role has, why, and who follows it: for the screen and the plain chat."""

from __future__ import annotations

import msgspec

from koi.agent.options import SessionOptions
from koi.config.schema import ROLE_NAMES, RoleName
from koi.core.errors import KoiError
from koi.core.offers import EXECUTOR, RoleModel
from koi.core.references import ModelReference
from koi.wiring.fallback_lists import fallback_lists
from koi.wiring.role_models import configured_roles
from koi.wiring.role_references import role_reference
from koi.wiring.session import registry_of


class RoleRow(msgspec.Struct, frozen=True):
    """One role. Texts are as they came: not safe."""

    role: str
    model: str
    place: str = ""
    """Where the model is set, or why it is this one; and whether anything asks for it yet."""
    fallbacks: tuple[str, ...] = ()
    """Who is asked after it."""


async def role_rows(executor: ModelReference, options: SessionOptions) -> tuple[RoleRow, ...]:
    """Every role, while the session works with `executor`. Raises ConfigurationError."""
    configured, lists = configured_roles(options), fallback_lists(options)
    return tuple(
        [await _row(role, configured[role], executor, lists[role], options) for role in ROLE_NAMES]
    )


async def _row(
    role: RoleName,
    configured: RoleModel,
    executor: ModelReference,
    fallbacks: tuple[str, ...],
    options: SessionOptions,
) -> RoleRow:
    if role == EXECUTOR:
        kept = configured.reference == str(executor)
        return RoleRow(role, str(executor), configured.place if kept else "this session", fallbacks)
    if configured.reference:
        return RoleRow(role, configured.reference, _about(configured, configured.place), fallbacks)
    try:
        found = await role_reference(role, executor, registry_of(options))
    except KoiError as error:
        return RoleRow(role, "none", _about(configured, error.title), fallbacks)
    return RoleRow(role, str(found.reference), _about(configured, found.reason), fallbacks)


def _about(configured: RoleModel, place: str) -> str:
    unused = "" if configured.in_effect else "nothing asks for it yet"
    return ", ".join(filter(None, (place, unused)))
