"""Reasoning in chat completions: five fields for the same thing, often two of them at once."""

from __future__ import annotations

from koi.core.messages import JsonObject
from koi.providers.wire.fields import objects, text

_FIELDS = ("reasoning_content", "reasoning", "reasoning_text")
_GROWING = ("text", "summary")


def reasoning_text(delta: JsonObject) -> tuple[str, str]:
    """What a delta adds to the reasoning, and the field it came in. The first that speaks wins."""
    for name in _FIELDS:
        if said := text(delta, name):
            return said, name
    said = "".join(
        text(detail, key) for detail in objects(delta, "reasoning_details") for key in _GROWING
    )
    return said, "reasoning_details"


def merge_details(details: list[JsonObject], new: list[JsonObject]) -> None:
    """Add `new` reasoning details to `details`: fragments of one detail become one again."""
    for fragment in new:
        last = details[-1] if details else {}
        same = all(last.get(key) == fragment.get(key) for key in ("type", "index"))
        if not (details and same and any(key in fragment for key in _GROWING)):
            details.append(dict(fragment))
            continue
        for key, value in fragment.items():
            if key in _GROWING:
                last[key] = text(last, key) + text(fragment, key)
            elif value is not None:
                last[key] = value
