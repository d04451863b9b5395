"""Waiting for a screen: a busy machine may paint later than one pause."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from textual.pilot import Pilot

PATIENCE_S = 30.0
T = TypeVar("T")


async def settled(pilot: Pilot[T], condition: Callable[[], bool]) -> None:
    """Wait until a condition holds. Waiting long for it fails the test."""
    end = asyncio.get_running_loop().time() + PATIENCE_S
    while not condition():
        assert asyncio.get_running_loop().time() < end, "the screen never came to that"
        await pilot.pause()
