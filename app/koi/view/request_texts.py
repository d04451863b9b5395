"""What happens to a request on its way, in sentences: the same on the screen and in plain lines."""

from __future__ import annotations

from koi.core.agent_events import Compacted, FellBack, Retrying
from koi.core.errors import FailedAttempt
from koi.core.references import ModelReference
from koi.core.request_events import AttemptEnded, CandidateState, Routed
from koi.view.units import countdown, duration, tokens

GO_ON = "/retry goes on with the turn."
"""Said where a turn did not come to its end."""


def retry_text(event: Retrying) -> str:
    """Why a model is asked again, when, and with which key."""
    status = f" ({event.status})" if event.status is not None else ""
    text = f"{event.model}: {event.reason}{status}"
    when = f" in {duration(event.wait_s)}" if event.wait_s else ""
    return f"{text}; again{when}" + (f" with key …{event.key}" if event.key else "")


def fallback_text(event: FellBack) -> str:
    """Which model takes over, and why."""
    if event.rest_s is None:
        return f"{event.from_model} → {event.to_model}: {event.reason}"
    rests = f"rests {countdown(event.rest_s)}" if event.rest_s else "is not asked now"
    return f"{event.from_model} {rests}: {event.reason}; asking {event.to_model}"


def kept_text(event: AttemptEnded) -> str:
    """What counts of an answer that broke off after a complete call."""
    return f"{event.model} broke off; its complete calls run, the rest was dropped"


def passed_over_text(candidate: CandidateState) -> str:
    """Why a model did not take over when it was its turn."""
    return f"{candidate.model} is passed over: {candidate.reason or candidate.condition}"


def routed_text(event: Routed) -> str:
    """Where a route or a tier sends requests, and why."""
    return f"routed to {event.model} ({event.rule}): {event.reason}"


def stand_in_text(model: ModelReference, primary: str) -> str:
    """Who answered in whose place."""
    return f"{model} answered in place of {primary}"


def back_text(model: ModelReference) -> str:
    """The model that is meant answers again."""
    return f"back to {model}"


def attempt_text(attempt: FailedAttempt) -> str:
    """One failed attempt in a line."""
    key = f" …{attempt.key}" if attempt.key else ""
    status = f" ({attempt.status})" if attempt.status is not None else ""
    wait = f", again in {duration(attempt.wait_s)}" if attempt.wait_s else ""
    return f"{attempt.model}{key}: {attempt.reason}{status}{wait}"


def discarded_text(words: int, then: str) -> str:
    """How much of an answer does not count, and what follows."""
    return f"cut off after {words} {'word' if words == 1 else 'words'}; {then}"


def compaction_text(event: Compacted) -> str:
    """What a compaction did, in a sentence or two."""
    sizes = f"{tokens(event.before_tokens)} → {tokens(event.after_tokens)} tokens"
    if event.cause == "undone":
        return f"The compaction is undone: {sizes}."
    why = {
        "overflow": "The conversation was longer than the model can hold, so it is shorter now",
        "threshold": "The conversation came near to what the model can hold, so it is shorter now",
        "asked": "The conversation is shorter for the model now",
    }[event.cause]
    did: list[str] = []
    if event.outputs_removed:
        did.append(f"{_count(event.outputs_removed, 'older tool output')} left out")
    if event.messages_summarised:
        by = f" by {event.model}" if event.model is not None else ""
        did.append(f"{_count(event.messages_summarised, 'message')} summarised{by}")
    details = f" ({', '.join(did)})" if did else ""
    return f"{why}: {sizes}{details}. /compact undo takes it back."


def _count(number: int, name: str) -> str:
    return f"{number} {name}" + ("" if number == 1 else "s")
