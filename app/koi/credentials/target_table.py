"""The well-known targets of `koi connect`, as data: what each needs, and where to get it."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from koi.credentials.findings import ConsentId

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
        "an API key (or qwen-intl, qwen-us); login: qwen-code",
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

FURTHER: tuple[Target, ...] = (
    Target(
        "qwen-code",
        "qwen-code",
        "Qwen Code",
        "login",
        "a login of Qwen, whose free plan has ended",
        aliases=("qwen-oauth",),
        login_providers=("qwen-code",),
        consents=("qwen-cli",),
    ),
    Target(
        "minimax-cn",
        "minimax-cn",
        "MiniMax (China)",
        "login",
        "your MiniMax plan, or an API key",
        "https://platform.minimaxi.com/user-center/basic-information/interface-key",
        aliases=("minimaxi", "minimax-china", "minimax-oauth-cn", "minimax-portal-cn"),
        login_providers=("minimax-cn",),
    ),
)
"""Those that are found by their name, or by a search, only."""

KEY_PAGES = {
    "mistral": "https://console.mistral.ai/api-keys",
    "cohere": "https://dashboard.cohere.com/api-keys",
    "perplexity": "https://www.perplexity.ai/account/api/keys",
    "fireworks": "https://app.fireworks.ai/settings/users/api-keys",
    "nvidia": "https://build.nvidia.com/settings/api-keys",
    "moonshot-intl": "https://platform.moonshot.ai/console/api-keys",
    "kimi-code": "https://www.kimi.com/code",
    "qwen-intl": "https://modelstudio.console.alibabacloud.com",
    "zai": "https://z.ai/manage-apikey/apikey-list",
    "glm": "https://z.ai/manage-apikey/apikey-list",
    "glm-cn": "https://open.bigmodel.cn/usercenter/apikeys",
    "vercel": "https://vercel.com/docs/ai-gateway",
    "venice": "https://venice.ai/settings/api",
    "opencode": "https://opencode.ai/auth",
    "github-models": "https://github.com/settings/tokens",
}
"""Where other vendors hand out keys, by slug."""
