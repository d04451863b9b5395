"""ChatGPT: a code on any device, or the official sign-in in a browser."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from koi.config.config import Config
from koi.credentials.findings import TokenUse
from koi.credentials.logins import chatgpt_sign_in
from koi.credentials.logins.chatgpt_account import facts_in
from koi.credentials.logins.events import LoginEvent, Waiting
from koi.credentials.logins.keeping import application_of, keep, open_server, rule
from koi.credentials.logins.login import Login, LoginContext, MethodName, Terms
from koi.credentials.oauth.application import Application, configured
from koi.credentials.oauth.codex_device import CodexDevice
from koi.credentials.oauth.device import Granted, enter_code
from koi.credentials.oauth.exchange import trade_code
from koi.credentials.oauth.refresh import RefreshRule
from koi.credentials.oauth.token_server import Reply
from koi.credentials.oauth.tokens import read_tokens
from koi.credentials.stores.token_record import TokenRecord

NAME, PROVIDER, TITLE = "chatgpt", "openai-codex", "ChatGPT"
DEVICE_PLACE = "https://chatgpt.com/backend-api/codex"
DEVICE_TERMS = Terms(
    "This uses Codex CLI's login. OpenAI has tolerated it in other programs, but offers the "
    "sign-in with a browser for apps like koi.",
    "https://developers.openai.com/codex/auth",
)
DEVICE = Application(
    client_id="app_EMoamEEZ73f0CkXaXp7hrann",
    device_url="https://auth.openai.com/api/accounts/deviceauth/usercode",
    token_url="https://auth.openai.com/oauth/token",
    page_domains=("auth.openai.com",),
)


def use_of(record: TokenRecord) -> TokenUse:
    """Where a token is sent: each way to log in has a place of its own."""
    if record.text("method") == chatgpt_sign_in.METHOD:
        return chatgpt_sign_in.use_of(record)
    account = record.text("account_id")
    headers = {"ChatGPT-Account-Id": account} if account else {}
    return TokenUse(DEVICE_PLACE, headers={**headers, "originator": "koi"})


def domains_of(record: TokenRecord) -> tuple[str, ...]:
    """Where the login's tokens may go."""
    return ("openai.com",) if record.text("method") == chatgpt_sign_in.METHOD else ("chatgpt.com",)


def application_for(record: TokenRecord, config: Config) -> Application:
    """Where the login was done. Raises ConfigurationError."""
    if record.text("method") == chatgpt_sign_in.METHOD:
        return chatgpt_sign_in.application_for(record, config)
    return configured(NAME, DEVICE, config)


def rule_of(record: TokenRecord, config: Config) -> RefreshRule:
    """How the tokens of a login are renewed."""
    if record.text("method") == chatgpt_sign_in.METHOD:
        return chatgpt_sign_in.rule_of(record, config)
    usual = rule(application_for(record, config), record, config)
    return replace(usual, as_json=True, ended_statuses=frozenset({401}), more=facts_in)


@dataclass(frozen=True, slots=True)
class ChatGptDevice:
    """The login that Codex CLI has: a code on any device."""

    name: MethodName = "device"
    title: str = "a code on any device"
    terms: Terms = DEVICE_TERMS

    async def start(self, context: LoginContext) -> AsyncGenerator[LoginEvent, None]:
        """Show the code, wait, trade the grant for tokens. Raises LoginFailed."""
        application = application_of(NAME, DEVICE, context.registry)
        async with open_server(application, context.registry) as server:
            flow = CodexDevice(server, application)
            grant: Reply | None = None
            async with contextlib.aclosing(enter_code(flow, context.clock)) as steps:
                async for step in steps:
                    if isinstance(step, Granted):
                        grant = step.reply
                    else:
                        yield step
            assert grant is not None, "a login that is not granted raises"
            yield Waiting("finishing", 0.0)
            fields = {
                "client_id": application.client_id,
                "code": grant.text("authorization_code"),
                "code_verifier": grant.text("code_verifier"),
                "redirect_uri": flow.redirect_url,
            }
            reply = await trade_code(server, application.token_url, fields, context.clock)
        record = read_tokens(reply, context.clock.wall())
        record = record.with_extra(
            method=self.name, client_id=application.client_id, **facts_in(reply, record)
        )
        record = record.with_extra(**chatgpt_sign_in.registration(context.registry))
        yield keep(context.registry, PROVIDER, record)


LOGIN = Login(
    NAME,
    PROVIDER,
    TITLE,
    (ChatGptDevice(), chatgpt_sign_in.ChatGptSignIn()),
    aliases=("codex", "openai-codex", "openai-oauth", "openai_codex"),
)
