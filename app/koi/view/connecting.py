"""Words and signs of connecting, the same on the screen and in plain lines."""

from __future__ import annotations

from collections.abc import Sequence

SHOWN = 3
WAITING = {
    "pending": "Waiting for you …",
    "slow_down": "Waiting for you, asking less often …",
    "offline": "The server cannot be reached; trying again …",
    "finishing": "Nearly there …",
}
"""What a login waits for, by its reason."""
PHISHING = "Enter a code only if you started this login yourself. Never pass it on."


def models_text(models: Sequence[str]) -> str:
    """How many models there are, and the first ones by name."""
    if not models:
        return "no list of models"
    named = ", ".join(models[:SHOWN])
    if len(models) == 1:
        return f"1 model: {named}"
    more = f" and {len(models) - SHOWN} more" if len(models) > SHOWN else ""
    return f"{len(models)} models: {named}{more}"


def waiting_text(reason: str, note: str = "") -> str:
    """What a login waits for, and what is in the way."""
    end = "" if not note or note.endswith((".", "!", "?")) else "."
    return f"{note[:1].upper()}{note[1:]}{end} {WAITING[reason]}".strip()


def validity(seconds: float) -> str:
    """How long a code is valid, in whole minutes."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def countdown(seconds: float) -> str:
    """Time that is left, as 14:59."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02}"


def spaced(code: str) -> str:
    """A code that is easy to read off: A B C D - E F G H."""
    return " ".join(code)


def big_code(code: str) -> list[str]:
    """A code in block letters, five rows high; empty when a character has no block form."""
    letters = [_letter(character) for character in code.upper()]
    if not letters or any(letter is None for letter in letters):
        return []
    return [
        "  ".join(letter[row] for letter in letters if letter is not None) for row in range(ROWS)
    ]


ROWS = 5


def _letter(character: str) -> list[str] | None:
    """A character of 5 x 5 dots, from its rows as numbers."""
    rows = _DOTS.get(character)
    if rows is None:
        return None
    return ["".join("█" if row & 1 << bit else " " for bit in range(4, -1, -1)) for row in rows]


_DOTS: dict[str, tuple[int, int, int, int, int]] = {
    "A": (0b01110, 0b10001, 0b11111, 0b10001, 0b10001),
    "B": (0b11110, 0b10001, 0b11110, 0b10001, 0b11110),
    "C": (0b01111, 0b10000, 0b10000, 0b10000, 0b01111),
    "D": (0b11110, 0b10001, 0b10001, 0b10001, 0b11110),
    "E": (0b11111, 0b10000, 0b11110, 0b10000, 0b11111),
    "F": (0b11111, 0b10000, 0b11110, 0b10000, 0b10000),
    "G": (0b01111, 0b10000, 0b10011, 0b10001, 0b01111),
    "H": (0b10001, 0b10001, 0b11111, 0b10001, 0b10001),
    "I": (0b01110, 0b00100, 0b00100, 0b00100, 0b01110),
    "J": (0b00111, 0b00001, 0b00001, 0b10001, 0b01110),
    "K": (0b10001, 0b10010, 0b11100, 0b10010, 0b10001),
    "L": (0b10000, 0b10000, 0b10000, 0b10000, 0b11111),
    "M": (0b10001, 0b11011, 0b10101, 0b10001, 0b10001),
    "N": (0b10001, 0b11001, 0b10101, 0b10011, 0b10001),
    "O": (0b01110, 0b10001, 0b10001, 0b10001, 0b01110),
    "P": (0b11110, 0b10001, 0b11110, 0b10000, 0b10000),
    "Q": (0b01110, 0b10001, 0b10101, 0b10010, 0b01101),
    "R": (0b11110, 0b10001, 0b11110, 0b10010, 0b10001),
    "S": (0b01111, 0b10000, 0b01110, 0b00001, 0b11110),
    "T": (0b11111, 0b00100, 0b00100, 0b00100, 0b00100),
    "U": (0b10001, 0b10001, 0b10001, 0b10001, 0b01110),
    "V": (0b10001, 0b10001, 0b10001, 0b01010, 0b00100),
    "W": (0b10001, 0b10001, 0b10101, 0b11011, 0b10001),
    "X": (0b10001, 0b01010, 0b00100, 0b01010, 0b10001),
    "Y": (0b10001, 0b01010, 0b00100, 0b00100, 0b00100),
    "Z": (0b11111, 0b00010, 0b00100, 0b01000, 0b11111),
    "0": (0b01110, 0b10011, 0b10101, 0b11001, 0b01110),
    "1": (0b00100, 0b01100, 0b00100, 0b00100, 0b01110),
    "2": (0b11110, 0b00001, 0b01110, 0b10000, 0b11111),
    "3": (0b11110, 0b00001, 0b00110, 0b00001, 0b11110),
    "4": (0b10010, 0b10010, 0b11111, 0b00010, 0b00010),
    "5": (0b11111, 0b10000, 0b11110, 0b00001, 0b11110),
    "6": (0b01110, 0b10000, 0b11110, 0b10001, 0b01110),
    "7": (0b11111, 0b00010, 0b00100, 0b01000, 0b01000),
    "8": (0b01110, 0b10001, 0b01110, 0b10001, 0b01110),
    "9": (0b01110, 0b10001, 0b01111, 0b00001, 0b01110),
    "-": (0b00000, 0b00000, 0b01110, 0b00000, 0b00000),
}
"""The letters, digits and the dash that codes are made of, in rows of five dots."""
