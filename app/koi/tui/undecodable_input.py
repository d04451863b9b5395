"""A workaround for Textual: bytes from the terminal that are not UTF-8 must not end koi.

https://github.com/Textualize/textual/issues/6456, in 8.2.8: its drivers decode strictly.
"""

from __future__ import annotations

import codecs
from functools import partial

from textual.drivers import linux_driver


def accept_undecodable_input() -> None:
    """Show such bytes as replacement characters. Call it before the application runs."""
    linux_driver.getincrementaldecoder = _lenient  # type: ignore[assignment, attr-defined]


def _lenient(encoding: str) -> partial[codecs.IncrementalDecoder]:
    return partial(codecs.getincrementaldecoder(encoding), errors="replace")
