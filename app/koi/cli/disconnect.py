"""`koi disconnect`: gives up koi's own logins, saved keys and answers; nothing that others set."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from koi.cli.options import global_options

if TYPE_CHECKING:
    from koi.catalogue.registry import Registry
    from koi.credentials.findings import Discovery

NOTHING = "koi keeps no login and no key."
WITHOUT_ASKING = "Name it, and add --yes to remove without asking: koi disconnect TARGET --yes"


@click.command("disconnect")
@click.argument("target", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@global_options
def command(target: str | None, yes: bool) -> int:
    """Give up TARGET, or all: koi's login or saved key, never what is set elsewhere.

    Tokens are also revoked at their server, where that is possible.
    """
    from koi.cli.connect import on_screen

    if target is None and not yes and on_screen():
        from koi.cli.options import current_options
        from koi.tui.connect_app import disconnect_on_screen

        return disconnect_on_screen(current_options().config)
    return disconnect_in_lines(target, yes=yes)


def disconnect_in_lines(target: str | None, *, yes: bool) -> int:
    """Give up what `target` means, or what is chosen from the list. Raises KoiError."""
    from koi.cli.connect import open_own_registry
    from koi.cli.questions import ask, says_yes
    from koi.core.errors import KoiError
    from koi.credentials.belongings import belongings, meant
    from koi.credentials.discovery import discover
    from koi.view.safe_text import safe
    from koi.wiring.disconnecting import give_up_all, what_remains

    registry = open_own_registry()
    discovery = asyncio.run(discover(registry, thorough=True))
    held = belongings(registry)
    listed = target is None
    if target is None:
        for each in held:
            click.echo(safe(f"{each.name:<14} {each.words}", keep_newlines=False))
        _say_outside(discovery)
        if not held:
            click.echo(NOTHING)
            return 0
        target = ask("Which one, or all? ", without=WITHOUT_ASKING)
        if not target:
            raise KoiError("Nothing was removed")
    chosen = meant(target, held, registry)
    if not chosen:
        _say_nothing_is_kept(target, registry, discovery)
        return 0
    for each in chosen:
        click.echo(safe(f"{each.title}: {each.words}", keep_newlines=False))
    if _is_all(target) and not listed:
        _say_outside(discovery)
    question = "Remove this?" if len(chosen) == 1 else "Remove these?"
    if not yes and not says_yes(question, without=WITHOUT_ASKING):
        raise KoiError("Nothing was removed")
    said = asyncio.run(give_up_all(chosen, registry))
    still = asyncio.run(what_remains(chosen, open_own_registry()))
    for line in (*said, *still):
        click.echo(safe(line, keep_newlines=False))
    return 1 if any(": not removed: " in line for line in said) else 0


def _is_all(target: str) -> bool:
    return target.strip().lower() == "all"


def _say_outside(discovery: Discovery) -> None:
    """What is set in the environment or the configuration stays, whatever is given up."""
    from koi.credentials.belongings import set_outside
    from koi.view.safe_text import safe

    for outside in set_outside(discovery):
        line = f"{outside.provider:<14} {outside.place}: set outside koi"
        click.echo(safe(line, keep_newlines=False))


def _say_nothing_is_kept(target: str, registry: Registry, discovery: Discovery) -> None:
    from koi.credentials.belongings import set_outside
    from koi.credentials.targets import as_consent, find_target
    from koi.view.safe_text import safe

    if _is_all(target):
        _say_outside(discovery)
        click.echo(NOTHING)
        return
    click.echo(safe(f"koi keeps nothing for {target}."))
    if as_consent(target) is not None:
        return
    found = find_target(target, registry)
    for outside in set_outside(discovery, frozenset({found.provider, *found.login_providers})):
        click.echo(safe(f"{outside.provider}: {outside.place} is set outside koi."))
