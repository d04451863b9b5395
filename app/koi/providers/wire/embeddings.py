"""The shape of an embedding format, and what the formats share."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from koi.core.errors import ProviderError
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


def read_vectors(found: object) -> list[list[float]]:
    """A list of vectors out of an answer. Raises ProviderError (protocol) for anything else."""
    try:
        return msgspec.convert(found, list[list[float]])
    except msgspec.ValidationError as error:
        raise no_vectors() from error


def no_vectors() -> ProviderError:
    """The error for an answer without vectors."""
    return ProviderError(
        "The server sent no vectors", kind="protocol", hint="Is this an embedding model?"
    )
