"""Reasoning that comes as <think>…</think> at the beginning of the text."""

from __future__ import annotations

from typing import Literal, TypeAlias

OPENING = "<think>"
CLOSING = "</think>"
Piece: TypeAlias = tuple[Literal["text", "reasoning"], str]
_State: TypeAlias = Literal["before", "inside", "after", "text"]
_AT_THE_BEGINNING: tuple[tuple[str, _State], ...] = ((OPENING, "inside"), (CLOSING, "after"))


class ThinkTags:
    """Splits growing text. Tags that come later, as in quotations, are text like any other.

    A closing tag that begins the text is left out: some templates leak it.
    """

    def __init__(self) -> None:
        self._state: _State = "before"
        self._held = ""
        """What may turn out to be a tag, or the blank lines after one."""

    def feed(self, text: str) -> list[Piece]:
        """What can be told apart by now."""
        self._held += text
        pieces: list[Piece] = []
        while (step := self._step()) is not None:
            pieces.extend(step)
        return [(kind, said) for kind, said in pieces if said]

    def finish(self) -> list[Piece]:
        """What was held back, at the end of the text."""
        held, self._held = self._held, ""
        kind: Literal["text", "reasoning"] = "reasoning" if self._state == "inside" else "text"
        return [(kind, held)] if held and self._state != "after" else []

    def _step(self) -> list[Piece] | None:
        """One change of state, or None when more text is needed."""
        match self._state:
            case "before":
                return self._before()
            case "inside":
                return self._inside()
            case "after":
                self._held = self._held.lstrip()
                return self._to("text") if self._held else None
            case "text":
                said, self._held = self._held, ""
                return [("text", said)] if said else None

    def _before(self) -> list[Piece] | None:
        start = self._held.lstrip()
        for tag, state in _AT_THE_BEGINNING:
            if start.startswith(tag):
                self._held = start[len(tag) :]
                return self._to(state)
            if tag.startswith(start):
                return None
        return self._to("text")

    def _inside(self) -> list[Piece] | None:
        thought, found, rest = self._held.partition(CLOSING)
        if found:
            self._held = rest
            self._state = "after"
            return [("reasoning", thought)]
        keep = next(
            (n for n in range(len(CLOSING) - 1, 0, -1) if self._held.endswith(CLOSING[:n])), 0
        )
        cut = len(self._held) - keep
        thought, self._held = self._held[:cut], self._held[cut:]
        return [("reasoning", thought)] if thought else None

    def _to(self, state: _State) -> list[Piece]:
        self._state = state
        return []
