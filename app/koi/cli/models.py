"""`koi models`: models with context, price, tools and vision, as far as they are known."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import click

from koi.cli.options import current_options, global_options

if TYPE_CHECKING:
    from koi.catalogue.registry import Registered, Registry
    from koi.core.seams import ModelInfo


@click.command("models")
@click.argument("provider", required=False)
@click.option("--refresh", is_flag=True, help="Ask the providers which models they have.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@global_options
def command(provider: str | None, refresh: bool, as_json: bool) -> None:
    """Models of PROVIDER, else of every provider with a credential. "?" means: not known."""
    from koi.wiring import open_registry

    options = current_options()
    registry = open_registry(options.config, workspace=options.workspace, trusted=options.trust)
    infos = asyncio.run(_find(provider, registry, refresh))
    if as_json:
        click.echo(json.dumps([_as_object(info) for info in infos]))
    elif infos:
        _print(infos)
    elif provider is None:
        click.echo("No provider has a credential. Name one: koi models anthropic", err=True)
    else:
        name = registry.get(provider).name
        click.echo(
            f"No models of {name} are known here. Ask it: koi models {name} --refresh", err=True
        )


async def _find(name: str | None, registry: Registry, refresh: bool) -> list[ModelInfo]:
    from koi.core.errors import KoiError
    from koi.credentials.discovery import discover
    from koi.credentials.found_models import found_models, usable_providers
    from koi.view.safe_text import safe

    discovery = await discover(registry)
    chosen = usable_providers(registry, discovery) if name is None else [registry.get(name)]
    if not refresh:
        return found_models(chosen, registry, discovery)
    found: list[ModelInfo] = []
    for provider in chosen:
        try:
            found += await _ask(provider, registry)
        except KoiError as error:
            if name is not None:
                raise
            click.echo(f"koi: {provider.name}: {safe(error.title)}", err=True)
    return found


async def _ask(provider: Registered, registry: Registry) -> list[ModelInfo]:
    """What the endpoint lists, with the facts that it does not tell put in."""
    import msgspec

    from koi.catalogue.models import model_info
    from koi.wiring import open_provider

    opened = open_provider(provider.name, registry)
    try:
        listed = await opened.list_models()
    finally:
        await opened.aclose()
    merged = []
    for told in listed:
        known = model_info(told.reference, registry)
        fields = {
            field: getattr(told, field)
            for field in told.__struct_fields__
            if getattr(told, field) is not None
        }
        own = registry.config.tables.pricing
        if told.reference.model in own or str(told.reference) in own:
            fields.pop("price", None)
        merged.append(msgspec.structs.replace(known, **fields))
    return merged


def _print(infos: list[ModelInfo]) -> None:
    from koi.cli.table import print_table

    rows = [("MODEL", "CONTEXT", "OUTPUT", "USD/MTOK IN", "OUT", "TOOLS", "VISION")]
    rows += [
        (
            str(info.reference),
            _tokens(info.context_window),
            _tokens(info.max_output_tokens),
            "?" if info.price is None else f"{info.price.input_per_mtok:g}",
            "?" if info.price is None else f"{info.price.output_per_mtok:g}",
            _yes(info.tools),
            _yes(info.vision),
        )
        for info in infos
    ]
    print_table(rows)


def _tokens(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"


def _yes(known: bool | None) -> str:
    return "?" if known is None else "yes" if known else "no"


def _as_object(info: ModelInfo) -> dict[str, object]:
    import msgspec

    fields: dict[str, object] = msgspec.to_builtins(info)
    return {**fields, "reference": str(info.reference)}
