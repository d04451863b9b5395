"""Asks an endpoint about its models; what it does not answer in time stays unknown."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from koi.core.errors import CredentialMissing, ProviderError
from koi.core.messages import JsonObject
from koi.net.timeouts import Timeouts
from koi.providers.wire.model_detail import ModelDetail
from koi.providers.wire.request import ModelAnswers, WireRequest

log = logging.getLogger(__name__)

PATIENCE = Timeouts(connect_s=2.0, first_byte_s=3.0, idle_s=3.0)


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
            state = await self._get(detail.state_path)
            if model not in self._facts:
                self._facts[model] = await self._post(detail.facts(model))
        except (ProviderError, CredentialMissing) as error:
            log.debug("%s: nothing known of %s: %s", host, model, error.title)
            return ModelAnswers(self._facts.get(model, {}))
        return ModelAnswers(self._facts[model], state)
