"""What a protocol is to the runner: pure functions that build requests and read answers."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject, ModelRequest
from koi.net.framing import Framing
from koi.net.sse import SseDecoder
from koi.providers.wire.embeddings import EmbeddingFormat
from koi.providers.wire.model_detail import ModelDetail
from koi.providers.wire.model_list import ModelListing
from koi.providers.wire.parser import StreamParser
from koi.providers.wire.request import WireOptions, WireRequest


def server_sent_events(first: bytes) -> Framing | None:
    """Framing of most protocols: a body that begins as JSON is a whole answer."""
    return None if first in (b"{", b"[") else SseDecoder()


def _no_advice(error: ProviderError, model: str) -> str:
    return ""


class FormatChoice(msgspec.Struct, frozen=True):
    """How the format follows from the model, where one endpoint speaks several."""

    path: str
    """Asked once with GET."""
    choose: Callable[[JsonObject, str], WireFormat]
    """The format of a model by the answer, which is empty when there was none."""


class WireFormat(msgspec.Struct, frozen=True):
    """How a protocol writes requests and reads answers."""

    build: Callable[[ModelRequest, WireOptions], WireRequest]
    parser: Callable[[WireOptions], StreamParser]
    framing: Callable[[bytes], Framing | None] = server_sent_events
    """The decoder of a streamed body by its first byte that is not blank; None: one JSON value."""
    version: str = "/v1"
    """What is put into the path when the base URL has none."""
    accept: str = "text/event-stream"
    """The media type of a streamed answer."""
    models: ModelListing | None = None
    embeddings: EmbeddingFormat | None = None
    detail: ModelDetail | None = None
    """How it is asked about a model before that is used, when that is needed."""
    health: str | None = None
    """A path that answers whenever the server is there; None: its list of models."""
    advice: Callable[[ProviderError, str], str] = _no_advice
    """What to do about an error with a model, "" where the general hint is as good."""
    aside: bool = False
    """True when building and parsing may take long: they run in threads beside the event loop."""
    choice: FormatChoice | None = None
    """Set where models of the same endpoint are asked in different formats."""
