"""The YAML map `providers:` with tiers and keys for each, and `network:`."""

from __future__ import annotations

from koi.config.shapes.addresses import usable_name
from koi.config.shapes.draft import NO_COUNTERPART, Draft
from koi.config.shapes.variables import with_braces

SAME = ("base_url", "fast_model", "premium_model")
KEYS = ("api_key", "api_keys")
NETWORK = ("default_deny", "provider_allowed_hosts")
TYPES = {
    "anthropic": ("anthropic", "https://api.anthropic.com"),
    "openai": ("openai-chat", "https://api.openai.com/v1"),
    "ollama": ("ollama", "http://localhost:11434"),
}
"""What a `name` says of an entry that stands under a name of its own: protocol and address."""


def translate(draft: Draft) -> None:
    """Replace the whole document by koi's tables; the first enabled provider gives `model`."""
    foreign, draft.table = draft.table, {}
    providers = foreign.get("providers")
    if isinstance(providers, dict):
        for key, entry in providers.items():
            _entry(draft, key, entry)
    elif providers is not None:
        draft.wrong_type(("providers",), providers, dict[str, object])
    _network(draft, foreign.get("network"))
    for key in foreign:
        if key not in ("providers", "network"):
            draft.note((key,))


def _entry(draft: Draft, key: str, entry: object) -> None:
    source = ("providers", key)
    if not isinstance(entry, dict):
        draft.wrong_type(source, entry, dict[str, object])
        return
    kind = draft.as_text(entry.get("name"), (*source, "name")) or key
    name = draft.name(usable_name(key))
    path = ("providers", name)
    if kind != key and draft.name(usable_name(kind)) != name:
        if kind not in TYPES:
            draft.mistake((*source, "name"), f"'{kind}' is no type of provider that koi can read")
            return
        protocol, address = TYPES[kind]
        draft.put((*path, "protocol"), protocol, (*source, "name"))
        if entry.get("base_url") is None:
            draft.put((*path, "base_url"), address, (*source, "name"))
    for field in SAME:
        draft.put((*path, field), with_braces(entry.get(field)), (*source, field))
    for field in KEYS:
        _put_key(draft, (*path, field), entry.get(field), (*source, field))
    model = draft.as_text(entry.get("model"), (*source, "model"))
    draft.put((*path, "default_model"), model, (*source, "model"))
    if (timeout := entry.get("timeout")) is not None:
        draft.put((*path, "first_byte_s"), timeout, (*source, "timeout"))
    enabled = entry.get("enabled")
    if enabled is not None and enabled is not True:
        draft.put((*path, "enabled"), enabled, (*source, "enabled"))
    elif model is not None and "model" not in draft.table:
        draft.put(("model",), f"{name}/{model}", (*source, "model"))
    for field in entry:
        if field not in (*SAME, *KEYS, "name", "model", "timeout", "enabled"):
            draft.note((*source, field))


def _put_key(draft: Draft, path: tuple[str, ...], value: object, source: tuple[str, ...]) -> None:
    values = value if isinstance(value, list) else [value]
    if any(isinstance(each, str) and each.startswith("vault://") for each in values):
        draft.note(source, f"{NO_COUNTERPART}: koi cannot open that vault")
        return
    if isinstance(value, list):
        draft.put(path, [_reference(each) for each in value], source)
    else:
        draft.put(path, _reference(value), source)


def _reference(value: object) -> object:
    """A variable after a dollar sign at the start; a dollar inside a key is none."""
    whole = isinstance(value, str) and value.startswith("$")
    return with_braces(value) if whole else value


def _network(draft: Draft, network: object) -> None:
    if network is None:
        return
    if not isinstance(network, dict):
        draft.wrong_type(("network",), network, dict[str, object])
        return
    for key, value in network.items():
        if key in NETWORK:
            draft.put(("network", key), value, ("network", key))
        else:
            draft.note(("network", key))
