"""`koi models`: what providers offer, with context, price and abilities, as far as is known."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

import click

from koi.cli.options import current_options, global_options

if TYPE_CHECKING:
    from koi.catalogue.registry import Registered, Registry
    from koi.core.seams import ModelInfo
    from koi.providers.live_models import ProviderModels


@click.command("models")
@click.argument("provider", required=False)
@click.option(
    "--refresh", is_flag=True, help="Ask the providers again, and forget what was learnt."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@global_options
def command(provider: str | None, refresh: bool, as_json: bool) -> None:
    """Models of PROVIDER, else of every provider with a credential.

    Providers are asked once a day; without an answer, the last list or koi's own table is shown.
    "?" means: not known.
    """
    from koi.wiring.registry import open_registry

    options = current_options()
    registry = open_registry(options.config, workspace=options.workspace, trusted=options.trust)
    lists = asyncio.run(_find(provider, registry, refresh))
    infos = [info for found in lists for info in found.models]
    for found in lists:
        if provider is not None and refresh and found.failure is not None:
            raise found.failure
        if note := _note(found):
            click.echo(f"koi: {note}", err=True)
    if as_json:
        click.echo(json.dumps([_as_object(info) for info in infos]))
    elif infos:
        _print(infos)
    elif provider is None and not lists:
        click.echo("No provider has a credential. Name one: koi models anthropic", err=True)
    elif provider is not None:
        click.echo(f"No models of {registry.get(provider).name} are known.", err=True)


async def _find(name: str | None, registry: Registry, refresh: bool) -> tuple[ProviderModels, ...]:
    from koi.credentials.discovery import discover, usable_providers
    from koi.providers.live_models import live_models
    from koi.wiring.providers import open_provider

    chosen: list[Registered] = (
        usable_providers(registry, await discover(registry))
        if name is None
        else [registry.get(name)]
    )
    return await live_models(
        chosen, registry, lambda each: open_provider(each, registry), refresh=refresh
    )


def _note(found: ProviderModels) -> str:
    """What a person should know of a list that is not from just now."""
    from koi.view.safe_text import safe

    if found.failure is None:
        return ""
    problem = safe(f"{found.provider}: {found.failure.title}", keep_newlines=False).rstrip(".")
    if not found.models:
        return f"{problem}."
    if found.asked_at is None:
        return f"{problem}. These are the models that koi knows of."
    return f"{problem}. This is its list of {_age(time.time() - found.asked_at)} ago."


def _age(seconds: float) -> str:
    """A time that has passed, in words. A list from the future was made under a wrong clock."""
    minutes = max(0, round(seconds / 60))
    if minutes < 120:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    hours = minutes // 60
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"


def _print(infos: list[ModelInfo]) -> None:
    from koi.cli.table import print_table
    from koi.view.lines.models import abilities
    from koi.view.units import size

    rows = [("MODEL", "CONTEXT", "OUTPUT", "USD/MTOK IN", "OUT", "ABILITIES")]
    rows += [
        (
            str(info.reference),
            _tokens(info.context_window),
            _tokens(info.max_output_tokens),
            "?" if info.price is None else f"{info.price.input_per_mtok:g}",
            "?" if info.price is None else f"{info.price.output_per_mtok:g}",
            " ".join([*abilities(info), *([size(info.size_bytes)] if info.size_bytes else [])])
            or "?",
        )
        for info in infos
    ]
    print_table(rows)


def _tokens(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"


def _as_object(info: ModelInfo) -> dict[str, object]:
    import msgspec

    fields: dict[str, object] = msgspec.to_builtins(info)
    return {**fields, "reference": str(info.reference)}
