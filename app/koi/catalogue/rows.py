"""The shape of a catalogue row: who serves, in which protocol, with which habits."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from koi.config.schema import ProtocolName

Protocol: TypeAlias = ProtocolName
AuthStyle: TypeAlias = Literal["bearer", "x-api-key", "x-goog-api-key", "sigv4", "none"]
USUAL_AUTH: dict[Protocol, AuthStyle] = {
    "anthropic": "x-api-key",
    "gemini": "x-goog-api-key",
    "bedrock": "sigv4",
}
"""How a key is sent where nothing else is known; bearer with every other protocol."""


class Company(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a provider is, and how it wants to be paid and greeted."""

    slug: str
    display_name: str
    base_url: str
    """May hold `${VAR}`, put in when the provider is used."""
    auth: AuthStyle
    """How a key is sent. sigv4: without a key, requests are signed; with one it is a bearer."""
    aliases: tuple[str, ...] = ()
    api_key_env: tuple[str, ...] = ()
    """Environment variables that may hold a key, the first that is set wins."""
    base_url_env: str | None = None
    """A variable that says where the provider is, in place of base_url."""
    key_prefixes: tuple[str, ...] = ()
    """How keys begin that belong to this company only: nobody else is sent one."""
    token_prefix: str | None = None
    """How tokens of its subscriptions begin, which are no API keys and need a yes."""
    consent_env: tuple[str, ...] = ()
    """Variables that hold tokens of its subscriptions: they need a yes."""
    headers: dict[str, str] = {}
    models_url: str | None = None
    local: bool = False
    """True for servers on the person's own machines; their models cost nothing."""
    key_optional: bool = False
    """True when a request without a key makes sense (local servers, URL forms)."""
    siblings: tuple[str, ...] = ()
    """The same company in other regions; a key of one region is refused by the others."""
    price_id: str | None = None
    """The provider's id in genai-prices, None when its prices are not known there."""


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Habits within a protocol. The defaults are what most endpoints of a protocol do."""

    default_model: str | None = None
    """What its bare name means; a provider without one is never chosen by itself."""
    native_tools: bool = True
    """False when none of its models calls tools."""
    vision: bool | None = None
    """Whether its models see images; None when that differs between them."""
    embeddings: bool = False
    """Whether it makes vectors too."""
    token_parameter: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    stream_usage: bool = True
    """Send stream_options.include_usage (openai-chat)."""
    reasoning_inside_output: bool = True
    """False when the provider counts reasoning tokens on top of completion tokens (xAI)."""
    reasoning_echo: str | None = None
    """The field in which earlier reasoning goes back to this provider, if it wants it."""
    think_tags: bool = False
    """True when text may begin with <think>…</think>, which is reasoning (openai-chat)."""
    system_in_first_message: bool = False
    """True when the role `system` is refused: its text goes before the first user message."""
    call_id_form: Literal["protocol", "alphanumeric-9"] = "protocol"
    """Which ids of tool calls are accepted: those of the protocol, or exactly nine letters."""
    path_version: bool = True
    """Put the version of the protocol (/v1) into the path when the base URL has no path."""
    streaming_only: bool = False
    """Refuses requests without streaming: answers in one piece are streamed all the same."""
    encrypted_reasoning: bool | None = None
    """Whether its models give their reasoning encrypted; None goes by their names
    (openai-responses)."""
    reasoning_summary: Literal["auto"] | None = None
    """Which summaries of the reasoning to ask for (openai-responses)."""
    refused_fields: tuple[str, ...] = ()
    """Fields of the request body that it refuses: they are left out (openai-responses)."""
    billing_codes: tuple[str, ...] = ()
    """Codes of its errors that waiting does not help: no credit, or not part of the plan."""
    model_names: dict[str, str] = {}
    """Names that the provider knows under another id."""
    models_query: str = ""
    """What is asked with the list of models: `client_version=…` for the newer ones of ChatGPT."""
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
    unverified: tuple[str, ...] = ()
    """What no source but one says, or nobody has tried."""
    notes: tuple[str, ...] = ()
    """What a person should know who uses it, in Markdown."""

    @property
    def slug(self) -> str:
        """Its name in model references."""
        return self.company.slug

    def profile_for(self, protocol: str) -> Profile:
        """What holds in a protocol: all of `profile` in its own one, in others what is true of
        the models in any protocol.
        """
        own = self.profile
        if protocol == self.protocol:
            return own
        return Profile(
            default_model=own.default_model,
            native_tools=own.native_tools,
            vision=own.vision,
            embeddings=own.embeddings,
            billing_codes=own.billing_codes,
            model_names=own.model_names,
        )

    def base_url_for(self, protocol: str) -> str | None:
        """Where it serves a protocol, None when it is not known to."""
        if protocol == self.protocol:
            return self.company.base_url
        found = (other.base_url for other in self.alternates if other.protocol == protocol)
        return next(found, None)
