"""The shape of an embedding format, and what the formats share."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from koi.core.messages import JsonObject
from koi.providers.wire.request import WireRequest


class EmbeddingFormat(msgspec.Struct, frozen=True):
    """How a protocol asks for vectors and answers with them."""

    build: Callable[[str, tuple[str, ...]], WireRequest]
    """The request for the vectors of some texts by a model."""
    read: Callable[[JsonObject], list[list[float]]]
    """One vector for each text, in their order. Raises ProviderError (protocol) for no vectors."""
    batch: Callable[[str], int]
    """How many texts one request to a model may hold."""
