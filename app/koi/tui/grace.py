"""Keys that were meant for something else: how long what has just appeared does not hear them."""

from __future__ import annotations

GRACE_S = 0.4
"""What asks for a yes is deaf for so long after it appeared and after each key typed."""
ALONE_S = 0.06
"""A character answers when no other key follows for so long: pasted bytes never come alone."""
