"""What can go wrong, where, and the words for it: the vocabulary of the fault server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Format: TypeAlias = Literal[
    "openai-chat", "openai-responses", "anthropic", "gemini", "bedrock", "ollama", "copilot"
]
Phase: TypeAlias = Literal[
    "connect",
    "headers",
    "first-event",
    "mid-reasoning",
    "mid-text",
    "mid-call",
    "after-call",
    "before-usage",
    "before-end",
]
"""How far an exchange has come: at the connection, when the request was read and nothing is
answered, before the first event, between the first and the last event of thinking, of text, of the
arguments of a tool call, when one call is complete and the next one is not, before the tokens are
told, and when only the end is missing."""
FaultName: TypeAlias = Literal[
    "refuse",
    "close",
    "reset",
    "eof",
    "stall",
    "comments",
    "drip",
    "garbage",
    "truncated-json",
    "deep-json",
    "long-number",
    "huge-line",
    "in-band-error",
    "error-left-open",
    "nan",
    "surrogates",
    "separators",
    "bom",
    "carriage-returns",
    "single-bytes",
    "content-type",
    "gzip-bomb",
    "page",
    "page-502",
    "429",
    "429-ms",
    "429-seconds",
    "429-date",
    "429-reset",
    "429-long",
    "429-quota",
    "402",
    "401",
    "403",
    "400",
    "400-history",
    "400-overflow",
    "404",
    "408",
    "500",
    "502",
    "503",
    "504",
    "529",
    "301",
    "302",
    "303",
    "307",
    "308",
]
FORMATS: tuple[Format, ...] = get_args(Format)
PHASES: tuple[Phase, ...] = get_args(Phase)
FAULTS: tuple[FaultName, ...] = get_args(FaultName)

STREAM: tuple[Phase, ...] = PHASES[2:]
_BEFORE_THE_END = tuple(phase for phase in STREAM if phase not in ("before-usage", "before-end"))
_ANYWHERE: tuple[Phase, ...] = PHASES[1:]
_PHASES_OF: dict[FaultName, tuple[Phase, ...]] = {
    "refuse": ("connect",),
    "close": PHASES,
    "reset": PHASES,
    "eof": STREAM,
    "stall": PHASES,
    "comments": _BEFORE_THE_END,
    "drip": _BEFORE_THE_END,
    "garbage": _ANYWHERE,
    "truncated-json": _BEFORE_THE_END,
    "deep-json": _BEFORE_THE_END,
    "long-number": _BEFORE_THE_END,
    "huge-line": _BEFORE_THE_END,
    "in-band-error": STREAM,
    "error-left-open": _BEFORE_THE_END,
    "nan": _BEFORE_THE_END,
    "surrogates": ("mid-text",),
    "separators": ("mid-text",),
    "bom": ("first-event",),
    "carriage-returns": ("first-event",),
    "single-bytes": ("first-event",),
    "content-type": ("headers",),
    "gzip-bomb": ("first-event",),
}
_WHOLE_CALLS: tuple[Format, ...] = ("gemini", "ollama")
_MISSING: dict[Format, tuple[Phase, ...]] = {
    "anthropic": (),
    "openai-chat": (),
    "copilot": (),
    "openai-responses": ("before-usage",),
    "gemini": ("before-usage",),
    "bedrock": ("before-end",),
    "ollama": ("before-usage",),
}
"""Where the end, the finish reason and the tokens come in one event, these are one phase."""
_NOT_IN: dict[FaultName, tuple[Format, ...]] = {
    "comments": ("bedrock",),
    "separators": ("bedrock",),
    "bom": ("bedrock",),
    "carriage-returns": ("bedrock", "ollama"),
    "429-reset": ("bedrock", "ollama"),
    "429-quota": ("bedrock", "ollama"),
}
"""A binary framing has no comments and no lines; some services announce no reset, or no bill."""
_OF_WHOLE_EVENTS: tuple[FaultName, ...] = (
    "comments",
    "garbage",
    "truncated-json",
    "deep-json",
    "long-number",
    "huge-line",
    "in-band-error",
    "error-left-open",
    "nan",
)
"""These stand between two events, so that they cannot be within a call that comes in one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in one phase. The seed moves the place, the size of the pieces, and the bytes."""

    name: FaultName
    phase: Phase = "headers"
    seed: int = 0
    wait_s: float = 1.0
    """What a 429 asks for, in seconds (`429-long`: 90 times as much)."""
    pause_s: float = 0.05
    """Seconds between two bytes of `drip`, or two comments."""


def phases_of(name: FaultName) -> tuple[Phase, ...]:
    """The phases in which a fault can be; HTTP statuses and pages are in the headers."""
    return _PHASES_OF.get(name, ("headers",))


def is_valid(name: FaultName, phase: Phase, wire: Format) -> bool:
    """Whether there is such a fault in such a phase of a wire format."""
    if wire in _NOT_IN.get(name, ()) or phase in _MISSING[wire]:
        return False
    if phase == "before-end" and wire == "gemini" and name == "eof":
        return False  # there is no end marker: this is a whole answer
    if phase == "mid-call" and wire in _WHOLE_CALLS and name in _OF_WHOLE_EVENTS:
        return False
    return phase in phases_of(name)
