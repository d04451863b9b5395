"""Gemini as the runner sees it: requests, answers, its models and its vectors."""

from __future__ import annotations

from koi.providers.wire.format import WireFormat
from koi.providers.wire.gemini.build import VERSION, build
from koi.providers.wire.gemini.embeddings import GEMINI_EMBEDDINGS
from koi.providers.wire.gemini.model_list import MODELS
from koi.providers.wire.gemini.parse import GeminiParser, framing

GEMINI = WireFormat(
    build,
    GeminiParser,
    framing=framing,
    version=VERSION,
    models=MODELS,
    embeddings=GEMINI_EMBEDDINGS,
)
