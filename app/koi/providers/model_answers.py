"""Asks an endpoint about its models; what it does not answer in time stays unknown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from koi.core.errors import CredentialMissing, ProviderError
from koi.core.messages import JsonObject
from koi.core.seams import ModelInfo
from koi.net.timeouts import Timeouts
from koi.providers.wire.model_detail import ModelDetail
from koi.providers.wire.request import ModelAnswers, WireRequest

log = logging.getLogger(__name__)

AT_A_TIME = 8
MOST_DESCRIBED = 200
"""Models of one list that are asked about."""
PATIENCE = Timeouts(connect_s=2.0, first_byte_s=3.0, idle_s=3.0)
STATE_S = 1.0
"""Seconds that a request waits for what is loaded now; a server knows that at once."""


class ModelQuestions:
    """`get` and `post` ask the endpoint. Facts are asked for once, what is so now every time."""

    def __init__(
        self,
        get: Callable[[str], Awaitable[JsonObject]],
        post: Callable[[WireRequest], Awaitable[JsonObject]],
    ) -> None:
        self._get = get
        self._post = post
        self._facts: dict[str, JsonObject] = {}
        self._lists: dict[str, JsonObject] = {}

    async def ask_once(self, path: str) -> JsonObject:
        """What is at a path, {} when it cannot be had. Never raises.

        A refusal is an answer too; after a failure that may pass, the next request asks again.
        """
        if path not in self._lists:
            try:
                self._lists[path] = await self._get(path)
            except (ProviderError, CredentialMissing) as error:
                log.debug("nothing known from %s: %s", path, error.title)
                if error.kind not in ("bad_request", "model_not_found", "protocol"):
                    return {}
                self._lists[path] = {}
        return self._lists[path]

    async def ask(self, detail: ModelDetail | None, model: str, host: str) -> ModelAnswers:
        """What the endpoint says of a model. Never raises: the request itself will tell."""
        if detail is None or not detail.wanted(model, host):
            return ModelAnswers()
        try:
            async with asyncio.timeout(STATE_S):
                state = await self._get(detail.state_path)
        except (ProviderError, CredentialMissing, TimeoutError) as error:
            log.debug("%s: nothing known of %s: %s", host, model, error)
            return ModelAnswers(self._facts.get(model, {}))
        return await self._answers(detail, model, state)

    async def describe(
        self, detail: ModelDetail | None, models: Sequence[ModelInfo], host: str
    ) -> tuple[ModelInfo, ...]:
        """The models of a list with what the endpoint says of each, a few asked at a time.

        Never raises: of a model that it does not answer for, what the list says is known.
        """
        if detail is None or not any(detail.wanted(each.reference.model, host) for each in models):
            return tuple(models)
        try:
            state = await self._get(detail.state_path)
        except (ProviderError, CredentialMissing) as error:
            log.debug("%s: nothing known of its models: %s", host, error.title)
            return tuple(models)
        turns = asyncio.Semaphore(AT_A_TIME)

        async def described(info: ModelInfo) -> ModelInfo:
            name = info.reference.model
            if not detail.wanted(name, host):
                return info
            async with turns:
                return detail.read(info, await self._answers(detail, name, state))

        known = await asyncio.gather(*map(described, models[:MOST_DESCRIBED]))
        return (*known, *models[MOST_DESCRIBED:])

    async def _answers(self, detail: ModelDetail, model: str, state: JsonObject) -> ModelAnswers:
        if model not in self._facts:
            try:
                self._facts[model] = await self._post(detail.facts(model))
            except (ProviderError, CredentialMissing) as error:
                log.debug("nothing known of %s: %s", model, error.title)
                return ModelAnswers({}, {})
        return ModelAnswers(self._facts[model], state)
