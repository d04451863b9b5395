"""GitHub Copilot: a code on github.com or an enterprise's domain, and whether there is a plan."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from koi.config.config import Config
from koi.core.errors import ProviderError
from koi.core.secret import Secret
from koi.credentials.copilot import (
    EXCHANGED,
    PATH,
    PUBLIC_HOST,
    CopilotPlace,
    CopilotSigner,
)
from koi.credentials.findings import TokenUse
from koi.credentials.logins.domains import enterprise_domain
from koi.credentials.logins.events import FailureReason, LoginEvent, LoginFailed, Waiting
from koi.credentials.logins.keeping import application_of, keep, open_server, rule
from koi.credentials.logins.login import Login, LoginContext, MethodName, Terms
from koi.credentials.oauth.application import Application, configured, origin_of
from koi.credentials.oauth.device import Granted, enter_code
from koi.credentials.oauth.device_code import DeviceCode
from koi.credentials.oauth.refresh import RefreshRule
from koi.credentials.oauth.server_text import cleaned
from koi.credentials.oauth.token_server import TokenServer
from koi.credentials.oauth.tokens import read_tokens
from koi.credentials.stores.token_record import TokenRecord
from koi.net.hosts import host_of
from koi.net.network_rules import network_rules
from koi.net.policy import HostSource

NAME = PROVIDER = "copilot"
TITLE = "GitHub Copilot"
_EDITORS_ID = "Iv1.b507a08c87ecfe98"
_BORROWED = (
    "koi has no application of its own at GitHub yet and uses the client id that other open tools "
    "use. With [oauth.copilot] client_id it uses yours."
)
TERMS = Terms(
    "GitHub supports Copilot through its own clients and apps it has approved. Accounts have been "
    "suspended for heavy use through other clients.",
    "https://docs.github.com/site-policy/github-terms/"
    "github-terms-for-additional-products-and-features#github-copilot",
    _BORROWED,
)


def usual_application(domain: str) -> Application:
    """The addresses of the public GitHub, or those of an enterprise."""
    web = domain or "github.com"
    return Application(
        client_id=_EDITORS_ID,
        scope="read:user",
        device_url=f"https://{web}/login/device/code",
        token_url=f"https://{web}/login/oauth/access_token",
        exchange_url=f"https://api.{web}{PATH}",
        page_domains=(web,),
    )


def place_of(application: Application, domain: str, config: Config) -> CopilotPlace:
    """Where a GitHub token is exchanged, and whose hosts the answer may name."""
    own = host_of(application.exchange_url) in application.own_hosts
    trusted = () if own else (PUBLIC_HOST, *((domain,) if domain else ()))
    source: HostSource = "configuration" if own else "login"
    return CopilotPlace(application.exchange_url, trusted, source, network_rules(config))


def use_of(record: TokenRecord) -> TokenUse:
    """Where a token that needs no exchange is sent."""
    domain = record.text("domain")
    return TokenUse(f"https://copilot-api.{domain}" if domain else "")


def domains_of(record: TokenRecord) -> tuple[str, ...]:
    """Where the login's tokens may go."""
    domain = record.text("domain")
    return (PUBLIC_HOST, *((domain,) if domain else ()))


def application_for(record: TokenRecord, config: Config) -> Application:
    """Where the login was done. Raises ConfigurationError."""
    return configured(NAME, usual_application(record.text("domain")), config)


def rule_of(record: TokenRecord, config: Config) -> RefreshRule:
    """How tokens of GitHub apps are renewed whose owner lets them end."""
    return rule(application_for(record, config), record, config)


def login_place(record: TokenRecord, config: Config) -> CopilotPlace:
    """Where the login's token is exchanged."""
    return place_of(application_for(record, config), record.text("domain"), config)


@dataclass(frozen=True, slots=True)
class CopilotDevice:
    """The only way that GitHub has for programs without a page of their own."""

    name: MethodName = "device"
    title: str = "a code on GitHub's page"
    terms: Terms = TERMS

    async def start(self, context: LoginContext) -> AsyncGenerator[LoginEvent, None]:
        """Show the code, wait, see whether the account has Copilot. Raises LoginFailed."""
        domain = enterprise_domain(context.domain)
        application = application_of(NAME, usual_application(domain), context.registry)
        async with open_server(application, context.registry) as server:
            flow = DeviceCode(server, application)
            record: TokenRecord | None = None
            async with contextlib.aclosing(enter_code(flow, context.clock)) as steps:
                async for step in steps:
                    if isinstance(step, Granted):
                        record = read_tokens(step.reply, context.clock.wall())
                    else:
                        yield step
            assert record is not None, "a login that is not granted raises"
            yield Waiting("finishing", 0.0)
            record = record.with_extra(domain=domain, client_id=application.client_id)
            record = await _explored(record, application, context, server)
        yield keep(context.registry, PROVIDER, record)


async def _explored(
    record: TokenRecord, application: Application, context: LoginContext, server: TokenServer
) -> TokenRecord:
    """The login with account and plan. Raises LoginFailed when the account has no Copilot."""
    token = record.access_token
    assert token is not None, "read_tokens gives one"
    plan = ""
    if token.reveal().startswith(EXCHANGED):
        place = place_of(application, record.text("domain"), context.registry.config)
        signer = CopilotSigner(token, place)
        try:
            await signer.base_url("")
        except ProviderError as error:
            raise _no_plan(error) from error
        plan = signer.plan
    return record.with_extra(account=await _account(application, token, server), plan=plan)


async def _account(application: Application, token: Secret, server: TokenServer) -> str:
    """The name of the account; a login without a name is one all the same."""
    url = f"{origin_of(application.exchange_url)}/user"
    try:
        reply = await server.get(url, {"Authorization": f"token {token.reveal()}"})
    except ProviderError:
        return ""
    return cleaned(reply.text("login"))


def _no_plan(error: ProviderError) -> LoginFailed:
    reason: FailureReason = "refused" if error.kind == "auth" else "offline"
    if error.kind in ("protocol", "network_policy"):
        reason = "protocol"
    return LoginFailed(error.title, reason=reason, hint=error.hint)


LOGIN = Login(
    NAME,
    PROVIDER,
    TITLE,
    (CopilotDevice(),),
    aliases=("github-copilot", "github_copilot", "github"),
    takes_domain=True,
)
