"""koi's memory is closed to commands."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes
from koi.safety.privacy import close_memory
close_memory()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has this")
def test_the_process_cannot_be_dumped_or_read_by_its_children() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "0"
