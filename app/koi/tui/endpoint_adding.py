"""Leads through adding an OpenAI-compatible address: asked for its models, then written down."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from koi.core.errors import KoiError
from koi.core.secret import Secret
from koi.files.home import short_path

if TYPE_CHECKING:
    from koi.credentials.key_check import KeyCheck
    from koi.tui.desk import Connection, Desk

TITLE = "another OpenAI-compatible URL"


async def add_endpoint(desk: Desk, address: str = "") -> Connection | None:
    """Ask for address, key if needed, model and name; None when the person went back.

    Raises UsageError for an `address` that is none.
    """
    from koi.tui.desk import Connection
    from koi.tui.screens.connect.entry import Entry
    from koi.tui.screens.connect.pick import Pick
    from koi.wiring.endpoints import checked_address, checked_name, save_endpoint, suggested_name
    from koi.wiring.key_trial import keep_key

    found = await _answering(desk, checked_address(address) if address else "")
    if found is None:
        return None
    url, models, key = found
    note = f"{len(models)} models" if models else "it names none: type the name of one"
    model = await desk.ask(Pick("a model to begin with", models, note))
    if model is None:
        return None
    registry = desk.registry()
    name = await desk.ask(
        Entry(
            TITLE,
            "A name for it, which stands before its models (name/model):",
            start=suggested_name(url, registry),
            check=lambda typed: checked_name(typed, registry),
        )
    )
    if name is None:
        return None
    chosen = await asyncio.to_thread(save_endpoint, url, name, model, registry)
    said = [f"Saved as [providers.{name}] in {short_path(registry.config.paths.config_file)}."]
    if key is not None:
        said.append(await asyncio.to_thread(keep_key, name, key, desk.registry()))
    said.append(
        f"{name}/{model} is koi's model from now on."
        if chosen
        else f"The configured model stays; this one: koi -m {name}/{model}"
    )
    await desk.tell(name, *said)
    return Connection(name, model)


async def _answering(desk: Desk, url: str) -> tuple[str, tuple[str, ...], Secret | None] | None:
    """An address that answers, its models and its key; one that does not is asked for again."""
    from koi.tui.screens.connect.entry import Entry
    from koi.wiring.endpoints import checked_address

    words = "The address, as its provider gives it, usually with /v1 at its end:"
    example = "https://llm.example.com/v1"
    typed: str | None = url
    while True:
        if not url:
            typed = await desk.ask(
                Entry(TITLE, words, start=typed or "", placeholder=example, check=checked_address)
            )
        if typed is None:
            return None
        answer = await _models(desk, typed) if await _may_be_plain(desk, typed) else None
        if answer is not None:
            return typed, *answer
        url = ""


async def _may_be_plain(desk: Desk, url: str) -> bool:
    """True for https, this machine, and where the person says that it may be unencrypted."""
    from koi.tui.screens.connect.choice import yes_or_no
    from koi.wiring.endpoints import is_plain

    if not is_plain(url):
        return True
    question = "Use it unencrypted?"
    said = f"{url} is not encrypted: whoever is on the way reads the key and the conversation."
    return await desk.ask(yes_or_no(TITLE, question, said)) == 1


async def _models(desk: Desk, url: str) -> tuple[tuple[str, ...], Secret | None] | None:
    """Its models, and the key that it wants; None when the person went back."""
    from koi.tui.screens.connect.asking import Asking
    from koi.wiring.endpoints import endpoint_models

    work = endpoint_models(url, None, desk.registry())
    match await desk.ask(Asking(TITLE, url, work)):
        case KoiError(kind="auth"):
            return await _with_key(desk, url)
        case KoiError() | None:
            return None
        case models:
            return models, None


async def _with_key(desk: Desk, url: str) -> tuple[tuple[str, ...], Secret | None] | None:
    from koi.credentials.target_table import Target
    from koi.tui.screens.connect.key_entry import KeyEntry
    from koi.wiring.key_trial import check_key

    name = f"custom:{url}"
    found: list[tuple[tuple[str, ...], Secret]] = []

    async def check(provider: str, key: Secret) -> KeyCheck:
        answer = await check_key(provider, key, desk.registry())
        found.append((answer.models, key))
        return answer

    def keep(provider: str, key: Secret) -> str:
        return ""  # it is kept once the address has a name

    target = Target(name, name, url, "key", "a key")
    kept = await desk.ask(KeyEntry(target, desk.registry(), check, keep))
    return found[-1] if kept is not None and found else None
