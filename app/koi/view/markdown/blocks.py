"""The block structure of Markdown, one source line at a time (CommonMark's line algorithm).

Each line is looked at once, against the stack of open containers. Nothing is parsed again,
whatever is open: a fence, a list of 2,000 items, a paragraph of 200 kB. `fork()` gives a parser
that may be fed an unfinished line.
"""

from __future__ import annotations

import copy
import re
from dataclasses import replace

from koi.view.line import MUTED, PLAIN, Face, Line, Measure, Prefix, length
from koi.view.markdown.code import Code
from koi.view.markdown.containers import BULLETS, MAX_DEPTH, Container, match_containers
from koi.view.markdown.grid import Grid
from koi.view.markdown.inline import References
from koi.view.markdown.leaf import Blank, Leaf, Margin, Rule
from koi.view.markdown.lexing import CODE
from koi.view.markdown.marks import ATX, FENCE, ITEM, REFERENCE, RULE, SETEXT, TASK, html_start
from koi.view.markdown.prose import Prose
from koi.view.markdown.table import delimiter, split_row


class Parser:
    """Turns lines into leaves; the last one may still be open.

    `first` and `rest` stand before the first and before every other line of the whole document.
    """

    def __init__(self, measure: Measure, first: Prefix = (), rest: Prefix = ()) -> None:
        self.measure = measure
        self.leaves: list[Leaf] = []
        self.open: Leaf | None = None
        self.paragraph: list[str] = []
        """The source lines of the open paragraph."""
        self.fence: tuple[str, int, int] | None = None
        """Character, length and indent of the open fence."""
        self._first, self._rest = first, rest
        self._references: References = {}
        self._stack: list[Container] = []
        self._blank = False  # a blank line came since the last content
        self._html: re.Pattern[str] | None = None
        self._any = False
        self._trial = False  # a fork: it must not write into what it shares

    def fork(self) -> Parser:
        """A parser for an unfinished line. Its leaves replace the open leaf and go on from it."""
        other = copy.copy(self)
        other._stack = [replace(container) for container in self._stack]
        other.paragraph = self.paragraph[-1:]
        other.leaves = []
        other._trial = True
        if self.open is not None:
            other.open = self.open.fork()
            other.leaves.append(other.open)
        return other

    def line(self, text: str) -> None:
        """A source line without its newline."""
        body = text.lstrip()
        if "\t" in text[: len(text) - len(body)]:
            text = text[: len(text) - len(body)].expandtabs(4) + body
        position, matched = match_containers(self._stack, text)
        rest = text[position:]
        blank = not rest or rest.isspace()
        whole = matched == len(self._stack)
        if isinstance(self.open, Code):
            if self._code_line(self.open, rest, blank=blank, whole=whole):
                return
            if not (blank and not whole and self.fence is None):
                self._close_leaf()
        if blank:
            self._blank_line(matched)
            return
        started, left = self._starts(rest, matched)
        if left is None:
            return
        if not started and not whole and isinstance(self.open, Prose):
            self._continue(self.open, left)  # a lazy continuation
            return
        if not started:
            self._close_to(matched)
        if isinstance(self.open, Prose):
            self._continue(self.open, left)
        elif isinstance(self.open, Grid):
            self.open.add(left)
        else:
            self._start_paragraph(left)

    def finish(self) -> None:
        """Close what is open."""
        self._close_leaf()
        self._close_to(0)

    # -- leaves and containers

    def _margin(self) -> Margin:
        """The prefixes of the next leaf; its containers' bullets are out then."""
        gap = None
        nested = any(container.mark != ">" for container in self._stack)
        if self._any and (self._blank or not nested):
            used = [item.prefix(first=False) for item in self._stack if item.used]
            spans = (*self._rest, *used)
            gap = Line(spans, length(spans))
        edge = self._rest if self._any else self._first
        first = (*edge, *[container.prefix(first=True) for container in self._stack])
        rest = (*self._rest, *[container.prefix(first=False) for container in self._stack])
        for container in self._stack:
            container.used = True
        self._any, self._blank = True, False
        return Margin(first, rest, gap)

    def _add(self, leaf: Leaf, *, open_: bool) -> None:
        self._close_leaf()
        self.leaves.append(leaf)
        if open_:
            self.open = leaf
        else:
            leaf.finish()

    def _close_leaf(self) -> None:
        if self.open is not None:
            self.open.finish()
        self.open, self.fence, self._html = None, None, None
        self.paragraph = []

    def _close_to(self, depth: int) -> None:
        if depth >= len(self._stack):
            return
        self._close_leaf()
        for index in range(depth, len(self._stack)):
            if not self._stack[index].used:  # an item with nothing in it still has a bullet
                del self._stack[index + 1 :]
                self._add(Blank("empty", self._margin(), self.measure), open_=False)
                break
        del self._stack[depth:]

    def _close_before(self, depth: int, *, started: bool) -> None:
        self._close_leaf()
        if not started:
            self._close_to(depth)

    # -- inside code

    def _code_line(self, code: Code, rest: str, *, blank: bool, whole: bool) -> bool:
        """A line while code is open: True when it belongs to the code."""
        if not whole:
            return False
        if self.fence is not None:
            self._fence_line(code, self.fence, rest)
            return True
        if self._html is not None or (code.kind == "html" and not blank):
            code.add(rest)
            if self._html is not None and self._html.search(rest):
                self._close_leaf()
            return True
        if code.kind == "indented" and blank:
            code.blanks += 1
            return True
        if code.kind == "indented" and rest.startswith("    "):
            code.add(rest[4:])
            return True
        return False

    def _fence_line(self, code: Code, fence: tuple[str, int, int], text: str) -> None:
        char, size, indent = fence
        body = text.strip()
        lead = len(text) - len(text.lstrip(" "))
        if lead <= 3 and len(body) >= size and body == char * len(body):
            self._close_leaf()
        else:
            code.add(text[min(indent, lead) :])

    def _blank_line(self, matched: int) -> None:
        if isinstance(self.open, Prose | Grid) or (
            self.open is not None and self.open.kind == "html"
        ):
            self._close_leaf()
        for index in range(matched, len(self._stack)):
            if self._stack[index].mark == ">":
                self._close_to(index)
                break
        for container in self._stack:
            if not container.used and container.mark != ">":
                container.dead = True
        self._blank = True

    # -- what starts in a line

    def _starts(self, text: str, matched: int) -> tuple[bool, str | None]:
        """Open the blocks that start here: whether any did, and the text left (None: used up)."""
        started = False
        while True:
            body = text.lstrip(" ")
            indent = len(text) - len(body)
            prose = isinstance(self.open, Prose) and not started
            if indent >= 4:
                return self._indented(text, body, matched, prose=prose, started=started)
            depth = len(self._stack) if started else matched
            whole = matched == len(self._stack)
            if body[:1] == ">" and depth < MAX_DEPTH:
                self._close_before(depth, started=started)
                self._stack.append(Container(">"))
                text = body[2:] if body[1:2] == " " else body[1:]
            elif self._leaf_starts(body, depth, indent, prose=prose and whole, started=started):
                return True, None
            elif (match := self._item(body, prose=prose)) and depth < MAX_DEPTH:
                self._close_before(depth, started=started)
                text = self._open_item(match, body, indent)
            else:
                return started, body
            started = True
            if not text.strip():
                return True, None

    def _indented(
        self, text: str, body: str, matched: int, *, prose: bool, started: bool
    ) -> tuple[bool, str | None]:
        """Four columns in: indented code, unless a paragraph goes on."""
        if prose:
            return started, body
        if not started:
            self._close_to(matched)
        if body:
            code = Code("indented", "", CODE, self._margin(), self.measure)
            self._add(code, open_=True)
            code.add(text[4:])
        return True, None

    def _item(self, body: str, *, prose: bool) -> re.Match[str] | None:
        """The mark of a list item. One that interrupts a paragraph is not empty, and is a 1."""
        match = ITEM.match(body)
        if match is None or RULE.match(body):
            return None
        if prose:
            in_list = any(container.mark != ">" for container in self._stack)
            if not body[match.end() :].strip() or not (match[2] in (None, "1") or in_list):
                return None
        return match

    def _open_item(self, match: re.Match[str], body: str, indent: int) -> str:
        depth = sum([container.mark != ">" for container in self._stack])
        bullet = BULLETS[depth % len(BULLETS)] + " " if match[1] else match[0] + " "
        rest = body[match.end() :].replace("\t", "    ", 1)
        pad = len(rest) - len(rest.lstrip(" "))
        if not rest.strip() or pad > 4:
            pad = 1
        self._stack.append(Container(match[1] or match[3], indent + match.end() + pad, bullet))
        return rest[pad:]

    def _leaf_starts(
        self, body: str, depth: int, indent: int, *, prose: bool, started: bool
    ) -> bool:
        """Headings, fences, HTML, underlines, tables, rules: True when the line is used up."""
        char = body[:1]
        if char == "#" and (match := ATX.match(body)):
            self._close_before(depth, started=started)
            level = f"h{len(match[1])}"
            self._prose(level, Face(level, "b"), match[2].strip(), open_=False)
            return True
        if char in "`~" and (match := FENCE.match(body)):
            self._close_before(depth, started=started)
            mark = match[1] or match[3]
            info = (match[2] or match[4] or "").split()
            code = Code("fence", info[0] if info else "", None, self._margin(), self.measure)
            self._add(code, open_=True)
            self.fence = (mark[0], len(mark), indent)
            return True
        if char == "<" and self._html_starts(body, depth, started=started):
            return True
        if prose and char in "=-" and SETEXT.match(body):
            level = "h1" if char == "=" else "h2"
            self._redo(len(self.paragraph), level, Face(level, "b"))
            return True
        if prose and char in "|:-" and (aligns := delimiter(body)):
            return self._table_starts(aligns)
        if char in "*-_" and RULE.match(body):
            self._close_before(depth, started=started)
            self._add(Rule("rule", self._margin(), self.measure), open_=False)
            return True
        return False

    def _html_starts(self, body: str, depth: int, *, started: bool) -> bool:
        starts, end = html_start(body, in_prose=isinstance(self.open, Prose))
        if not starts:
            return False
        self._close_before(depth, started=started)
        code = Code("html", "", MUTED, self._margin(), self.measure)
        self._add(code, open_=True)
        code.add(body)
        self._html = end
        if end and end.search(body):
            self._close_leaf()
        return True

    def _table_starts(self, aligns: list[str]) -> bool:
        """The last line of the open paragraph becomes a table's head, if it has as many cells."""
        if not self.paragraph or len(split_row(self.paragraph[-1])) != len(aligns):
            return False
        head, alone = self.paragraph[-1], len(self.paragraph) == 1
        old = self._redo(len(self.paragraph) - 1, "p", PLAIN)
        margin = Margin(old.first, old.rest, old.gap) if alone else self._margin()
        self._add(Grid(head, aligns, self._references, margin, self.measure), open_=True)
        return True

    def _redo(self, count: int, kind: str, face: Face) -> Leaf:
        """The open paragraph is something else: keep its first `count` lines as `kind`."""
        old, paragraph = self.leaves.pop(), self.paragraph
        self.open, self.paragraph = None, []
        if count:
            margin = Margin(old.first, old.rest, old.gap)
            leaf = Prose(kind, face, self._references, margin, self.measure)
            leaf.feed("\n".join(paragraph[:count]))
            leaf.finish()
            self.leaves.append(leaf)
        return old

    # -- paragraphs

    def _prose(self, kind: str, face: Face, text: str, *, open_: bool) -> None:
        leaf = Prose(kind, face, self._references, self._margin(), self.measure)
        self._add(leaf, open_=open_)
        leaf.feed(text)
        if not open_:
            leaf.finish()

    def _start_paragraph(self, text: str) -> None:
        if match := REFERENCE.match(text):  # kept visible: muted, one line each
            if not self._trial:
                definition = {"href": match[2], "title": match[3] or ""}
                self._references.setdefault(match[1].strip().upper(), definition)
            joined = self.leaves and self.leaves[-1].kind == "reference" and not self._blank
            margin = self._margin()
            code = Code(
                "reference",
                "",
                MUTED,
                margin._replace(gap=None) if joined else margin,
                self.measure,
            )
            self._add(code, open_=False)
            code.add(text)
            return
        if self._stack and not self._stack[-1].used and (task := TASK.match(text)):
            self._stack[-1].bullet += "☐ " if task[1] == " " else "☑ "
            text = text[task.end() :]
        self._prose("p", PLAIN, text, open_=True)
        self.paragraph = [text]

    def _continue(self, leaf: Prose, text: str) -> None:
        leaf.feed("\n" + text.lstrip())
        self.paragraph.append(text)
