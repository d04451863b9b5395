"""What `[models]` and `[providers.ID]` of the role-based shape have besides koi's own keys."""

from __future__ import annotations

from pathlib import PurePath

from koi.config.shapes.draft import Draft


def translate(draft: Draft) -> None:
    """Replace lists of models and display names of providers, and `[plugins] wasm`."""
    providers = draft.table.get("providers")
    for name, provider in list(providers.items()) if isinstance(providers, dict) else ():
        if not isinstance(provider, dict):
            continue
        here = ("providers", name)
        if isinstance(provider.get("models"), list):
            put_models(draft, name, draft.take((*here, "models")), (*here, "models"))
        if draft.take((*here, "display_name")) is not None:
            draft.note((*here, "display_name"))
    _plugins(draft)


def put_models(draft: Draft, provider: str, models: object, source: tuple[str, ...]) -> None:
    """A list of model names as tables of models, which name them and change nothing."""
    if not isinstance(models, list):
        draft.wrong_type(source, models, tuple[str, ...])
        return
    for index, model in enumerate(models):
        at = (*source[:-1], f"{source[-1]}[{index}]")
        if (name := draft.as_text(model, at)) is None:
            continue
        path = ("providers", provider, "models", name)
        if not draft.has(path):
            draft.put(path, {}, at)


def _plugins(draft: Draft) -> None:
    if "plugins" not in draft.table:
        return
    plugins = draft.take(("plugins",))
    if not isinstance(plugins, dict):
        draft.wrong_type(("plugins",), plugins, dict[str, object])
        return
    for key, files in plugins.items():
        if key != "wasm":
            draft.unknown(("plugins", key), ("wasm",))
        elif not isinstance(files, list):
            draft.wrong_type(("plugins", key), files, tuple[str, ...])
        else:
            for index, file in enumerate(files):
                _plugin(draft, file, ("plugins", f"wasm[{index}]"))


def _plugin(draft: Draft, file: object, source: tuple[str, ...]) -> None:
    path = draft.as_text(file, source)
    if path is None:
        return
    name = PurePath(path).stem
    draft.put(("providers", name, "protocol"), "wasm", source)
    draft.put(("providers", name, "plugin"), path, source)
