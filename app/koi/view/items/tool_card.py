"""A tool call in the chat: one line that says what and how it went; its diff or output below."""

from __future__ import annotations

from typing import Literal, TypeAlias

from koi.view.graphemes import shorten
from koi.view.items.item import INDENT, Item
from koi.view.line import FOLD, MUTED, Face, Line, Measure, Prefix, cells
from koi.view.output import Clipped, clip, output_lines, without_names
from koi.view.safe_text import SafeText, safe
from koi.view.units import duration

ToolStatus: TypeAlias = Literal["planned", "asking", "running", "ok", "failed", "denied", "stopped"]
GLYPHS: dict[ToolStatus, str] = {
    "planned": "·",
    "asking": "?",
    "running": "●",
    "ok": "✓",
    "failed": "✗",
    "denied": "⊘",
    "stopped": "■",
}
FACES: dict[ToolStatus, Face] = {
    "planned": MUTED,
    "asking": Face("warn", "b"),
    "running": Face("accent"),
    "ok": Face("ok"),
    "failed": Face("error", "b"),
    "denied": Face("warn"),
    "stopped": MUTED,
}
WORDS: dict[ToolStatus, str] = {
    "planned": "",
    "asking": "waits for your yes",
    "running": "",
    "ok": "",
    "failed": "failed",
    "denied": "denied",
    "stopped": "stopped",
}

DIFF_PREVIEW = 24
OUTPUT_PREVIEW = 4
_BAR: Prefix = (*INDENT, ("│ ", MUTED))


def with_result(summary: SafeText, result: str) -> SafeText:
    """What a call was about, and how it came out, in one line that says nothing twice."""
    outcome = safe(result, keep_newlines=False)
    new_file = f"(new, {outcome.removesuffix(' -0')})"
    if not outcome or outcome in summary or new_file in summary:
        return summary
    return SafeText(f"{summary} · {outcome}") if summary else outcome


class ToolCard(Item):
    """One tool call. Folded it shows the front of a diff, of a command's output or of an error."""

    __slots__ = (
        "_body",
        "_lines",
        "_live",
        "_seconds",
        "_unfolded",
        "call_id",
        "is_diff",
        "name",
        "status",
        "summary",
    )

    def __init__(self, call_id: str, name: str, measure: Measure) -> None:
        super().__init__(measure)
        self.call_id = call_id
        self.name = safe(name, keep_newlines=False)
        self.status: ToolStatus = "planned"
        self.is_diff = False
        self.summary = safe("")
        self._seconds: float | None = None
        self._live = False
        self._body = Clipped([], 0)
        self._unfolded = False
        self._lines: list[Line] = []

    @property
    def compact(self) -> bool:
        """Stands close to other compact entries."""
        return True

    @property
    def source(self) -> str:
        """Name, summary and body."""
        return "\n".join((f"{self.name} {self.summary}", *self._body.lines))

    def plan(self, summary: str, status: ToolStatus) -> None:
        """What the call is about, and that it waits or runs."""
        self.summary = safe(summary, keep_newlines=False)
        self.status = status
        self.width = -1

    def set_status(self, status: ToolStatus) -> None:
        """A new status without other news."""
        self.status = status
        self.width = -1

    def mark_live(self) -> None:
        """The tool prints while it runs: its result is worth a preview."""
        self._live = True

    def finish(
        self, status: ToolStatus, summary: str, content: str, display: str, seconds: float | None
    ) -> None:
        """The call has its result; `display` is a diff or other text for people."""
        self.status, self._seconds = status, seconds
        self.summary = with_result(self.summary, summary)
        self._body = clip(safe(without_names(display) or content))
        self.is_diff = bool(display) and any(
            line.startswith(("@@", "+++", "---")) for line in self._body.lines[:8]
        )
        self.width = -1

    @property
    def _preview(self) -> int:
        if self.is_diff:
            return DIFF_PREVIEW
        worthy = self._live or self.status not in ("ok", "running", "planned", "asking")
        return OUTPUT_PREVIEW if worthy else 0

    @property
    def _hidden(self) -> int:
        """Lines that unfolding would bring."""
        return 0 if self._unfolded else max(0, len(self._body.lines) - self._preview)

    def estimate(self, width: int) -> int:
        """The lines of the body without wrapping."""
        shown = len(self._body.lines) if self._unfolded else self._preview
        return self.gap + 1 + min(shown, len(self._body.lines))

    def body_height(self, width: int) -> int:
        """The head, then as much of the body as the fold allows."""
        shown = self._body.lines if self._unfolded else self._body.lines[: self._preview]
        self._lines = [
            self._head(width),
            *output_lines(shown, width, self.measure, _BAR, diff=self.is_diff),
        ]
        if self._unfolded and self._body.left_out:
            self._lines.append(Line((*_BAR, (f"… {self._body.left_out} more lines", MUTED)), 7))
        elif self._hidden and self._preview:
            more = (f"… {self._hidden + self._body.left_out} more lines", Face("muted", "", FOLD))
            self._lines.append(Line((*_BAR, more), 7))
        return len(self._lines)

    def body_line(self, index: int) -> Line:
        """A line of head or body."""
        return self._lines[index]

    def _head(self, width: int) -> Line:
        face = FACES[self.status]
        foldable = FOLD if self._hidden or self._unfolded else ""
        left = [
            *INDENT,
            (GLYPHS[self.status] + " ", face._replace(href=foldable)),
            (self.name, Face("tool", "b", foldable)),
        ]
        notes = [WORDS[self.status]] if WORDS[self.status] else []
        if self._seconds is not None and self._seconds >= 0.05:
            notes.append(duration(self._seconds))
        if self._unfolded:
            notes.append("▾")
        elif self._hidden:
            count = len(self._body.lines) + self._body.left_out
            notes.append(f"▸ {count} {'line' if count == 1 else 'lines'}")
        right = "  " + " · ".join(notes) if notes else ""
        room = width - cells(left, self.measure) - self.measure(right) - 2
        if room < 4:
            right, room = "", width - cells(left, self.measure) - 2
        summary = shorten(self.summary, max(0, room), self.measure)
        if summary:
            left.append(("  " + summary, Face("summary", "", foldable)))
        if right:
            left.append((right, face if WORDS[self.status] else Face("muted", "", foldable)))
        return Line(tuple(left), 7)

    def click(self, index: int) -> bool:
        """The head, or the line that counts what is hidden, folds."""
        if not (self._unfolded or self._hidden):
            return False
        self._unfolded = not self._unfolded
        return True

    def release(self) -> None:
        """Forget the lines."""
        self._lines, self.width = [], -1
