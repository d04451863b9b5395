"""Workarounds for Textual 8.2.8: bytes that are not UTF-8, and a terminal that is gone.

https://github.com/Textualize/textual/issues/6456: its drivers decode strictly, which ends the
application. When the terminal is gone, they read its end again and again, with a whole processor.
"""

from __future__ import annotations

import codecs
import os
import signal
import time
from collections.abc import Callable

from textual.drivers import linux_driver

PAUSE_S = 0.1
"""Between two looks at a terminal that is gone, until the application has ended."""


class _Decoder:
    """Undecodable bytes become replacement characters; the end of the input hangs up."""

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")

    def decode(self, data: bytes, final: bool = False) -> str:
        if not data:
            # A program between koi and the terminal may have kept the signal to itself.
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(PAUSE_S)
        return self._decoder.decode(data, final)


def mend_terminal_input() -> None:
    """Call it before the application runs."""
    linux_driver.getincrementaldecoder = _decoder_for  # type: ignore[assignment, attr-defined]


def _decoder_for(encoding: str) -> Callable[[], _Decoder]:
    return lambda: _Decoder(encoding)
