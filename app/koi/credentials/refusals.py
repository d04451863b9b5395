"""Tokens of other programs that a server refused: they are left alone until koi ends."""

from __future__ import annotations

from pathlib import Path

from koi.config.paths import Paths
from koi.credentials.findings import ConsentId

LONGEST = 200
"""Characters of what the server said."""
_refused: dict[tuple[Path, ConsentId], str] = {}


def refusal_of(paths: Paths, consent: ConsentId) -> str:
    """What the server said when it refused tokens of this source, "" when it did not."""
    return _refused.get((paths.config_file, consent), "")


def remember_refusal(paths: Paths, consent: ConsentId, words: str) -> None:
    """Use this source no more in this process."""
    _refused[paths.config_file, consent] = words[:LONGEST] or "no"


def forget_refusal(paths: Paths, consent: ConsentId) -> None:
    """Try this source again: the person said yes to it once more."""
    _refused.pop((paths.config_file, consent), None)
