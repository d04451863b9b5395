"""Plain tables for the terminal: columns as wide as their content, safe text only."""

from __future__ import annotations

from collections.abc import Sequence

import click


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows, the first being the heading; the last column is not padded."""
    for line in table_lines(rows):
        click.echo(line)


def table_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """One line for each row."""
    from koi.view.safe_text import safe

    cells = [[safe(cell, keep_newlines=False) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]) - 1)]
    return [
        "  ".join(
            (*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1])
        ).rstrip()
        for row in cells
    ]
