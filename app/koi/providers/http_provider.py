"""The runner: joins a wire format, the HTTP client and one endpoint to a Provider."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Iterator

import msgspec

from koi.core.errors import ProviderError
from koi.core.messages import ModelRequest
from koi.core.provider_events import ProviderEvent
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.core.secret import without_secrets
from koi.credentials.endpoint import Endpoint
from koi.net.client import HttpClient
from koi.net.errors import inline_error
from koi.net.json_text import decode_json, decode_object, encode_json
from koi.net.policy import NetworkPolicy
from koi.net.timeouts import Timeouts
from koi.providers.addresses import host_of, join
from koi.providers.answer_reader import AnswerReader
from koi.providers.formats import wire_format
from koi.providers.model_lists import read_models
from koi.providers.wire.fields import objects
from koi.providers.wire.request import WireOptions

_PROBE = Timeouts(connect_s=2.0, first_byte_s=5.0, idle_s=5.0)


class HttpProvider:
    """A Provider over HTTP. Raises UsageError for a protocol or an address it cannot use."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.name = endpoint.name
        self._endpoint = endpoint
        self._format = wire_format(endpoint.protocol)
        self._headers = {**endpoint.auth_headers(), **endpoint.headers}
        self._models_url = endpoint.models_url or self._url(self._format.models_path)
        hosts = {host_of(endpoint.base_url), host_of(self._models_url)}
        self._client = HttpClient(
            NetworkPolicy(frozenset(hosts), endpoint.plain_http_hosts),
            endpoint.timeouts,
        )

    def stream(self, request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Events as they arrive; the last one is StreamEnded, or ProviderError is raised."""
        return self._exchange(request, stream=True)

    def complete(self, request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
        """The same events from a request without streaming."""
        return self._exchange(request, stream=False)

    async def list_models(self) -> tuple[ModelInfo, ...]:
        """The models that the endpoint says it has. Raises ProviderError."""
        with self._named(None):
            headers = {**self._format.models_headers, **self._headers}
            async with self._client.request("GET", self._models_url, headers=headers) as answer:
                return read_models(self.name, decode_json(await answer.read()))

    async def model_info(self, model: str) -> ModelInfo:
        """What the endpoint and its configuration say of one model. Raises ProviderError."""
        listed = next(
            (info for info in await self.list_models() if info.reference.model == model),
            ModelInfo(ModelReference(self.name, model)),
        )
        return msgspec.structs.replace(
            listed,
            context_window=self._endpoint.context_window or listed.context_window,
            max_output_tokens=self._endpoint.output_limit(model) or listed.max_output_tokens,
        )

    async def embed(self, model: str, texts: tuple[str, ...]) -> tuple[tuple[float, ...], ...]:
        """One vector for each text. Raises ProviderError."""
        with self._named(model):
            if self._endpoint.protocol != "openai-chat":
                raise ProviderError(
                    f"{self.name} has no embeddings",
                    kind="bad_request",
                    hint="Choose an embedding model of another provider.",
                )
            body = encode_json({"model": model, "input": texts})
            url = self._url("/embeddings")
            async with self._client.request(
                "POST", url, headers=self._json_headers({}), body=body
            ) as answer:
                found = decode_object(await answer.read())
            if found.get("error"):
                raise inline_error(found)
            return _vectors(objects(found, "data"), len(texts))

    async def is_available(self) -> bool:
        """True when the endpoint answers, even with a refusal; never raises."""
        headers = {**self._format.models_headers, **self._headers}
        try:
            async with self._client.request(
                "GET", self._models_url, headers=headers, timeouts=_PROBE
            ):
                return True
        except ProviderError as error:
            return error.status is not None and error.status < 500

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def _exchange(
        self, request: ModelRequest, *, stream: bool
    ) -> AsyncGenerator[ProviderEvent, None]:
        options = WireOptions(
            self.name,
            self._endpoint.profile,
            self._endpoint.output_limit(request.model),
            stream,
        )
        wire = self._format.build(request, options)
        parser = self._format.parser(options)
        with self._named(request.model):
            async with self._client.request(
                "POST",
                self._url(wire.path),
                headers=self._json_headers(wire.headers, stream=stream),
                body=encode_json(wire.body),
            ) as answer:
                reader = AnswerReader(answer, parser)
                while (events := await reader.next()) is not None:
                    for event in events:
                        yield event

    def _url(self, path: str) -> str:
        path, question, query = path.partition("?")
        url = join(self._endpoint.base_url, path, version="/v1")
        if not question:
            return url
        return f"{url}{'&' if '?' in url else '?'}{query}"

    def _json_headers(self, extra: dict[str, str], *, stream: bool = False) -> dict[str, str]:
        accept = "text/event-stream, application/json" if stream else "application/json"
        return {"Content-Type": "application/json", "Accept": accept, **extra, **self._headers}

    @contextlib.contextmanager
    def _named(self, model: str | None) -> Iterator[None]:
        """Errors leave here with provider and model, and without keys."""
        try:
            yield
        except ProviderError as error:
            error.provider, error.model = self.name, model
            # Some servers repeat keys in their messages.
            error.title = without_secrets(error.title, self._endpoint.secrets)
            error.args = (error.title,)
            raise


def _vectors(data: list[dict[str, object]], wanted: int) -> tuple[tuple[float, ...], ...]:
    try:
        ordered = sorted(data, key=lambda item: int(str(item.get("index", 0))))
        vectors = msgspec.convert([item.get("embedding") for item in ordered], list[list[float]])
    except (ValueError, msgspec.ValidationError) as error:
        raise ProviderError(
            "The server sent no vectors", kind="protocol", hint="Is this an embedding model?"
        ) from error
    if len(vectors) != wanted:
        raise ProviderError(
            f"The server sent {len(vectors)} vectors for {wanted} texts",
            kind="protocol",
            hint="Send fewer texts at once.",
        )
    return tuple(tuple(vector) for vector in vectors)
