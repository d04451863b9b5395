"""The APIs of aimock as providers in koi's configuration."""

from __future__ import annotations

from typing import NamedTuple

KEY = "test-key-for-aimock-0123456789"
OPENROUTER_KEY = "sk-or-v1-test-key-0123456789"


class Face(NamedTuple):
    """One API of one server: how it is configured."""

    name: str
    protocol: str
    path: str = ""
    settings: str = 'api_key = "{key}"'
    key: str = KEY

    def table(self, url: str, key: str | None = None) -> str:
        """Its table in config.toml, with this key or the usual one."""
        return (
            f'[providers.{self.name}]\nprotocol = "{self.protocol}"\n'
            f'base_url = "{url}{self.path}"\n{self.settings.format(key=key or self.key)}\n'
        )


PROTOCOLS = (
    Face("chat", "openai-chat", "/v1"),
    Face("responses", "openai-responses", "/v1"),
    Face("messages", "anthropic"),
    Face("gemini", "gemini", "/v1beta"),
    Face("ollama", "ollama"),
    Face("bedrock", "bedrock", settings='api_key = "{key}"\nauth = "bearer"'),
)
"""One face for each protocol."""

RELATIVES = (
    Face(
        "vertex",
        "gemini",
        "/v1/projects/p/locations/l/publishers/google",
        'api_key = "{key}"\nauth = "bearer"',
    ),
    Face(
        "azure",
        "openai-chat",
        "/openai/deployments/dep?api-version=2024-10-21",
        'auth = "none"\nheaders = {{ api-key = "{key}" }}',
    ),
    Face("openrouter", "openai-chat", "/api/v1", key=OPENROUTER_KEY),
    Face("cohere", "openai-chat", "/compatibility/v1"),
    Face("copilot", "copilot"),
)
"""The same protocols at other addresses, with other ways to show a key."""
