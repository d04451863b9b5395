"""The provider of `demo/koi`. It needs no network and no key, and is never more than a script."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from koi.core.errors import ProviderError
from koi.core.messages import ModelRequest, ToolMode
from koi.core.provider_events import ProviderEvent
from koi.core.seams import ModelInfo
from koi.core.usage import Price
from koi.providers.demo.pacing import Pacing
from koi.providers.demo.reference import DEMO
from koi.providers.demo.script import decide
from koi.providers.demo.streaming import blocks

LABEL = "scripted demo model, not an AI"
"""How the model is named wherever a person could take it for a real one."""
CONTEXT_WINDOW = 128_000
"""Tokens; nothing depends on it, but the screen can show how a context fills."""


class DemoProvider:
    """Implements `core.seams.Provider`: the answer depends on the request alone."""

    name = DEMO.provider

    def __init__(self, pace: float = 1.0) -> None:
        """`pace` is a factor on all delays: 1 is about 80 tokens a second, 0 has no delays."""
        self._pacing = Pacing(pace)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
        """The answer in small deltas at the pace of this provider."""
        self._check(request.model)
        for number, block in enumerate(blocks(request, decide(request), whole=False)):
            if number:
                await self._pacing.pause()
            for event in block:
                await self._pacing.token()
                yield event

    async def complete(self, request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
        """The same answer at once, each block in one delta."""
        self._check(request.model)
        for block in blocks(request, decide(request), whole=True):
            for event in block:
                yield event

    def tool_mode(self, model: str) -> ToolMode:
        """Always native."""
        return "native"

    def learn(self, request: ModelRequest, error: ProviderError) -> str:
        """A script learns nothing."""
        return ""

    async def list_models(self) -> tuple[ModelInfo, ...]:
        """The one model."""
        return (await self.model_info(DEMO.model),)

    async def model_info(self, model: str) -> ModelInfo:
        """What the demo is: it calls tools, sees no images, and is free."""
        self._check(model)
        return ModelInfo(
            DEMO,
            context_window=CONTEXT_WINDOW,
            tools=True,
            vision=False,
            reasoning=True,
            price=Price(0.0, 0.0),
        )

    async def embed(self, model: str, texts: tuple[str, ...]) -> tuple[tuple[float, ...], ...]:
        """Always raises ProviderError: a script has no embeddings."""
        raise ProviderError(
            f"{DEMO} is a {LABEL}; it cannot make embeddings of {len(texts)} texts",
            kind="bad_request",
            hint="Choose an embedding model of another provider.",
            provider=DEMO.provider,
            model=model,
        )

    async def is_available(self) -> bool:
        """Always True."""
        return True

    async def aclose(self) -> None:
        """Nothing is open."""

    def _check(self, model: str) -> None:
        if model != DEMO.model:
            raise ProviderError(
                f"The demo has no model '{model}'",
                kind="model_not_found",
                hint=f"Its only model is {DEMO}.",
                provider=DEMO.provider,
                model=model,
            )
