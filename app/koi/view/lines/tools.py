"""The tool pane: the calls of the session, and the output of the chosen one."""

from __future__ import annotations

from koi.view.items.tool_card import FACES, GLYPHS, WORDS
from koi.view.line import MUTED, Face, Line, Measure, Span
from koi.view.lines.header import title
from koi.view.lines.row import fill, row
from koi.view.output import diff_face
from koi.view.state import ScreenState, ToolEntry
from koi.view.units import age, duration
from koi.view.wrap import MINIMUM_ROOM, wrap_text

PANE_WORDS = {**WORDS, "asking": "waits"}
"""As on the cards, for a narrower place."""
MOST_CALLS = 8
MOST_SUMMARY_LINES = 4


def shown_calls(state: ScreenState, height: int) -> range:
    """The calls that the pane lists at this height, from its second row on."""
    chosen = state.selected_call
    if chosen is None:
        return range(0)
    count = min(len(state.calls), max(1, min(MOST_CALLS, (height - 2) // 3)))
    at = state.calls.index(chosen)
    start = max(0, min(at - count // 2, len(state.calls) - count))
    return range(start, start + count)


def tool_pane_lines(
    state: ScreenState,
    width: int,
    height: int,
    now: float,
    *,
    focused: bool = False,
    back: int = 0,
) -> list[Line]:
    """Exactly `height` lines: a title, the calls around the chosen one, then its output.

    What does not fit into the chosen call's row stands above its output. The output ends `back`
    lines before its last one.
    """
    measure = state.measure
    count = f"{len(state.calls)}" if state.calls else ""
    lines = [title("tools", width, measure, count)]
    chosen = state.selected_call
    if chosen is None:
        lines.append(row([("nothing has run yet", MUTED)], (), width, measure))
        return fill(lines, height)
    whole: list[Line] = []
    for index in shown_calls(state, height):
        entry = state.calls[index]
        marked = entry is chosen and (focused or state.selected is not None)
        line = _call_line(entry, width, measure, now, marked=marked)
        lines.append(line)
        if entry is chosen and entry.status != "asking" and entry.summary not in line.text:
            face = Face("summary")
            whole = wrap_text(entry.summary, width, measure, face) if width >= MINIMUM_ROOM else []
    if height - len(lines) > 1:
        lines.append(Line((("─" * width, Face("rule")),)))
        lines += whole[: min(MOST_SUMMARY_LINES, (height - len(lines)) // 2)]
        lines += _output_lines_of(chosen, width, height - len(lines), measure, back)
    return fill(lines, height)


def _call_line(entry: ToolEntry, width: int, measure: Measure, now: float, *, marked: bool) -> Line:
    face = FACES[entry.status]
    if entry.seconds is not None:
        took = duration(entry.seconds) if entry.seconds >= 0.05 else ""
    else:
        took = age(now - entry.started) if entry.status == "running" else ""
    word = PANE_WORDS[entry.status]
    note = word or took
    mark = "▸" if marked else " "
    left: list[Span] = [
        (f"{mark}{GLYPHS[entry.status]} ", face),
        (entry.name, Face("tool", "b")),
        ("  " + entry.summary if entry.summary else "", Face("summary")),
    ]
    right = [(" " + note, face if word else MUTED)] if note else []
    return row(left, right, width, measure)


def _output_lines_of(
    entry: ToolEntry, width: int, height: int, measure: Measure, back: int = 0
) -> list[Line]:
    """At most `height` lines of a call's output, each cut at the width: its end, or so many lines
    before; of a diff its beginning, or (with a negative `back`) so many lines after. How many
    lines are left out is said.
    """
    output = entry.output
    if output is None:
        return [row([("its output is in the chat", MUTED)], (), width, measure)]
    if height <= 0:
        return []
    if begins_with_its_first_line(entry):
        start = max(0, min(-back, len(output) - height))
        below = len(output) - start - height
        kept = output.window(start, height - 1 if below > 0 and height > 1 else height)
        more = [row([(f"… {below + 1} lines below", MUTED)], (), width, measure)]
        lines = [_cut(line, width, measure, is_diff=True) for line in kept]
        return lines + more[: height - len(lines)] if below > 0 else lines
    end = len(output) - max(0, min(back, len(output) - height))
    start = max(0, end - height)
    earlier = output.dropped + start
    note: list[Line] = []
    if earlier and height > 1:
        start += 1
        note = [row([(f"… {earlier + 1} lines above", MUTED)], (), width, measure)]
    kept = output.window(start, end - start)
    return note + [_cut(line, width, measure, is_diff=False) for line in kept]


def begins_with_its_first_line(entry: ToolEntry) -> bool:
    """True for a diff, which is read from its top; of other output the newest lines count."""
    first = entry.output.window(0, 1) if entry.output is not None else []
    return any(line.startswith(("@@ ", "--- ", "diff ")) for line in first)


def _cut(line: str, width: int, measure: Measure, *, is_diff: bool) -> Line:
    face = diff_face(line) if is_diff else Face("output")
    return row([(line.expandtabs(4), face)], (), width, measure)
