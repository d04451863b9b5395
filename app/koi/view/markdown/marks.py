"""The marks with which Markdown blocks begin (https://spec.commonmark.org/0.31.2/)."""

from __future__ import annotations

import re

ATX = re.compile(r"(#{1,6})(?:[ \t]+|$)(.*?)(?:[ \t]+#+)?[ \t]*$")
FENCE = re.compile(r"(`{3,})([^`]*)$|(~{3,})(.*)$")
RULE = re.compile(r"(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
SETEXT = re.compile(r"(=+|-+)[ \t]*$")
ITEM = re.compile(r"([-+*])(?=[ \t]|$)|(\d{1,9})([.)])(?=[ \t]|$)")
TASK = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
REFERENCE = re.compile(
    r'\[([^\]\[]+)\]:\s*<?([^\s>]+)>?(?:\s+["\'(](.*)["\')])?\s*$',
)
HELD = re.compile(r"[\s>]*(?:(?:[-*+]|\d{1,9}[.)]?)\s*)?(?:\[[ xX]?\]?\s*|[-=*_+#|:`~\s]*)")
"""An unfinished line of marks alone may still become anything: a rule, a fence, an underline."""
HELD_IN_FENCE = re.compile(r"[\s>]*[`~]*\s*")

_HTML_BLOCK = re.compile(
    r"</?(?:address|article|aside|blockquote|body|br|center|dd|details|dialog|div|dl|dt|fieldset"
    r"|figure|footer|form|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|nav|ol|option"
    r"|p|picture|section|source|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul)"
    r"(?:\s|/?>|$)",
    re.IGNORECASE,
)
_HTML_RAW = (
    (
        re.compile(r"<(?:script|pre|style|textarea)(?:\s|>|$)", re.IGNORECASE),
        re.compile(r"</(?:script|pre|style|textarea)>", re.IGNORECASE),
    ),
    (re.compile(r"<!--"), re.compile(r"-->")),
    (re.compile(r"<\?"), re.compile(r"\?>")),
    (re.compile(r"<![A-Za-z]"), re.compile(r">")),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")),
)
_HTML_TAG = re.compile(
    r"(?:<[A-Za-z][\w-]*(?:\s+[\w:@.-]+(?:\s*=\s*(?:[^\s\"'=<>`]+|'[^']*'|\"[^\"]*\"))?)*\s*/?>"
    r"|</[A-Za-z][\w-]*\s*>)\s*$"
)


def html_start(body: str, *, in_prose: bool) -> tuple[bool, re.Pattern[str] | None]:
    """Whether an HTML block starts here, and what ends it (None: a blank line)."""
    end = next((close for begin, close in _HTML_RAW if begin.match(body)), None)
    starts = end is not None or _HTML_BLOCK.match(body) is not None
    return starts or (not in_prose and _HTML_TAG.match(body) is not None), end
