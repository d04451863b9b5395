"""A model's text on its way to the screen: safe pieces while it streams, then one safe text."""

from __future__ import annotations

from koi.view.safe_text import SafeStream, SafeText, safe


class GrowingText:
    """Open while pieces still come; made with `text`, it is whole from the start."""

    __slots__ = ("_parts", "_stream", "_whole")

    def __init__(self, text: str | None = None) -> None:
        self._whole = safe(text or "")
        self._parts: list[str] | None = [] if text is None else None
        self._stream = SafeStream()

    @property
    def open(self) -> bool:
        """True while text still comes."""
        return self._parts is not None

    @property
    def text(self) -> str:
        """The text so far."""
        return self._whole if self._parts is None else "".join(self._parts)

    def feed(self, delta: str) -> SafeText:
        """More text; what of it can be shown. Raises ValueError when the text is whole."""
        if self._parts is None:
            raise ValueError("a finished text does not grow")
        piece = self._stream.feed(delta)
        self._parts.append(piece)
        return piece

    def finish(self) -> SafeText:
        """The text is whole; what was held back until now."""
        if self._parts is None:
            return safe("")
        rest = self._stream.finish()
        self._whole = safe("".join([*self._parts, rest]))
        self._parts = None
        return rest
