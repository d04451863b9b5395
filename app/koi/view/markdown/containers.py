"""Block quotes and list items: what a line must look like to go on inside them."""

from __future__ import annotations

from dataclasses import dataclass

from koi.view.line import PLAIN, Face, Span

MAX_DEPTH = 24
BULLETS = "•◦▪"
QUOTE = Face("quote")
BULLET = Face("bullet")


@dataclass(slots=True)
class Container:
    """An open block quote (`mark` is ">") or list item."""

    mark: str
    indent: int = 0
    """Columns that a line needs to belong to the item."""
    bullet: str = ""
    used: bool = False
    """Something has been shown in it: the bullet is out."""
    dead: bool = False
    """An empty item, followed by a blank line: it takes nothing more."""

    def prefix(self, *, first: bool) -> Span:
        """What stands before the text of a line in it."""
        if self.mark == ">":
            return "▌ ", QUOTE
        if first and not self.used:
            return self.bullet, BULLET
        return " " * len(self.bullet), PLAIN


def match_containers(stack: list[Container], text: str) -> tuple[int, int]:
    """How far the open containers go on in this line: position, number of containers."""
    position = matched = 0
    for container in stack:
        body = text[position:].lstrip(" ")
        indent = len(text) - position - len(body)
        if container.mark == ">":
            if indent > 3 or not body.startswith(">"):
                break
            position += indent + 1
            if text[position : position + 1] == " ":
                position += 1
        elif not body:
            if container.dead:
                break
        elif indent >= container.indent and not container.dead:
            position += container.indent
        else:
            break
        matched += 1
    return position, matched
