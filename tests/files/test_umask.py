"""koi's own files are private; what it makes for the user has the user's modes."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import os
from koi.files.umask import make_private, user_umask
os.umask(0o022)
assert user_umask() == 0o022
make_private()
make_private()
assert user_umask() == 0o022
assert os.umask(0) == 0o077
"""


def test_the_users_umask_is_remembered() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)
