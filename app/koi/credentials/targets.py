"""What a person can connect: sixteen well-known targets, and every other row of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec

from koi.catalogue.registry import Registered, Registry
from koi.core.errors import UsageError
from koi.credentials.findings import ConsentId, Discovery
from koi.credentials.logins.login import Login

WayKind: TypeAlias = Literal["login", "key", "consent", "aws", "local", "url"]
OTHER_URL = "url"
"""The name of the target for an endpoint that the catalogue does not know."""


class Target(msgspec.Struct, frozen=True):
    """One thing to connect."""

    name: str
    """What the person types."""
    provider: str
    """The slug that it makes usable; "" for an address of the person's own."""
    title: str
    kind: WayKind
    """The usual way."""
    hint: str
    """What it needs, on one line."""
    key_page: str = ""
    """Where the vendor hands out keys."""
    aliases: tuple[str, ...] = ()
    login_providers: tuple[str, ...] = ()
    """Slugs whose logins belong to it, the provider itself first."""
    consents: tuple[ConsentId, ...] = ()
    """Logins of other programs that can be used for it."""


class Way(msgspec.Struct, frozen=True):
    """One way to connect a target."""

    kind: WayKind
    title: str
    hint: str = ""
    name: str = ""
    """Which login, or which source needs the yes."""


TARGETS: tuple[Target, ...] = (
    Target(
        "copilot",
        "copilot",
        "GitHub Copilot",
        "login",
        "your Copilot plan: sign in with a code",
        aliases=("github-copilot",),
        login_providers=("copilot",),
    ),
    Target(
        "chatgpt",
        "openai-codex",
        "ChatGPT",
        "login",
        "your ChatGPT plan: sign in with a code or a browser",
        aliases=("openai-codex", "codex"),
        login_providers=("openai-codex",),
        consents=("codex-cli",),
    ),
    Target(
        "anthropic",
        "anthropic",
        "Anthropic",
        "key",
        "an API key",
        "https://console.anthropic.com/settings/keys",
        aliases=("claude",),
        consents=("claude-cli", "claude-keychain", "claude-token"),
    ),
    Target(
        "openai", "openai", "OpenAI", "key", "an API key", "https://platform.openai.com/api-keys"
    ),
    Target(
        "google",
        "gemini",
        "Google Gemini",
        "key",
        "an AI Studio key",
        "https://aistudio.google.com/apikey",
        aliases=("gemini", "google-gemini"),
    ),
    Target(
        "openrouter",
        "openrouter",
        "OpenRouter",
        "key",
        "an API key, for models of many vendors",
        "https://openrouter.ai/settings/keys",
    ),
    Target("groq", "groq", "Groq", "key", "an API key", "https://console.groq.com/keys"),
    Target(
        "together",
        "together",
        "Together AI",
        "key",
        "an API key",
        "https://api.together.ai/settings/api-keys",
    ),
    Target(
        "deepseek",
        "deepseek",
        "DeepSeek",
        "key",
        "an API key",
        "https://platform.deepseek.com/api_keys",
    ),
    Target("xai", "xai", "xAI (Grok)", "key", "an API key", "https://console.x.ai", ("grok",)),
    Target(
        "moonshot",
        "moonshot",
        "Moonshot / Kimi",
        "key",
        "an API key of platform.moonshot.cn; other regions: moonshot-intl, kimi-code",
        "https://platform.moonshot.cn/console/api-keys",
        aliases=("kimi",),
    ),
    Target(
        "minimax",
        "minimax",
        "MiniMax",
        "login",
        "your MiniMax plan, or an API key; in China: minimax-cn",
        "https://platform.minimax.io/user-center/basic-information/interface-key",
        login_providers=("minimax",),
    ),
    Target(
        "qwen",
        "qwen",
        "Qwen / DashScope",
        "key",
        "an API key of DashScope; other regions: qwen-intl, qwen-us",
        "https://bailian.console.aliyun.com/?tab=model#/api-key",
        aliases=("dashscope",),
        login_providers=("qwen", "qwen-code"),
        consents=("qwen-cli",),
    ),
    Target(
        "bedrock",
        "bedrock",
        "Amazon Bedrock",
        "aws",
        "AWS credentials, or a key of Bedrock",
        "https://console.aws.amazon.com/bedrock/home#/api-keys",
        aliases=("aws",),
    ),
    Target("ollama", "ollama", "Ollama", "local", "models on this machine, for nothing"),
    Target(
        OTHER_URL,
        "",
        "Another OpenAI-compatible URL",
        "url",
        "an address such as https://llm.example.com/v1",
        aliases=("custom", "other"),
    ),
)
"""In the order in which they are shown."""

CONSENT_TARGETS: tuple[ConsentId, ...] = (
    "claude-cli",
    "claude-keychain",
    "claude-token",
    "codex-cli",
    "qwen-cli",
)
_KEY_PAGES = {
    "mistral": "https://console.mistral.ai/api-keys",
    "cohere": "https://dashboard.cohere.com/api-keys",
    "perplexity": "https://www.perplexity.ai/account/api/keys",
    "fireworks": "https://app.fireworks.ai/settings/users/api-keys",
    "nvidia": "https://build.nvidia.com/settings/api-keys",
    "moonshot-intl": "https://platform.moonshot.ai/console/api-keys",
    "kimi-code": "https://www.kimi.com/code",
    "minimax-cn": "https://platform.minimaxi.com/user-center/basic-information/interface-key",
    "qwen-intl": "https://modelstudio.console.alibabacloud.com",
    "zai": "https://z.ai/manage-apikey/apikey-list",
    "glm": "https://z.ai/manage-apikey/apikey-list",
    "glm-cn": "https://open.bigmodel.cn/usercenter/apikeys",
    "vercel": "https://vercel.com/docs/ai-gateway",
    "venice": "https://venice.ai/settings/api",
    "opencode": "https://opencode.ai/auth",
    "github-models": "https://github.com/settings/tokens",
}


def all_targets(registry: Registry) -> tuple[Target, ...]:
    """The well-known ones, then every other provider that is switched on."""
    known = {target.provider for target in TARGETS}
    rest = (
        target_of(provider)
        for provider in registry.all
        if provider.enabled and provider.name not in known
    )
    return (*TARGETS, *rest)


def target_of(provider: Registered) -> Target:
    """How a provider is connected: the entry of the table, else what its row says."""
    for target in TARGETS:
        if target.provider == provider.name:
            return target
    company = provider.row.company
    kind: WayKind = "local" if company.local else "aws" if company.auth == "sigv4" else "key"
    hint = "a server on this machine" if company.local else "an API key"
    return Target(
        provider.name,
        provider.name,
        company.display_name,
        kind,
        hint,
        _KEY_PAGES.get(provider.name, ""),
        company.aliases,
        login_providers=(provider.name,),
    )


def find_target(name: str, registry: Registry) -> Target:
    """The target that a person means. Raises UsageError with the nearest names."""
    plain = name.strip().lower().replace("_", "-")
    if plain.startswith("anthropic-custom:"):
        raise UsageError(
            "only OpenAI-compatible addresses can be connected",
            hint='Write a table [providers.NAME] with protocol = "anthropic" and its base_url.',
        )
    for target in TARGETS:
        if plain in (target.name, *target.aliases):
            return target
    provider = registry.find(name)
    if provider is not None:
        return target_of(provider)
    from difflib import get_close_matches

    names = [word for target in TARGETS for word in (target.name, *target.aliases)]
    names += [*CONSENT_TARGETS, *(each.name for each in registry.all)]
    near = get_close_matches(plain, dict.fromkeys(names), n=3, cutoff=0.6)
    meant = f"Did you mean {' or '.join(near)}? " if near else "koi connect lists them. "
    raise UsageError(
        f"'{name}' is nothing that koi can connect", hint=f"{meant}An address works too."
    )


def as_address(name: str) -> str | None:
    """The address that a name is (https://…, custom:https://…), None when it is none."""
    address = name.strip().removeprefix("custom:")
    return address if address.startswith(("http://", "https://")) else None


def as_consent(name: str) -> ConsentId | None:
    """The source of another program that a name means, None for every other name."""
    plain = name.strip().lower().replace("_", "-")
    return next((each for each in CONSENT_TARGETS if each == plain), None)


def ways(target: Target, logins: Sequence[Login], discovery: Discovery) -> tuple[Way, ...]:
    """The ways to connect a target, the usual one first. Other programs' logins only if found."""
    found = [
        Way("login", f"sign in with {login.title}", login.methods[0].title, login.name)
        for slug in target.login_providers
        for login in logins
        if login.provider == slug
    ]
    match target.kind:
        case "login":
            if target.key_page:
                found.append(_key_way(target))
        case "key":
            found.insert(0, _key_way(target))
        case "aws":
            found.append(Way("aws", "credentials of AWS", "from the environment or a profile"))
            found.append(_key_way(target))
        case "local" | "url":
            found.append(Way(target.kind, target.title, target.hint))
    own = (finding.consent for finding in discovery.of(target.provider))
    consents = tuple(dict.fromkeys((*target.consents, *(each for each in own if each))))
    return (*found, *foreign_ways(discovery, consents))


def foreign_ways(
    discovery: Discovery, wanted: Sequence[ConsentId] = CONSENT_TARGETS
) -> tuple[Way, ...]:
    """The logins of other programs that were found and are not used yet."""
    found = {
        finding.consent: finding
        for findings in discovery.findings.values()
        for finding in findings
        if finding.consent in wanted and finding.state in ("needs_yes", "declined")
    }
    return tuple(
        Way(
            "consent",
            f"use the login of {finding.source}",
            "needs your yes" if finding.state == "needs_yes" else "you said no to it",
            consent,
        )
        for consent, finding in found.items()
        if consent is not None
    )


def _key_way(target: Target) -> Way:
    return Way("key", "paste an API key", target.key_page)
