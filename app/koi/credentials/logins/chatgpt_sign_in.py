"""Sign in with ChatGPT, OpenAI's official way for open-source apps: in a browser, for this machine.

An installation has a host id of its own, and gets a client id at its first sign-in; both are kept
for later ones. https://developers.openai.com/siwc
"""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import datetime

from koi.catalogue.registry import Registry
from koi.config.config import Config
from koi.core.errors import StorageError
from koi.core.messages import JsonObject
from koi.credentials.findings import TokenUse
from koi.credentials.logins.chatgpt_account import facts_in
from koi.credentials.logins.events import LoginEvent, LoginFailed, Waiting
from koi.credentials.logins.keeping import (
    application_of,
    auth_file,
    keep,
    open_server,
    rule,
)
from koi.credentials.logins.login import LoginContext, MethodName, Terms
from koi.credentials.oauth.application import Application, configured, origin_of
from koi.credentials.oauth.browser import Answered, BrowserFlow
from koi.credentials.oauth.claims import claims_of
from koi.credentials.oauth.exchange import trade_code
from koi.credentials.oauth.id_token import Expected, checked_claims, signing_keys
from koi.credentials.oauth.pkce import random_text
from koi.credentials.oauth.refresh import RefreshRule
from koi.credentials.oauth.server_text import number
from koi.credentials.oauth.token_server import Reply, TokenServer
from koi.credentials.oauth.tokens import read_tokens, token
from koi.credentials.stores.token_record import TokenRecord

NAME, PROVIDER = "chatgpt-browser", "openai-codex"
METHOD: MethodName = "browser"
PLACE = RESOURCE = "https://api.openai.com/v1"
FIRST_ID = "dynamic_agent_client"
PLAN_SCOPE = "chatgpt.tokens.use.direct"
TERMS = Terms(
    "OpenAI lets open-source apps use your plan. koi's use counts toward your limits; manage it "
    "at chatgpt.com/settings/usage.",
    "https://help.openai.com/en/articles/20001410",
)
APPLICATION = Application(
    client_id=FIRST_ID,
    scope=f"openid profile email offline_access resource.invoke {PLAN_SCOPE}",
    authorize_url="https://auth.openai.com/api/accounts/authorize",
    token_url="https://auth.openai.com/api/accounts/oauth/token",
    page_domains=("openai.com",),
)
_TRIES = 3
_ID = re.compile(r"[\w.-]{1,200}", re.ASCII)
_KEPT = ("host_id", "issued_id", "subject", "ask_consent")
"""What outlives the tokens: who this installation is to OpenAI."""


def registration(registry: Registry) -> JsonObject:
    """What is kept of earlier sign-ins, whatever the way to log in."""
    with contextlib.suppress(StorageError):
        if (record := auth_file(registry).get(PROVIDER)) is not None:
            return {name: value for name, value in record.extra.items() if name in _KEPT}
    return {}


def use_of(record: TokenRecord) -> TokenUse:
    """Its tokens are for the public API."""
    return TokenUse(PLACE)


def application_for(record: TokenRecord, config: Config) -> Application:
    """Where the login was done. Raises ConfigurationError."""
    return configured(NAME, APPLICATION, config)


def rule_of(record: TokenRecord, config: Config) -> RefreshRule:
    """How its tokens are renewed: with the issued client id, and not too early."""
    usual = rule(application_for(record, config), record, config)
    return replace(usual, fields={"resource": RESOURCE}, more=_more)


@dataclass(frozen=True, slots=True)
class ChatGptSignIn:
    """The page of OpenAI in a browser, which sends its answer to this machine."""

    name: MethodName = METHOD
    title: str = "sign in with a browser on this machine"
    terms: Terms = TERMS

    async def start(self, context: LoginContext) -> AsyncGenerator[LoginEvent, None]:
        """Open the page, wait for its answer, prove who signed in. Raises LoginFailed."""
        application = application_of(NAME, APPLICATION, context.registry)
        attempt = _Attempt.begin(context, application)
        flow = BrowserFlow(application.authorize_url, attempt.fields(), "/auth/callback")
        answer: Answered | None = None
        async with open_server(application, context.registry) as server:
            async with contextlib.aclosing(flow.sign_in(context)) as steps:
                async for step in steps:
                    if isinstance(step, Answered):
                        answer = step
                    else:
                        yield step
            assert answer is not None, "a sign-in that is not answered raises"
            yield Waiting("finishing", 0.0)
            attempt.issue(answer)
            record = await attempt.tokens(server, flow, answer)
        yield keep(context.registry, PROVIDER, record)


@dataclass(slots=True)
class _Attempt:
    """One sign-in: who this installation is to OpenAI, and what the answer must fit."""

    context: LoginContext
    application: Application
    before: TokenRecord | None
    host_id: str
    client_id: str
    nonce: str

    @classmethod
    def begin(cls, context: LoginContext, application: Application) -> _Attempt:
        """With what is known from earlier ones. Raises LoginFailed (storage)."""
        try:
            before = auth_file(context.registry).get(PROVIDER)
        except StorageError as error:
            raise LoginFailed(error.title, reason="storage", hint=error.hint) from error
        known = before or TokenRecord(None)
        issued = application.client_id if application.own_id else known.text("issued_id")
        host_id = known.text("host_id") or f"urn:uuid:{uuid.uuid4()}"
        return cls(context, application, before, host_id, issued or FIRST_ID, random_text())

    @property
    def first(self) -> bool:
        """True until OpenAI has given this installation a client id."""
        return self.client_id == FIRST_ID

    def fields(self) -> dict[str, str]:
        """What the address of the page carries."""
        fields = {
            "client_id": self.client_id,
            "ext_agent_host_id": self.host_id,
            "scope": self.application.scope,
            "resource": RESOURCE,
            "nonce": self.nonce,
        }
        known = self.before
        if self.first:
            return {**fields, "agent_name_hint": "koi"}
        if known is None:
            return fields
        if known.account:  # no id_token_hint: the address is shown, and is to stay short
            fields["login_hint"] = known.account
        if known.extra.get("ask_consent"):
            fields["prompt"] = "consent"
        return fields

    def issue(self, answer: Answered) -> None:
        """Take the client id of the answer, and keep it, whatever comes of the rest.

        Raises LoginFailed.
        """
        named = answer.callback.client_id
        if self.first:
            if not _ID.fullmatch(named) or named == FIRST_ID:
                raise _unsound("the answer of the sign-in page names no client id")
            self.client_id = named
        elif named and named != self.client_id:
            raise LoginFailed(
                "the answer of the sign-in page belongs to another registration of koi",
                reason="protocol",
                hint="For another account: koi disconnect chatgpt, then connect again.",
            )
        self._remember()

    async def tokens(self, server: TokenServer, flow: BrowserFlow, answer: Answered) -> TokenRecord:
        """The tokens, for an account that is proven. Raises LoginFailed."""
        application, clock = self.application, self.context.clock
        fields = {
            "client_id": self.client_id,
            "code": answer.callback.code.reveal(),
            "code_verifier": flow.proof.verifier.reveal(),
            "redirect_uri": answer.redirect_url,
            "resource": RESOURCE,
        }
        reply = await trade_code(server, application.token_url, fields, clock)
        now = clock.wall()
        issuer = origin_of(application.authorize_url)
        keys = await signing_keys(server, issuer, application.page_domains, application.own_hosts)
        expected = Expected(issuer, self.client_id, self.nonce, self._subject())
        claims = await checked_claims(token(reply, "id_token"), keys, expected)
        granted = reply.text("scope") or answer.callback.scope or application.scope
        if PLAN_SCOPE not in granted.split():
            self._remember(ask_consent=True)
            raise LoginFailed(
                "the sign-in does not let koi use your plan",
                reason="refused",
                hint="Start again and allow it on OpenAI's page; Plus and Pro plans have it.",
            )
        record = read_tokens(reply, now)
        return record.with_extra(
            method=METHOD,
            client_id=self.client_id,
            host_id=self.host_id,
            issued_id=self.client_id,
            subject=claims.get("sub"),
            **_more(reply, record),
        )

    def _subject(self) -> str:
        known = self.before
        if known is None or known.access_token is None or known.text("method") != METHOD:
            return ""  # a login with a code may be another account's
        return known.text("subject")

    def _remember(self, **more: object) -> None:
        """Keep who this installation is, beside the tokens of the login before."""
        store = auth_file(self.context.registry)
        with contextlib.suppress(StorageError):  # said at the end, if it stays so
            for _ in range(_TRIES):  # another koi may renew those tokens just now
                known = store.get(PROVIDER)
                kept = (known or TokenRecord(None)).with_extra(
                    host_id=self.host_id, issued_id=self.client_id, **more
                )
                if store.replace(PROVIDER, known, kept):
                    return


def _more(reply: Reply, record: TokenRecord) -> JsonObject:
    """What of a reply belongs to the login beside its tokens."""
    earliest = earliest_refresh(reply.fields.get("earliest_refresh_at"), record)
    return {**facts_in(reply, record), "earliest_refresh_at": earliest}


def earliest_refresh(said: object, record: TokenRecord) -> float | None:
    """When new tokens may be renewed, by the clock of this machine; None when at any time.

    The server says it by its own clock, as it does in the token, whose end is known by both.
    """
    moment = _moment(said)
    if moment is None or not record.expires_at:
        return moment
    ends = number(claims_of(record.access_token).get("exp"))
    if ends is None:
        return min(moment, record.expires_at)
    return record.expires_at - max(ends - moment, 0.0)


def _moment(value: object) -> float | None:
    found = number(value)
    if found is not None and found > 0:
        return found / 1000 if found >= 1e11 else found
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return datetime.fromisoformat(value).timestamp()
    return None


def _unsound(title: str) -> LoginFailed:
    return LoginFailed(title, reason="protocol", hint="Nothing was kept. Start again.")
