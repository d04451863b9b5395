"""A summary of the older part of a conversation, written by a model."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from koi.agent.asking import Answer, count, note, whole
from koi.agent.context_size import BYTES_PER_TOKEN, fixed_tokens, input_room
from koi.agent.retelling import pieces, retold
from koi.agent.runner import Emit
from koi.agent.state import SessionState
from koi.config.schema import RoleName
from koi.core.agent_events import RequestStarted, Streamed
from koi.core.errors import (
    CredentialMissing,
    KoiError,
    LimitReached,
    ProviderError,
    UsageError,
)
from koi.core.messages import Message, ModelRequest, Text
from koi.core.references import ModelReference
from koi.core.request_events import AttemptEnded
from koi.core.sending import has_left
from koi.routing.candidates import Chain

if TYPE_CHECKING:
    from koi.agent.loop import TurnParts

ROLE: RoleName = "small"
MOST_PIECES = 12
"""Requests for one summary; a conversation that needs more is not summarised."""
SUMMARY_TOKENS = 4_000
"""Kept free for the summary so far, which goes along with the next piece."""
LEAST_PIECE = 2_000
"""Characters; a model that takes less at once is too small to summarise anything."""
UNKNOWN_ROOM = 24_000
"""Tokens that are sent to a model of which nothing is known."""

log = logging.getLogger(__name__)


class Summary(msgspec.Struct, frozen=True):
    """A text, and who wrote it."""

    text: str
    model: ModelReference


async def summarise(
    messages: Sequence[Message], matters: str, state: SessionState, parts: TurnParts, emit: Emit
) -> Summary:
    """Have the model of the role `small`, else the executor's, summarise `messages`.

    `matters` is what the person wants kept above all, "" for nothing special. Every request is
    told and counted like any other, but for its text. A model that a limit has no room for makes
    way for the other. Raises the failure of the session's model: ProviderError,
    CredentialMissing, UsageError, LimitReached; and StorageError at once.
    """
    texts = retold(messages)
    length = sum(map(len, texts))
    models = await _models(state, parts)
    limits = {model: _piece_limit(model, matters, state, parts) for model in models}
    failures: dict[ModelReference, KoiError] = {}
    for model in sorted(limits, key=lambda model: length // max(1, limits[model])):
        try:
            text = await _in_pieces(texts, limits[model], matters, model, state, parts, emit)
            return Summary(text, model)
        except (ProviderError, CredentialMissing, UsageError, LimitReached) as error:
            log.warning("%s could not summarise: %s", model, error.title)
            failures[model] = error
    failure = failures[state.model]
    raise _without_room(failure) if isinstance(failure, LimitReached) else failure


def _without_room(reached: LimitReached) -> LimitReached:
    return LimitReached(
        f"the conversation is too long, and a summary has no room: {reached.title}",
        hint=f"The conversation is as it was. {reached.hint}",
        limit=reached.limit,
        value=reached.value,
        raisable=reached.raisable,
    )


async def _models(state: SessionState, parts: TurnParts) -> Iterable[ModelReference]:
    """Who may write it, the one that is preferred first."""
    try:
        small = await parts.chains.role_reference(ROLE, state.model)
    except KoiError as error:
        log.warning("the model of the role small cannot be used: %s", error.title)
        small = state.model
    return dict.fromkeys((small, state.model))


def _piece_limit(model: ModelReference, matters: str, state: SessionState, parts: TurnParts) -> int:
    """Characters of conversation that a model is given at once."""
    room = input_room(parts.model_info(model)) or UNKNOWN_ROOM
    taken = fixed_tokens(_request("", "", matters)) + min(SUMMARY_TOKENS, room // 4)
    return int((state.context.by_length(room) - taken) * BYTES_PER_TOKEN * 0.9)


async def _in_pieces(
    texts: Sequence[str],
    limit: int,
    matters: str,
    model: ModelReference,
    state: SessionState,
    parts: TurnParts,
    emit: Emit,
) -> str:
    """A summary of the texts; when a piece was too long after all, with pieces half as long."""
    chain = parts.chains.chain(ROLE, model)
    while True:
        if limit < LEAST_PIECE or len(cut := tuple(pieces(texts, limit))) > MOST_PIECES:
            raise ProviderError(
                f"{model} cannot hold enough at once to summarise this conversation",
                kind="context_overflow",
                provider=model.provider,
                model=model.model,
            )
        summary = ""
        try:
            for piece in cut:
                request = _request(piece, summary, matters)
                summary = await _ask(request, chain, state, parts, emit)
            return summary
        except ProviderError as error:
            if error.kind != "context_overflow":
                raise
            limit = min(limit, max(map(len, cut))) // 2


def _request(piece: str, summary: str, matters: str) -> ModelRequest:
    system = _instructions().strip()
    if matters:
        system += f"\n\nThe user says what matters most now, so keep all of it:\n{matters}"
    said = f"<conversation>\n{piece}\n</conversation>\n\nWrite the summary now."
    if summary:
        said = f"<earlier-summary>\n{summary}\n</earlier-summary>\n\n{said}"
    return ModelRequest("", (Message("user", (Text(said),)),), system)


@cache
def _instructions() -> str:
    return Path(__file__).with_name("summary.md").read_text(encoding="utf-8")


async def _ask(
    request: ModelRequest, chain: Chain, state: SessionState, parts: TurnParts, emit: Emit
) -> str:
    """The text of one complete answer. What is streamed is nobody's to read."""
    answer: Answer | None = None
    try:
        async with aclosing(parts.attempts.stream(request, chain)) as events:
            async for event in events:
                match event:
                    case Streamed():
                        if answer is not None:
                            note(event, answer)
                        continue
                    case RequestStarted():
                        answer = Answer(event.request_id, event.model, event.role, event.tool_mode)
                    case AttemptEnded(kind=kind) if answer is not None and kind is not None:
                        await whole(
                            _count_failed(request, answer, event.billed, state, parts, emit)
                        )
                    case _:
                        pass
                emit(event)
    except (KoiError, asyncio.CancelledError):
        if answer is not None:
            await whole(_count_failed(request, answer, has_left(), state, parts, emit))
        raise
    assert answer is not None
    assert answer.ended is not None
    await whole(count(request, answer, state, parts, emit))
    text = "".join(answer.text).strip()
    if answer.ended.finish_reason != "stop" or not text:
        raise ProviderError(
            f"{answer.model} did not finish a summary ({answer.ended.finish_reason})",
            kind="protocol",
            provider=answer.model.provider,
            model=answer.model.model,
        )
    return text


async def _count_failed(
    request: ModelRequest,
    answer: Answer,
    billed: bool,
    state: SessionState,
    parts: TurnParts,
    emit: Emit,
) -> None:
    if answer.counted:
        return
    if billed or answer.characters or answer.usage:
        await count(request, answer, state, parts, emit, ok=False)
        return
    answer.counted = True
    parts.spending.release(answer.request_id)
