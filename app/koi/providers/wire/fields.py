"""Reading fields of JSON from strangers: a missing or odd value is the empty one, never a crash."""

from __future__ import annotations

from koi.core.messages import JsonObject


def text(source: JsonObject, key: str) -> str:
    """A string, "" when there is none."""
    value = source.get(key)
    return value if isinstance(value, str) else ""


def count(source: JsonObject, key: str) -> int | None:
    """A number of tokens, None when there is none."""
    value = source.get(key)
    if type(value) is int and 0 <= value < 2**63:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return max(0, int(value)) if abs(value) < 2**63 else None


def flag(source: JsonObject, key: str) -> bool | None:
    """Yes or no, None when neither is said."""
    value = source.get(key)
    return value if isinstance(value, bool) else None


def mapping(source: JsonObject, key: str) -> JsonObject:
    """An object, empty when there is none."""
    value = source.get(key)
    return value if isinstance(value, dict) else {}


def objects(source: JsonObject, key: str) -> list[JsonObject]:
    """The objects of a list, empty when there is none."""
    value = source.get(key)
    if not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, dict)]
