"""Pygments with its state in sight: lexing that can stop at any line and go on from there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

from koi.view.graphemes import belong_together
from koi.view.line import PLAIN, Face, Span

if TYPE_CHECKING:
    import re

    from pygments.lexer import Lexer
    from pygments.token import _TokenType

MAX_COLUMNS = 1000
"""Longer lines (minified code, data) are not highlighted."""

Stack: TypeAlias = tuple[str, ...]
"""The states that a lexer is in, innermost last."""

ROOT: Stack = ("root",)
CODE = Face("tok:")

_Step: TypeAlias = "int | str | tuple[str, ...] | None"
_Callback: TypeAlias = "Callable[[Lexer, re.Match[str]], Iterator[tuple[int, _TokenType, str]]]"
_Rule: TypeAlias = (
    "tuple[Callable[[str, int], re.Match[str] | None], _TokenType | _Callback | None, _Step]"
)
_Rules: TypeAlias = "Mapping[str, list[_Rule]]"


class Language(NamedTuple):
    """A lexer, and its rules when they can be run from any state (None: block by block)."""

    lexer: Lexer
    rules: _Rules | None


@lru_cache(64)
def language(name: str) -> Language | None:
    """The language of an info string, or None: plain text."""
    if not name:
        return None
    from pygments.lexer import ExtendedRegexLexer, RegexLexer
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(name)
    except ClassNotFound:
        return None
    if isinstance(lexer, RegexLexer) and not isinstance(lexer, ExtendedRegexLexer):
        # The compiled rules of a RegexLexer; tests guard that they are still found here.
        rules = getattr(lexer, "_tokens", None)
        return Language(lexer, cast("_Rules | None", rules))
    return Language(lexer, None)


@lru_cache(512)
def _face(token: _TokenType) -> Face:
    """The face of a token type: `tok:` and its short name in Pygments' stylesheets."""
    from pygments.token import STANDARD_TYPES, Token, Whitespace

    if token is Whitespace:
        return PLAIN
    kind = token
    while kind not in STANDARD_TYPES and kind.parent is not None:
        kind = kind.parent
    short = STANDARD_TYPES.get(kind, "") if kind is not Token else ""
    return Face("tok:" + short) if short else CODE


def _lex(language: Language, text: str, stack: Stack) -> Iterator[tuple[str, _TokenType, Stack]]:
    """Text, token type and the states before it: RegexLexer's loop with its stack in sight."""
    from pygments.token import Error, Whitespace, _TokenType

    if language.rules is None:
        for _, token, value in language.lexer.get_tokens_unprocessed(text):
            yield value, token, ROOT
        return
    states = list(stack)
    rules = language.rules
    position, end = 0, len(text)
    while position < end:
        before = tuple(states)
        for match_at, action, step in rules[states[-1]]:
            match = match_at(text, position)
            if match is None:
                continue
            if isinstance(action, _TokenType):
                if match.end() > position:
                    yield match.group(), action, before
            elif action is not None:
                for _, token, value in action(language.lexer, match):
                    if value:
                        yield value, token, before
            position = match.end()
            if step is not None:
                _step(states, step)
            break
        else:
            if text[position] == "\n":
                states = ["root"]
                yield "\n", Whitespace, before
            else:
                yield text[position], Error, before
            position += 1
    yield "", Whitespace, tuple(states)


def _step(states: list[str], step: int | str | tuple[str, ...]) -> None:
    """Push or pop states as a rule says."""
    if isinstance(step, int):
        del states[max(1, len(states) + step) if abs(step) < len(states) else 1 :]
        return
    for state in step if isinstance(step, tuple) else (step,):
        if state == "#pop":
            if len(states) > 1:
                states.pop()
        elif state == "#push":
            states.append(states[-1])
        else:
            states.append(state)


def plain_spans(line: str) -> tuple[Span, ...]:
    """A line of code without colours."""
    return ((line, CODE),) if line else ()


def lex_lines(
    language: Language, lines: list[str], stack: Stack
) -> tuple[list[tuple[Span, ...]], list[Stack]]:
    """Lex lines together: their spans, and the states at the end of each line."""
    text = "".join([(line if len(line) <= MAX_COLUMNS else "") + "\n" for line in lines])
    out: list[tuple[Span, ...]] = []
    stacks: list[Stack] = []
    current: list[Span] = []
    pending = 0
    for value, token, state in _lex(language, text, stack):
        while pending:  # the states after the lines that ended with the token before
            stacks.append(state)
            pending -= 1
        face = _face(token)
        first, *more = value.split("\n")
        if first:
            _join(current, first, face)
        for part in more:
            out.append(tuple(current))
            pending += 1
            current = [(part, face)] if part else []
    while len(stacks) < len(lines):
        stacks.append(stacks[-1] if stacks else stack)
    out += [()] * (len(lines) - len(out))
    for index, line in enumerate(lines):
        if len(line) > MAX_COLUMNS:
            out[index] = plain_spans(line)
    return out[: len(lines)], stacks[: len(lines)]


def _join(spans: list[Span], text: str, face: Face) -> None:
    """Add a span; a grapheme that a lexer took apart is put together again."""
    if spans and (spans[-1][1] == face or belong_together(spans[-1][0], text)):
        spans[-1] = (spans[-1][0] + text, spans[-1][1])
    else:
        spans.append((text, face))
