"""The question before a tool call: what exactly will happen, and the keys that answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from koi.view.line import MUTED, PLAIN, Face, Line, Measure, Prefix, Span
from koi.view.lines.row import row
from koi.view.output import output_lines
from koi.view.state import Approval
from koi.view.wrap import wrap_text

Stage: TypeAlias = Literal["ready", "unread", "away"]
"""ready: keys answer · unread: a yes needs the end to be seen first · away: keys go elsewhere."""

_ASK = Face("warn", "b")
_BAR: Prefix = ((" │ ", _ASK),)
_KEY = Face("", "b")


class Page(NamedTuple):
    """A question within a height, and which rows of its preview are shown."""

    lines: list[Line]
    first: int
    rows: int
    at_end: bool
    """True when the last row of the preview is shown."""


def approval_page(
    approval: Approval,
    preview: Sequence[Line],
    width: int,
    height: int,
    measure: Measure,
    *,
    waiting: int = 0,
    scroll: int = 0,
    stage: Stage = "ready",
) -> Page:
    """At most `height` lines (at least four). `waiting` counts the questions behind this one.

    `preview` is what `preview_lines` gave for this width; from row `scroll` on, what fits of it is
    shown, and how many lines are above and below.
    """
    behind: list[Span] = [(f"1 of {waiting + 1} ", MUTED)] if waiting else []
    heading: list[Span] = [(" ? ", _ASK), (approval.tool, _ASK), ("  " + approval.title, PLAIN)]
    lines = [row(heading, behind, width, measure)]
    if approval.reason:
        spare = height - (4 if len(preview) > 1 else 3)
        reason = wrap_text(approval.reason, width, measure, MUTED, _BAR, _BAR)
        lines += reason[: max(0, min(2, spare))]
    keys = _keys(approval, width, measure, stage)
    room = max(1, height - len(lines) - 1)
    if len(preview) <= room:
        return Page([*lines, *preview, keys], 0, len(preview), True)
    room = max(1, room - 1)
    start = max(0, min(scroll, len(preview) - room))
    below = len(preview) - start - room
    counts = ((start, "above"), (below, "below"))
    note = " · ".join([f"{count} lines {where}" for count, where in counts if count])
    more = row([*_BAR, (f"… {note} · PgUp PgDn", MUTED)], (), width, measure)
    shown = [*lines, *preview[start : start + room], more, keys]
    return Page(shown, start, room, not below)


def preview_lines(approval: Approval, width: int, measure: Measure) -> list[Line]:
    """Every character of what will run or be written, wrapped to the width."""
    return output_lines(list(approval.preview), width, measure, _BAR, diff=approval.is_diff)


def _keys(approval: Approval, width: int, measure: Measure, stage: Stage) -> Line:
    no: list[Span] = [("n", _KEY), (" no", MUTED)]
    if stage == "unread":
        later = " · yes: first read to the end (PgDn, End)"
        return row([(" ", PLAIN), *no, (later, MUTED)], (), width, measure)
    spans: list[Span] = [(" ", PLAIN)]
    if stage == "away":
        spans += [("Tab", _KEY), (" to answer: ", MUTED)]
    spans += [("y", _KEY), (" yes · ", MUTED), *no]
    if approval.always:
        spans += [(" · ", MUTED), ("a", _KEY), (f" always: {approval.always}", MUTED)]
    return row(spans, (), width, measure)
