"""Brings the shapes together: which one a document has, and what koi reads instead of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

import msgspec

from koi.config.mistakes import Mistake, find_mistakes
from koi.config.shapes import (
    agents_config,
    default_provider,
    provider_table,
    providers_map,
    reliability,
    role_models,
)
from koi.config.shapes.draft import Draft

Format: TypeAlias = Literal["TOML", "YAML", "JSON"]
_AGENTS_FIELDS = {"apiBase", "baseUrl", "apiKey", "sdkProvider", "type"}
_MAP_FIELDS = {"api_key", "base_url", "api_keys", "fast_model", "premium_model", "enabled", "name"}


class Translation(msgspec.Struct, frozen=True):
    """`table` in koi's own keys, which original key each came from, and what is wrong."""

    table: dict[str, object]
    sources: dict[str, str]
    mistakes: tuple[Mistake, ...]
    """Under the original keys. Warnings are what has no counterpart or no effect."""
    shapes: tuple[str, ...] = ()
    """What was recognised, in words."""


def translate_own(table: Mapping[str, object], where: str) -> Translation:
    """koi's own file, with the TOML shapes in it replaced, checked."""
    draft = Draft(dict(table), where)
    shapes = _toml_shapes(draft)
    found = find_mistakes(draft.table, where)
    known = tuple(_under_original(mistake, draft.sources) for mistake in found)
    return Translation(draft.table, draft.sources, (*draft.mistakes, *known), shapes)


def translate_foreign(
    document: object, kind: Format, where: str, slug: Callable[[str], str | None]
) -> Translation | None:
    """Another program's document in koi's keys, not yet checked; None when it has no known shape.

    `slug` knows the aliases of providers.
    """
    if kind == "TOML":
        if not isinstance(document, dict):
            return None
        draft = Draft(dict(document), where, strict=False, slug=slug)
        shapes = _toml_shapes(draft)
    else:
        draft = Draft({}, where, strict=False, slug=slug)
        if _is_agents_config(document, kind):
            agents_config.translate(draft, document)
            shapes = ("agents.config.json",)
        elif isinstance(document, dict) and ("providers" in document or "network" in document):
            draft.table = dict(document)
            providers_map.translate(draft)
            shapes = ("providers: map",)
        else:
            return None
    return Translation(draft.table, draft.sources, tuple(draft.mistakes), shapes)


def original_key(key: str, sources: Mapping[str, str]) -> str:
    """The key in the document that koi's `key` came from; its own when it was not translated."""
    head, tail = key, ""
    while head:
        if head in sources:
            return f"{sources[head]}{tail}"
        cut = max(head.rfind("."), head.rfind("["))
        if cut < 0:
            return key
        head, tail = head[:cut], f"{head[cut:]}{tail}"
    return key


def _under_original(mistake: Mistake, sources: Mapping[str, str]) -> Mistake:
    return msgspec.structs.replace(mistake, key=original_key(mistake.key, sources))


def _toml_shapes(draft: Draft) -> tuple[str, ...]:
    before = frozenset(draft.table)
    shapes = []
    if "provider" in before:
        shapes.append("[provider]")
    if before & set(default_provider.KEYS):
        shapes.append("default_provider")
    default_model = draft.table.get("default_model")
    provider_table.translate(draft)
    name = default_provider.translate(draft)
    model = default_model if isinstance(default_model, str) else None
    reliability.translate(draft, name, model)
    role_models.translate(draft)
    return tuple(shapes)


def _is_agents_config(document: object, kind: Format) -> bool:
    if isinstance(document, list):
        return bool(document) and all(isinstance(each, dict) for each in document)
    if not isinstance(document, dict):
        return False
    if agents_config.WRAPPER in document or "defaultProvider" in document:
        return True
    providers = document.get("providers")
    if isinstance(providers, list):
        return True
    if not isinstance(providers, dict):
        return False
    fields = {key for entry in providers.values() if isinstance(entry, dict) for key in entry}
    if fields & _AGENTS_FIELDS:
        return True
    return kind == "JSON" and not fields & _MAP_FIELDS
