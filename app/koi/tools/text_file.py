"""A text file as text, and back to the same bytes: encoding, byte order mark and line ends."""

from __future__ import annotations

import codecs

import msgspec

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SNIFFED_BYTES = 8192
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\b\x1b")


class TextFile(msgspec.Struct, frozen=True):
    """`text` has the file's own line ends and no byte order mark."""

    text: str
    encoding: str = "utf-8"
    mark: bytes = b""

    @property
    def line_end(self) -> str:
        """CRLF when every line of the file ends with it, else LF."""
        count = self.text.count("\n")
        return "\r\n" if count and self.text.count("\r\n") == count else "\n"

    def encode(self, text: str) -> bytes:
        """`text` as bytes of this file. Raises UnicodeEncodeError."""
        return self.mark + text.encode(self.encoding)


def decode(data: bytes) -> TextFile | None:
    """The text of a file, None when it is binary. `encode` gives back exactly `data`.

    What is not UTF-8 and has no byte order mark is taken for Windows-1252 or Latin-1.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            try:
                return TextFile(data[len(mark) :].decode(encoding), encoding, mark)
            except UnicodeDecodeError:
                break
    if is_binary(data):
        return None
    for encoding in ("utf-8", "cp1252"):
        try:
            return TextFile(data.decode(encoding), encoding)
        except UnicodeDecodeError:
            continue
    return TextFile(data.decode("latin-1"), "latin-1")


def is_binary(data: bytes) -> bool:
    """True for a NUL in the first 8 KiB, or when three tenths of it are control characters."""
    start = data[:_SNIFFED_BYTES]
    if b"\0" in start:
        return True
    controls = sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in start)
    return controls * 10 > len(start) * 3
