"""The shape of a catalogue row: who serves, in which protocol, with which habits."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Protocol: TypeAlias = Literal[
    "anthropic", "openai-chat", "openai-responses", "gemini", "bedrock", "ollama", "copilot"
]
AuthStyle: TypeAlias = Literal["bearer", "x-api-key", "none", "other"]


class Company(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a provider is, and how it wants to be paid and greeted."""

    slug: str
    display_name: str
    base_url: str
    auth: AuthStyle
    aliases: tuple[str, ...] = ()
    api_key_env: tuple[str, ...] = ()
    """Environment variables that may hold a key, the first that is set wins."""
    headers: dict[str, str] = {}
    models_url: str | None = None
    local: bool = False
    key_optional: bool = False
    """True when a request without a key makes sense (local servers, URL forms)."""
    price_id: str | None = None
    """The provider's id in genai-prices, when it differs from the slug."""


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


class ProviderRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One provider of the catalogue."""

    company: Company
    protocol: Protocol
    profile: Profile = Profile()
