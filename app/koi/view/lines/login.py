"""The page of a login: where to go, the code, how long it is valid, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

import msgspec

from koi.view.connecting import PHISHING, big_code, countdown, spaced
from koi.view.line import BLANK, MUTED, PLAIN, Face, Line, Measure, Prefix
from koi.view.safe_text import safe
from koi.view.wrap import wrap_text

Stage: TypeAlias = Literal["starting", "code", "browser", "failed", "connected"]
ROWS_FOR_BLOCKS = 20
"""Rows of a page from which the code is written in block letters."""

_STRONG = Face("", "b")
_INDENT: Prefix = (("   ", PLAIN),)


class LoginPage(msgspec.Struct, frozen=True):
    """What is known of a login so far. All of it comes from elsewhere, and is made safe here."""

    title: str
    stage: Stage = "starting"
    code: str = ""
    url: str = ""
    left_s: float = 0.0
    waiting: str = "Asking for a code …"
    note: str = ""
    problem: str = ""
    advice: str = ""
    account: str = ""
    models: str = ""


def login_lines(page: LoginPage, width: int, rows: int, measure: Measure) -> Iterator[Line]:
    """The page for a width and the rows that it may have."""

    def words(said: str, face: Face = PLAIN, first: Prefix = (), rest: Prefix = ()) -> list[Line]:
        return wrap_text(safe(said), width, measure, face, first, rest)

    def address() -> list[Line]:
        shown = safe(page.url, keep_newlines=False)
        face = Face("link", href=shown if shown == page.url else "")
        return wrap_text(shown, width, measure, face, _INDENT, _INDENT)

    match page.stage:
        case "starting":
            yield from words(page.waiting)
        case "code":
            yield from words("Open this address on any device:")
            yield from address()
            yield from words("and enter this code:")
            yield from _code(page.code, width, rows, measure)
            yield from words(f"{page.waiting} {countdown(page.left_s)} left")
            yield from words(PHISHING, Face("warn"))
        case "browser":
            yield from words("Sign in at this address, with a browser on this machine:")
            yield from address()
            yield from words(f"{page.waiting} {countdown(page.left_s)} left")
            yield BLANK
            yield from words("The browser is elsewhere? Paste here the address that it ends at.")
        case "failed":
            yield from words(f"✗ {page.problem}", Face("error", "b"))
            if page.advice:
                yield BLANK
                yield from words(page.advice)
        case "connected":
            who = f" as {page.account}" if page.account else ""
            yield from words(f"✓ {page.title} is connected{who}.", Face("ok", "b"))
            if page.models:
                yield from words(page.models)
    if page.note:
        yield from words(page.note, MUTED)


def _code(code: str, width: int, rows: int, measure: Measure) -> Iterator[Line]:
    """In block letters where there is room, and always as text that can be read and selected."""
    shown = safe(code, keep_newlines=False)
    blocks = big_code(shown) if rows >= ROWS_FOR_BLOCKS else []
    yield BLANK
    if blocks and len(blocks[0]) + 3 <= width:
        for line in blocks:
            yield Line((*_INDENT, (line, Face("accent"))))
        yield BLANK
        yield Line((*_INDENT, (shown, _STRONG)))
    else:
        yield from wrap_text(spaced(shown), width, measure, _STRONG, _INDENT, _INDENT)
    yield BLANK
