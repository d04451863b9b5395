"""Connecting in plain lines: what is to be copied stands alone on its line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from koi.cli.endpoint_lines import connect_address
from koi.cli.failures import print_error
from koi.cli.key_lines import connect_key
from koi.cli.questions import choose, says_yes
from koi.core.errors import CredentialMissing, KoiError, UsageError
from koi.view.connecting import models_text
from koi.view.safe_text import safe

if TYPE_CHECKING:
    from koi.catalogue.registry import Registry
    from koi.credentials.findings import ConsentId, Discovery
    from koi.credentials.logins.login import Login
    from koi.credentials.target_table import Target
    from koi.credentials.targets import Way

OpenRegistry = Callable[[], "Registry"]


class Wishes(msgspec.Struct, frozen=True):
    """What the command line said about the way."""

    method: str = ""
    domain: str = ""
    unchecked: bool = False


def connect_in_lines(open_registry: OpenRegistry, name: str | None, wishes: Wishes) -> int:
    """Connect what `name` means, or what is chosen from the list. Raises KoiError."""
    from koi.credentials.meanings import Address, Foreign, meaning

    registry = open_registry()
    match meaning(name or _choose_target(registry), registry):
        case Foreign(consent=consent):
            _ask_consent(consent, open_registry)
            return 0
        case Address(url=url):
            connect_address(registry, url)
            return 0
        case target:
            return _connect_target(target, open_registry, wishes)


def _connect_target(target: Target, open_registry: OpenRegistry, wishes: Wishes) -> int:
    from koi.credentials.logins.table import LOGINS
    from koi.credentials.meanings import open_ways
    from koi.credentials.targets import as_consent

    registry = open_registry()
    found = open_ways(target, LOGINS, _discover(registry), wishes.method)
    way = _choose_way(found)
    match way.kind:
        case "login":
            from koi.cli.login_lines import login_in_lines

            provider = login_in_lines(_login(way.name), registry, wishes.method, wishes.domain)
            _tell_models(provider, open_registry())
        case "key":
            without = _without_asking(target, found)
            return connect_key(target, registry, unchecked=wishes.unchecked, without=without)
        case "consent":
            named = as_consent(way.name)
            assert named is not None, "ways of this kind are named by their source"
            _ask_consent(named, open_registry)
        case "aws":
            _tell_aws(registry)
        case "local":
            _tell_local(target, registry)
        case "url":
            connect_address(registry)
    return 0


def _discover(registry: Registry) -> Discovery:
    from koi.credentials.discovery import discover

    return asyncio.run(discover(registry, thorough=True))


def _login(name: str) -> Login:
    from koi.credentials.logins.table import find_login

    login = find_login(name)
    if login is None:
        raise UsageError(f"there is no login '{name}'", hint="koi connect lists the targets.")
    return login


def _choose_target(registry: Registry) -> str:
    """The list, and on a terminal the question which one."""
    from koi.credentials.meanings import meaning
    from koi.credentials.target_table import TARGETS
    from koi.credentials.targets import foreign_ways

    discovery = _discover(registry)
    names: list[str] = []
    for way in foreign_ways(discovery):
        names.append(way.name)
        click.echo(f"{len(names):>2}  {way.name:<12}  {safe(way.title)} ({way.hint})")
    for target in TARGETS:
        names.append(target.name)
        connected = target.provider and discovery.usable(target.provider) is not None
        state = "connected; " if connected else ""
        click.echo(f"{len(names):>2}  {target.name:<12}  {target.title}: {state}{target.hint}")
    if not sys.stdin.isatty():
        raise UsageError("nothing was chosen", hint="Name one: koi connect TARGET.")
    while True:
        answer = choose("Number or name (also any of koi providers): ", len(names))
        if isinstance(answer, int):
            return names[answer - 1]
        if not answer:
            raise KoiError("Nothing was connected")
        try:
            meaning(answer, registry)
        except UsageError as error:
            print_error(error)
        else:
            return answer


def _choose_way(found: Sequence[Way]) -> Way:
    """The only one, or the one that is chosen; a key when nobody can be asked: it may be there."""
    if not sys.stdin.isatty():
        return next((way for way in found if way.kind == "key"), found[0])
    if len(found) == 1:
        return found[0]
    for number, way in enumerate(found, start=1):
        hint = f" ({safe(way.hint)})" if way.hint else ""
        click.echo(f"{number}  {safe(way.title)}{hint}")
    while not isinstance(answer := choose("Which way? [1] ", len(found), default=1), int):
        click.echo(f"Type a number from 1 to {len(found)}.")
    return found[answer - 1]


def _without_asking(target: Target, found: Sequence[Way]) -> str:
    """How each way is taken where nobody can be asked."""
    said = [f'A key comes by standard input: echo "$KEY" | koi connect {target.name}']
    for way in found:
        if way.kind == "login":
            login = _login(way.name)
            said.append(f"To sign in: {login.command} --{login.methods[0].name}")
        elif way.kind == "consent":
            said.append(f"To {way.title}: koi connect {way.name}, on a terminal")
    return "\n".join(said)


def _ask_consent(consent: ConsentId, open_registry: OpenRegistry) -> None:
    """One question, with what the vendor says. The default is no.

    Raises CredentialMissing when there is nothing to ask about.
    """
    from koi.credentials.consent import TERMS, allow, deny
    from koi.credentials.foreign_logins import check_is_there

    registry = open_registry()
    check_is_there(consent, _discover(registry))
    terms, paths = TERMS[consent], registry.config.paths
    click.echo(f"{terms.title}\n{terms.sentence}\n{terms.link}")
    if says_yes("Use it?", without=f"Answer it on a terminal: koi connect {consent}"):
        allow(paths, consent)
        click.echo(f"koi may use it from now on. koi disconnect {consent} takes that back.")
        if _discover(open_registry()).through(consent) is None:
            click.echo("There is nothing in it that koi can use now: koi connect status.")
    else:
        deny(paths, consent)
        click.echo(f"koi does not use it and does not ask again: koi connect {consent} does.")


def _tell_models(provider: str, registry: Registry) -> None:
    from koi.wiring.model_lists import provider_models

    try:
        models = asyncio.run(provider_models(provider, registry))
    except KoiError as error:
        click.echo(safe(f"Its list of models could not be read: {error.title}"))
    else:
        click.echo(safe(f"It has {models_text(models)}."))


def _tell_aws(registry: Registry) -> None:
    """What is found of AWS, or how to give it."""
    from koi.wiring.model_lists import provider_models

    models = asyncio.run(provider_models("bedrock", registry))
    click.echo(f"Amazon Bedrock answers: {safe(models_text(models))}")


def _tell_local(target: Target, registry: Registry) -> None:
    from koi.wiring.local_servers import local_server, remember_server

    server = asyncio.run(local_server(target.provider, registry))
    if not server.runs:
        hint = f"{server.detail}\n{server.advice}"
        raise CredentialMissing(f"{target.title} does not run", hint=hint)
    click.echo(safe(f"{target.title} runs at {server.place}: {models_text(server.models)}"))
    if server.advice:
        click.echo(server.advice)
    else:
        remember_server(server, registry)
