"""A key in plain lines: recognised, tried at its vendor, and kept where koi says."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from koi.cli.failures import print_error
from koi.cli.questions import read_secret, says_yes
from koi.core.errors import CredentialMissing, KoiError, UsageError
from koi.core.secret import Secret
from koi.credentials.key_check import cleaned
from koi.view.connecting import models_text
from koi.view.safe_text import safe

if TYPE_CHECKING:
    from koi.catalogue.registry import Registry
    from koi.credentials.target_table import Target

TRIES = 3
"""How often a refused key may be typed again."""


def connect_key(target: Target, registry: Registry, *, unchecked: bool, without: str) -> int:
    """Read a key until one is kept; the exit code: 1 when it still cannot be used. Raises KoiError.

    What will come before the key is said first, so that nobody gives one for nothing. `without`
    says how else it is connected, when standard input has no key.
    """
    from koi.catalogue.catalogue import load_catalogue
    from koi.credentials.key_check import problem_of
    from koi.credentials.targets import target_of
    from koi.wiring.precedence import above_kept_key

    typed = sys.stdin.isatty()
    above = above_kept_key(target.provider, registry)
    if above is not None and typed:
        click.echo(safe(f"Note: {above.words}. {above.way_out}."))
    for attempt in range(TRIES):
        if typed:
            click.echo(f"{target.title}: paste an API key. {_page(target)}".rstrip())
        key = cleaned(read_secret())
        if not key and not typed:
            raise UsageError("no key came by standard input", hint=without)
        provider = registry.get(target.provider)
        problem = problem_of(key, provider, load_catalogue())
        if problem is not None and problem.owner is not None and typed:
            other = target_of(registry.get(problem.owner))
            if says_yes(f"{problem.title} Connect {other.title} with it?"):
                target, problem = other, None
        last = attempt == TRIES - 1 or not typed
        if problem is None:
            code = _keep(target, Secret(key), registry, unchecked=unchecked, last=last)
            if code is not None:
                return code
        elif last:
            raise UsageError(problem.title, hint=problem.hint)
        else:
            click.echo(f"{problem.title} {problem.hint}")
    raise AssertionError("the last try returns or raises")


def _keep(
    target: Target, key: Secret, registry: Registry, *, unchecked: bool, last: bool
) -> int | None:
    """Check a key and save it; the exit code, None when another one is to be typed."""
    from koi.wiring.key_trial import check_key, keep_key

    if unchecked:
        click.echo(keep_key(target.provider, key, registry))
        return say_what_is_used(target.provider, registry)
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
            return None
        case "unreachable":
            unasked = KoiError(
                f"the key could not be checked: {check.detail}",
                hint="--unchecked keeps it all the same.",
            )
            if not sys.stdin.isatty():
                raise unasked
            click.echo(f"It could not be checked: {safe(check.detail)}")
            if not says_yes("Keep it all the same?"):
                raise KoiError("Nothing was kept")
    click.echo(keep_key(target.provider, key, registry))
    if (code := say_what_is_used(target.provider, registry)) != 0:
        return code
    if check.outcome == "works":
        click.echo(f"{target.title} is connected: {safe(models_text(check.models))}")
    elif check.outcome == "unproven":
        click.echo("Its list of models is public: the first request shows whether the key works.")
    return 0


def say_what_is_used(provider: str, registry: Registry) -> int:
    """Say what the next request uses when it is not the kept key; 1 when nothing can be used."""
    from koi.wiring.precedence import next_request

    used = asyncio.run(next_request(provider, registry))
    if used.words:
        click.echo(safe(f"koi: {used.words}"), err=True)
    return 0 if used.usable else 1


def _page(target: Target) -> str:
    return f"Keys are made at {target.key_page}" if target.key_page else ""
