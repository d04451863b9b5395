"""One login in plain lines: address and code alone on theirs, and a word when something changes."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from typing import TYPE_CHECKING

import click

from koi.credentials.logins.events import (
    CodeIssued,
    Connected,
    LoginEvent,
    LoginFailed,
    SignInOpened,
    Waiting,
)
from koi.view.connecting import PHISHING, validity, waiting_text
from koi.view.safe_text import SafeText, safe

if TYPE_CHECKING:
    from koi.catalogue.registry import Registry
    from koi.credentials.logins.login import Login, LoginContext, LoginMethod


def login_in_lines(login: Login, registry: Registry, method: str, domain: str) -> str:
    """Log in; the provider that is connected then. Raises LoginFailed, UsageError.

    Ctrl+C ends it, and nothing is kept.
    """
    from koi.credentials.logins.login import LoginContext

    way = login.chosen(method, domain)[0]
    click.echo(f"{way.terms.said(login.name, registry.config)}\n{way.terms.link}\n")
    try:
        return asyncio.run(_log_in(way, LoginContext(registry, domain)))
    except LoginFailed as error:
        other = login.other_than(way)
        if error.reason != "disabled" or other is None:
            raise
        hint = f"{error.hint}\nThe other way, {other.title}: {login.command} --{other.name}"
        raise LoginFailed(error.title, reason=error.reason, hint=hint) from error


async def _log_in(method: LoginMethod, context: LoginContext) -> str:
    said = ""
    pasting: asyncio.Task[None] | None = None
    try:
        async with aclosing(method.start(context)) as events:
            async for event in events:
                if isinstance(event, SignInOpened) and sys.stdin.isatty():
                    pasting = asyncio.create_task(_take_pasted(context))
                for line in _lines(event):
                    if line != said or not isinstance(event, Waiting):
                        click.echo(line)
                    said = line
                if isinstance(event, Connected):
                    return event.provider
    finally:
        if pasting is not None:
            pasting.cancel()
    raise AssertionError("a login ended without its last event")


def _lines(event: LoginEvent) -> list[SafeText]:
    match event:
        case CodeIssued(user_code=code, url=url, expires_in_s=seconds):
            return _safe(
                "Open this address:",
                url,
                "and enter this code:",
                code,
                f"It is valid for {validity(seconds)}. {PHISHING}",
            )
        case SignInOpened(url=url):
            paste = "A browser elsewhere: paste here the address that it ends at, then Enter."
            pasting = (paste,) if sys.stdin.isatty() else ()
            return _safe("Open this address in a browser on this machine:", url, *pasting)
        case Waiting(reason=reason, note=note):
            return _safe(waiting_text(reason, note))
        case Connected(account=account, plan=plan):
            who = f" as {account}" if account else ""
            plan = f" ({plan})" if plan else ""
            return _safe(f"Connected{who}{plan}.")


def _safe(*lines: str) -> list[SafeText]:
    return [safe(line, keep_newlines=False) for line in lines]


async def _take_pasted(context: LoginContext) -> None:
    from koi.cli.input_lines import InputLines

    lines = InputLines()
    while (line := await lines.read("")) is not None:
        if line.strip():
            context.pasted.put_nowait(line.strip())
