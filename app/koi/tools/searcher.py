"""Searches files as ripgrep does, where that is missing. Runs in a process of its own.

Python's regular expressions can take for ever and cannot be interrupted, but a process can.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from koi.tools.name_pattern import NamePattern
from koi.tools.walk import walk

LINE_BYTES = 4_000
_READ_BYTES = 1_000_000
_SNIFFED_BYTES = 65_536


class Search(msgspec.Struct, frozen=True):
    """What to search: `start` is a file or a folder, `shown` how it begins in the output."""

    pattern: str
    start: str
    shown: str
    top: str
    include: str = ""
    literal: bool = False
    ignore_case: bool = False
    context: int = 0


def main() -> None:
    """Read a Search as JSON from the command line and print what it finds, as ripgrep does."""
    search = msgspec.json.decode(sys.argv[1], type=Search)
    try:
        expression = re.compile(
            re.escape(search.pattern) if search.literal else search.pattern,
            re.IGNORECASE if search.ignore_case else 0,
        )
    except re.error as error:
        sys.stdout.write(f"regex parse error: {error}\n")
        raise SystemExit(2) from None
    output = sys.stdout.buffer
    first = True
    for path, shown in _files(search):
        name, last = os.fsencode(shown), -1
        for number, mark, line in _found(path, expression, search.context):
            if search.context and number != last + 1 and not first:
                output.write(b"--\n")
            output.write(b"%b\0%d%b%b\n" % (name, number, mark, line[:LINE_BYTES]))
            first, last = False, number


def _files(search: Search) -> Iterator[tuple[str, str]]:
    if not os.path.isdir(search.start):
        yield search.start, search.shown
        return
    include = NamePattern(search.include) if search.include else None
    for name in walk(Path(search.start), Path(search.top), lambda: False):
        if include is None or include.matches(name):
            yield f"{search.start}/{name}", f"{search.shown}{name}"


def _found(
    path: str, expression: re.Pattern[str], context: int
) -> Iterator[tuple[int, bytes, bytes]]:
    """Number, mark (: for a match, - for a line near one) and bytes of each line to show."""
    before: deque[tuple[int, bytes, bytes]] = deque(maxlen=context)
    after = 0
    for number, line in enumerate(_lines(path), 1):
        if expression.search(line.decode("utf-8", "replace")):
            yield from before
            before.clear()
            yield number, b":", line
            after = context
        elif after:
            yield number, b"-", line
            after -= 1
        else:
            before.append((number, b"-", line))


def _lines(path: str) -> Iterator[bytes]:
    """The lines of a text file as UTF-8 without their ends; nothing for any other file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return
        start = file.peek(_SNIFFED_BYTES)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            for line in codecs.getreader("utf-16")(file, "replace"):
                yield line.rstrip("\r\n").encode()
            return
        if b"\0" in start:
            return
        if start.startswith(codecs.BOM_UTF8):
            file.read(len(codecs.BOM_UTF8))
        yield from _split(file)


def _split(file: BinaryIO) -> Iterator[bytes]:
    while raw := file.readline(_READ_BYTES):
        yield raw.rstrip(b"\r\n") if raw.endswith(b"\n") else raw
