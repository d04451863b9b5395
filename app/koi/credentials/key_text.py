"""What a key may consist of."""

from __future__ import annotations

from koi.core.errors import UsageError
from koi.core.secret import Secret


def can_be_sent(value: str) -> bool:
    """True when a header can carry it: visible ASCII only."""
    return all("!" <= character <= "~" for character in value)


def checked_key(text: str) -> Secret:
    """What a person typed or pasted, as a key. Raises UsageError, without repeating it."""
    value = text.strip()
    if not value:
        raise UsageError("the key is empty", hint="Paste it once more.")
    if not can_be_sent(value):
        raise UsageError(
            "the key holds characters that cannot be part of a key",
            hint="Look for blanks, line breaks and typographic characters in what was pasted.",
        )
    return Secret(value)
