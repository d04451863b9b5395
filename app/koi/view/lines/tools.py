"""The tool pane: the calls of the session, and the output of the chosen one."""

from __future__ import annotations

from koi.view.items.tool_card import FACES, GLYPHS, WORDS
from koi.view.line import MUTED, Face, Line, Measure, Span
from koi.view.lines.header import title
from koi.view.lines.row import fill, row
from koi.view.output import diff_face
from koi.view.state import ScreenState, ToolEntry
from koi.view.units import age, duration


def tool_pane_lines(
    state: ScreenState, width: int, height: int, now: float, *, focused: bool = False
) -> list[Line]:
    """Exactly `height` lines: a title, the calls around the chosen one, then its output."""
    measure = state.measure
    count = f"{len(state.calls)}" if state.calls else ""
    lines = [title("tools", width, measure, count)]
    chosen = state.selected_call
    if chosen is None:
        lines.append(row([("nothing has run yet", MUTED)], (), width, measure))
        return fill(lines, height)
    list_height = min(len(state.calls), max(1, min(8, (height - 2) // 3)))
    last = state.calls.index(chosen)
    start = max(0, min(last - list_height // 2, len(state.calls) - list_height))
    for entry in state.calls[start : start + list_height]:
        lines.append(_call_line(entry, width, measure, now, chosen=entry is chosen and focused))
    room = height - len(lines) - 1
    if room > 0:
        lines.append(Line((("─" * width, Face("rule")),)))
        lines += output_tail(chosen, width, room, measure)
    return fill(lines, height)


def _call_line(entry: ToolEntry, width: int, measure: Measure, now: float, *, chosen: bool) -> Line:
    face = FACES[entry.status]
    if entry.seconds is not None:
        took = duration(entry.seconds) if entry.seconds >= 0.05 else ""
    else:
        took = age(now - entry.started) if entry.status == "running" else ""
    word = WORDS[entry.status]
    note = word or took
    mark = "▸" if chosen else " "
    left: list[Span] = [
        (f"{mark}{GLYPHS[entry.status]} ", face),
        (entry.name, Face("tool", "b")),
        ("  " + entry.summary if entry.summary else "", Face("summary")),
    ]
    right = [(" " + note, face if word else MUTED)] if note else []
    return row(left, right, width, measure)


def output_tail(entry: ToolEntry, width: int, height: int, measure: Measure) -> list[Line]:
    """The last lines of a call's output, each cut at the width."""
    if entry.output is None:
        return [row([("its output is in the chat", MUTED)], (), width, measure)]
    kept = entry.output.tail(height)
    earlier = entry.output.dropped + len(entry.output) - len(kept)
    is_diff = any(line.startswith("@@") for line in kept)
    if earlier and height > 1:
        kept = entry.output.tail(height - 1)
        note = row([(f"… {earlier + 1} lines above", MUTED)], (), width, measure)
        return [note, *[_cut(line, width, measure, is_diff) for line in kept]]
    return [_cut(line, width, measure, is_diff) for line in kept]


def _cut(line: str, width: int, measure: Measure, is_diff: bool) -> Line:
    face = diff_face(line) if is_diff else Face("output")
    return row([(line.expandtabs(4), face)], (), width, measure)
