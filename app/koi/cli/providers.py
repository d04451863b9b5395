"""`koi providers`: what is registered, where its credential came from, does it answer."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Literal, TypeAlias

import click

from koi.cli.options import current_options, global_options

if TYPE_CHECKING:
    from koi.catalogue.registry import Registered, Registry
    from koi.core.errors import KoiError
    from koi.core.seams import Provider
    from koi.credentials.findings import Discovery, Finding

Answer: TypeAlias = "bool | Literal['refused'] | KoiError | None"
Answers: TypeAlias = "dict[str, Answer]"
"""By name: whether it answered, or refused the key, None when not in time, an error when it could
not be asked. Who was not asked is not in it.
"""
PATIENCE_S = 5.0
"""Seconds for everything: what has not answered by then counts as no answer."""
WIDEST_PLACE = 34
"""So that a line fits in 80 columns."""


@click.command("providers")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@global_options
def command(as_json: bool) -> None:
    """All providers, those with a credential or a configuration first. Keys are never printed.

    Those that could be used are asked whether they answer, all at once, for at most five seconds
    together; nothing is billed for that.
    """
    from koi.credentials.default_model import choose_default_model
    from koi.wiring.registry import open_registry

    options = current_options()
    registry = open_registry(options.config, workspace=options.workspace, trusted=options.trust)
    discovery, answers = asyncio.run(_look(registry))
    providers = sorted(registry.all, key=lambda provider: _rank(provider, discovery))
    if as_json:
        rows = [_as_object(provider, registry, discovery, answers) for provider in providers]
        click.echo(json.dumps(rows))
        return
    _print(providers, registry, discovery, answers)
    for name, error in registry.incomplete.items():
        click.echo(f"\n{name}: {_cannot(error)}")
    chosen = choose_default_model(registry, discovery)
    found = str(chosen.reference) if chosen.reference else "none found; koi --demo works offline"
    click.echo(f"\nDefault model: {registry.config.role_model() or found}")


async def _look(registry: Registry) -> tuple[Discovery, Answers]:
    """What was found, and for each provider that could be used whether its endpoint answers."""
    from koi.credentials.discovery import discover, usable_providers

    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    discovery = await discover(registry, thorough=True)
    usable = usable_providers(registry, discovery)
    names = [provider.name for provider in usable]
    asked = {name: asyncio.create_task(_ask(name, registry, discovery)) for name in names}
    left = deadline - asyncio.get_running_loop().time()
    unfinished = (await asyncio.wait(asked.values(), timeout=left))[1] if asked else set()
    for task in unfinished:
        task.cancel()
    await asyncio.gather(*unfinished, return_exceptions=True)
    answers: Answers = {}
    for name, task in asked.items():
        answers[name], refused = (None, frozenset()) if task in unfinished else task.result()
        discovery = _without(refused, name, discovery)
    return discovery, answers


async def _ask(
    name: str, registry: Registry, discovery: Discovery
) -> tuple[Answer, frozenset[str]]:
    """Whether it answers; where there are keys, whether it takes one, and which it refuses."""
    from koi.core.errors import KoiError
    from koi.wiring.providers import close_keys, open_provider_keys

    try:
        keys = open_provider_keys(name, registry)
    except KoiError as error:
        return error, frozenset()  # a setting, the network policy, a plugin
    try:
        if discovery.usable(name) is None:
            return await keys[0].provider.is_available(), frozenset()
        replies = await asyncio.gather(*(_takes(each.provider) for each in keys))
    finally:
        await close_keys(keys)
    if not any(reply is True for reply in replies):
        return replies[0], frozenset()
    refused = (key.key for key, reply in zip(keys, replies, strict=True) if reply == "refused")
    return True, frozenset(refused)


async def _takes(provider: Provider) -> bool | Literal["refused"]:
    """Whether it answers and takes the key."""
    from koi.core.errors import KoiError, ProviderError
    from koi.wiring.precedence import is_refusal

    try:
        await provider.list_models()
    except ProviderError as error:
        if is_refusal(error):
            return "refused"
        return error.status is not None and error.status < 500
    except KoiError:
        return False
    return True


def _without(refused: frozenset[str], name: str, discovery: Discovery) -> Discovery:
    """What was found, with the keys that the server refuses as such, by their last characters."""
    import msgspec

    if not refused:
        return discovery
    found = tuple(
        msgspec.structs.replace(each, state="refused")
        if each.state == "usable" and each.label.lstrip("…") in refused
        else each
        for each in discovery.of(name)
    )
    return msgspec.structs.replace(discovery, findings={**discovery.findings, name: found})


def _rank(provider: Registered, discovery: Discovery) -> tuple[bool, bool]:
    return (
        discovery.usable(provider.name) is None,
        provider.table_name is None and not discovery.of(provider.name),
    )


def _print(
    providers: list[Registered],
    registry: Registry,
    discovery: Discovery,
    answers: Answers,
) -> None:
    from koi.cli.table import print_table, table_lines
    from koi.view.safe_text import safe

    found = [each for each in providers if each.table_name or discovery.of(each.name)]
    rows = [("NAME", "ENDPOINT", "ANSWERS", "PROTOCOL")]
    for provider in found:
        answer = _answer(provider.name, answers)
        rows.append((provider.name, _place(provider, registry), answer, provider.protocol))
    heading, *lines = table_lines(rows)
    if found:
        click.echo(heading)
    for provider, line in zip(found, lines, strict=True):
        click.echo(line)
        for finding in discovery.of(provider.name) or ():
            click.echo(f"  {safe(_in_words(finding), keep_newlines=False)}")
        if not discovery.of(provider.name):
            click.echo(f"  {safe(_wanted(provider), keep_newlines=False)}")
        problem = answers.get(provider.name)
        if problem is not None and not isinstance(problem, bool | str):
            click.echo(f"  {_cannot(problem)}")
    if found:
        click.echo()
    others = [each for each in providers if each not in found]
    print_table([("NOT SET UP", "NEEDS"), *((each.name, _wanted(each)) for each in others)])


def _answer(name: str, answers: Answers) -> str:
    if name not in answers:
        return "-"
    match answers[name]:
        case True:
            return "yes"
        case "refused":
            return "refuses the key"
        case None:
            return f"not in {PATIENCE_S:g} s"
        case _:
            return "no"


def _cannot(error: KoiError) -> str:
    from koi.view.safe_text import safe

    return safe(f"cannot be used: {error.title}. {error.hint}", keep_newlines=False).rstrip()


def _place(provider: Registered, registry: Registry) -> str:
    """Host and port that would be asked, cut to a width."""
    url = _base_url(provider, registry)
    place = url.partition("://")[2].partition("/")[0] or url
    return place if len(place) <= WIDEST_PLACE else f"{place[: WIDEST_PLACE - 1]}…"


def _base_url(provider: Registered, registry: Registry) -> str:
    """The base URL; with `${…}` as it is written when something for it is missing."""
    from koi.core.errors import KoiError
    from koi.credentials.base_urls import base_url_of

    try:
        return base_url_of(provider, provider.protocol, registry)
    except KoiError:
        return provider.table.base_url or provider.row.company.base_url


def _in_words(finding: Finding) -> str:
    from koi.credentials.findings import KOI_LOGIN, STATE_WORDS

    state = "" if finding.state == "usable" else f" [{STATE_WORDS[finding.state]}]"
    words = [f"{finding.source} {finding.label}".rstrip() + state, finding.account]
    if finding.source != KOI_LOGIN or state:
        words.append(finding.detail)
    if finding.models:
        words.append(f"{len(finding.models)} models")
    return ", ".join(word for word in words if word)


def _wanted(provider: Registered) -> str:
    """What would make it usable."""
    from koi.credentials.logins.table import login_of
    from koi.credentials.reasons import SWITCHED_OFF, why_not

    company = provider.row.company
    if not provider.enabled:
        return SWITCHED_OFF
    if provider.wants_no_key or company.local:
        return "no key"
    if login_of(provider.name) is not None and not company.api_key_env:
        return why_not(provider, ())
    if company.api_key_env:
        signed = ("AWS credentials",) if company.auth == "sigv4" else ()
        return " or ".join((*company.api_key_env, *signed))
    variable = "".join(f' = "{name}"' for name in company.consent_env)
    return f"api_key_env{variable} in the configuration"


def _as_object(
    provider: Registered, registry: Registry, discovery: Discovery, answers: Answers
) -> dict[str, object]:
    usable, answer = discovery.usable(provider.name), answers.get(provider.name)
    return {
        "name": provider.name,
        "display_name": provider.row.company.display_name,
        "aliases": list(provider.row.company.aliases),
        "protocol": provider.protocol,
        "configured": provider.table_name is not None,
        "enabled": provider.enabled,
        "base_url": _base_url(provider, registry),
        "default_model": provider.default_model,
        "variables": list(provider.row.company.api_key_env),
        "reachable": answer in (True, "refused") if provider.name in answers else None,
        "key_refused": answer == "refused",
        "credential": None if usable is None else usable.source,
        "credentials": [
            {
                "source": found.source,
                "state": found.state,
                "label": found.label,
                "detail": found.detail,
                "account": found.account,
                "expires_at": found.expires_at,
                "models": list(found.models),
            }
            for found in discovery.of(provider.name)
        ],
    }
