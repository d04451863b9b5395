"""What is said about limits: warnings, waiting, and why a request was not sent."""

from __future__ import annotations

from koi.core.budgets import BudgetLimit, BudgetUse, BudgetWarned
from koi.core.errors import LimitReached
from koi.core.references import ModelReference
from koi.routing.limits import MINIMUM_OUTPUT, NAMES, Ask, amount_words, in_usd


def warning(use: BudgetUse, share: float) -> BudgetWarned:
    """A share of a limit is used up."""
    return BudgetWarned(use, share, f"{use.share:.0%} of {NAMES[use.limit]} is used: {_used(use)}")


def held_message(use: BudgetUse) -> str:
    """Why a request waits."""
    held = amount_words(use.limit, use.reserved)
    return f"waiting: {held} of {NAMES[use.limit]} is held by requests that still run"


def refusal(use: BudgetUse, ask: Ask | None) -> LimitReached:
    """A request does not fit. Without `ask` it is what others hold that is in its way."""
    name = NAMES[use.limit]
    if use.spent >= use.value:
        title = f"{name} is reached: {_used(use)} is spent"
    elif ask is None:
        held = amount_words(use.limit, use.reserved)
        title = (
            f"{name} leaves no room: {_used(use)} is spent, and requests that still run hold {held}"
        )
    else:
        least = ask.amounts(min(MINIMUM_OUTPUT, ask.output_tokens))
        needed = amount_words(use.limit, least.usd if in_usd(use.limit) else least.tokens)
        title = (
            f"{name} leaves no room: {_used(use)} is spent, and the next request may take {needed}"
        )
    return LimitReached(title, hint=_hint(use.limit), limit=use.limit, value=use.value)


def unpriced(limit: BudgetLimit, value: float, model: ModelReference) -> LimitReached:
    """A limit in USD cannot be kept for a model without a price."""
    return LimitReached(
        f"{NAMES[limit]} cannot be kept: the price of {model} is not known",
        hint=f'Say it in the configuration, under [pricing."{model.model}"], or set a limit in '
        "tokens instead.",
        limit=limit,
        value=value,
        raisable=False,
    )


def _used(use: BudgetUse) -> str:
    return f"{amount_words(use.limit, use.spent)} of {amount_words(use.limit, use.value)}"


def _hint(limit: BudgetLimit) -> str:
    if limit == "max_cost":
        return "Nothing is lost. Raise --max-cost, which counts the whole session, and go on."
    return (
        f"Nothing is lost. Raise it with /budget, or with koi config set budget.{limit} AMOUNT, "
        "and go on."
    )
