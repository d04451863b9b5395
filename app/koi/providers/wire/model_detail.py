"""How a protocol is asked about one model before that model is used."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from koi.core.seams import ModelInfo
from koi.providers.wire.request import ModelAnswers, WireRequest


class ModelDetail(msgspec.Struct, frozen=True):
    """Two questions about a model: how it is now, and what it is."""

    state_path: str
    """Asked with GET before each request. A server without this path is not asked for facts."""
    facts: Callable[[str], WireRequest]
    """Asked once for a model: they do not change."""
    read: Callable[[ModelInfo, ModelAnswers], ModelInfo]
    """What is known of a model, with the answers put in."""
    wanted: Callable[[str, str], bool]
    """Whether to ask at all, by the model's name and the endpoint's host."""
