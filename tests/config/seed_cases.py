"""What each example in seeds/ means: provider, model, where its key is, and its address."""

from __future__ import annotations

from pathlib import Path

import msgspec

SEEDS = Path(__file__).with_name("seeds")
NAMES = (
    *("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENROUTER_API_KEY", "TOGETHER_API_KEY"),
    *("DEEPSEEK_API_KEY", "OLLAMA_API_KEY", "VLLM_API_KEY", "LMSTUDIO_API_KEY", "LM_API_KEY"),
    *("OPENROUTER_KEY", "KEY_1", "KEY_2", "ANTHROPIC_KEY", "WORK_CLAUDE_KEY"),
)
ENVIRONMENT = {name: f"value-of-{name}" for name in NAMES}
"""Every variable is set, so that a key which must not be sent would be seen."""


class Case(msgspec.Struct, frozen=True):
    """One example. `key` is what is sent: the value of a variable, a literal, or nothing."""

    file: str
    provider: str
    model: str
    key: str | None
    url: str
    protocol: str = "openai-chat"

    @property
    def path(self) -> Path:
        """The example."""
        return SEEDS / self.file


def variable(name: str) -> str:
    """The key that comes out of a variable."""
    return ENVIRONMENT[name]


ANTHROPIC = "https://api.anthropic.com"
GATEWAY = "https://openrouter.ai/api/v1"
CASES = (
    Case(
        *("microcode-anthropic.toml", "anthropic", "claude-sonnet-4-6"),
        *(variable("ANTHROPIC_API_KEY"), ANTHROPIC, "anthropic"),
    ),
    Case(
        *("microcode-openai.toml", "openai", "gpt-4o"),
        *(variable("OPENAI_API_KEY"), "https://api.openai.com/v1"),
    ),
    Case(
        *("microcode-openrouter.toml", "openrouter", "anthropic/claude-sonnet-4"),
        *(variable("OPENROUTER_API_KEY"), GATEWAY),
    ),
    Case(
        *("microcode-together.toml", "together", "Qwen/Qwen2.5-Coder-32B-Instruct"),
        *(variable("TOGETHER_API_KEY"), "https://api.together.xyz/v1"),
    ),
    Case(
        *("microcode-deepseek.toml", "deepseek", "deepseek-coder"),
        *(variable("DEEPSEEK_API_KEY"), "https://api.deepseek.com/v1"),
    ),
    Case("microcode-ollama.toml", "ollama", "qwen3-coder:30b", None, "http://localhost:11434/v1"),
    Case(
        *("microcode-vllm.toml", "vllm", "Qwen/Qwen3-Coder-30B-A3B-Instruct"),
        *(None, "http://localhost:8000/v1"),
    ),
    Case(
        "microcode-lmstudio.toml", "lmstudio", "qwen-3-coder-30b", None, "http://localhost:1234/v1"
    ),
    Case(
        *("zeroclaw-default.toml", "openrouter", "anthropic/claude-sonnet-4.6"),
        *(variable("OPENROUTER_API_KEY"), GATEWAY),
    ),
    Case(
        *("zeroclaw-routing.toml", "openrouter", "anthropic/claude-sonnet-4.6"),
        *(variable("OPENROUTER_KEY"), GATEWAY),
    ),
    Case(
        *("missy-providers.yaml", "anthropic", "claude-sonnet-4-6"),
        *(variable("ANTHROPIC_API_KEY"), ANTHROPIC, "anthropic"),
    ),
    Case(
        *("missy-tiers.yaml", "anthropic", "claude-sonnet-4-6"),
        *(variable("ANTHROPIC_API_KEY"), ANTHROPIC, "anthropic"),
    ),
    Case(
        *("missy-api-keys.yaml", "anthropic", "claude-sonnet-4-6"),
        *("sk-ant-key1...", ANTHROPIC, "anthropic"),
    ),
    Case(
        *("openkoi-roles.toml", "anthropic", "claude-sonnet-4-5"),
        *(variable("ANTHROPIC_API_KEY"), ANTHROPIC, "anthropic"),
    ),
    Case(
        *("openkoi-two-roles.toml", "openai", "gpt-5.2"),
        *(variable("OPENAI_API_KEY"), "https://api.openai.com/v1", ""),
    ),
    Case(
        *("nanocoder-tutorial.json", "openrouter", "anthropic/claude-sonnet-4"),
        *(variable("OPENROUTER_API_KEY"), GATEWAY),
    ),
    Case(
        *("nanocoder-agents.json", "lmstudio", "qwen3-coder:a3b"),
        *(variable("LMSTUDIO_API_KEY"), "http://localhost:1234/v1"),
    ),
)
ENDPOINTS = {
    "zeroclaw-custom.toml": ("openai-chat", "https://my-llm.example.com/v1"),
    "zeroclaw-anthropic-custom.toml": ("anthropic", "https://my-anthropic-proxy.example.com"),
}
"""Examples of an endpoint without a model: protocol and address."""
WITHOUT_A_MODEL = (
    *ENDPOINTS,
    *("microcode-pricing.toml", "missy-network.yaml"),
    *("openkoi-fallback.toml", "openkoi-plugins.toml"),
)
SHELL = ("openkoi-exports.sh", "openkoi-model.sh", "openkoi-executor.sh")
