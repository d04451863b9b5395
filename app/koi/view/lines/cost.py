"""The cost pane: dollars of the turn and the session, tokens, and who used them."""

from __future__ import annotations

from collections import Counter

from koi.core.budgets import BudgetUse
from koi.core.offers import EXECUTOR
from koi.core.usage import Usage
from koi.view.budgets import BUDGET_NAMES, NEARLY, WARN, estimate_text, share_text, spent_text
from koi.view.line import MUTED, PLAIN, Face, Line, Measure, Span
from koi.view.lines.chain import chain_lines
from koi.view.lines.header import title
from koi.view.lines.row import row
from koi.view.safe_text import safe
from koi.view.state import ScreenState
from koi.view.units import tokens, total

_AMOUNT = Face("", "b")
LEAST_CANDIDATES = 3
"""Rows that the candidates have, if there are so many, before the models have any."""


def cost_pane_lines(
    state: ScreenState, width: int, now: float, most: int | None = None
) -> list[Line]:
    """As many lines as there is to say, at most `most`; a price that is not known reads `unknown`,
    never 0. Models and candidates give way first.
    """
    head = _amounts(state, width)
    models = _model_lines(state, width)
    rows = state.requests.chains.get(EXECUTOR, ())
    chain = chain_lines(rows, now, width, state.measure)
    room = len(models) + len(chain) if most is None else max(0, most - len(head))
    if len(models) + len(chain) > room and chain:
        kept = max(min(LEAST_CANDIDATES, room), room - len(models))
        chain = chain_lines(rows, now, width, state.measure, kept)[:kept]
    left = max(0, room - len(chain))
    if len(models) > left:
        more = row([(f"… {len(models) - left + 1} more: /cost", MUTED)], (), width, state.measure)
        models = [*models[: left - 1], more] if left else []
    return [*head, *models, *chain]


def _amounts(state: ScreenState, width: int) -> list[Line]:
    measure, costs = state.measure, state.costs
    lines = [title("cost", width, measure)]
    uses = {use.limit: use for use in state.requests.budgets}
    own = uses.pop("session_usd", None) or uses.pop("max_cost", None)
    if costs is None:
        lines.append(row([("nothing spent yet", MUTED)], (), width, measure))
    else:
        lines.append(_amount("turn", total(costs.turn_cost), width, measure))
        if own is None:
            lines.append(_amount("session", total(costs.session_cost), width, measure))
    for use in (*([own] if own is not None else []), *uses.values()):
        lines += _budget_lines(use, width, measure)
    lines += _estimate_line(state, width)
    if costs is not None:
        lines += _usage_lines(costs.session_usage, width, measure)
    share = state.context_share
    if state.context_tokens is not None:
        limit_text = (
            f" of {tokens(state.context_window)}" if state.context_window else ", limit unknown"
        )
        percent = f" ({share:.0%})" if share is not None else ""
        text = f"{tokens(state.context_tokens)}{limit_text}{percent}"
        lines.append(_amount("context", text, width, measure))
    return lines


def _budget_lines(use: BudgetUse, width: int, measure: Measure) -> list[Line]:
    """A limit, what is spent of it, and the share of it in words; two lines where it is narrow."""
    face = Face("error", "b") if use.share >= NEARLY else Face("warn", "b")
    face = face if use.share >= WARN else _AMOUNT
    label, spent, share = BUDGET_NAMES[use.limit], spent_text(use), share_text(use)
    left: list[Span] = [(label, MUTED)]
    if len(label) + len(spent) + len(share) + 3 <= width:
        return [row(left, [(f"{spent}, {share}", face)], width, measure)]
    return [row(left, [(spent, face)], width, measure), row((), [(share, face)], width, measure)]


def _estimate_line(state: ScreenState, width: int) -> list[Line]:
    """What the request that runs or the next one costs, with nothing read from a cache."""
    requests = state.requests
    following = requests.next_estimate
    if requests.running is None and following is None:
        return []
    if state.busy and requests.running is not None:
        return [_amount("now", estimate_text(requests.running), width, state.measure)]
    text = estimate_text(following) if following is not None else "…"
    return [_amount("next", text, width, state.measure)]


def _model_lines(state: ScreenState, width: int) -> list[Line]:
    if state.costs is None:
        return []
    lines: list[Line] = []
    names = Counter((entry.role, entry.model.model) for entry in state.costs.models)
    for entry in state.costs.models:
        model = entry.model
        ambiguous = names[entry.role, model.model] > 1
        name = safe(f"{entry.role} {model if ambiguous else model.model}", keep_newlines=False)
        left: list[Span] = [(name, PLAIN)]
        lines.append(row(left, [(" " + total(entry.cost), MUTED)], width, state.measure))
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
