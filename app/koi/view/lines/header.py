"""The top line, the line that names the current step, and the keys at the bottom."""

from __future__ import annotations

from collections.abc import Sequence

from koi.view.graphemes import shorten
from koi.view.line import MUTED, PLAIN, Face, Line, Measure, Span, cells
from koi.view.lines.row import row
from koi.view.state import ScreenState
from koi.view.units import age, countdown, total

STRONG = Face("", "b")
_SEPARATOR: Span = (" · ", MUTED)
MODE_FACES = {"ask": PLAIN, "edit": Face("accent"), "plan": Face("ok"), "yolo": Face("warn", "b")}
MODE_NOTES = {"yolo": "yolo, commands ask"}
"""What a mode's name alone would promise too much about: there is no sandbox yet."""
TOOL_NOTES = {"prompt": "prompted tools", "off": "no tools"}
"""What is said of a model that does not call tools in its own format."""


def header_line(state: ScreenState, width: int) -> Line:
    """koi, workspace, model, mode; at the right the context and the cost of the session."""
    measure = state.measure
    share = state.context_share
    right: list[Span] = []
    if share is not None:
        face = Face("warn", "b") if share >= 0.8 else MUTED
        right.append((f"ctx {share:.0%}", face))
    if state.costs is not None:
        right += [_SEPARATOR] if right else []
        right.append((total(state.costs.session_cost), MUTED))
    if right:
        right.append((" ", PLAIN))
    note = TOOL_NOTES.get(state.tool_mode, "") if state.model else ""
    badge: list[Span] = [_SEPARATOR, (note, Face("warn"))] if note else []
    mode: Span = (MODE_NOTES.get(state.mode, state.mode), MODE_FACES.get(state.mode, PLAIN))
    fixed = cells([(" koi", STRONG), _SEPARATOR, mode, *badge, *right], measure) + 1
    room = width - fixed
    parts: list[Span] = [(" koi", Face("accent", "b"))]
    model = state.model or "no model"
    names = measure(model) + measure(state.workspace) + 6
    if state.workspace and names <= room:
        parts += [_SEPARATOR, (state.workspace, PLAIN)]
    elif state.workspace and room > 40:
        keep = max(8, room - measure(model) - 6)
        parts += [_SEPARATOR, (_end_of(state.workspace, keep, measure), PLAIN)]
    used = cells(parts, measure) - 4
    parts += [_SEPARATOR, (_end_of(model, max(6, room - used - 3), measure), PLAIN)]
    return row([*parts, *badge, _SEPARATOR, mode], right, width, measure)


def _end_of(text: str, width: int, measure: Measure) -> str:
    """The end of a path or name: that is where it says the most."""
    if measure(text) <= width:
        return text
    tail = text[-(width - 1) :]
    while measure(tail) > width - 1:
        tail = tail[1:]
    return "…" + tail


def activity_line(state: ScreenState, width: int, now: float) -> Line:
    """The current step and its age; empty while koi waits for the person."""
    activity = state.activity
    if activity is None:
        return Line(())
    asking = bool(state.approvals)
    face = Face("warn", "b") if asking else Face("accent")
    step, took = f"{activity.step}", f" · {age(now - activity.since)}"
    if activity.until is not None and activity.until > now:
        step, took = f"waiting {countdown(activity.until - now)} before {step}", ""
    right: list[Span] = [] if asking else [("Esc stops ", MUTED)]
    left: list[Span] = [(" ● " if not asking else " ? ", face), (step, face)]
    return row([*left, (took, MUTED)], right, width, state.measure)


def queue_lines(state: ScreenState, width: int) -> list[Line]:
    """The requests that wait for the current turn, one line each."""
    return [
        row([(" queued  ", MUTED), (text.replace("\n", " "), MUTED)], (), width, state.measure)
        for text in state.queued
    ]


def keys_line(keys: Sequence[tuple[str, str]], width: int, measure: Measure) -> Line:
    """Keys and what they do, as many as fit; the first ones matter most."""
    spans: list[Span] = []
    used = 1
    for key, label in keys:
        piece: list[Span] = [_SEPARATOR] if spans else [(" ", PLAIN)]
        piece += [(key, STRONG), (" " + label, MUTED)]
        taken = cells(piece, measure)
        if used + taken > width:
            break
        spans += piece
        used += taken
    return Line(tuple(spans))


def title(text: str, width: int, measure: Measure, right: str = "") -> Line:
    """The head of a pane."""
    name: Span = (shorten(text, width, measure), Face("title", "b"))
    return row([name], [(right, MUTED)] if right else (), width, measure)
