"""The cost pane: dollars of the turn and the session, tokens, and who used them."""

from __future__ import annotations

from collections import Counter

from koi.core.usage import Usage
from koi.view.line import MUTED, PLAIN, Face, Line, Measure, Span
from koi.view.lines.header import title
from koi.view.lines.row import row
from koi.view.safe_text import safe
from koi.view.state import ScreenState
from koi.view.units import dollars, tokens, total

_AMOUNT = Face("", "b")


def cost_pane_lines(state: ScreenState, width: int) -> list[Line]:
    """As many lines as there is to say; a price that is not known reads `unknown`, never 0."""
    measure = state.measure
    costs = state.costs
    lines = [title("cost", width, measure)]
    if costs is None:
        lines.append(row([("nothing spent yet", MUTED)], (), width, measure))
        return lines
    limit = state.session_limit_usd
    session = total(costs.session_cost) + (f" of {dollars(limit)}" if limit is not None else "")
    lines.append(_amount("turn", total(costs.turn_cost), width, measure))
    lines.append(_amount("session", session, width, measure))
    lines += _usage_lines(costs.session_usage, width, measure)
    share = state.context_share
    if state.context_tokens is not None:
        limit_text = (
            f" of {tokens(state.context_window)}" if state.context_window else ", limit unknown"
        )
        percent = f" ({share:.0%})" if share is not None else ""
        text = f"{tokens(state.context_tokens)}{limit_text}{percent}"
        lines.append(_amount("context", text, width, measure))
    names = Counter((entry.role, entry.model.model) for entry in costs.models)
    for entry in costs.models:
        model = entry.model
        ambiguous = names[entry.role, model.model] > 1
        name = safe(f"{entry.role} {model if ambiguous else model.model}", keep_newlines=False)
        left: list[Span] = [(name, PLAIN)]
        lines.append(row(left, [(" " + total(entry.cost), MUTED)], width, measure))
    return lines


def _usage_lines(usage: Usage, width: int, measure: Measure) -> list[Line]:
    """Fresh, cached and written tokens, `~` before estimates; two lines when one is too narrow."""
    parts = [
        ("in", usage.input_tokens),
        ("cached", usage.cache_read_tokens),
        ("out", usage.output_tokens),
    ]
    if usage.cache_write_tokens:
        parts.insert(2, ("cache write", usage.cache_write_tokens))
    if usage.reasoning_tokens:
        parts.append(("reasoning", usage.reasoning_tokens))
    lines: list[Line] = []
    spans: list[Span] = []
    used = 0
    for label, count in parts:
        about = "~" if usage.estimated and count else ""
        text = f"{label} {about}{tokens(count)}"
        if spans and used + 2 + len(text) > width:
            lines.append(Line(tuple(spans)))
            spans, used = [], 0
        if spans:
            spans.append(("  ", PLAIN))
            used += 2
        spans += [(label + " ", MUTED), (about + tokens(count), PLAIN)]
        used += len(text)
    lines.append(Line(tuple(spans)))
    return lines


def _amount(label: str, amount: str, width: int, measure: Measure) -> Line:
    return row([(label, MUTED)], [(amount, _AMOUNT)], width, measure)
