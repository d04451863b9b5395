"""What a diagnosis says: sections of checks, each with a mark in words and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

Mark: TypeAlias = Literal["ok", "note", "problem"]
_WIDTH = len("problem")


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    mark: Mark
    text: str
    hint: str = ""
    """What to do about it."""


class Section(msgspec.Struct, frozen=True):
    """Checks of one kind, under a heading."""

    title: str
    checks: tuple[Check, ...]


def ok(text: str) -> Check:
    """All is as it should be."""
    return Check("ok", text)


def note(text: str, hint: str = "") -> Check:
    """Good to know; koi works."""
    return Check("note", text, hint)


def problem(text: str, hint: str) -> Check:
    """Something does not work, or is not safe."""
    return Check("problem", text, hint)


def has_problem(sections: Iterable[Section]) -> bool:
    """True when at least one check is a problem."""
    return any(check.mark == "problem" for section in sections for check in section.checks)


def lines(sections: Sequence[Section]) -> list[str]:
    """The report for people, safe for a terminal."""
    from koi.view.safe_text import safe

    told: list[str] = []
    for section in sections:
        told += ([""] if told else []) + [section.title]
        for check in section.checks:
            text = safe(check.text, keep_newlines=False)
            told.append(f"  {check.mark:<{_WIDTH}}  {text}")
            hints = safe(check.hint).splitlines()
            told += [f"  {'':{_WIDTH}}  {line}" for line in hints]
    count = sum(check.mark == "problem" for section in sections for check in section.checks)
    summary = {0: "No problem was found.", 1: "1 problem."}.get(count, f"{count} problems.")
    return [*told, "", summary]
