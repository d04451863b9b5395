"""What a wire format makes of a request, and what it must know of the endpoint for that."""

from __future__ import annotations

import msgspec

from koi.catalogue.rows import Profile
from koi.core.messages import JsonObject


class WireOptions(msgspec.Struct, frozen=True):
    """The endpoint as a wire format sees it. `family` names whose opaque data may be echoed."""

    family: str
    profile: Profile = Profile()
    output_limit: int | None = None
    """Tokens that the model can answer with, None when unknown."""
    stream: bool = True


class WireRequest(msgspec.Struct, frozen=True):
    """`path` comes after the base URL; `headers` are those of the format, without a key."""

    path: str
    headers: dict[str, str]
    body: JsonObject
