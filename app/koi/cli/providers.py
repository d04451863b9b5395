"""`koi providers`: what is registered, where its credential came from, does it answer."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import click

from koi.cli.options import current_options, global_options

if TYPE_CHECKING:
    from koi.catalogue.registry import Registered, Registry
    from koi.credentials.findings import Discovery, Finding

STATES = {
    "needs_yes": "needs your yes",
    "unreadable": "cannot be used",
    "shadowed": "not used",
    "expired": "expired",
    "unreachable": "not reachable",
}


@click.command("providers")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@global_options
def command(as_json: bool) -> None:
    """All providers, those with a credential or a configuration first. Keys are never printed.

    Those that could be used are asked whether they answer; nothing is billed for that.
    """
    from koi.credentials.default_model import choose_default_model
    from koi.wiring import open_registry

    options = current_options()
    registry = open_registry(options.config, workspace=options.workspace, trusted=options.trust)
    discovery, answers = asyncio.run(_look(registry))
    providers = sorted(registry.all, key=lambda provider: _rank(provider, discovery))
    if as_json:
        click.echo(json.dumps([_as_object(provider, discovery, answers) for provider in providers]))
        return
    _print(providers, discovery, answers)
    chosen = choose_default_model(registry, discovery)
    found = str(chosen.reference) if chosen.reference else "none found; koi --demo works offline"
    click.echo(f"\nDefault model: {registry.config.role_model() or found}")


async def _look(registry: Registry) -> tuple[Discovery, dict[str, bool]]:
    """What was found, and for each provider that could be used whether its endpoint answers."""
    from koi.credentials.discovery import discover

    discovery = await discover(registry)
    names = [
        provider.name
        for provider in registry.all
        if provider.enabled
        and (provider.wants_no_key or discovery.usable(provider.name) is not None)
    ]
    answers = await asyncio.gather(*(_answers(name, registry) for name in names))
    return discovery, dict(zip(names, answers, strict=True))


async def _answers(name: str, registry: Registry) -> bool:
    from koi.core.errors import KoiError
    from koi.wiring import open_provider

    try:
        provider = open_provider(name, registry)
    except KoiError:
        return False  # `koi run` says why: a setting or the network policy forbids it
    try:
        return await provider.is_available()
    finally:
        await provider.aclose()


def _rank(provider: Registered, discovery: Discovery) -> tuple[bool, bool]:
    return (
        discovery.usable(provider.name) is None,
        provider.table_name is None and not discovery.of(provider.name),
    )


def _print(providers: list[Registered], discovery: Discovery, answers: dict[str, bool]) -> None:
    from koi.cli.table import print_table

    rows = [("NAME", "PROTOCOL", "DEFAULT MODEL", "ANSWERS", "CREDENTIAL")]
    for provider in providers:
        model = provider.default_model or "-"
        credentials = [_in_words(found) for found in discovery.of(provider.name)] or [
            _nothing(provider)
        ]
        answer = {True: "yes", False: "no", None: "-"}[answers.get(provider.name)]
        rows.append((provider.name, provider.protocol, model, answer, credentials[0]))
        rows += [("", "", "", "", text) for text in credentials[1:]]
    print_table(rows)


def _in_words(finding: Finding) -> str:
    words = [finding.source, finding.label]
    if finding.state != "usable":
        words.append(f"[{STATES[finding.state]}]")
    if finding.detail:
        words.append(finding.detail)
    if finding.models:
        words.append(f"({len(finding.models)} models)")
    return " ".join(word for word in words if word)


def _nothing(provider: Registered) -> str:
    company = provider.row.company
    if not provider.enabled:
        return "switched off in the configuration"
    if provider.wants_no_key or company.local:
        return "needs none"
    return f"none ({', '.join(company.api_key_env)})" if company.api_key_env else "none"


def _as_object(
    provider: Registered, discovery: Discovery, answers: dict[str, bool]
) -> dict[str, object]:
    usable = discovery.usable(provider.name)
    return {
        "name": provider.name,
        "display_name": provider.row.company.display_name,
        "aliases": list(provider.row.company.aliases),
        "protocol": provider.protocol,
        "configured": provider.table_name is not None,
        "enabled": provider.enabled,
        "base_url": provider.table.base_url or provider.row.company.base_url,
        "default_model": provider.default_model,
        "variables": list(provider.row.company.api_key_env),
        "reachable": answers.get(provider.name),
        "credential": None if usable is None else usable.source,
        "credentials": [
            {
                "source": found.source,
                "state": found.state,
                "label": found.label,
                "detail": found.detail,
                "models": list(found.models),
            }
            for found in discovery.of(provider.name)
        ],
    }
