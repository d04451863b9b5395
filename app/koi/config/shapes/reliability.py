"""`[reliability]` with provider_retries, provider_backoff_ms, fallback_providers and api_keys."""

from __future__ import annotations

from koi.config.shapes.draft import Draft

TABLE = "reliability"
RENAMED = {"provider_retries": "retries", "provider_backoff_ms": "backoff_ms"}


def translate(draft: Draft, default: str | None, default_model: str | None) -> None:
    """Replace them by koi's keys. `default` is the provider that the file names as its default.

    Names in model_fallbacks are, beside a default provider, names of its models: a gateway's own
    (its default model has a slash too), or bare ones. References stay.
    """
    for theirs, ours in RENAMED.items():
        draft.put((TABLE, ours), draft.take((TABLE, theirs)), (TABLE, theirs))
    providers = draft.take((TABLE, "fallback_providers"))
    if isinstance(providers, list):
        providers = [draft.name(each) if isinstance(each, str) else each for each in providers]
    draft.put(("models", "fallback", "executor"), providers, (TABLE, "fallback_providers"))
    keys = draft.take((TABLE, "api_keys"))
    if keys is not None and default is None:
        draft.mistake(
            (TABLE, "api_keys"),
            "whose keys they are is not said",
            "Set default_provider, or write api_keys in [providers.NAME].",
        )
    elif keys is not None and default is not None:
        draft.put(("providers", default, "api_keys"), keys, (TABLE, "api_keys"))
    if default is not None:
        _fallbacks(draft, default, default_model)


def _fallbacks(draft: Draft, default: str, default_model: str | None) -> None:
    chains = draft.take((TABLE, "model_fallbacks"))
    if not isinstance(chains, dict):
        draft.put((TABLE, "model_fallbacks"), chains, (TABLE, "model_fallbacks"))
        return
    gateway = "/" in (default_model or "")

    def full(name: object) -> object:
        if not isinstance(name, str) or name.startswith(f"{default}/"):
            return name
        return f"{default}/{name}" if gateway or "/" not in name else name

    for model, chain in chains.items():
        entries = [full(each) for each in chain] if isinstance(chain, list) else chain
        path = (TABLE, "model_fallbacks", str(full(model)))
        draft.put(path, entries, (TABLE, "model_fallbacks", model))
