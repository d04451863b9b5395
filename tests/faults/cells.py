"""The cells of the matrix: each fault in each phase of each wire format, once and without end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tests.faults.expectations import Expected, expected, kind_of
from tests.servers.fault_server.faults import (
    FAULTS,
    FORMATS,
    Fault,
    FaultName,
    Format,
    Phase,
    is_valid,
    phases_of,
)

Variant: TypeAlias = Literal["once", "always", "keys"]
"""The fault comes once; whenever the model is asked; or whenever its first key is used."""
CALLS: tuple[Phase, ...] = ("mid-call", "after-call")
"""Phases of answers that make tool calls; the others are tried with both answers of a turn."""
_ENDLESS: dict[FaultName, tuple[Phase, ...]] = {
    "refuse": ("connect",),
    "close": ("connect", "headers", "mid-text"),
    "reset": ("mid-text",),
    "eof": ("mid-reasoning", "mid-call"),
    "stall": ("connect", "mid-text"),
    "garbage": ("first-event",),
    "in-band-error": ("mid-text",),
    "429": ("headers",),
    "429-ms": ("headers",),
    "500": ("headers",),
    "529": ("headers",),
}
"""Faults that are tried without end too: the other ones of their kind would say the same."""
_OF_A_KEY: tuple[FaultName, ...] = ("429", "429-seconds", "429-long", "429-quota", "402", "401")
UNREACHABLE: tuple[FaultName, ...] = ("refuse", "stall")
SLOW: tuple[FaultName, ...] = ("stall", "comments", "drip")
_WAITED_FOR_S = 0.3
_DATES_COUNT_SECONDS: tuple[FaultName, ...] = ("429-date", "429-long")


@dataclass(frozen=True, slots=True)
class Cell:
    """One fault in one phase of one wire format."""

    wire: Format
    name: FaultName
    phase: Phase
    variant: Variant = "once"

    def __str__(self) -> str:
        return f"{self.wire} {self.name} {self.phase} {self.variant}"

    @property
    def unreachable(self) -> bool:
        """There is no server at all behind the address."""
        return self.phase == "connect" and self.name in UNREACHABLE

    @property
    def slow(self) -> bool:
        """koi only notices by its timers."""
        return self.name in SLOW

    def step(self, seed: int) -> int:
        """Which answer of the turn is broken: 0 calls a command, 1 reports."""
        return 0 if self.phase in CALLS or self.phase == "connect" else seed % 2

    def lead(self, seed: int) -> int:
        """How many attempts failed otherwise before the fault comes."""
        return 1 if self.variant == "once" and seed >= 3 and self.phase != "connect" else 0

    def fault(self, seed: int) -> Fault:
        """The fault of one run."""
        wait_s = 1.0 if self.name in _DATES_COUNT_SECONDS else _WAITED_FOR_S
        return Fault(self.name, self.phase, seed, wait_s)

    def expected(self, seed: int) -> Expected:
        """What koi does about it in one run."""
        calls = self.step(seed) == 0
        keys = 2 if self.variant == "keys" else 1
        found = expected(self.wire, self.fault(seed), calls=calls, keys=keys)
        endless = self.variant == "always" and found.move == "recovers"
        return Expected("falls back", found.kind) if endless else found


def _valid() -> Iterator[tuple[Format, FaultName, Phase]]:
    for wire in FORMATS:
        for name in FAULTS:
            for phase in phases_of(name):
                if is_valid(name, phase, wire):
                    yield wire, name, phase


def _cells() -> Iterator[Cell]:
    for wire, name, phase in _valid():
        once = Cell(wire, name, phase)
        # What asks for a list of models first may meet the fault with that question.
        asks_first = phase == "connect" and wire in ("ollama", "copilot")
        if not (once.unreachable or asks_first):
            yield once
        if phase in _ENDLESS.get(name, ()):
            yield Cell(wire, name, phase, "always")
        if name in _OF_A_KEY and kind_of(name, phase, wire):
            yield Cell(wire, name, phase, "keys")


CELLS: tuple[Cell, ...] = tuple(_cells())
