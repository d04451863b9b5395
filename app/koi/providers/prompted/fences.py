"""Code fences: most only show text, one of JSON may be a call."""

from __future__ import annotations

import re

CALL_FENCES = ("json", "tool_call", "toolcall", "tool-call", "invoke")
"""Languages of fences that may hold a call. All but `json` say it by their name."""
_JSON_KEYS = ("tool", "args")
_TAGGED_KEYS = (*_JSON_KEYS, "name", "arguments", "parameters", "tool_name", "id", "type")
_HEAD = 200
_LINE = 200


class Fence:
    """A block that is shown as it comes; `closed` when its last line was taken."""

    def __init__(self, mark: str, run: int, *, opening: bool = True, line: str = "") -> None:
        self.mark = mark
        self.run = run
        self.opening = opening
        """The line of the fence itself still comes."""
        self.closed = False
        self._line = line

    def take(self, piece: str) -> None:
        """More text, at most to the end of a line."""
        if len(self._line) < _LINE:
            self._line += piece[:_LINE]
        if piece.endswith("\n"):
            self.closed = not self.opening and closes(self._line, self.mark, self.run)
            self.opening, self._line = False, ""


def closes(line: str, mark: str, run: int) -> bool:
    """True for a line that holds a long enough row of the fence's mark, and nothing else."""
    text = line.strip()
    return len(text) >= run and text == mark * len(text)


class CallFence:
    """A block that is held back while it may be a call. `opening` is its first line."""

    def __init__(self, opening: str, language: str, mark: str, run: int) -> None:
        self.opening = opening
        self.tagged = language != "json"
        self.mark = mark
        self.run = run
        self.closed = False
        self._pieces: list[str] = []
        self._last = 0
        """Where the last line begins in the pieces."""
        self._line = ""
        self._head = ""
        self._keys = _TAGGED_KEYS if self.tagged else _JSON_KEYS

    @property
    def content(self) -> str:
        """What stands inside."""
        return "".join(self._pieces[: self._last] if self.closed else self._pieces)

    @property
    def source(self) -> str:
        """The block as it was written."""
        return self.opening + "".join(self._pieces)

    def take(self, piece: str) -> None:
        """More text, at most to the end of a line."""
        self._pieces.append(piece)
        if len(self._line) < _LINE:
            self._line += piece[:_LINE]
        if len(self._head) < _HEAD:
            self._head += piece[:_HEAD]
        if piece.endswith("\n"):
            self.end_line()

    def end_line(self) -> None:
        """The line is whole: it may close the block."""
        self.closed = closes(self._line, self.mark, self.run)
        if not self.closed:
            self._line, self._last = "", len(self._pieces)

    def shown(self) -> Fence:
        """The same block, once it is clear that it is none of a call."""
        return Fence(self.mark, self.run, opening=False, line=self._line)

    @property
    def may_be_call(self) -> bool:
        """False as soon as the beginning is no call's."""
        head = self._head[:_HEAD].lstrip()
        if not head:
            return len(self._head) < _HEAD
        found = re.match(r'\{\s*(?:"([^"]*)("?))?', head)
        if found is None:
            return False
        if found[1] is None:
            return found.end() == len(head)
        return (
            found[1] in self._keys
            if found[2]
            else any(key.startswith(found[1]) for key in self._keys)
        )
