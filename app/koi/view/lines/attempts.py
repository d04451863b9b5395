"""The attempts of one turn as lines: who was asked, what happened, and what followed."""

from __future__ import annotations

from koi.core.errors import ErrorKind
from koi.core.offers import EXECUTOR
from koi.core.request_events import AttemptAction
from koi.view.attempt_log import AttemptRow, LogNote, TurnLog
from koi.view.graphemes import shorten
from koi.view.line import BLANK, MUTED, PLAIN, Face, Line, Measure, Span
from koi.view.lines.row import fit
from koi.view.units import age, duration
from koi.view.wrap import MINIMUM_ROOM, wrap_text

WIDE = 74
"""From so many columns on an attempt is one row of a table; else it takes two."""
_STEP, _KEY, _STATUS, _WAIT, _TOOK, _THEN = 6, 7, 8, 13, 9, 14
_FIXED = _STEP + _KEY + _STATUS + _WAIT + _TOOK + _THEN
THEN: dict[AttemptAction, str] = {
    "done": "answered",
    "retry": "asked again",
    "rotate": "next key",
    "fall_back": "next model",
    "keep_calls": "calls kept",
    "compact": "too long",
    "stop": "stopped",
}
KINDS: dict[ErrorKind, str] = {
    "auth": "key or login refused",
    "billing": "no credit",
    "rate_limit": "rate limit",
    "overloaded": "overloaded",
    "timeout": "timed out",
    "network": "network",
    "bad_request": "request refused",
    "context_overflow": "conversation too long",
    "tools_unsupported": "no tools",
    "model_not_found": "no such model",
    "content_policy": "content policy",
    "protocol": "damaged answer",
    "network_policy": "network policy",
    "budget": "budget",
    "cancelled": "interrupted",
    "internal": "koi failed",
}


def attempt_lines(turn: TurnLog, width: int, now: float, measure: Measure) -> list[Line]:
    """Every attempt of a turn, with what was said of it."""
    lines: list[Line] = []
    if width >= WIDE:
        heads = ("step", "model", "key", "status", "wait", "took", "then")
        lines.append(_table_row([(head, MUTED) for head in heads], width, measure))
    if turn.left_out:
        lines.append(
            _one([(f"… {turn.left_out} earlier rows are not kept", MUTED)], width, measure)
        )
    for row in turn.rows:
        if isinstance(row, LogNote):
            lines += _wrapped(row.text, width, Face("accent"), "· ", measure)
        else:
            lines += _attempt(row, width, now, measure)
    if not turn.rows:
        said = "nothing was asked" if turn.over else "nothing is asked yet"
        lines.append(_one([(said, MUTED)], width, measure))
    return lines


def turn_title(turn: TurnLog, newest: int, width: int, measure: Measure) -> Line:
    """Which turn it is, and what the person wrote."""
    which = f"turn {turn.number} of {newest}"
    return _one([(which, Face("title", "b")), (f"  {turn.prompt}", MUTED)], width, measure)


def _attempt(row: AttemptRow, width: int, now: float, measure: Measure) -> list[Line]:
    key = f"…{row.key}" if row.key else ""
    status = str(row.status) if row.status is not None else ""
    wait = duration(row.wait_s) if row.wait_s else ""
    took = age(now - row.started) if row.seconds is None else duration(row.seconds)
    if row.action is not None:
        then = THEN[row.action]
    else:
        then = "running" if row.seconds is None else "interrupted"
    failed = row.kind is not None
    face = Face("warn") if failed else Face("ok") if row.action == "done" else Face("accent")
    step = f"{row.step}.{row.attempt}"
    model = row.model if row.role == EXECUTOR else f"{row.model} ({row.role})"
    if width >= WIDE:
        cells: list[Span] = [
            (step, MUTED), (model, PLAIN), (key, MUTED), (status, face),
            (wait, PLAIN), (took, PLAIN), (then, face),
        ]  # fmt: skip
        lines = [_table_row(cells, width, measure)]
    else:
        room = max(4, width - _STEP - (len(key) + 1 if key else 0))
        name = shorten(model, room, measure)
        lines = [
            _one([(step.ljust(_STEP), MUTED), (f"{name} ", PLAIN), (key, MUTED)], width, measure)
        ]
        waited = f"wait {wait}" if wait else ""
        rest = " · ".join(filter(None, (then, status, waited, took)))
        lines.append(_one([(" " * _STEP, PLAIN), (rest, face)], width, measure))
    if row.kind is not None:
        kind = KINDS[row.kind]
        said = row.reason.casefold() not in ("", kind)
        text = f"{kind}: {row.reason}" if said else kind
        text += " (on the bill)" if row.billed else ""
        lines += _wrapped(text, width, Face("summary"), "", measure)
    return lines


def _table_row(cells: list[Span], width: int, measure: Measure) -> Line:
    """The seven columns; the model takes the room that is left."""
    widths = (_STEP, width - _FIXED, _KEY, _STATUS, _WAIT, _TOOK, _THEN)
    spans: list[Span] = []
    for (text, face), room in zip(cells, widths, strict=True):
        short = shorten(text, room - 1, measure)
        spans.append((short + " " * (room - measure(short)), face))
    return _one(spans, width, measure)


def _wrapped(text: str, width: int, face: Face, mark: str, measure: Measure) -> list[Line]:
    indent = _STEP if width >= MINIMUM_ROOM + _STEP else 0
    first = ((" " * indent, PLAIN), (mark, face))
    rest = ((" " * (indent + len(mark)), PLAIN),)
    return wrap_text(text, width, measure, face, first, rest)


def _one(spans: list[Span], width: int, measure: Measure) -> Line:
    return Line(tuple(fit(spans, width, measure)))


def log_lines(turn: TurnLog | None, width: int, now: float, measure: Measure) -> list[Line]:
    """A page of the log; without any turn, why there is none."""
    if turn is not None:
        return attempt_lines(turn, width, now, measure)
    said = (
        "Nothing was asked since koi was started. The attempts of a session are kept while it is "
        "open; what was answered is in its journal."
    )
    return [*wrap_text(said, width, measure, MUTED), BLANK]
