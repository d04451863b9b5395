"""How one endpoint's models want to be asked: what is configured, known, and learnt."""

from __future__ import annotations

import msgspec

from koi.catalogue.learnt import LearntFacts
from koi.core.errors import ProviderError
from koi.core.messages import ModelRequest, ToolMode
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.credentials.endpoint import Endpoint
from koi.providers.images import without_images
from koi.providers.refusals import (
    in_words,
    lighter_body,
    lighter_request,
    refused_name,
    sent_names,
)
from koi.providers.wire.request import WireRequest


class Habits:
    """The configuration weighs more than what was learnt, and that more than what is known."""

    def __init__(self, endpoint: Endpoint, learnt: LearntFacts) -> None:
        self._endpoint = endpoint
        self._learnt = learnt
        self._sent: dict[str, frozenset[str]] = {}
        """By model, what its last request carried that it could do without."""

    def tool_mode(self, model: str) -> ToolMode:
        """How a model is offered tools."""
        configured = self._endpoint.configured_tools(model)
        if configured != "auto":
            return configured
        if "tools" in self._refused(model) or self._known(model).tools is False:
            return "prompt"
        return "native"

    def streams(self, model: str) -> bool:
        """False for a model that refuses to stream, or is known not to."""
        return "stream" not in self._refused(model) and self._known(model).streaming is not False

    def lighter(self, request: ModelRequest) -> ModelRequest:
        """The request as the model accepts it, before it is built."""
        if self._known(request.model).vision is False:
            request = without_images(request)
        return lighter_request(request, self._refused(request.model))

    def fitted(self, request: ModelRequest, wire: WireRequest, *, stream: bool) -> WireRequest:
        """The built request as the model accepts it; what it carries is noted for `learn`."""
        body = lighter_body(wire.body, self._refused(request.model))
        if body is not wire.body:
            wire = msgspec.structs.replace(wire, body=body)
        self._sent[request.model] = sent_names(request, wire, stream=stream)
        return wire

    def learn(self, model: str, error: ProviderError) -> str:
        """What is sent otherwise from now on, in words; "" when the error teaches nothing.

        It ends: what is refused is not sent again, so it cannot be refused again.
        """
        name = refused_name(error, self._sent.get(model, frozenset()))
        if not name or (name == "tools" and self._endpoint.configured_tools(model) != "auto"):
            return ""
        self._learnt.add(self._reference(model), name)
        return in_words(name)

    def _known(self, model: str) -> ModelInfo:
        return self._endpoint.known(model) or ModelInfo(self._reference(model))

    def _refused(self, model: str) -> frozenset[str]:
        return self._learnt.refused(self._reference(model))

    def _reference(self, model: str) -> ModelReference:
        return ModelReference(self._endpoint.name, model)
