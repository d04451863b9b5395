"""Leads through a login: its terms and ways, whose account, and the code or the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from koi.tui.desk import Connection, Desk

if TYPE_CHECKING:
    from koi.credentials.logins.login import Login


async def log_in(desk: Desk, name: str) -> Connection | None:
    """Log in by the login of this name; None when the person went back. Raises UsageError."""
    from koi.tui.screens.connect.choice import Choice, Option
    from koi.tui.screens.connect.login import LoginScreen
    from koi.wiring.model_lists import provider_models

    login = next(each for each in desk.logins if each.name == name)
    methods = login.chosen(desk.method, desk.domain)
    config = desk.registry().config
    options = [
        Option(method.title, "", method.terms.said(name, config), method.terms.link)
        for method in methods
    ]
    before = (f"How do you want to sign in with {login.title}?",)
    if len(options) == 1:
        before = (f"Sign in with {login.title}:",)
    index = await desk.ask(Choice(login.title, options, before=before))
    if index is None:
        return None
    domain = desk.domain
    if login.takes_domain and not domain:
        domain_or_none = await _ask_domain(desk, login)
        if domain_or_none is None:
            return None
        domain = domain_or_none

    listed: tuple[str, ...] = ()

    async def models(provider: str) -> tuple[str, ...]:
        nonlocal listed
        listed = await provider_models(provider, desk.registry())
        return listed

    chosen = methods[index]
    other = login.other_than(chosen)
    screen = LoginScreen(login.title, chosen, desk.registry(), models, domain=domain, other=other)
    provider = await desk.ask(screen)
    return None if provider is None else Connection(provider, models=listed)


async def _ask_domain(desk: Desk, login: Login) -> str | None:
    """ "" for the public service, else an enterprise's domain; None when the person went back."""
    from koi.tui.screens.connect.choice import Choice, Option
    from koi.tui.screens.connect.entry import Entry

    options = (Option("the public service"), Option("an enterprise with a domain of its own"))
    index = await desk.ask(Choice(login.title, options, before=("Where is your account?",)))
    if index is None or index == 0:
        return None if index is None else ""
    words = "The domain of your enterprise:"
    return await desk.ask(Entry(login.title, words, placeholder="example.ghe.com"))
