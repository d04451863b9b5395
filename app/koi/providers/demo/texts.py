"""The demo's fixed texts: Markdown files beside this module, with `$name` where facts go in."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from string import Template


def text(name: str, **facts: str) -> str:
    """The text of `texts/NAME.md` with its `$name` places filled; KeyError when one is not."""
    return Template(_source(name)).substitute(facts).strip("\n")


@cache
def _source(name: str) -> str:
    folder = files("koi.providers.demo").joinpath("texts")
    return folder.joinpath(f"{name}.md").read_text(encoding="utf-8")
