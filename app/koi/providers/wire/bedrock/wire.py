"""Bedrock Converse as one wire format."""

from __future__ import annotations

from koi.providers.wire.bedrock.advice import advice
from koi.providers.wire.bedrock.build import build
from koi.providers.wire.bedrock.embeddings import BEDROCK_EMBEDDINGS
from koi.providers.wire.bedrock.models import MODELS, PROFILES, read_models
from koi.providers.wire.bedrock.parse import MEDIA_TYPE, ConverseParser, event_stream
from koi.providers.wire.format import WireFormat
from koi.providers.wire.model_list import ModelListing

BEDROCK = WireFormat(
    build,
    ConverseParser,
    framing=event_stream,
    version="",
    accept=MEDIA_TYPE,
    models=ModelListing(MODELS, read_models, more=PROFILES),
    embeddings=BEDROCK_EMBEDDINGS,
    advice=advice,
)
