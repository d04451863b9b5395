"""What the view's words for looks mean in colours.

The terminal's own sixteen colours on its own background: they suit dark and light terminals alike,
follow the person's palette, and cost a few bytes where true colours cost thirty.
"""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

THEME: Final = Theme(
    name="koi",
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_blue",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    accent="ansi_cyan",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "border": "ansi_cyan",
        "border-blurred": "ansi_bright_black",
        "scrollbar": "ansi_bright_black",
        "scrollbar-hover": "ansi_cyan",
        "scrollbar-active": "ansi_cyan",
        "scrollbar-background": "ansi_default",
        "scrollbar-background-hover": "ansi_default",
        "scrollbar-background-active": "ansi_default",
        "input-cursor-text-style": "reverse",
        "block-cursor-background": "ansi_cyan",
        "block-cursor-foreground": "ansi_black",
    },
)

STYLES: Final[dict[str, str]] = {
    "muted": "dim",
    "accent": "cyan",
    "ok": "green",
    "warn": "yellow",
    "error": "red",
    "selected": "",
    "title": "",
    "label_you": "green",
    "label_koi": "cyan",
    "code": "cyan",
    "link": "underline blue",
    "quote": "dim",
    "bullet": "cyan",
    "head": "",
    "rule": "dim",
    "qr": "bright_white on black",
    "h1": "magenta underline",
    "h2": "magenta",
    "h3": "magenta",
    "diff_add": "green",
    "diff_remove": "red",
    "diff_hunk": "cyan",
    "tok:k": "magenta",
    "tok:nf": "blue",
    "tok:nc": "blue",
    "tok:nb": "cyan",
    "tok:nd": "cyan",
    "tok:nt": "blue",
    "tok:na": "cyan",
    "tok:s": "green",
    "tok:m": "cyan",
    "tok:c": "dim italic",
    "tok:gi": "green",
    "tok:gd": "red",
    "tok:gh": "cyan",
    "tok:gu": "cyan",
}
"""Rich styles by kind. A kind that is not here looks like plain text; of a token's kind the longest
known beginning counts."""

WITHOUT_COLOUR: Final[dict[str, str]] = {
    "code": "bold",
    "link": "underline",
    "h1": "underline",
    "muted": "dim",
    "quote": "dim",
    "rule": "dim",
    "tok:c": "dim italic",
    "tok:k": "bold",
}
"""The same for NO_COLOR: differences that are not colours."""

SELECTION: Final = "reverse"
