"""Qwen's own login. Its free plan ended; a paid account may still be let in."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from koi.config.config import Config
from koi.core.messages import JsonObject
from koi.credentials.findings import TokenUse
from koi.credentials.logins.events import LoginEvent
from koi.credentials.logins.keeping import application_of, keep, open_server, rule
from koi.credentials.logins.login import Login, LoginContext, MethodName, Terms
from koi.credentials.oauth.application import Application, configured
from koi.credentials.oauth.device import Granted, enter_code
from koi.credentials.oauth.device_code import DeviceCode
from koi.credentials.oauth.pkce import Proof
from koi.credentials.oauth.refresh import RefreshRule
from koi.credentials.oauth.server_text import vendors_url
from koi.credentials.oauth.token_server import Reply
from koi.credentials.oauth.tokens import read_tokens
from koi.credentials.sources.qwen import PLACES
from koi.credentials.stores.token_record import TokenRecord

NAME, PROVIDER, TITLE = "qwen", "qwen-code", "Qwen Code"
USUAL_PLACE = "https://dashscope.aliyuncs.com/compatible-mode/v1"
_SLOWEST_S = 10.0
TERMS = Terms(
    "Qwen's free login ended on 15 April 2026, so it may be refused. A DASHSCOPE_API_KEY works.",
    "https://github.com/QwenLM/qwen-code/issues/3203",
)
APPLICATION = Application(
    client_id="f0304373b74a44d2b584a3fb70ca9e56",
    scope="openid profile email model.completion",
    device_url="https://chat.qwen.ai/api/v1/oauth2/device/code",
    token_url="https://chat.qwen.ai/api/v1/oauth2/token",
    page_domains=("qwen.ai",),
)


def slower(interval: float) -> float:
    """Qwen's own rule for slow_down: half as much again, up to ten seconds."""
    return min(interval * 1.5, _SLOWEST_S)


def use_of(record: TokenRecord) -> TokenUse:
    """Where its token is valid: as the server said, else the usual place."""
    url = vendors_url(record.text("resource_url"), PLACES)
    if not url:
        return TokenUse(USUAL_PLACE)
    return TokenUse(url if url.endswith("/v1") else f"{url}/v1")


def domains_of(record: TokenRecord) -> tuple[str, ...]:
    """Where the login's tokens may go."""
    return PLACES


def application_for(record: TokenRecord, config: Config) -> Application:
    """Where the login was done. Raises ConfigurationError."""
    return configured(NAME, APPLICATION, config)


def rule_of(record: TokenRecord, config: Config) -> RefreshRule:
    """How its tokens are renewed."""
    usual = rule(application_for(record, config), record, config)
    return replace(usual, ended_statuses=frozenset({400, 401}), more=place)


@dataclass(frozen=True, slots=True)
class QwenDevice:
    """A code on Qwen's page, with a proof of who asked for it."""

    name: MethodName = "device"
    title: str = "a code on Qwen's page"
    terms: Terms = TERMS

    async def start(self, context: LoginContext) -> AsyncGenerator[LoginEvent, None]:
        """Show the code, wait, keep the tokens. Raises LoginFailed."""
        application = application_of(NAME, APPLICATION, context.registry)
        proof = Proof()
        record: TokenRecord | None = None
        async with open_server(application, context.registry) as server:
            flow = DeviceCode(
                server,
                application,
                asking=proof.fields(),
                polling={"code_verifier": proof.verifier},
                expired_status=401,
            )
            async with contextlib.aclosing(enter_code(flow, context.clock, slower)) as steps:
                async for step in steps:
                    if isinstance(step, Granted):
                        record = read_tokens(step.reply, context.clock.wall())
                        record = record.with_extra(**place(step.reply, record))
                    else:
                        yield step
        assert record is not None, "a login that is not granted raises"
        record = record.with_extra(client_id=application.client_id)
        yield keep(context.registry, PROVIDER, record)


def place(reply: Reply, record: TokenRecord) -> JsonObject:
    """Where the token is valid, as the server says; checked again when it is used."""
    url = vendors_url(reply.text("resource_url"), PLACES)
    return {"resource_url": url} if url else {}


LOGIN = Login(
    NAME,
    PROVIDER,
    TITLE,
    (QwenDevice(),),
    aliases=("qwen-code", "qwen-oauth"),
    target=PROVIDER,
)
