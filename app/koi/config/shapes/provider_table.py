"""`[provider]` with kind, base_url, api_key_env and model: one provider, described by its style."""

from __future__ import annotations

from koi.config.shapes.addresses import host_name
from koi.config.shapes.draft import Draft

KNOWN = ("kind", "base_url", "api_key_env", "model")
PROTOCOLS = {"anthropic": "anthropic", "openai": "openai-chat"}
NAMES = {
    "api.anthropic.com": "anthropic",
    "api.openai.com": "openai",
    "openrouter.ai": "openrouter",
    "api.together.xyz": "together",
    "api.fireworks.ai": "fireworks",
    "api.deepseek.com": "deepseek",
    "localhost:11434": "ollama",
    "localhost:8000": "vllm",
    "localhost:1234": "lmstudio",
}
"""The services that this shape's documentation names, with their names in koi's catalogue."""


def translate(draft: Draft) -> None:
    """Replace `[provider]`, and a model beside it, by `[providers.NAME]` and `model`.

    The endpoint is named after the service, or after its host. No api_key_env means that no key
    is sent, except for the style anthropic, whose usual variable is ANTHROPIC_API_KEY.
    """
    if "provider" not in draft.table:
        return
    provider = draft.take(("provider",))
    if not isinstance(provider, dict):
        draft.wrong_type(("provider",), provider, dict[str, object])
        return
    values = {key: draft.as_text(provider.get(key), ("provider", key)) for key in KNOWN}
    for key in provider:
        if key not in KNOWN:
            draft.unknown(("provider", key), KNOWN)
    kind, base_url = values["kind"], values["base_url"]
    if kind not in PROTOCOLS:
        said = f"'{kind}' is not one of its choices" if kind else "'kind' is missing"
        draft.mistake(("provider", "kind"), said, f"One of: {', '.join(PROTOCOLS)}.")
        return
    name = _name(kind, base_url)
    protocol = PROTOCOLS[kind]
    if name != protocol:
        draft.put(("providers", name, "protocol"), protocol, ("provider", "kind"))
    draft.put(("providers", name, "base_url"), base_url, ("provider", "base_url"))
    _put_key(draft, name, kind, values)
    _put_model(draft, name, values["model"])


def _name(kind: str, base_url: str | None) -> str:
    if base_url is None:
        return kind
    host = host_name(base_url)
    return "endpoint" if host is None else NAMES.get(host, host)


def _put_key(draft: Draft, name: str, kind: str, values: dict[str, str | None]) -> None:
    variable, source = values["api_key_env"], ("provider", "api_key_env")
    if variable is None and kind == "anthropic" and name != "anthropic":
        variable = "ANTHROPIC_API_KEY"
    if variable is not None:
        draft.put(("providers", name, "api_key_env"), variable, source)
        return
    written = ("api_key", "api_key_env", "api_keys", "auth")
    by_itself = kind == "anthropic" or values["base_url"] is None
    if not by_itself and not any(draft.has(("providers", name, each)) for each in written):
        draft.put(("providers", name, "auth"), "none", source)


def _put_model(draft: Draft, name: str, inside: str | None) -> None:
    """The model stands in the table or at the top of the file; there it is a bare name too."""
    source: tuple[str, ...] = ("provider", "model")
    if inside is None and "model" in draft.table:
        inside, source = draft.take_text(("model",)), ("model",)
    draft.put(("model",), f"{name}/{inside}" if inside else name, source)
