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


class ReasoningDetails:
    """The `reasoning_details` of an answer; fragments of one detail become one again."""

    def __init__(self) -> None:
        self._details: list[JsonObject] = []
        self._growing: list[dict[str, list[str]]] = []
        """For each detail, the pieces of its growing fields."""

    def add(self, fragments: list[JsonObject]) -> None:
        """Add what one delta brought."""
        for fragment in fragments:
            pieces = {key: [text(fragment, key)] for key in _GROWING if key in fragment}
            rest = {key: value for key, value in fragment.items() if key not in _GROWING}
            if not (pieces and self._details and _same(self._details[-1], fragment)):
                self._details.append(rest)
                self._growing.append(pieces)
                continue
            for key, added in pieces.items():
                self._growing[-1].setdefault(key, []).extend(added)
            told = {key: value for key, value in rest.items() if value is not None}
            self._details[-1].update(told)

    @property
    def whole(self) -> list[JsonObject]:
        """The details as they go back to the provider."""
        return [
            detail | {key: "".join(pieces) for key, pieces in growing.items()}
            for detail, growing in zip(self._details, self._growing, strict=True)
        ]


def _same(detail: JsonObject, fragment: JsonObject) -> bool:
    return all(detail.get(key) == fragment.get(key) for key in ("type", "index"))
