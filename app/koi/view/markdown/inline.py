"""Inline Markdown to spans. markdown-it-py does the inline rules only."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from koi.view.line import Face, Span
from koi.view.safe_text import safe

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from markdown_it.token import Token

References: TypeAlias = dict[str, dict[str, str]]
"""Link definitions by their normalised label."""

_PLAIN = re.compile(r"[^\\`*_\[\]<>&!~\n]*\Z")
_URL = re.compile(r"https?://[^\s<>\"'`]*[^\s<>\"'`.,;:!?)\]}]")
_FLAGS = {"strong": "b", "em": "i", "s": "s"}


@lru_cache(1)
def _inline_parser() -> Callable[[str, References], list[Token]]:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("strikethrough")

    def parse(text: str, references: References) -> list[Token]:
        tokens: list[Token] = []
        environment: MutableMapping[str, object] = {"references": references} if references else {}
        parser.inline.parse(text, parser, environment, tokens)
        return tokens

    return parse


def inline_spans(text: str, base: Face, references: References) -> tuple[Span, ...]:
    """Parse inline Markdown. Soft breaks become spaces, hard breaks newlines."""
    if _PLAIN.match(text):
        return _autolink(text, base) if text else ()
    return _Inline(base).spans(_inline_parser()(text, references))


class _Inline:
    """The state of one pass over inline tokens: which marks and links are open."""

    def __init__(self, base: Face) -> None:
        self.base = base
        self.face = base
        self.flags: list[str] = []
        self.targets: list[str] = []
        self.out: list[Span] = []

    def spans(self, tokens: list[Token]) -> tuple[Span, ...]:
        for token in tokens:
            self._take(token)
        return tuple(self.out)

    def _take(self, token: Token) -> None:
        # Entities such as &#x202e; become characters only here, so they are made safe here.
        content = safe(token.content)
        out, face = self.out, self.face
        match token.type:
            case "text" | "text_special":
                if content:
                    out += _autolink(content, face)
            case "softbreak":
                out.append((" ", face))
            case "hardbreak":
                out.append(("\n", face))
            case "code_inline":
                out.append((content, Face("code", face.flags, face.href)))
            case "link_open":
                self.targets.append(_address(token, "href"))
                self._refresh()
            case "link_close":
                self._close_link()
            case "image":
                shown = f"[image: {content}] ({_address(token, 'src')})"
                out.append((shown, Face("muted", face.flags)))
            case "html_inline":
                out.append((content, Face("muted", face.flags)))
            case kind if kind.endswith("_open"):
                self.flags.append(_FLAGS.get(kind[:-5], ""))
                self._refresh()
            case kind if kind.endswith("_close"):
                self.flags.pop()
                self._refresh()
            case _:
                if content:
                    out.append((content, face))

    def _close_link(self) -> None:
        target = self.targets.pop()
        self._refresh()
        # Where a link leads is always written out, unless its text already says it.
        if target and not any(target == text for text, _ in self.out[-2:]):
            self.out.append((f" ({target})", Face("muted", self.face.flags, _web(target))))

    def _refresh(self) -> None:
        base, inside = self.base, bool(self.targets)
        flags = "".join(sorted(set(base.flags + "".join(self.flags))))
        href = _web(self.targets[-1]) if inside else base.href
        self.face = Face(base.kind or ("link" if inside else ""), flags, href)


def _address(token: Token, attribute: str) -> str:
    return safe(str(token.attrs.get(attribute, "")), keep_newlines=False)


def _web(target: str) -> str:
    """The target if a terminal may open it, else nothing."""
    return target if target.startswith(("https://", "http://", "mailto:")) else ""


def _autolink(text: str, face: Face) -> tuple[Span, ...]:
    """Make bare addresses clickable."""
    if "://" not in text or face.href:
        return ((text, face),)
    out: list[Span] = []
    at = 0
    for match in _URL.finditer(text):
        if match.start() > at:
            out.append((text[at : match.start()], face))
        out.append((match[0], Face("link", face.flags, match[0])))
        at = match.end()
    if at < len(text):
        out.append((text[at:], face))
    return tuple(out)
