"""The short-lived token of GitHub Copilot, fetched with a GitHub token and renewed in time.

koi says who it is: the answer to a client that claims to be an editor is not worth its terms.
"""

from __future__ import annotations

import asyncio
import time
from urllib.parse import urlsplit

import msgspec

from koi import __version__
from koi.catalogue.registry import Registry
from koi.core.errors import ProviderError
from koi.core.messages import JsonObject
from koi.core.secret import Secret
from koi.credentials.carried import Carried
from koi.credentials.endpoint import Signer
from koi.credentials.oauth.server_text import is_under
from koi.net.client import HttpClient
from koi.net.hosts import host_of, normal_host
from koi.net.json_text import decode_object
from koi.net.network_rules import network_rules
from koi.net.policy import HostSource, NetworkPolicy, NetworkRules
from koi.net.timeouts import Timeouts

EXCHANGED = "ghu_"
"""How tokens begin that the Copilot API does not take themselves."""
PUBLIC_HOST = "githubcopilot.com"
PATH = "/copilot_internal/v2/token"
MARGIN_S = 300.0
"""A token is renewed this long before it ends, in seconds."""
SHORTEST_S = 60.0
"""A token is used at least this long, in seconds: the clock of this machine may be wrong."""
_ENTERPRISE = "copilot-api."
_PATIENCE = Timeouts(connect_s=10.0, first_byte_s=15.0, idle_s=15.0)
IDENTITY = {"Editor-Version": f"koi/{__version__}", "Editor-Plugin-Version": f"koi/{__version__}"}


class CopilotPlace(msgspec.Struct, frozen=True):
    """Where tokens are exchanged, and which hosts an answer may send requests to."""

    exchange_url: str
    trusted: tuple[str, ...]
    """Domains. Empty: requests go where the configuration says, whatever the answer names."""
    exchange_source: HostSource = "login"
    rules: NetworkRules = NetworkRules()

    def policy(self, host: str, source: HostSource) -> NetworkPolicy:
        """The policy for one host of GitHub's."""
        return NetworkPolicy("copilot", {host: source}, self.rules)


def open_copilot_signer(token: Secret, base_url: str, registry: Registry) -> Signer | None:
    """The signer for a GitHub token that must be exchanged; None for every other key."""
    if not token.reveal().startswith(EXCHANGED):
        return None
    rules = network_rules(registry.config)
    place = msgspec.structs.replace(copilot_place(base_url), rules=rules)
    return CopilotSigner(token, place)


def copilot_place(base_url: str) -> CopilotPlace:
    """The exchange that belongs to an API: GitHub's own, or that of an enterprise."""
    host = host_of(base_url)
    if host.startswith(_ENTERPRISE):
        domain = host.removeprefix(_ENTERPRISE)
        return CopilotPlace(f"https://api.{domain}{PATH}", (PUBLIC_HOST, domain))
    own = is_under(host, PUBLIC_HOST)
    return CopilotPlace(f"https://api.github.com{PATH}", (PUBLIC_HOST,) if own else ())


class _Session(msgspec.Struct, frozen=True):
    token: Secret
    renew_at: float
    """time.time() seconds."""
    base_url: str
    plan: str


class CopilotSigner:
    """Exchanges one GitHub token whenever that is due; requests at the same time share it."""

    def __init__(self, token: Secret, place: CopilotPlace) -> None:
        self._github_token = token
        self._place = place
        self._session: _Session | None = None
        self._carried = Carried()
        self._lock = asyncio.Lock()

    async def headers(self, method: str, url: str, body: bytes) -> dict[str, str]:
        """The bearer of now. Raises ProviderError when GitHub gives none."""
        session = await self._current()
        self._carried.note(session.token)
        return {"Authorization": f"Bearer {session.token.reveal()}", **IDENTITY}

    async def base_url(self, configured: str) -> str:
        """Where this account's plan is served. Raises ProviderError for a host not GitHub's."""
        return (await self._current()).base_url or configured

    async def refused(self, error: ProviderError) -> bool:
        """After a 401 the next request carries a newer token, exchanged anew if there is none."""
        sent = self._carried.here
        if error.status != 401 or sent is None:
            return False
        if self._session is not None and self._session.token == sent:
            self._session = None
        return True

    @property
    def plan(self) -> str:
        """What GitHub calls the account's plan, once a token was fetched; "" when it is silent."""
        return "" if self._session is None else self._session.plan

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The GitHub token, and what it was exchanged for."""
        session = () if self._session is None else (self._session.token,)
        return (self._github_token, *session)

    async def _current(self) -> _Session:
        async with self._lock:
            if self._session is None or time.time() >= self._session.renew_at:
                self._session = await self._exchange()
            return self._session

    async def _exchange(self) -> _Session:
        url = self._place.exchange_url
        policy = self._place.policy(host_of(url), self._place.exchange_source)
        client = HttpClient(policy, _PATIENCE)
        headers = {
            "Authorization": f"token {self._github_token.reveal()}",
            "Accept": "application/json",
            **IDENTITY,
        }
        try:
            async with client.request("GET", url, headers=headers) as response:
                answer = decode_object(await response.read())
        except ProviderError as error:
            raise _explained(error) from error
        finally:
            await client.aclose()
        return self._read(answer)

    def _read(self, answer: JsonObject) -> _Session:
        token = answer.get("token")
        if not isinstance(token, str) or not token:
            raise ProviderError(
                "GitHub's answer holds no Copilot token",
                kind="protocol",
                hint="Check base_url, and whether the account has Copilot.",
            )
        now = time.time()
        life = [_number(answer, "refresh_in"), _number(answer, "expires_at") - now - MARGIN_S]
        lasts = min((value for value in life if value > 0), default=SHORTEST_S)
        plan = answer.get("sku")
        return _Session(
            Secret(token),
            now + max(lasts, SHORTEST_S),
            self._api(answer),
            plan[:60] if isinstance(plan, str) and plan.isprintable() else "",
        )

    def _api(self, answer: JsonObject) -> str:
        places = answer.get("endpoints")
        api = places.get("api") if isinstance(places, dict) else None
        if not isinstance(api, str) or not api or not self._place.trusted:
            return ""
        parts = urlsplit(api)
        host = normal_host(parts.hostname or "")
        if parts.scheme != "https" or not any(is_under(host, d) for d in self._place.trusted):
            raise ProviderError(
                f"GitHub named {host or 'no host'} as the place of Copilot, which is not GitHub's",
                kind="network_policy",
                hint="Nothing was sent there. For an enterprise: base_url = "
                '"https://copilot-api.DOMAIN".',
            )
        self._place.policy(host, "credential").require("https", host)
        return api.rstrip("/")


def _number(answer: JsonObject, key: str) -> float:
    value = answer.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _explained(error: ProviderError) -> ProviderError:
    """A refusal of the exchange, in words about the account instead of the model."""
    if error.status == 401:
        title, hint = "GitHub refuses the token", "It has ended or was revoked: connect again."
    elif error.status in (403, 404):
        title = f"GitHub gives no Copilot token: {error.title}"
        hint = "See at https://github.com/settings/copilot whether the account has Copilot."
    else:
        return error
    return ProviderError(title, kind="auth", hint=hint, status=error.status, code=error.code)
