"""Connecting in plain lines: what is to be copied stands alone on its line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from koi.cli.failures import print_error
from koi.core.errors import Cancelled, CredentialMissing, KoiError, UsageError
from koi.core.secret import Secret
from koi.credentials.key_check import cleaned
from koi.view.connecting import models_text
from koi.view.safe_text import safe

if TYPE_CHECKING:
    from koi.catalogue.registry import Registry
    from koi.credentials.findings import ConsentId, Discovery
    from koi.credentials.logins.login import Login
    from koi.credentials.targets import Target, Way

OpenRegistry = Callable[[], "Registry"]
TRIES = 3
"""How often a refused key may be typed again."""


class Wishes(msgspec.Struct, frozen=True):
    """What the command line said about the way."""

    method: str = ""
    domain: str = ""
    unchecked: bool = False


def connect_in_lines(open_registry: OpenRegistry, name: str | None, wishes: Wishes) -> int:
    """Connect what `name` means, or what is chosen from the list. Raises KoiError."""
    from koi.credentials.targets import as_address, as_consent, find_target

    registry = open_registry()
    if name is None:
        name = _choose_target(registry)
    consent = as_consent(name)
    if consent is not None:
        _ask_consent(consent, registry)
        return 0
    address = as_address(name)
    if address is not None:
        _connect_url(registry, address)
        return 0
    target = find_target(name, registry)
    way = _choose_way(target, _discover(registry), wishes)
    match way.kind:
        case "login":
            from koi.cli.login_lines import login_in_lines

            provider = login_in_lines(_login(way.name), registry, wishes.method, wishes.domain)
            _tell_models(provider, open_registry())
        case "key":
            _connect_key(target, registry, wishes)
        case "consent":
            _ask_consent(as_consent(way.name) or "codex-cli", registry)
        case "aws":
            _tell_aws(registry)
        case "local":
            _tell_local(target, registry)
        case "url":
            _connect_url(registry)
    return 0


def ask(question: str) -> str:
    """A line that the person types. Raises Cancelled at the end of the input."""
    click.echo(question, nl=False)
    line = sys.stdin.readline()
    if not line:
        raise Cancelled("Cancelled, nothing was kept")
    return line.strip()


def says_yes(question: str) -> bool:
    """True for a clear yes only."""
    return ask(f"{question} [y/N] ").lower() in ("y", "yes")


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
    from koi.credentials.targets import TARGETS, foreign_ways

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
    answer = ask("Number or name (also any of koi providers): ")
    if answer.isdigit() and 1 <= int(answer) <= len(names):
        return names[int(answer) - 1]
    if not answer:
        raise Cancelled("Cancelled, nothing was kept")
    return answer


def _choose_way(target: Target, discovery: Discovery, wishes: Wishes) -> Way:
    from koi.credentials.logins.table import LOGINS
    from koi.credentials.targets import ways

    found = ways(target, LOGINS, discovery)
    if wishes.method:
        found = tuple(way for way in found if way.kind == "login")
        if not found:
            raise UsageError(
                f"{target.title} has no login", hint="Leave --method out to give it a key."
            )
    if not sys.stdin.isatty():
        return next((way for way in found if way.kind == "key" and not wishes.method), found[0])
    if len(found) == 1:
        return found[0]
    for number, way in enumerate(found, start=1):
        hint = f" ({safe(way.hint)})" if way.hint else ""
        click.echo(f"{number}  {safe(way.title)}{hint}")
    answer = ask("Which way? [1] ") or "1"
    if not answer.isdigit() or not 1 <= int(answer) <= len(found):
        raise UsageError(f"'{answer}' is none of these", hint="Type one of the numbers.")
    return found[int(answer) - 1]


def _ask_consent(consent: ConsentId, registry: Registry) -> None:
    """One question, with what the vendor says. The default is no."""
    from koi.credentials.consent import TERMS, allow, deny

    terms = TERMS[consent]
    click.echo(f"{terms.title}\n{terms.sentence}\n{terms.link}")
    if says_yes("Use it?"):
        allow(registry.config.paths, consent)
        click.echo(f"koi uses it from now on. koi disconnect {consent} takes that back.")
    else:
        deny(registry.config.paths, consent)
        click.echo(f"koi does not use it and does not ask again: koi connect {consent} does.")


def _connect_key(target: Target, registry: Registry, wishes: Wishes) -> None:
    from koi.catalogue.catalogue import load_catalogue
    from koi.credentials.key_check import problem_of
    from koi.credentials.targets import target_of

    typed = sys.stdin.isatty()
    for attempt in range(TRIES):
        if typed:
            click.echo(f"{target.title}: paste an API key. {_page(target)}".rstrip())
        key = cleaned(_read_secret())
        provider = registry.get(target.provider)
        problem = problem_of(key, provider, load_catalogue())
        if problem is not None and problem.owner is not None and typed:
            other = target_of(registry.get(problem.owner))
            if says_yes(f"{problem.title} Connect {other.title} with it?"):
                target, problem = other, None
        last = attempt == TRIES - 1 or not typed
        if problem is None:
            if _keep(target, Secret(key), registry, wishes, last=last):
                return
        elif last:
            raise UsageError(problem.title, hint=problem.hint)
        else:
            click.echo(f"{problem.title} {problem.hint}")


def _keep(target: Target, key: Secret, registry: Registry, wishes: Wishes, *, last: bool) -> bool:
    """Check a key and save it; False when another one is to be typed."""
    from koi.wiring.connecting import check_key, keep_key

    if wishes.unchecked:
        click.echo(keep_key(target.provider, key, registry))
        return True
    click.echo(f"Asking {target.title} whether it takes the key {key.label} …")
    check = asyncio.run(check_key(target.provider, key, registry))
    match check.outcome:
        case "refused":
            refused = CredentialMissing(
                f"{target.title} refused the key {key.label}", hint=check.detail
            )
            if last:
                raise refused
            print_error(refused)
            return False
        case "unreachable":
            unasked = KoiError(
                f"the key could not be checked: {check.detail}",
                hint="--unchecked keeps it all the same.",
            )
            if not sys.stdin.isatty():
                raise unasked
            click.echo(f"It could not be checked: {safe(check.detail)}")
            if not says_yes("Keep it all the same?"):
                raise Cancelled("Nothing was kept")
    click.echo(keep_key(target.provider, key, registry))
    if check.outcome == "works":
        click.echo(f"{target.title} is connected: {safe(models_text(check.models))}")
    elif check.outcome == "unproven":
        click.echo("Its list of models is public: the first request shows whether the key works.")
    return True


def _page(target: Target) -> str:
    return f"Keys are made at {target.key_page}" if target.key_page else ""


def _read_secret() -> str:
    """A key, without echo on a terminal."""
    if not sys.stdin.isatty():
        return sys.stdin.readline()
    from getpass import getpass

    try:
        return getpass("Key (not shown): ")
    except EOFError as error:
        raise Cancelled("Cancelled, nothing was kept") from error


def _tell_models(provider: str, registry: Registry) -> None:
    from koi.wiring.connecting import provider_models

    try:
        models = asyncio.run(provider_models(provider, registry))
    except KoiError as error:
        print_error(error)
    else:
        click.echo(f"{safe(models_text(models))}")


def _tell_aws(registry: Registry) -> None:
    """What is found of AWS, or how to give it."""
    from koi.wiring.connecting import provider_models

    models = asyncio.run(provider_models("bedrock", registry))
    click.echo(f"Amazon Bedrock answers: {safe(models_text(models))}")


def _tell_local(target: Target, registry: Registry) -> None:
    from koi.wiring.connecting import local_server, remember_server

    server = asyncio.run(local_server(target.provider, registry))
    if not server.runs:
        hint = f"{server.detail}\n{server.advice}"
        raise CredentialMissing(f"{target.title} does not run", hint=hint)
    click.echo(safe(f"{target.title} runs at {server.place}: {models_text(server.models)}"))
    if server.advice:
        click.echo(server.advice)
    else:
        remember_server(server, registry)


def _connect_url(registry: Registry, address: str = "") -> None:
    from koi.wiring.connecting import (
        checked_address,
        checked_name,
        endpoint_models,
        is_plain,
        keep_key,
        save_endpoint,
        suggested_name,
    )

    url = checked_address(address or ask("Address, such as https://llm.example.com/v1: "))
    if is_plain(url):
        click.echo(safe(f"{url} is not encrypted: others on the way can read what is sent."))
        if not says_yes("Use it all the same?"):
            raise Cancelled("Nothing was kept")
    if sys.stdin.isatty():
        click.echo("A key, if it wants one; else just Enter.")
    text = cleaned(_read_secret())
    key = Secret(text) if text else None
    models = asyncio.run(endpoint_models(url, key, registry))
    click.echo(f"It answers: {safe(models_text(models))}")
    model, name = _choose_names(models, suggested_name(url, registry))
    name = checked_name(name, registry)
    chosen = save_endpoint(url, name, model, registry)
    if key is not None:
        click.echo(keep_key(name, key, registry))
    use = "koi uses it from now on" if chosen else f"use it with koi -m {name}/{model}"
    click.echo(safe(f"Saved as [providers.{name}] in {registry.config.paths.config_file}; {use}."))


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
