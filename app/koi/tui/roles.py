"""/roles: which model each role has, and who follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from koi.config.schema import ROLE_NAMES, RoleName
from koi.core.errors import KoiError
from koi.core.offers import EXECUTOR, RoleModel
from koi.core.references import ModelReference
from koi.tui.screens.role_list import RoleRow

if TYPE_CHECKING:
    from koi.agent.options import SessionOptions
    from koi.tui.actions import Actions


async def show_roles(app: Actions) -> None:
    """Show the roles; the one that is chosen gets another model."""
    from koi.tui.dialogs import choose_model
    from koi.tui.screens.role_list import RoleList

    session = app.host.session
    if session is None:
        return
    model, options = session.state.model, app.host.options
    role = await app.push_screen_wait(RoleList(lambda: role_rows(model, options)))
    if role is not None:
        await choose_model(app, role)


async def role_rows(executor: ModelReference, options: SessionOptions) -> tuple[RoleRow, ...]:
    """Every role, while the session works with `executor`. Raises ConfigurationError."""
    from koi.wiring.fallback_lists import fallback_lists
    from koi.wiring.role_models import configured_roles

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
        return RoleRow(role, configured.reference, configured.place, fallbacks)
    from koi.wiring.role_references import role_reference
    from koi.wiring.session import registry_of

    try:
        found = await role_reference(role, executor, registry_of(options))
    except KoiError as error:
        return RoleRow(role, "none", error.title, fallbacks)
    return RoleRow(role, str(found.reference), found.reason, fallbacks)
