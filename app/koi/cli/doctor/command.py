"""`koi doctor`: looks at everything that koi stands on, and says what to do."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from koi.cli.options import GlobalOptions, current_options, global_options

if TYPE_CHECKING:
    from koi.catalogue.registry import Registry
    from koi.cli.doctor.report import Section

EXIT_PROBLEMS = 1


@click.command("doctor")
@click.option(
    "--live",
    is_flag=True,
    help="Also ask the providers, and write and remove an entry in the OS keyring.",
)
@click.option(
    "--bundle",
    metavar="[FILE]",
    is_flag=False,
    flag_value="",
    help="Also write a report to send to somebody: a zip file without keys.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@global_options
def command(live: bool, bundle: str | None, as_json: bool) -> int:
    """Look at the terminal, the files, the keyring, each credential, and say what to do.

    Without --live nobody is asked but Ollama, where you said that it is; nothing is billed. Exit
    code 1 when something is a problem.
    """
    import msgspec

    from koi.cli.doctor.report import has_problem, lines

    options = current_options()
    registry, sections = asyncio.run(_examine(options, live=live))
    report = lines(sections)
    click.echo(msgspec.json.encode(sections).decode() if as_json else "\n".join(report))
    if bundle is not None:
        _write(bundle, options, registry, report, quiet=as_json)
    return EXIT_PROBLEMS if has_problem(sections) else 0


async def _examine(options: GlobalOptions, *, live: bool) -> tuple[Registry | None, list[Section]]:
    """All sections in their order; what the configuration keeps from being looked at is left out.

    The files come before the credentials: reading those closes files that were open to others.
    """
    from koi.cli.doctor import (
        configuration,
        credentials,
        machine,
        network,
        private_files,
        terminal,
    )
    from koi.cli.doctor.live import providers
    from koi.core.errors import KoiError
    from koi.credentials.aside import finished
    from koi.credentials.discovery import discover
    from koi.credentials.stores.keyring_store import os_keyring
    from koi.net.server_clock import clocks_ahead
    from koi.wiring.registry import open_registry

    paths = options.paths
    facts = terminal.look()
    sections = [terminal.terminal(facts), terminal.clipboard(facts), machine.machine(paths)]
    sections += [private_files.private_files(paths), configuration.configuration(options)]
    store = os_keyring()
    sections.append(await finished("doctor", lambda: credentials.keyring(paths, store, live=live)))
    try:
        registry = open_registry(options.config)
    except KoiError:
        sections += [credentials.not_looked_for(), machine.clock(None, time.time())]
        return None, sections
    sections.append(network.network(registry.config))
    discovery = await discover(registry, thorough=True)
    sections.append(credentials.credentials(registry, discovery))
    if live:
        sections.append(await providers(registry, discovery))
    sections.append(machine.clock(clocks_ahead() if live else None, time.time()))
    return registry, sections


def _write(
    name: str, options: GlobalOptions, registry: Registry | None, report: list[str], *, quiet: bool
) -> None:
    from koi.cli.doctor.bundle import write_bundle
    from koi.view.safe_text import safe

    stamp = time.strftime("%Y%m%d-%H%M%S")
    path = (Path(options.cwd or ".") / (name or f"koi-doctor-{stamp}.zip")).absolute()
    members = write_bundle(path, options.paths, registry, report)
    told = f"{path} has {', '.join(members)}. Look through it before you send it to somebody."
    click.echo(safe(told), err=quiet)
