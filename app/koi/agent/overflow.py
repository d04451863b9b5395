"""Keeps the conversation within the model's window: before a request, after a refusal, when asked.

Nothing in the session changes before the shorter conversation is in the journal.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from koi.agent.asking import Answer, ask
from koi.agent.context_size import FULL, fixed_tokens, input_room, message_tokens
from koi.agent.runner import Emit
from koi.agent.shortening import Shortening
from koi.agent.state import SessionState
from koi.core.agent_events import Compacted
from koi.core.errors import CredentialMissing, ProviderError, UsageError
from koi.core.messages import ModelRequest
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.routing.candidates import Chain

if TYPE_CHECKING:
    from koi.agent.loop import TurnParts

AGAIN = 0.1
"""After one that missed its aim: how much of the window has to be added before the next."""
LEAST_GAIN = 0.75
"""Without a summary, what was refused has to become shorter than this part of it."""
PASTE_HINT = (
    "Send less at once: save a long text in a file and name the file, koi reads it in parts. "
    "Or choose a model with a larger window. Nothing was lost."
)
_SHORT_ALREADY = "Only the last messages are there, and they stay as they are."
_NUMBER = r"\(?(\d[\d,]{2,})"
_WINDOWS = tuple(
    re.compile(words + _NUMBER, re.IGNORECASE)
    for words in (
        r"> ?",
        r"(?:maximum|max) (?:context|prompt|input|model) length:? (?:(?:is|of) )?",
        r"(?:tokens|length) allowed ",
        r"context (?:size|window|length) (?:of |is )?",
        r"(?:token )?limit(?: of| is|:) ",
        r"context length of only ",
        r"must (?:be <=|have less than) ",
        r"cannot exceed ",
    )
)
"""What stands before the number in the refusals of providers; the surest first."""

log = logging.getLogger(__name__)


async def ask_within_window(
    build: Callable[[], ModelRequest],
    chain: Chain,
    state: SessionState,
    parts: TurnParts,
    emit: Emit,
    shown: list[str],
) -> tuple[ModelRequest, Answer]:
    """`ask`, with a conversation that fits; and the request that was answered.

    A conversation near the window's end is made shorter first. When the model says that it is too
    long, it is made shorter once and sent again. Raises what `ask` raises; of kind
    context_overflow when it cannot be made to fit.
    """
    request = build()
    if await _compact_ahead(request, chain, state, parts, emit):
        request = build()
    try:
        answer = await ask(request, chain, state, parts, emit, shown)
    except ProviderError as error:
        if error.kind != "context_overflow":
            raise
        await _compact_refused(error, request, chain, state, parts, emit)
        request = build()
        answer = await _ask_again(request, chain, state, parts, emit, shown)
    if answer.usage is not None:
        state.context.learn(request, answer.usage)
    return request, answer


async def compact_asked(
    request: ModelRequest, matters: str, state: SessionState, parts: TurnParts, emit: Emit
) -> None:
    """Make the conversation shorter because the person wants it. `request` is the next one.

    Raises UsageError when there is nothing to gain, and what a summary raises.
    """
    size = state.context.tokens(state.context.measure(request))
    made = Shortening(request, size, state, parts, emit)
    if not made.plan.older:
        raise UsageError("there is nothing to make shorter yet", hint=_SHORT_ALREADY)
    await made.summarise(matters)
    if not made.shorter:
        raise UsageError("the conversation would not become shorter", hint=_SHORT_ALREADY)
    await made.keep("asked")


async def take_back(request: ModelRequest, state: SessionState, parts: TurnParts) -> Compacted:
    """Undo the last compaction: what it replaced counts again, and what was said since follows.

    `request` is the next one as it would be.

    Raises UsageError when there is none, StorageError.
    """
    undoing = await asyncio.to_thread(parts.recorder.undoing) if state.turns else None
    if undoing is None:
        raise UsageError(
            "there is no compaction to undo", hint="koi sessions show has the whole conversation."
        )
    before, after = (
        state.context.tokens(fixed_tokens(request) + message_tokens(messages))
        for messages in (state.history, undoing.messages)
    )
    told = Compacted("undone", before, after)
    parts.recorder.undone(undoing, told)
    state.history[:] = undoing.messages
    state.context.enough = after + after // 10  # not made shorter at once, against the wish
    await parts.recorder.sync()
    return told


async def _compact_ahead(
    request: ModelRequest, chain: Chain, state: SessionState, parts: TurnParts, emit: Emit
) -> bool:
    """Compact when the request comes near to the window's end; True when it was done."""
    info = parts.model_info(chain.first.reference)
    room, window = input_room(info), info.context_window
    size = state.context.tokens(state.context.measure(request))
    if room is None or window is None or size <= max(FULL * room, state.context.enough):
        return False
    made = Shortening(request, window, state, parts, emit)
    if made.floor >= room:
        return False  # the model says best what it cannot hold
    if not made.reached:
        try:
            await made.summarise()
        except (ProviderError, CredentialMissing, UsageError) as error:
            log.warning("compaction without a summary: %s", error.title)
    if not made.shorter:
        state.context.enough = size + int(AGAIN * window)
        return False
    await made.keep("threshold")
    if made.size > FULL * room:
        state.context.enough = made.size + int(AGAIN * window)
    return True


async def _compact_refused(
    error: ProviderError,
    request: ModelRequest,
    chain: Chain,
    state: SessionState,
    parts: TurnParts,
    emit: Emit,
) -> None:
    """Compact what a model refused as too long. Raises ProviderError when that cannot help."""
    info = _refusing(error, chain, parts)
    size = state.context.tokens(state.context.measure(request))
    capacity = min(filter(None, (size, info.context_window, window_named(error.title))))
    made = Shortening(request, capacity, state, parts, emit)
    if made.floor >= capacity or not (made.plan.older or made.plan.outputs_removed):
        raise _too_long(
            error, f"the last message alone is too long for {info.reference}"
        ) from error
    if not made.reached:
        try:
            await made.summarise()
        except (ProviderError, CredentialMissing, UsageError) as failure:
            if made.size > LEAST_GAIN * capacity:
                title = f"the conversation is too long for {info.reference}, and a summary failed"
                raise _too_long(error, f"{title}: {failure.title}") from failure
            log.warning("compaction without a summary: %s", failure.title)
    if not made.shorter or made.size >= capacity:
        raise _too_long(
            error, f"the conversation cannot be made to fit {info.reference}"
        ) from error
    await made.keep("overflow")


async def _ask_again(
    request: ModelRequest,
    chain: Chain,
    state: SessionState,
    parts: TurnParts,
    emit: Emit,
    shown: list[str],
) -> Answer:
    try:
        return await ask(request, chain, state, parts, emit, shown)
    except ProviderError as error:
        if error.kind != "context_overflow":
            raise
        who = _refusing(error, chain, parts).reference
        title = f"the conversation is too long for {who}, also after it was made shorter"
        raise _too_long(error, title) from error


def window_named(refusal: str) -> int | None:
    """The tokens that a model can hold by the words of its refusal; None when they do not say."""
    for pattern in _WINDOWS:
        if found := pattern.search(refusal):
            return int(found[1].replace(",", ""))
    return None


def _refusing(error: ProviderError, chain: Chain, parts: TurnParts) -> ModelInfo:
    """What is known of the model that refused."""
    if error.provider and error.model:
        return parts.model_info(ModelReference(error.provider, error.model))
    return parts.model_info(chain.first.reference)


def _too_long(error: ProviderError, title: str) -> ProviderError:
    return ProviderError(
        title,
        kind="context_overflow",
        hint=f"{PASTE_HINT} The provider said: {error.title}",
        provider=error.provider,
        model=error.model,
        status=error.status,
        code=error.code,
    )
