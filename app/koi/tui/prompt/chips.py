"""Large pastes as one short label each, so that the prompt stays readable."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

MAX_LINES = 10
MAX_CHARACTERS = 1_000

_LABEL = re.compile(r"\[Pasted text \d+: \d[\d,]* (?:lines?|characters)\]")


def is_large(text: str) -> bool:
    """True when a pasted text becomes a chip."""
    return len(text) > MAX_CHARACTERS or len(text.splitlines()) > MAX_LINES


class Chips:
    """The pasted texts of one draft by their labels. A label that is not here is plain text."""

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        self._texts = dict(texts or {})

    def add(self, text: str, beside: str = "") -> str:
        """Keep a text; its label, which is neither known nor in `beside`."""
        lines = len(text.splitlines())
        size = f"{lines:,} lines" if lines > MAX_LINES else f"{len(text):,} characters"
        number = len(self._texts) + 1
        label = f"[Pasted text {number}: {size}]"
        while label in self._texts or label in beside:
            number += 1
            label = f"[Pasted text {number}: {size}]"
        self._texts[label] = text
        return label

    def spans(self, line: str) -> list[tuple[int, int]]:
        """Where the chips of a line begin and end."""
        if not self._texts or "[Pasted" not in line:
            return []
        return [match.span() for match in _LABEL.finditer(line) if match[0] in self._texts]

    def around(self, line: str, column: int) -> tuple[int, int] | None:
        """The chip that a column is strictly inside of."""
        return next((span for span in self.spans(line) if span[0] < column < span[1]), None)

    def expand(self, text: str) -> str:
        """The text with every chip replaced by what was pasted; pasted text is left as it is."""
        if not self._texts:
            return text
        return _LABEL.sub(lambda match: self._texts.get(match[0], match[0]), text)

    def used(self, lines: Iterable[str]) -> dict[str, str]:
        """Label → text of the chips that are in some lines."""
        labels = [line[start:end] for line in lines for start, end in self.spans(line)]
        return {label: self._texts[label] for label in labels}
