"""Text that may go to a terminal.

Models, tools, files and servers are not trusted: their text could move the cursor, set the
clipboard or hide a part of itself. Everything that is shown passes through here once.
"""

from __future__ import annotations

import re
import unicodedata


class SafeText(str):
    """Text without control, escape, C1 and bidirectional formatting characters.

    Only tabs and newlines are left of the control characters. Made by `safe`, `visible` and
    `SafeStream`; widgets accept nothing else.
    """

    __slots__ = ()


# Format characters without a shape of their own. Kept: zero width (non-)joiner and variation
# selectors, which emoji and several scripts need, and Arabic number signs, which are visible.
_INVISIBLE = (
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff"
)
_UNSAFE = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_INVISIBLE}]")
_CSI = r"(?:\x1b\[|\x9b)[0-?]{0,128}[ -/]{0,16}[@-~]"
# A string command (window title, clipboard, hyperlink, device control) with its terminator.
_STRING = (
    r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x00-\x1f\x7f-\x9f]{0,4096}(?:\x07|\x1b\\|\x9c)"
)
_SHORT = r"\x1b[ -/]{1,2}[0-~]|\x1b[=>78cDEHMNOZ]"
_SEQUENCE = re.compile(f"{_CSI}|{_STRING}|{_SHORT}|\r\n")
# The start of a sequence, or a carriage return, that the next piece may complete.
_UNFINISHED = re.compile(
    r"(?:(?:\x1b\[|\x9b)[0-?]{0,128}[ -/]{0,16}"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x00-\x1f\x7f-\x9f]{0,4096}\x1b?"
    r"|\x1b[ -/]{0,2}|\r)\Z"
)
_BREAKS = "\r\x0b\x0c\x85\u2028\u2029"


def _replacement(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    if char in _BREAKS:
        return "\n"
    if code < 0x20:
        return chr(0x2400 + code)  # the picture of the control character
    if code == 0x7F:
        return "\u2421"
    if code < 0xA0 or 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return ""


def _sequence(match: re.Match[str]) -> str:
    return "\n" if match[0] == "\r\n" else ""


def safe(text: str, *, keep_newlines: bool = True) -> SafeText:
    """The text without anything that a terminal would obey.

    Complete escape sequences disappear, other control characters become their pictures, other
    line ends become newlines, surrogates U+FFFD; bidirectional and invisible formatting is
    removed. With `keep_newlines=False` the result is one line: newlines and tabs are spaces.
    """
    if _UNSAFE.search(text):
        text = _UNSAFE.sub(_replacement, _SEQUENCE.sub(_sequence, text))
    if not keep_newlines and ("\n" in text or "\t" in text):
        text = text.replace("\n", " ").replace("\t", " ")
    return SafeText(text)


class SafeStream:
    """`safe` for text that comes in pieces, wherever those are cut.

    The joined results of `feed` and `finish` equal `safe` of the joined pieces.
    """

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> SafeText:
        """What can be shown now; an unfinished escape sequence is held back."""
        if not self._held and not _UNSAFE.search(piece):
            return SafeText(piece)
        text = self._held + piece
        self._held = ""
        if unfinished := _unfinished_at(text):
            self._held = text[-unfinished:]
            text = text[:-unfinished]
        return safe(text)

    def finish(self) -> SafeText:
        """The rest: an escape sequence that never ended is shown."""
        held, self._held = self._held, ""
        return safe(held)


def _unfinished_at(text: str) -> int:
    """How many characters at the end may belong to a sequence that goes on; 0 when none."""
    at, start = 0, max(0, len(text) - 4200)
    # Sequences are looked for from the front, as `safe` does, so that an introducer inside
    # another sequence is not taken for the start of one.
    for match in _SEQUENCE.finditer(text):
        at = match.end()
    unfinished = _UNFINISHED.search(text, max(at, start))
    return len(text) - unfinished.start() if unfinished else 0


# What looks like nothing, or like a space, without being one.
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_PLAIN_LINE = re.compile(r"[ -~\n]*\Z")


def _is_hidden(char: str) -> bool:
    category = unicodedata.category(char)
    if category == "Zs":
        return char != " "
    if category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or char in _BLANK_LETTERS:
        return True
    code = ord(char)
    return 0xFE00 <= code <= 0xFE0D or 0x180B <= code <= 0x180F or 0xE0100 <= code <= 0xE01EF


_SHORT_NAMES = {"\t": "\\t", "\r": "\\r", "\x1b": "\\e", "\0": "\\0", "\b": "\\b", "\x07": "\\a"}


def visible(text: str, *, keep_tabs: bool = False) -> SafeText:
    """The text with everything that cannot be seen written as an escape such as `\\u{200b}`.

    For approvals: nothing is removed and nothing can hide. Newlines are kept; tabs, too, when
    asked (a diff of a file that is indented with tabs).
    """
    if _PLAIN_LINE.match(text):
        return SafeText(text)
    out: list[str] = []
    for char in text:
        if char == "\n" or (char == "\t" and keep_tabs) or not _is_hidden(char):
            out.append(char)
        else:
            out.append(_SHORT_NAMES.get(char) or f"\\u{{{ord(char):04x}}}")
    return SafeText("".join(out))
