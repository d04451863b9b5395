"""Figures of tests, carried to the process that writes them down, also from parallel workers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import pytest

_PREFIX = "faults:"


class Record(Protocol):
    """Keeps what a test found, under a name; plain data only."""

    def __call__(self, name: str, figures: Mapping[str, object]) -> dict[str, object]:
        """What is kept: it may still change while the test runs."""
        ...


def keep(item: pytest.Item, name: str, figures: Mapping[str, object]) -> dict[str, object]:
    """Put figures into the report of a test."""
    kept = dict(figures)
    item.user_properties.append((_PREFIX + name, kept))
    return kept


def kept(reports: Iterable[pytest.TestReport], name: str) -> list[dict[str, Any]]:
    """What the tests behind these reports kept under a name."""
    return [
        value
        for report in reports
        for key, value in report.user_properties
        if key == _PREFIX + name and isinstance(value, dict)
    ]
