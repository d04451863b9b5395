"""agents.config.json: a list of providers, or the map of providers of its tutorial."""

from __future__ import annotations

from koi.config.shapes.addresses import usable_name
from koi.config.shapes.draft import Draft, Path
from koi.config.shapes.role_models import put_models
from koi.config.shapes.variables import with_braces

PROTOCOLS = {
    "openai-compatible": "openai-chat",
    "google": "gemini",
    "anthropic": "anthropic",
    "github-copilot": "copilot",
    "chatgpt-codex": "openai-responses",
}
LOGINS = {"github-copilot": "copilot", "chatgpt-codex": "openai-codex"}
"""Kinds that are one service with a login; they are that provider, whatever they are called."""
ADDRESSES = {
    "anthropic": "https://api.anthropic.com",
    "google": "https://generativelanguage.googleapis.com/v1beta",
    "ollama": "http://localhost:11434",
}
"""Where kinds are that need no address."""
TIMEOUTS = {"requestTimeout": "first_byte_s", "socketTimeout": "idle_s"}
READ = (
    *("name", "baseUrl", "apiBase", "apiKey", "model", "models", "sdkProvider", "type"),
    *("contextWindow", "contextWindows", "maxTokens", "disableTools", "disableToolModels"),
    *("organizationId", *TIMEOUTS),
)
WRAPPER = "nanocoder"


def translate(draft: Draft, foreign: object) -> None:
    """Replace the whole document by koi's tables; the default or first provider gives `model`."""
    draft.table = {}
    outer: Path = ()
    if isinstance(foreign, dict) and isinstance(foreign.get(WRAPPER), dict):
        outer = (WRAPPER,)
        for key in foreign:
            if key != WRAPPER:
                draft.note((key,))
        foreign = foreign[WRAPPER]
    default: str | None = None
    providers = foreign
    if isinstance(foreign, dict):
        providers = foreign.get("providers")
        default = draft.as_text(foreign.get("defaultProvider"), (*outer, "defaultProvider"))
        for key in foreign:
            if key not in ("providers", "defaultProvider"):
                draft.note((*outer, key))
    models = [model for model in _models(draft, providers, outer) if model is not None]
    _put_default(draft, default, models, (*outer, "defaultProvider"))


Named = tuple[str, str, str, Path]
"""A provider as the document and as koi calls it, its first model, and where that stands."""


def _models(draft: Draft, providers: object, outer: Path) -> list[Named | None]:
    if isinstance(providers, dict):
        return [
            _provider(draft, entry, name, (*outer, "providers", name))
            for name, entry in providers.items()
        ]
    if isinstance(providers, list):
        return [
            _provider(draft, entry, None, (*outer, f"providers[{index}]"))
            for index, entry in enumerate(providers)
        ]
    draft.wrong_type((*outer, "providers"), providers, dict[str, object])
    return []


def _put_default(draft: Draft, default: str | None, models: list[Named], source: Path) -> None:
    for said, name, model, place in models:
        if default is None or default == said:
            draft.put(("model",), f"{name}/{model}", place if default is None else source)
            return
    if default is not None:
        draft.put(("model",), draft.name(usable_name(default)), source)


def _provider(draft: Draft, entry: object, key: str | None, source: Path) -> Named | None:
    if not isinstance(entry, dict):
        draft.wrong_type(source, entry, dict[str, object])
        return None
    said = key or draft.as_text(entry.get("name"), (*source, "name"))
    if not said:
        draft.mistake(source, "a provider without a name")
        return None
    kind_field = "sdkProvider" if "sdkProvider" in entry else "type"
    kind = draft.as_text(entry.get(kind_field), (*source, kind_field)) or ""
    if kind_field == "sdkProvider" and kind not in PROTOCOLS:
        near = f"One of: {', '.join(PROTOCOLS)}."
        draft.mistake((*source, kind_field), f"'{kind}' is not one of its choices", near)
        return None
    name = LOGINS.get(kind) or draft.name(usable_name(said))
    path = ("providers", name)
    if kind not in LOGINS:
        _endpoint(draft, name, kind, entry, (*source, kind_field))
    ollama = "ollama" in (kind, name)
    if not (ollama and entry.get("apiKey") == "ollama"):  # a placeholder that Ollama ignores
        draft.put((*path, "api_key"), with_braces(entry.get("apiKey")), (*source, "apiKey"))
    _limits(draft, path, entry, source)
    for field in entry:
        if field not in READ:
            draft.note((*source, field))
    return _first_model(draft, said, name, entry, source)


def _endpoint(
    draft: Draft, name: str, kind: str, entry: dict[str, object], kind_source: Path
) -> None:
    path, source = ("providers", name), kind_source[:-1]
    field = next((field for field in ("baseUrl", "apiBase") if entry.get(field)), None)
    if field is None:
        if draft.slug(name) is None and kind in ADDRESSES:
            draft.put((*path, "protocol"), PROTOCOLS.get(kind, kind), kind_source)
            draft.put((*path, "base_url"), ADDRESSES[kind], kind_source)
        return
    address = with_braces(entry[field])
    if kind == "ollama" and isinstance(address, str):
        address = address.rstrip("/").removesuffix("/v1")
    if name != "ollama":
        spoken = kind if kind == "ollama" else PROTOCOLS.get(kind, "openai-chat")
        draft.put((*path, "protocol"), spoken, kind_source if kind else (*source, field))
    draft.put((*path, "base_url"), address, (*source, field))


def _first_model(
    draft: Draft, said: str, name: str, entry: dict[str, object], source: Path
) -> Named | None:
    path = ("providers", name)
    model, place = draft.as_text(entry.get("model"), (*source, "model")), (*source, "model")
    models = entry.get("models")
    if models is not None:
        put_models(draft, name, models, (*source, "models"))
    if model is None and isinstance(models, list) and models and isinstance(models[0], str):
        model, place = models[0], (*source, "models")
    draft.put((*path, "default_model"), model, place)
    return None if model is None else (said, name, model, place)


def _limits(draft: Draft, path: Path, entry: dict[str, object], source: Path) -> None:
    draft.put((*path, "context_window"), entry.get("contextWindow"), (*source, "contextWindow"))
    draft.put((*path, "max_output_tokens"), entry.get("maxTokens"), (*source, "maxTokens"))
    windows = entry.get("contextWindows")
    if isinstance(windows, dict):
        for model, window in windows.items():
            here = (*source, "contextWindows", model)
            draft.put((*path, "models", model, "context_window"), window, here)
    elif windows is not None:
        draft.wrong_type((*source, "contextWindows"), windows, dict[str, int])
    if entry.get("disableTools") is True:
        draft.put((*path, "tools"), "prompt", (*source, "disableTools"))
    without = entry.get("disableToolModels")
    if isinstance(without, list):
        for index, model in enumerate(without):
            here = (*source, f"disableToolModels[{index}]")
            name = draft.as_text(model, here)
            if name is not None and not draft.has((*path, "models", name, "tools")):
                draft.put((*path, "models", name, "tools"), "prompt", here)
    elif without is not None:
        draft.wrong_type((*source, "disableToolModels"), without, tuple[str, ...])
    organization = draft.as_text(entry.get("organizationId"), (*source, "organizationId"))
    if organization is not None:
        at = (*path, "headers", "OpenAI-Organization")
        draft.put(at, with_braces(organization), (*source, "organizationId"))
    for theirs, ours in TIMEOUTS.items():
        _timeout(draft, (*path, ours), entry.get(theirs), (*source, theirs))


def _timeout(draft: Draft, path: Path, milliseconds: object, source: Path) -> None:
    if milliseconds is None:
        return
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        draft.wrong_type(source, milliseconds, float)
    elif milliseconds == -1:
        draft.note(source, "koi always has a limit; its own stays")
    else:
        draft.put(path, milliseconds / 1000, source)
