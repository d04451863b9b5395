"""Top-level default_provider, default_model, api_key and api_url."""

from __future__ import annotations

from koi.config.shapes.addresses import host_name, split_form
from koi.config.shapes.draft import Draft

KEYS = ("default_provider", "default_model", "api_key", "api_url")


def translate(draft: Draft) -> str | None:
    """Replace them by `model` and `[providers.NAME]`; returns NAME, None without one.

    `custom:URL` and `anthropic-custom:URL` become a provider that is named after the host.
    """
    said, model, key, url = (draft.take_text((name,)) for name in KEYS)
    if said is None:
        draft.put(("model",), model, ("default_model",))
        for name, value in (("api_key", key), ("api_url", url)):
            if value is not None:
                draft.mistake(
                    (name,),
                    "belongs to default_provider, which is not set",
                    f"Set it too, or write {'api_key' if key else 'base_url'} in [providers.NAME].",
                )
        return None
    form = split_form(said)
    if form is None:
        name = draft.name(said)
    else:
        protocol, address = form
        name = host_name(address) or "custom"
        draft.put(("providers", name, "protocol"), protocol, ("default_provider",))
        draft.put(("providers", name, "base_url"), address, ("default_provider",))
    draft.put(("providers", name, "base_url"), url, ("api_url",))
    draft.put(("providers", name, "api_key"), key, ("api_key",))
    source = ("default_model",) if model else ("default_provider",)
    draft.put(("model",), reference(name, model, said), source)
    return name


def reference(name: str, model: str | None, said: str) -> str:
    """The model reference of a provider's model, whether or not its provider is written before it.

    A bare provider name stands for its default model.
    """
    if model is None:
        return name
    if model.startswith("hint:"):
        return model
    for prefix in (f"{name}/", f"{said}/"):
        if model.startswith(prefix):
            model = model.removeprefix(prefix)
            break
    return f"{name}/{model}"
