"""The question before a tool call: what exactly will happen, and the keys that answer."""

from __future__ import annotations

from koi.view.line import MUTED, PLAIN, Face, Line, Measure, Prefix, Span
from koi.view.lines.row import row
from koi.view.output import output_lines
from koi.view.state import Approval
from koi.view.wrap import wrap_text

_ASK = Face("warn", "b")
_BAR: Prefix = ((" │ ", _ASK),)
_KEY = Face("", "b")


def approval_lines(
    approval: Approval,
    width: int,
    height: int,
    measure: Measure,
    *,
    waiting: int = 0,
    scroll: int = 0,
) -> list[Line]:
    """At most `height` lines (at least four). `waiting` counts the questions behind this one.

    The preview is wrapped, never cut at the side; from `scroll` on it shows what fits, and says
    how many lines are above and below.
    """
    behind: list[Span] = [(f"{waiting} more after this ", MUTED)] if waiting else []
    heading: list[Span] = [(" ? ", _ASK), (approval.tool, _ASK), ("  " + approval.title, PLAIN)]
    lines = [row(heading, behind, width, measure)]
    if approval.reason:
        lines += wrap_text(approval.reason, width, measure, MUTED, _BAR, _BAR)[:2]
    keys = _keys(approval, width, measure)
    preview = preview_lines(approval, width, measure)
    room = max(1, height - len(lines) - 1)
    if len(preview) <= room:
        return [*lines, *preview, keys]
    room = max(1, room - 1)
    start = max(0, min(scroll, len(preview) - room))
    below = len(preview) - start - room
    note = " · ".join(
        [f"{count} lines {where}" for count, where in ((start, "above"), (below, "below")) if count]
    )
    more = row([*_BAR, (f"… {note} · PgUp PgDn", MUTED)], (), width, measure)
    return [*lines, *preview[start : start + room], more, keys]


def preview_lines(approval: Approval, width: int, measure: Measure) -> list[Line]:
    """Every character of what will run or be written, wrapped to the width."""
    return output_lines(list(approval.preview), width, measure, _BAR, diff=approval.is_diff)


def _keys(approval: Approval, width: int, measure: Measure) -> Line:
    spans: list[Span] = [(" y", _KEY), (" yes  ", MUTED), ("n", _KEY), (" no  ", MUTED)]
    if approval.always:
        spans += [("a", _KEY), (f" always: {approval.always}", MUTED)]
    return row(spans, (), width, measure)
