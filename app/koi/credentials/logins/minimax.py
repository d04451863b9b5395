"""MiniMax, in its two regions: each has accounts, servers and tokens of its own."""

from __future__ import annotations

import contextlib
import time
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
from koi.credentials.oauth.minimax_code import MiniMaxCode, in_standard_words
from koi.credentials.oauth.refresh import RefreshRule
from koi.credentials.oauth.server_text import vendors_url
from koi.credentials.oauth.token_server import Reply
from koi.credentials.oauth.tokens import read_tokens
from koi.credentials.stores.token_record import TokenRecord

_CLIENT_ID = "78257093-7e40-4613-99e0-527b14b39113"
_PATH = "/anthropic"


@dataclass(frozen=True, slots=True)
class Region:
    """One of the two."""

    name: str
    provider: str
    title: str
    domain: str

    @property
    def terms(self) -> Terms:
        """What is known of MiniMax's rules."""
        return Terms(
            "MiniMax has published no rules for its login in other programs; its own terms of "
            "service hold.",
            f"https://platform.{self.domain}/protocol/terms-of-service",
        )

    @property
    def application(self) -> Application:
        """Where the login is, without what the person configured."""
        return Application(
            client_id=_CLIENT_ID,
            scope="group_id profile model.completion",
            device_url=f"https://account.{self.domain}/oauth2/device/code",
            token_url=f"https://account.{self.domain}/oauth2/token",
            page_domains=(self.domain,),
        )

    def use_of(self, record: TokenRecord) -> TokenUse:
        """Its tokens are for the Anthropic format, where the server said or at the usual place."""
        url = vendors_url(record.text("resource_url"), (self.domain,))
        if url and not url.endswith(_PATH):
            url = f"{url}{_PATH}"
        usual = f"https://api.{self.domain}{_PATH}"
        return TokenUse(url or usual, "bearer", protocol="anthropic")

    def domains_of(self, record: TokenRecord) -> tuple[str, ...]:
        """Where the login's tokens may go."""
        return (self.domain,)

    def application_for(self, record: TokenRecord, config: Config) -> Application:
        """Where the login was done. Raises ConfigurationError."""
        return configured(self.name, self.application, config)

    def rule_of(self, record: TokenRecord, config: Config) -> RefreshRule:
        """How its tokens are renewed."""
        return replace(
            rule(self.application_for(record, config), record, config),
            ended_statuses=frozenset({400, 401}),
            readable=lambda reply: in_standard_words(reply, time.time()),
            more=self.place,
        )

    def place(self, reply: Reply, record: TokenRecord) -> JsonObject:
        """Where the token is valid, as the server says; checked again when it is used."""
        url = vendors_url(reply.text("resource_url"), (self.domain,))
        return {"resource_url": url} if url else {}


@dataclass(frozen=True, slots=True)
class MiniMaxDevice:
    """A code on MiniMax's page."""

    region: Region
    name: MethodName = "device"
    title: str = "a code on MiniMax's page"

    @property
    def terms(self) -> Terms:
        """What MiniMax says about it."""
        return self.region.terms

    async def start(self, context: LoginContext) -> AsyncGenerator[LoginEvent, None]:
        """Show the code, wait, keep the tokens. Raises LoginFailed."""
        region, clock = self.region, context.clock
        application = application_of(region.name, region.application, context.registry)
        record: TokenRecord | None = None
        async with open_server(application, context.registry) as server:
            flow = MiniMaxCode(server, application, clock)
            async with contextlib.aclosing(enter_code(flow, clock)) as steps:
                async for step in steps:
                    if isinstance(step, Granted):
                        record = read_tokens(step.reply, clock.wall())
                        record = record.with_extra(**region.place(step.reply, record))
                    else:
                        yield step
        assert record is not None, "a login that is not granted raises"
        record = record.with_extra(client_id=application.client_id)
        yield keep(context.registry, region.provider, record)


REGIONS = (
    Region("minimax", "minimax", "MiniMax", "minimax.io"),
    Region("minimax-cn", "minimax-cn", "MiniMax (China)", "minimaxi.com"),
)
LOGINS = tuple(
    Login(
        region.name,
        region.provider,
        region.title,
        (MiniMaxDevice(region),),
        aliases=tuple(
            f"{alias}{region.name.removeprefix('minimax')}"
            for alias in ("minimax-oauth", "minimax-portal")
        ),
    )
    for region in REGIONS
)
