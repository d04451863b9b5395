"""What a wire format makes of a request, and what it must know of the endpoint for that."""

from __future__ import annotations

import msgspec

from koi.catalogue.rows import Profile
from koi.core.messages import JsonObject


class ModelAnswers(msgspec.Struct, frozen=True):
    """What an endpoint said of a model in its own words; empty where it was not asked."""

    facts: JsonObject = {}
    state: JsonObject = {}


class WireOptions(msgspec.Struct, frozen=True):
    """The endpoint as a wire format sees it. `family` names whose opaque data may be echoed."""

    family: str
    profile: Profile = Profile()
    output_limit: int | None = None
    """Tokens that the model can answer with, None when unknown."""
    stream: bool = True
    host: str = ""
    """Where the request goes, "" when that is of no interest."""
    context_window: int | None = None
    """Tokens, when the configuration says so."""
    told: ModelAnswers = ModelAnswers()


class WireRequest(msgspec.Struct, frozen=True):
    """`path` comes after the base URL; `headers` are those of the format, without a key."""

    path: str
    headers: dict[str, str]
    body: JsonObject
