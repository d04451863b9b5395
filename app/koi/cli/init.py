"""`koi init`: what koi found and chose, in a line, or the ways in."""

from __future__ import annotations

import asyncio

import click

from koi.cli.options import current_options, global_options


@click.command("init")
@global_options
def command() -> int:
    """First-run set-up: shows what was found and chosen, and the ways to connect something."""
    from koi.cli.connect import on_screen, open_own_registry

    if on_screen():
        from koi.agent.options import SessionOptions
        from koi.tui.start import start

        options = current_options()
        session = SessionOptions(
            workspace=options.workspace,
            config_flag=options.config,
            trust=options.trust,
            debug=options.debug,
        )
        return start(session, None, mouse=True, welcome=True)
    from koi.core.errors import CredentialMissing
    from koi.view.safe_text import safe
    from koi.wiring.models import NOTHING_FOUND
    from koi.wiring.welcome import look_around

    found = asyncio.run(look_around(open_own_registry()))
    if found.problem is not None:
        raise found.problem
    for line in found.said:
        click.echo(safe(line, keep_newlines=False))
    if not found.model:
        raise CredentialMissing("no credential and no local model was found", hint=NOTHING_FOUND)
    click.echo("Start with: koi. Connect something else: koi connect")
    return 0
