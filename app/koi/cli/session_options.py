"""Options that `koi` and `koi run` share, as one struct for the wiring."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

import click
import msgspec

from koi.agent.options import SessionOptions
from koi.cli.options import current_options
from koi.safety.modes import MODES

P = ParamSpec("P")
R = TypeVar("R")


def _not_nan(
    context: click.Context, parameter: click.Parameter, value: float | None
) -> float | None:
    """No amount is more than "nan", so that it would be no limit. Raises BadParameter."""
    if value is not None and math.isnan(value):
        raise click.BadParameter("nan is not a number.")
    return value


def session_options(function: Callable[Concatenate[SessionOptions, P], R]) -> Callable[P, R]:
    """Add the session's options to a command; the function gets them as its first argument.

    It goes below `global_options`, so that those are already known.
    """

    @click.option("-m", "--model", metavar="REF", help="Model, as provider/model, or hint:NAME.")
    @click.option("-p", "--provider", metavar="NAME", help="Provider for a bare model name.")
    @click.option("--executor", metavar="REF", help="The model that works, above --model.")
    @click.option("--evaluator", metavar="REF", help="The model that judges, above --model.")
    @click.option("--planner", metavar="REF", help="The model that plans, above --model.")
    @click.option("--embedder", metavar="REF", help="The model that makes vectors.")
    @click.option("--small", metavar="REF", help="The model for summaries.")
    @click.option("-c", "--continue", "latest", is_flag=True, help="Go on with the last session.")
    @click.option(
        "-r", "--resume", metavar="ID", is_flag=False, flag_value="", help="Go on with a session."
    )
    @click.option(
        "--mode",
        type=click.Choice(MODES),
        help="What runs without a question (default: ask).",
    )
    @click.option("--allow", metavar="RULE", multiple=True, help="Allow, as bash(git status*).")
    @click.option("--deny", metavar="RULE", multiple=True, help="Deny; it wins over --allow.")
    @click.option("--max-turns", metavar="N", type=click.IntRange(1), help="Model requests a turn.")
    @click.option(
        "--max-cost",
        metavar="USD",
        type=click.FloatRange(0, min_open=True),
        callback=_not_nan,
        help="Stop at this cost.",
    )
    @click.option("--no-tools", is_flag=True, help="Only talk.")
    @click.option("--demo", is_flag=True, help="Use the embedded scripted model, offline.")
    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        names = [name for name in SessionOptions.__struct_fields__ if name in kwargs]
        said = {name: kwargs.pop(name) for name in names}
        general = current_options()
        options = SessionOptions(
            workspace=general.workspace,
            config_flag=general.config,
            trust=general.trust,
            debug=general.debug,
        )
        return function(msgspec.structs.replace(options, **said), *args, **kwargs)

    return wrapper
