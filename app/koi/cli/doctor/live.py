"""`--live`: every provider that could be used is asked for its models; nothing is billed."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from koi.cli.doctor.report import Check, Section, note, ok, problem

if TYPE_CHECKING:
    from koi.catalogue.registry import Registry
    from koi.core.seams import Provider
    from koi.credentials.findings import Discovery

LIMIT_S = 10.0
"""Seconds for all of them together."""


async def providers(registry: Registry, discovery: Discovery, limit_s: float = LIMIT_S) -> Section:
    """Who answers, how fast, and what is wrong with the others."""
    names = [name for name in discovery.providers if registry.find(name) is not None]
    asked = {name: asyncio.create_task(_ask(name, registry)) for name in names}
    late = (await asyncio.wait(asked.values(), timeout=limit_s))[1] if asked else set()
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    checks = [
        check
        for name, task in asked.items()
        for check in (
            (note(f"{name} did not answer within {limit_s:g} s"),)
            if task in late
            else task.result()
        )
    ]
    return Section("Providers", tuple(checks) or (note("there is none to be asked"),))


async def _ask(name: str, registry: Registry) -> tuple[Check, ...]:
    """One check for each key."""
    from koi.core.errors import KoiError
    from koi.wiring.providers import close_keys, open_provider_keys

    try:
        keys = open_provider_keys(name, registry)
    except KoiError as error:
        return (problem(f"{name}: {error.title}", error.hint),)
    several = len(keys) > 1
    try:
        asked = (_list(f"{name} …{key.key}" if several else name, key.provider) for key in keys)
        return tuple(await asyncio.gather(*asked))
    finally:
        await close_keys(keys)


async def _list(name: str, provider: Provider) -> Check:
    from koi.core.errors import KoiError

    started = time.monotonic()
    try:
        models = await provider.list_models()
    except KoiError as error:
        return problem(f"{name}: {error.title}", error.hint)
    took = 1000 * (time.monotonic() - started)
    return ok(f"{name}: {len(models)} models in {took:.0f} ms")
