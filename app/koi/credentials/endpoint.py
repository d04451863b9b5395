"""One provider as configured: everything that a request needs besides its content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol as Seam

from koi.catalogue.rows import AuthStyle, Profile, Protocol
from koi.config.schema import ToolSupport
from koi.core.errors import ProviderError, UsageError
from koi.core.seams import ModelInfo
from koi.core.secret import Secret
from koi.net.hosts import host_of
from koi.net.policy import HostSource, NetworkPolicy, NetworkRules
from koi.net.timeouts import REMOTE, Timeouts


def _unknown(model: str) -> None:
    return None


def _none(model: str) -> tuple[str, ...]:
    return ()


def _automatic(model: str) -> ToolSupport:
    return "auto"


class Signer(Seam):
    """Makes the headers of requests whose authorization depends on them, or must be fetched."""

    async def headers(self, method: str, url: str, body: bytes) -> dict[str, str]:
        """The headers to add to exactly this request. Raises CredentialMissing, ProviderError."""
        ...

    async def base_url(self, configured: str) -> str:
        """Where requests go; `configured` unless the credential itself names another place."""
        ...

    async def refused(self, error: ProviderError) -> bool:
        """What was sent was refused (400, 401, 403). True when something else is sent next time.

        May give `error` a better hint.
        """
        ...

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Everything that must not be repeated."""
        ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`base_url` may be with or without /v1 or the protocol's path.

    `key` is None when requests carry no key. `headers` come on top of the protocol's own.
    """

    name: str
    protocol: Protocol
    base_url: str
    auth: AuthStyle = "bearer"
    key: Secret | None = None
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    profile: Profile = field(default_factory=Profile)
    timeouts: Timeouts = REMOTE
    host_source: HostSource = "catalogue"
    """Why requests may go to the host of `base_url`."""
    rules: NetworkRules = field(default_factory=NetworkRules)
    api_path: str | None = None
    """The path of chat requests, when it is not the protocol's own."""
    context_window: Callable[[str], int | None] = _unknown
    """Tokens that a model can hold, by its name, when the configuration says so."""
    output_limit: Callable[[str], int | None] = _unknown
    """Tokens that a model can answer with, by its name; None when unknown."""
    configured_tools: Callable[[str], ToolSupport] = _automatic
    """How a model is offered tools, by its name, as the configuration wants it."""
    known: Callable[[str], ModelInfo | None] = _unknown
    """What is known of a model, by its name; None when nothing is."""
    nearest: Callable[[str], tuple[str, ...]] = _none
    """Models of this provider that were probably meant by a name that it does not know."""
    models_url: str | None = None
    siblings: tuple[str, ...] = ()
    """The same company in other regions, where a key that is refused here may be at home."""
    header_secrets: tuple[Secret, ...] = ()
    """Values of `headers` that may be keys too; no error repeats them."""
    signer: Signer | None = None
    """Takes the place of `key` where a fixed header is not enough."""
    key_advice: str = ""
    """How a person gives it a key, for a server that wants one after all; "" when unknown."""
    other_key: str = ""
    """How a key that koi keeps is used instead of this one, when there is one; "" otherwise."""
    key_header: str | None = None
    """The header that carries the key as it is, when `auth` is not the way."""

    @property
    def policy(self) -> NetworkPolicy:
        """Where its requests may go: to the hosts of its addresses."""
        urls = (self.base_url, self.models_url or "")
        hosts = {host: self.host_source for url in urls if (host := host_of(url))}
        return NetworkPolicy(self.name, hosts, self.rules)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Everything that must not be repeated."""
        signed = () if self.signer is None else self.signer.secrets
        key = () if self.key is None else (self.key,)
        return (*key, *self.header_secrets, *signed)

    def auth_headers(self) -> dict[str, str]:
        """The header with the key; none without a key. Raises UsageError for unknown styles."""
        if self.key is None or self.auth == "none":
            return {}
        if self.key_header is not None:
            return {self.key_header: self.key.reveal()}
        match self.auth:
            case "bearer":
                return {"Authorization": f"Bearer {self.key.reveal()}"}
            case "x-api-key" | "x-goog-api-key":
                return {self.auth: self.key.reveal()}
        raise UsageError(
            f"{self.name}: this way to send a key is not supported by this version",
            hint="Use a provider with a bearer token or an x-api-key header.",
        )
