"""The candidates of each role as the screen keeps them: whom a request may go to now."""

from __future__ import annotations

from dataclasses import dataclass, replace

from koi.core.request_events import CandidateState, ChainChanged, Condition
from koi.view.safe_text import SafeText, safe
from koi.view.units import countdown

MOST_CANDIDATES = 100
"""Of one chain; more are not kept."""
MOST_REASON = 300
"""Characters of a reason."""


@dataclass(slots=True, frozen=True)
class ChainRow:
    """One model with one key."""

    model: SafeText
    """The whole reference."""
    key: SafeText
    condition: Condition
    reason: SafeText
    ready_at: float = 0.0
    """Of one that cools: the monotonic time in seconds from which on it may be asked again."""

    @property
    def name(self) -> SafeText:
        """The model without its provider."""
        return SafeText(self.model.partition("/")[2] or self.model)

    def cools(self, now: float) -> bool:
        """True while there is a time to count down."""
        return self.condition == "cooling" and self.ready_at > now

    def says(self, now: float) -> str:
        """Its condition in a few words."""
        match self.condition:
            case "cooling":
                left = self.ready_at - now
                return f"cooling {countdown(left)}" if left > 0 else "ready"
            case "unfit":
                return f"unfit: {self.reason}" if self.reason else "unfit"
            case "no_key":
                return "no key"
            case "unknown":
                return "not needed yet"
            case "probing":
                return "tried again"
            case _:
                return self.condition


def chain_row(candidate: CandidateState, now: float) -> ChainRow:
    """A candidate; its rest is counted from `now`."""
    return ChainRow(
        model=safe(str(candidate.model), keep_newlines=False),
        key=safe(candidate.key, keep_newlines=False),
        condition=candidate.condition,
        reason=safe(candidate.reason[:MOST_REASON], keep_newlines=False),
        ready_at=now + candidate.cooling_s,
    )


def chain_rows(event: ChainChanged, now: float) -> tuple[ChainRow, ...]:
    """The candidates of a chain in order."""
    return tuple(chain_row(each, now) for each in event.candidates[:MOST_CANDIDATES])


def no_longer_asked(rows: tuple[ChainRow, ...]) -> tuple[ChainRow, ...]:
    """The candidates after an interrupt: the one that was asked is as ready as before."""
    asked = ("active", "probing")
    return tuple(replace(row, condition="ready") if row.condition in asked else row for row in rows)


def chain_text(rows: tuple[ChainRow, ...], now: float) -> list[str]:
    """A line for each candidate with its condition and the reason: for a chat in lines."""
    lines: list[str] = []
    for number, row in enumerate(rows, start=1):
        key = f" …{row.key}" if row.key else ""
        says = row.says(now)
        why = f" ({row.reason})" if row.reason and row.reason not in says else ""
        lines.append(f"{number}. {row.model}{key}: {says}{why}")
    return lines
