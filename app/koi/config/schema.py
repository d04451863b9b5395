"""The native tables of config.toml, one struct each. Strings are kept as written (`${VAR}`)."""

from __future__ import annotations

import typing
from typing import Annotated, Literal, TypeAlias

import msgspec

ProtocolName: TypeAlias = Literal[
    "anthropic",
    "openai-chat",
    "openai-responses",
    "gemini",
    "bedrock",
    "ollama",
    "copilot",
    "wasm",
]
RoleName: TypeAlias = Literal["executor", "evaluator", "planner", "embedder", "small"]
ROLE_NAMES: tuple[RoleName, ...] = typing.get_args(RoleName)
ToolSupport: TypeAlias = Literal["auto", "native", "prompt", "off"]
AuthName: TypeAlias = Literal["bearer", "x-api-key", "x-goog-api-key", "none"]
RuleAction: TypeAlias = Literal["allow", "ask", "deny"]

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Tokens: TypeAlias = Annotated[int, msgspec.Meta(gt=0)]
Seconds: TypeAlias = Annotated[float, msgspec.Meta(gt=0)]
Amount: TypeAlias = Annotated[float, msgspec.Meta(ge=0)]
Fraction: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1)]


class ModelTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[providers.NAME.models."MODEL"]`: what is different for one model of a provider."""

    context_window: Tokens | None = None
    """Tokens that it can hold."""
    max_output_tokens: Tokens | None = None
    """Tokens that it can answer with."""
    tools: ToolSupport | None = None
    """As in `[providers.NAME]`, for this model. Default: what is said there."""
    vision: bool | None = None
    """It takes images. Default: as koi knows it."""
    reasoning: bool | None = None
    """It thinks before it answers. Default: as koi knows it."""
    streaming: bool | None = None
    """Its answers may be streamed. Default: as koi knows it."""
    embeddings: bool | None = None
    """It makes vectors. Default: as koi knows it."""


class ProviderTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[providers.NAME]`: a provider of your own, or changes to one of the catalogue."""

    protocol: ProtocolName | None = None
    """Wire format. Default: the catalogue's, or openai-chat for a name of your own."""
    base_url: str | None = None
    """Where requests go, without the last part of the path (`/chat/completions`)."""
    api_path: str | None = None
    """The path of chat requests after `base_url`, for endpoints where it is an unusual one."""
    auth: AuthName | None = None
    """How the key is sent; none: without one, also when there is one. Default: as is usual."""
    api_key: str | None = None
    """The key itself; better `"${VAR}"` than the key in a file."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the key."""
    api_keys: tuple[str, ...] = ()
    """More keys, after `api_key` or `api_key_env`; they take over when one is limited."""
    default_model: str | None = None
    """What a bare provider name means."""
    fast_model: str | None = None
    """Model of the fast tier."""
    premium_model: str | None = None
    """Model of the premium tier."""
    context_window: Tokens | None = None
    """Tokens that its models can hold. Default: as koi knows each model."""
    max_output_tokens: Tokens | None = None
    """Tokens that its models can answer with. Default: as koi knows each model."""
    tools: ToolSupport = "auto"
    """auto: as koi knows the model; native: always; prompt: described in the prompt; off: none."""
    headers: dict[str, str] = {}
    """Extra request headers."""
    connect_s: Seconds | None = None
    """Seconds to wait for a connection. Default: 10."""
    first_byte_s: Seconds | None = None
    """Seconds to wait for the first data of an answer. Default: 120, on this machine 600."""
    idle_s: Seconds | None = None
    """Seconds between two pieces of data before the stream counts as dead. Default: 300, 90 for
    models that are known not to think, on this machine 600."""
    total_s: Seconds | None = None
    """Seconds for a whole answer. Default: as long as data comes."""
    enabled: bool = True
    """False: never used, and left out of discovery."""
    plugin: str | None = None
    """The .wasm file of a provider with `protocol = "wasm"`; relative to this file's folder."""
    models: dict[str, ModelTable] = {}


class FallbackTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[models.fallback]`: model references to try in order, for each role."""

    executor: tuple[str, ...] = ()
    evaluator: tuple[str, ...] = ()
    planner: tuple[str, ...] = ()
    embedder: tuple[str, ...] = ()
    small: tuple[str, ...] = ()


class ModelsTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[models]`: a model reference for each role."""

    executor: str | None = None
    """Does the work. Default: `model`."""
    evaluator: str | None = None
    """Judges the work. Default: `model`."""
    planner: str | None = None
    """Plans the work. Default: `model`."""
    embedder: str | None = None
    """Makes vectors for search."""
    small: str | None = None
    """Titles and summaries."""
    fallback: FallbackTable = FallbackTable()


class ReliabilityTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[reliability]`: what happens when a provider fails."""

    retries: Count = 2
    """How often a failed request is sent again."""
    backoff_ms: Count = 500
    """Milliseconds before the first retry; doubles each time up to 10 s."""
    cooldown_s: Amount = 60.0
    """Seconds that a failed model rests."""
    fallback_on_auth: bool = False
    """Also change the provider when a key is refused."""
    model_fallbacks: dict[str, tuple[str, ...]] = {}
    """For a model reference, the references to try after it."""


class RouteTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[[model_routes]]`: which provider serves a model name."""

    hint: str
    """The beginning of the names that it is for, the longest wins; `hint:NAME` matches exactly."""
    provider: str
    """The provider that takes it; also `custom:URL` and `anthropic-custom:URL`."""
    model: str | None = None
    """The name to send instead."""
    api_key: str | None = None
    """A key for this route only, in place of the provider's; better `"${VAR}"`."""
    api_key_env: str | None = None
    """The variable of a key for this route only."""


class RoutingTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[routing]`."""

    tiers: bool = False
    """Choose the fast, primary or premium model by the prompt."""


class PriceTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[pricing."MODEL"]`: USD per million tokens; MODEL is a name or a full reference."""

    input_per_mtok: Amount
    """Fresh input."""
    output_per_mtok: Amount
    """Output, reasoning included."""
    cache_read_per_mtok: Amount | None = None
    """Input read from a cache. Default: as fresh input."""
    cache_write_per_mtok: Amount | None = None
    """Input written to a cache. Default: as fresh input."""


class BudgetTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[budget]`: what may be spent; a request that does not fit is not sent."""

    session_usd: Amount | None = None
    """USD for one session."""
    session_tokens: Tokens | None = None
    """Tokens for one session: input, cached or not, and output."""
    day_usd: Amount | None = None
    """USD for one local calendar day, over all sessions."""
    day_tokens: Tokens | None = None
    """Tokens for one local calendar day, over all sessions."""
    warn_at: tuple[Fraction, ...] = (0.8, 0.95)
    """Fractions of a limit at which koi says so."""


class NetworkTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[network]`: where requests may go."""

    default_deny: bool = False
    """Only to hosts that are named in `provider_allowed_hosts`."""
    provider_allowed_hosts: tuple[str, ...] = ()
    """Host names, without scheme and path."""


class RuleTable(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of `[permissions] rules`."""

    rule: str
    """`TOOL` or `TOOL(PATTERN)`."""
    action: RuleAction
    """allow, ask or deny."""


class PermissionsTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[permissions]`: what may happen without a question. The LAST rule that matches wins."""

    rules: tuple[RuleTable, ...] = ()


class IterationTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[iteration]`: limits of work that is repeated until it is good enough."""

    max: Count = 3
    """Cycles."""
    quality: Fraction = 0.8
    """Score that is good enough."""
    max_cost_usd: Amount = 2.0
    """USD for all cycles."""
    max_seconds: Seconds = 300.0
    """Seconds for all cycles."""


class VerifyTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[verify]`: the project's own checks."""

    commands: tuple[str, ...] = ()
    """Command lines. Default: detected."""


class CredentialsTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[credentials]`: what you said to using logins that belong to other programs.

    Sources: claude-cli, claude-keychain, claude-token, codex-cli, qwen-cli.
    """

    allow: tuple[str, ...] = ()
    """Sources that you said yes to."""
    deny: tuple[str, ...] = ()
    """Sources that you said no to; koi does not ask again."""


class OAuthClientTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[oauth.NAME]`: another OAuth application, or other hosts, for one of koi's logins.

    NAME is copilot, chatgpt, chatgpt-browser, qwen, minimax or minimax-cn.
    """

    client_id: str | None = None
    """Public id of your own OAuth application."""
    scope: str | None = None
    """What is asked for, words with spaces between them."""
    device_url: str | None = None
    """Where a code for the login is asked for."""
    authorize_url: str | None = None
    """The page of the sign-in with a browser."""
    token_url: str | None = None
    """Where codes and refresh tokens become tokens."""
    exchange_url: str | None = None
    """Where a GitHub token becomes one for Copilot (copilot only)."""


class DisplayTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[display]`: how the screen looks."""

    reduced_motion: bool = False
    """Nothing moves by itself."""
    ambiguous_width: Literal[1, 2] = 1
    """Cells of characters whose width depends on the font."""


class Tables(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    model: str | None = None
    """Model reference for executor, evaluator and planner. Default: the best one found."""
    ignore: tuple[str, ...] = ()
    """Globs of files that search tools leave out, on top of .gitignore."""
    providers: dict[str, ProviderTable] = {}
    models: ModelsTable = ModelsTable()
    reliability: ReliabilityTable = ReliabilityTable()
    model_routes: tuple[RouteTable, ...] = ()
    routing: RoutingTable = RoutingTable()
    pricing: dict[str, PriceTable] = {}
    budget: BudgetTable = BudgetTable()
    network: NetworkTable = NetworkTable()
    permissions: PermissionsTable = PermissionsTable()
    iteration: IterationTable = IterationTable()
    verify: VerifyTable = VerifyTable()
    credentials: CredentialsTable = CredentialsTable()
    oauth: dict[str, OAuthClientTable] = {}
    display: DisplayTable = DisplayTable()


UNUSED_ROLES = "evaluation, planning and vectors, which nothing asks for yet"
NOT_IN_EFFECT: dict[str, str] = {
    "ignore": "extra ignore globs",
    "models.evaluator": UNUSED_ROLES,
    "models.planner": UNUSED_ROLES,
    "models.embedder": UNUSED_ROLES,
    "models.fallback.evaluator": UNUSED_ROLES,
    "models.fallback.planner": UNUSED_ROLES,
    "models.fallback.embedder": UNUSED_ROLES,
    "iteration": "iterations",
    "verify": "verification",
    "display": "display settings",
}
"""Keys that are known but that this version does nothing with, and what they belong to."""
