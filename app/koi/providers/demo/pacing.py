"""How fast the demo speaks: readable for people, without any delay for tests."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping

from koi.core.errors import ConfigurationError

TOKEN_S = 0.0125
"""Seconds for one token at pace 1: 80 tokens a second."""
PAUSE_S = 0.25
"""Seconds between thinking, speaking and calling at pace 1."""
VARIABLE = "KOI_DEMO_PACE"


def pace_from(environment: Mapping[str, str]) -> float:
    """The pace that `KOI_DEMO_PACE` asks for: 1 is normal, 2 half as fast, 0 without delays.

    Raises ConfigurationError when it is no such number.
    """
    value = environment.get(VARIABLE, "").strip()
    if not value:
        return 1.0
    try:
        pace = float(value)
    except ValueError:
        pace = math.nan
    if not 0 <= pace <= 100:
        raise ConfigurationError(
            f"'{value}' is not a pace",
            where=VARIABLE,
            hint="Use a number from 0 (no delays) over 1 (normal) to 100 (very slow).",
        )
    return pace


class Pacing:
    """Delays between pieces of an answer, each a factor of the normal ones."""

    __slots__ = ("_pace",)

    def __init__(self, pace: float = 1.0) -> None:
        self._pace = pace

    async def token(self) -> None:
        """Wait for the time of one token; at pace 0 only let others run."""
        await asyncio.sleep(TOKEN_S * self._pace)

    async def pause(self) -> None:
        """Wait as one does before acting."""
        await asyncio.sleep(PAUSE_S * self._pace)
