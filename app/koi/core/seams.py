"""Protocols at the seams: what one layer may expect of another without importing it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import msgspec

from koi.core.agent_events import PreviewKind
from koi.core.errors import ProviderError
from koi.core.messages import JsonObject, ModelRequest, ToolMode, ToolSchema
from koi.core.provider_events import ProviderEvent
from koi.core.references import ModelReference
from koi.core.usage import Price


class ModelInfo(msgspec.Struct, frozen=True):
    """What is known of a model. None means unknown, never a guess."""

    reference: ModelReference
    context_window: int | None = None
    max_output_tokens: int | None = None
    tools: bool | None = None
    """Whether it calls tools in its own format; others get them described in the prompt."""
    vision: bool | None = None
    reasoning: bool | None = None
    price: Price | None = None
    streaming: bool | None = None
    embeddings: bool | None = None
    """True for a model that makes vectors, and does not chat."""
    size_bytes: int | None = None
    """Of a local model, on disk."""


class Provider(Protocol):
    """One configured provider: a protocol, an endpoint and a key behind one neutral interface.

    Every method raises ProviderError on failure. Closing an iterator closes its connection.
    """

    name: str

    def stream(self, request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Events as they arrive; the last one is StreamEnded, or ProviderError is raised."""
        ...

    def complete(self, request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
        """The same events from a request without streaming."""
        ...

    def tool_mode(self, model: str) -> ToolMode:
        """How requests with tools are sent to a model, as far as is known now."""
        ...

    def learn(self, request: ModelRequest, error: ProviderError) -> str:
        """Remember what a refusal teaches about the model.

        Returns in words what is sent otherwise from now on ("without temperature"), "" when the
        error teaches nothing and the same request would fail again.
        """
        ...

    async def list_models(self) -> tuple[ModelInfo, ...]:
        """The models that the endpoint says it has."""
        ...

    async def model_info(self, model: str) -> ModelInfo:
        """What is known of one model, from the catalogue and the endpoint."""
        ...

    async def embed(self, model: str, texts: tuple[str, ...]) -> tuple[tuple[float, ...], ...]:
        """One vector for each text."""
        ...

    async def is_available(self) -> bool:
        """True when the endpoint answers; never raises for an endpoint that does not."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


ToolAccess: TypeAlias = Literal["read", "write", "execute"]


class ToolPlan(msgspec.Struct, frozen=True):
    """What a call is going to do, decided before anybody is asked. Making a plan has no effects.

    `paths` are absolute and resolved. For a write, `preview` is a unified diff and `precondition`
    binds the content it was made against; for a command it is the exact command.
    """

    access: ToolAccess
    summary: str
    preview: str = ""
    preview_kind: PreviewKind = "text"
    paths: tuple[Path, ...] = ()
    command: str = ""
    precondition: str = ""


class ToolOutcome(msgspec.Struct, frozen=True):
    """What a tool returns: `content` for the model, `summary` and `display` for people."""

    content: str
    ok: bool = True
    truncated: bool = False
    summary: str = ""
    display: str = ""
    spill_path: str | None = None


class ToolContext(Protocol):
    """What the agent lends to a running tool."""

    workspace: Path
    """The absolute, resolved folder that the session works in."""

    spill_folder: Path
    """A private folder for output that is too large for the model."""

    def output(self, chunk: str) -> None:
        """Show more live output; cheap, and safe to call often."""
        ...

    def remember_read(self, path: Path, digest: str) -> None:
        """Note which content of a file the model has seen."""
        ...

    def seen_digest(self, path: Path) -> str | None:
        """The digest noted last for a file, or None when the model has not seen it."""
        ...


class Tool(Protocol):
    """A tool that models may call."""

    name: str
    schema: ToolSchema

    async def plan(self, arguments: JsonObject, context: ToolContext) -> ToolPlan:
        """Validate arguments and say what would happen. Raises ToolFailure."""
        ...

    async def run(self, arguments: JsonObject, plan: ToolPlan, context: ToolContext) -> ToolOutcome:
        """Do what `plan` says. Raises ToolFailure; cancelling it leaves nothing running."""
        ...


PriceLookup: TypeAlias = Callable[[ModelReference], Awaitable[Price | None]]
"""The price of a model, None when it is not known."""
