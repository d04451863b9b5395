"""A server that does not say what it knows of a model does not hold up the request."""

from __future__ import annotations

import asyncio

import pytest

import koi.providers.model_answers as module
from koi.core.messages import JsonObject
from koi.providers.model_answers import ModelQuestions
from koi.providers.wire.ollama.wire import OLLAMA
from koi.providers.wire.request import ModelAnswers, WireRequest


async def test_a_state_that_nobody_tells_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STATE_S", 0.01)

    async def never(path: str) -> JsonObject:
        await asyncio.Event().wait()
        raise AssertionError(path)

    async def refuse(wire: WireRequest) -> JsonObject:
        raise AssertionError(wire)

    questions = ModelQuestions(never, refuse)
    assert await questions.ask(OLLAMA.detail, "qwen", "127.0.0.1") == ModelAnswers()
