"""/roles: which model each role has, and who follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from koi.tui.actions import Actions


async def show_roles(app: Actions) -> None:
    """Show the roles; the one that is chosen gets another model."""
    from koi.tui.dialogs import choose_model
    from koi.tui.screens.role_list import RoleList
    from koi.wiring.role_table import role_rows

    session = app.host.session
    if session is None:
        return
    model, options = session.state.model, app.host.options
    role = await app.push_screen_wait(
        RoleList(lambda: role_rows(model, options, session.candidates))
    )
    if role is not None:
        await choose_model(app, role)
