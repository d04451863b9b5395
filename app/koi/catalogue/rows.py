"""The shape of a catalogue row: who serves, in which protocol, with which habits."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Protocol: TypeAlias = Literal[
    "anthropic",
    "openai-chat",
    "openai-responses",
    "gemini",
    "bedrock",
    "ollama",
    "copilot",
    "wasm",
]
AuthStyle: TypeAlias = Literal["bearer", "x-api-key", "x-goog-api-key", "sigv4", "none", "other"]


class Company(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a provider is, and how it wants to be paid and greeted."""

    slug: str
    display_name: str
    base_url: str
    """May hold `${VAR}`, put in when the provider is used."""
    auth: AuthStyle
    aliases: tuple[str, ...] = ()
    api_key_env: tuple[str, ...] = ()
    """Environment variables that may hold a key, the first that is set wins."""
    consent_env: dict[str, str] = {}
    """Variables that are not used by themselves, and why, in words."""
    headers: dict[str, str] = {}
    models_url: str | None = None
    local: bool = False
    """True for servers on the person's own machines; their models cost nothing."""
    key_optional: bool = False
    """True when a request without a key makes sense (local servers, URL forms)."""
    price_id: str | None = None
    """The provider's id in genai-prices, None when its prices are not known there."""


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Habits within a protocol. The defaults are what most endpoints of a protocol do."""

    default_model: str | None = None
    native_tools: bool = True
    vision: bool = False
    embeddings: bool = False
    token_parameter: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    stream_usage: bool = True
    """Send stream_options.include_usage (openai-chat)."""
    reasoning_inside_output: bool = True
    """False when the provider counts reasoning tokens on top of completion tokens (xAI)."""
    reasoning_echo: str | None = None
    """The field in which earlier reasoning goes back to this provider, if it wants it."""
    system_in_first_message: bool = False
    """True when the role `system` is refused: its text goes before the first user message."""
    call_id_form: Literal["protocol", "alphanumeric-9"] = "protocol"
    """Which ids of tool calls are accepted: those of the protocol, or exactly nine letters."""
    model_names: dict[str, str] = {}
    """Names that the provider knows under another id."""
    extra_body: dict[str, bool | int | str] = {}
    """Fields that every request to it carries."""


class Alternate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another protocol that the same provider speaks, and where."""

    protocol: Protocol
    base_url: str


class ProviderRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One provider of the catalogue. `protocol` is its best one, `alternates` the others."""

    company: Company
    protocol: Protocol
    alternates: tuple[Alternate, ...] = ()
    profile: Profile = Profile()

    @property
    def slug(self) -> str:
        """Its name in model references."""
        return self.company.slug

    def base_url_for(self, protocol: str) -> str | None:
        """Where it serves a protocol, None when it is not known to."""
        if protocol == self.protocol:
            return self.company.base_url
        found = (other.base_url for other in self.alternates if other.protocol == protocol)
        return next(found, None)
