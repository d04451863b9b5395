"""Recorded answers of real providers: the project's own, and all of a folder that KOI_WIRE names.

recorded/NOTICE says where they come from. tests/providers/oracle.py says what they mean.
"""

from __future__ import annotations

import base64
import os
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from koi.catalogue.rows import Protocol
from tests.servers.replay_server import Delivery, Played

OWN = Path(__file__).parent / "recorded"
_KOI_NAMES: dict[str, Protocol] = {
    "anthropic": "anthropic",
    "bedrock-converse": "bedrock",
    "copilot-chat": "copilot",
    "gemini": "gemini",
    "ollama": "ollama",
    "openai-chat": "openai-chat",
    "openai-responses": "openai-responses",
}
JsonFields: TypeAlias = dict[str, Any]


class RecordedResponse(msgspec.Struct, frozen=True):
    """An HTTP response as it was received. The body is text, or base64 where it is none."""

    status: int
    headers: dict[str, str] = {}
    body: str = ""
    body_base64: str | None = None


class Recording(msgspec.Struct, frozen=True):
    """One recorded exchange, and in `expected` what the provider's own SDK makes of it."""

    id: str
    protocol: str
    mode: Literal["stream", "json"]
    graded: bool
    wire_features: tuple[str, ...]
    response: RecordedResponse
    expected: JsonFields

    def __repr__(self) -> str:
        return self.id

    @property
    def koi_protocol(self) -> Protocol:
        """What koi calls the protocol."""
        return _KOI_NAMES[self.protocol]

    @property
    def streamed(self) -> bool:
        """True for an answer that was asked for as a stream."""
        return self.mode == "stream"

    @property
    def body(self) -> bytes:
        """The bytes of the answer."""
        response = self.response
        if response.body_base64 is not None:
            return base64.b64decode(response.body_base64)
        return response.body.encode()

    def played(self, delivery: Delivery | None = None) -> Played:
        """What a replay server needs to answer with it."""
        response = self.response
        return Played(self.body, response.status, response.headers, delivery or Delivery())


def recordings(folder: Path) -> tuple[Recording, ...]:
    """The graded recordings of all protocols in a folder."""
    files = sorted(path for name in _KOI_NAMES for path in (folder / name).glob("*.json"))
    return tuple(found for path in files if (found := load(path)).graded)


def own_recordings() -> tuple[Recording, ...]:
    """Those that are part of this project."""
    return recordings(OWN)


def more_recordings() -> tuple[Recording, ...]:
    """Those of KOI_WIRE that are not among the project's own; none without KOI_WIRE."""
    folder = os.environ.get("KOI_WIRE")
    own = {recording.id for recording in own_recordings()}
    return (
        tuple(found for found in recordings(Path(folder)) if found.id not in own) if folder else ()
    )


@cache
def load(path: Path) -> Recording:
    """One recording."""
    return msgspec.json.decode(path.read_bytes(), type=Recording)
