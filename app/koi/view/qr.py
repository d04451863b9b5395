"""QR codes in half blocks, readable on dark and light terminals."""

from __future__ import annotations

from collections.abc import Sequence

from koi.view.line import Face, Line

QUIET = 2
"""Light modules around the code; readers ask for four, and do with two."""
FACE = Face("qr")
_BLOCKS = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}


def qr_lines(modules: Sequence[Sequence[bool]]) -> list[Line]:
    """A code from its dark modules, row by row. The LIGHT ones are drawn, white on black."""
    side = len(modules) + 2 * QUIET
    light = [[True] * side for _ in range(side + side % 2)]
    for y, modules_row in enumerate(modules):
        for x, dark in enumerate(modules_row):
            light[y + QUIET][x + QUIET] = not dark
    if side % 2:
        light[-1] = [False] * side  # half a row below the code, which is not part of it
    return [
        Line((("".join(_BLOCKS[pair] for pair in zip(upper, lower, strict=True)), FACE),))
        for upper, lower in zip(light[::2], light[1::2], strict=True)
    ]
