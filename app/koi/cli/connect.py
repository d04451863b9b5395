"""`koi connect`: logins and keys, on the full screen or as plain lines."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import TYPE_CHECKING

import click

from koi.cli.options import current_options, global_options
from koi.core.errors import Cancelled

if TYPE_CHECKING:
    from koi.catalogue.registry import Registry
    from koi.credentials.status import ProviderStatus

STATUS = "status"


@click.command("connect")
@click.argument("target", required=False)
@click.option(
    "--method",
    type=click.Choice(["device", "browser"]),
    help="How to log in: a code for any device, or a browser on this one.",
)
@click.option("--device", "method", flag_value="device", help="The same as --method device.")
@click.option("--browser", "method", flag_value="browser", help="The same as --method browser.")
@click.option("--domain", metavar="HOST", default="", help="Your enterprise's domain (copilot).")
@click.option("--unchecked", is_flag=True, help="Keep a key without asking its vendor first.")
@click.option("--json", "as_json", is_flag=True, help="With status: print a JSON array.")
@global_options
def command(
    target: str | None,
    method: str | None,
    domain: str,
    unchecked: bool,
    as_json: bool,
) -> int:
    """Connect TARGET: a login, a key, or a server; without TARGET, choose one.

    `koi connect status` lists what is connected. A key may come by standard input:
    echo "$KEY" | koi connect openai.
    """
    from koi.safety.privacy import close_memory

    close_memory()
    if target == STATUS:
        return print_status(as_json=as_json)
    if as_json:
        raise click.UsageError("--json goes with: koi connect status")
    if on_screen() and not unchecked:
        from koi.tui.connect_app import connect_on_screen

        return connect_on_screen(current_options().config, target, method or "", domain)
    from koi.cli.connect_lines import Wishes, connect_in_lines

    try:
        return connect_in_lines(open_own_registry, target, Wishes(method or "", domain, unchecked))
    except KeyboardInterrupt as interrupt:
        click.echo()
        raise Cancelled("Cancelled") from interrupt


def on_screen() -> bool:
    """True when the full screen is wanted and possible."""
    if current_options().plain or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdin.isatty() and sys.stdout.isatty()


def open_own_registry() -> Registry:
    """The person's own configuration: projects have no say in credentials."""
    from koi.wiring.registry import open_registry

    return open_registry(current_options().config)


def print_status(*, as_json: bool) -> int:
    """Each provider that has a credential, and where it comes from."""
    from koi.cli.failures import print_notes
    from koi.credentials.discovery import discover
    from koi.credentials.status import as_json as status_as_json
    from koi.credentials.status import statuses
    from koi.credentials.stores.closing import close_to_others

    registry = open_own_registry()
    closed = close_to_others(registry.config.paths)
    discovery = asyncio.run(discover(registry, thorough=True))
    rows = statuses(registry, discovery, time.time())
    if as_json:
        click.echo(json.dumps(json.loads(status_as_json(rows))))
    else:
        for line in status_lines(rows):
            click.echo(line)
    print_notes((*closed, *discovery.notes))
    return 0


def status_lines(rows: tuple[ProviderStatus, ...]) -> list[str]:
    """The rows as plain lines, safe for a terminal."""
    from koi.view.safe_text import safe

    usable = any(row.usable for row in rows)
    head = [] if usable else ["Nothing is connected yet: koi connect"]
    width = max((len(row.provider) for row in rows), default=0)
    lines: list[str] = []
    for row in rows:
        lines.append(f"{row.provider.ljust(width)}  {row.credential.said}")
        if row.credential.models:
            lines.append(f"{'':{width}}  {', '.join(row.credential.models)}")
        lines += [f"{'':{width}}  {other.said}" for other in row.others]
    return [*head, *(safe(line, keep_newlines=False) for line in lines)]
