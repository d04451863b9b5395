"""An OpenAI-compatible address in plain lines: asked for its models, then written down."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from koi.cli.questions import ask, read_secret, says_yes
from koi.core.errors import KoiError
from koi.core.secret import Secret
from koi.credentials.key_check import cleaned
from koi.files.home import short_path
from koi.view.connecting import models_text
from koi.view.safe_text import safe

if TYPE_CHECKING:
    from koi.catalogue.registry import Registry


def connect_address(registry: Registry, address: str = "") -> None:
    """Connect an address, asking for it when none is given. Raises KoiError."""
    from koi.wiring.endpoints import (
        checked_address,
        checked_name,
        endpoint_models,
        is_plain,
        save_endpoint,
        suggested_name,
    )
    from koi.wiring.key_trial import keep_key

    url = checked_address(address or ask("Address, such as https://llm.example.com/v1: "))
    if is_plain(url):
        click.echo(safe(f"{url} is not encrypted: others on the way can read what is sent."))
        if not says_yes("Use it all the same?"):
            raise KoiError("Nothing was kept")
    if sys.stdin.isatty():
        click.echo("A key, if it wants one; else just Enter.")
    text = cleaned(read_secret())
    key = Secret(text) if text else None
    models = asyncio.run(endpoint_models(url, key, registry))
    click.echo(f"It answers: {safe(models_text(models))}")
    model, name = _choose_names(models, suggested_name(url, registry))
    name = checked_name(name, registry)
    chosen = save_endpoint(url, name, model, registry)
    if key is not None:
        click.echo(keep_key(name, key, registry))
    use = "koi uses it from now on" if chosen else f"use it with koi -m {name}/{model}"
    file = short_path(registry.config.paths.config_file)
    click.echo(safe(f"Saved as [providers.{name}] in {file}; {use}."))


def _choose_names(models: Sequence[str], name: str) -> tuple[str, str]:
    """A model and a name for the provider; without a terminal the first and the suggested one."""
    if not sys.stdin.isatty():
        return (models[0] if models else ""), name
    if models:
        first = safe(models[0], keep_newlines=False)
        model = ask(f"Model [{first}]: ") or models[0]
    else:
        model = ask("It names no models. The name of one: ")
    return model, ask(f"A name for it [{name}]: ") or name
