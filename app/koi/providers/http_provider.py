"""The runner: joins a wire format, the HTTP client and one endpoint to a Provider."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import TypeVar
from urllib.parse import urljoin

import msgspec

from koi.catalogue.learnt import LearntFacts
from koi.core.errors import CredentialMissing, ProviderError
from koi.core.messages import JsonObject, ModelRequest, ToolMode
from koi.core.provider_events import ProviderEvent
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.core.secret import without_secrets
from koi.credentials.endpoint import Endpoint
from koi.net.client import HttpAnswer, HttpClient
from koi.net.hosts import host_of
from koi.net.json_text import decode_json, decode_object, encode_json
from koi.net.timeouts import Timeouts
from koi.providers.addresses import join
from koi.providers.answer_reader import AnswerReader
from koi.providers.embeddings import embed
from koi.providers.formats import wire_format
from koi.providers.habits import Habits
from koi.providers.hints import sharpen
from koi.providers.model_answers import PATIENCE, ModelQuestions
from koi.providers.prompted.exchange import without_native_tools
from koi.providers.wire.families import family
from koi.providers.wire.format import WireFormat, server_sent_events
from koi.providers.wire.model_list import ModelListing
from koi.providers.wire.request import WireOptions, WireRequest

_Made = TypeVar("_Made")
REFUSALS = frozenset({400, 401, 403})
"""Answers that may mean what a signer sent: some servers refuse a token with 400."""
_PROBE = Timeouts(connect_s=2.0, first_byte_s=5.0, idle_s=5.0)


class HttpProvider:
    """A Provider over HTTP. Raises UsageError for a protocol or an address it cannot use.

    Without a format of its own it speaks the one of the endpoint's protocol. With
    `asks_about_models` false, a request is sent as it is, without a question about its model first.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        learnt: LearntFacts | None = None,
        own_format: WireFormat | None = None,
        *,
        asks_about_models: bool = True,
    ) -> None:
        self.name = endpoint.name
        self._endpoint = endpoint
        self._format = own_format or wire_format(endpoint.protocol)
        endpoint.auth_headers()
        join(endpoint.base_url, "/")
        self._host = host_of(endpoint.base_url)
        self._client = HttpClient(endpoint.policy, endpoint.timeouts)
        self._asks_about_models = asks_about_models
        self._habits = Habits(endpoint, learnt or LearntFacts())
        self._questions = ModelQuestions(self._get_object, self._post_object)

    def stream(self, request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Events as they arrive; the last one is StreamEnded, or ProviderError is raised."""
        return self._ask(request, stream=self._habits.streams(request.model))

    def complete(self, request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
        """The same events from a request without streaming."""
        return self._ask(request, stream=False)

    def tool_mode(self, model: str) -> ToolMode:
        """How requests with tools are sent to a model."""
        return self._habits.tool_mode(model)

    def learn(self, request: ModelRequest, error: ProviderError) -> str:
        """Remember what a refusal teaches about the model; "" when it teaches nothing."""
        return self._habits.learn(request.model, error)

    async def list_models(self) -> tuple[ModelInfo, ...]:
        """The models that the endpoint says it has, and what it says of them.

        Raises ProviderError.
        """
        listed = await self._listed()
        return await self._questions.describe(self._format.detail, listed, self._host)

    async def _listed(self) -> tuple[ModelInfo, ...]:
        listing = self._format.models
        if listing is None:
            return ()
        with self._named(None):
            async with self._ask_models(listing, self._endpoint.timeouts) as answer:
                found = decode_json(await answer.read())
            if listing.more is not None and isinstance(found, dict):
                path = urljoin(self._endpoint.models_url or "", listing.more)
                found |= await self._get_object(path)
            return listing.read(self.name, found)

    async def model_info(self, model: str) -> ModelInfo:
        """What the endpoint and its configuration say of one model. Raises ProviderError."""
        names = (model, f"{model}:latest")
        listed = next(
            (info for info in await self._listed() if info.reference.model in names),
            ModelInfo(ModelReference(self.name, model)),
        )
        if (detail := self._format.detail) is not None:
            listed = detail.read(listed, await self._questions.ask(detail, model, self._host))
        return msgspec.structs.replace(
            listed,
            context_window=self._endpoint.context_window(model) or listed.context_window,
            max_output_tokens=self._endpoint.output_limit(model) or listed.max_output_tokens,
        )

    async def embed(self, model: str, texts: tuple[str, ...]) -> tuple[tuple[float, ...], ...]:
        """One vector for each text. Raises ProviderError."""
        with self._named(model):
            if self._format.embeddings is None:
                raise ProviderError(
                    f"{self.name} has no embeddings",
                    kind="bad_request",
                    hint="Choose an embedding model of another provider.",
                )

            async def ask(wire: WireRequest) -> JsonObject:
                async with self._post(wire, accept="application/json") as answer:
                    return decode_object(await answer.read())

            return await embed(self._format.embeddings, model, texts, ask)

    async def is_available(self) -> bool:
        """True when the endpoint answers, even with a refusal; never raises."""
        listing = self._format.models or ModelListing("/", lambda name, answer: ())
        health = self._format.health
        ask = (
            self._ask_models(listing, _PROBE)
            if health is None
            else self._send("GET", health, {}, None, _PROBE)
        )
        try:
            async with ask:
                return True
        except ProviderError as error:
            return error.status is not None and error.status < 500
        except CredentialMissing:
            return False

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    def _ask(self, request: ModelRequest, *, stream: bool) -> AsyncGenerator[ProviderEvent, None]:
        """The exchange, with tools in the form that the model knows."""

        def ask(request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
            return self._exchange(request, stream=stream)

        mode = self.tool_mode(request.model)
        return ask(request) if mode == "native" else without_native_tools(request, mode, ask)

    async def _exchange(
        self, request: ModelRequest, *, stream: bool
    ) -> AsyncGenerator[ProviderEvent, None]:
        with self._named(request.model):
            wire_format = await self._format_of(request.model)
            detail = wire_format.detail if self._asks_about_models else None
            options = WireOptions(
                family(f"{self.name}/{self._endpoint.protocol}", request.model),
                self._endpoint.profile,
                self._endpoint.output_limit(request.model),
                stream,
                self._host,
                self._endpoint.context_window(request.model),
                await self._questions.ask(detail, request.model, self._host),
            )
            request = self._habits.lighter(request)
            wire = await _work(wire_format, lambda: wire_format.build(request, options))
            wire = self._habits.fitted(request, wire, stream=stream)
            if (api_path := self._endpoint.api_path) is not None:
                url = _join(self._endpoint.base_url, f"/{api_path.lstrip('/')}", "")
                wire = msgspec.structs.replace(wire, path=url)
            parser = await _work(wire_format, lambda: wire_format.parser(options))
            accept = f"{wire_format.accept}, application/json" if stream else "application/json"
            framing = wire_format.framing if stream else server_sent_events
            patience = self._patience(request.model)
            async with self._post(wire, accept=accept, timeouts=patience) as answer:
                reader = AnswerReader(answer, parser, framing, aside=wire_format.aside)
                try:
                    while (events := await reader.next()) is not None:
                        for event in events:
                            yield event
                except ProviderError as error:
                    error.answer_began = reader.is_answer(error)
                    error.kept = reader.kept()
                    raise

    async def _format_of(self, model: str) -> WireFormat:
        """The format in which a model is asked."""
        choice = self._format.choice
        if choice is None:
            return self._format
        return choice.choose(await self._questions.ask_once(choice.path), model)

    @contextlib.asynccontextmanager
    async def _post(
        self, wire: WireRequest, *, accept: str, timeouts: Timeouts | None = None
    ) -> AsyncIterator[HttpAnswer]:
        body = encode_json(wire.body)
        headers = {"Content-Type": "application/json", "Accept": accept, **wire.headers}
        async with self._send("POST", wire.path, headers, body, timeouts) as answer:
            yield answer

    def _patience(self, model: str) -> Timeouts:
        """The timers of a request: silence is shorter for a model that is known not to think."""
        usual, known = self._endpoint.timeouts, self._endpoint.known(model)
        thinks = known is None or known.reasoning is not False
        return usual if thinks else usual.for_quick_model()

    @contextlib.asynccontextmanager
    async def _ask_models(
        self, listing: ModelListing, timeouts: Timeouts
    ) -> AsyncIterator[HttpAnswer]:
        query = self._endpoint.profile.models_query
        own = f"{listing.path}?{query}" if query else listing.path
        path = self._endpoint.models_url or own
        async with self._send("GET", path, listing.headers, None, timeouts) as answer:
            yield answer

    async def _get_object(self, path: str) -> JsonObject:
        async with self._send("GET", path, {}, None, PATIENCE) as answer:
            return decode_object(await answer.read())

    async def _post_object(self, wire: WireRequest) -> JsonObject:
        headers = {"Content-Type": "application/json", **wire.headers}
        body = encode_json(wire.body)
        async with self._send("POST", wire.path, headers, body, PATIENCE) as answer:
            return decode_object(await answer.read())

    @contextlib.asynccontextmanager
    async def _send(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes | None,
        timeouts: Timeouts | None = None,
    ) -> AsyncIterator[HttpAnswer]:
        """One exchange. What was refused is sent once more if its signer has something else."""
        signer = self._endpoint.signer
        async with contextlib.AsyncExitStack() as stack:
            sending = self._send_once(method, path, headers, body, timeouts)
            try:
                answer = await stack.enter_async_context(sending)
            except ProviderError as error:
                if signer is None or error.status not in REFUSALS:
                    raise
                if not await signer.refused(error):
                    raise
                sending = self._send_once(method, path, headers, body, timeouts)
                answer = await stack.enter_async_context(sending)
            yield answer

    @contextlib.asynccontextmanager
    async def _send_once(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes | None,
        timeouts: Timeouts | None,
    ) -> AsyncIterator[HttpAnswer]:
        """One request with the headers of the protocol, the key, and the person, in this rank."""
        endpoint, signed = self._endpoint, dict[str, str]()
        base_url = endpoint.base_url
        if endpoint.signer is not None:
            base_url = await endpoint.signer.base_url(base_url)
            self._client.allow(host_of(base_url))
        version = self._format.version if endpoint.profile.path_version else ""
        url = path if "://" in path else _join(base_url, path, version)
        if endpoint.signer is not None:
            signed = await endpoint.signer.headers(method, url, body or b"")
        headers = {**headers, **endpoint.auth_headers(), **signed, **endpoint.headers}
        async with self._client.request(
            method, url, headers=headers, body=body, timeouts=timeouts
        ) as answer:
            yield answer

    @contextlib.contextmanager
    def _named(self, model: str | None) -> Iterator[None]:
        """Errors leave here with provider and model, and without keys."""
        try:
            yield
        except ProviderError as error:
            error.provider, error.model = self.name, model
            if model is not None:
                error.hint = self._format.advice(error, model) or error.hint
            # Some servers repeat keys in their messages.
            error.title = without_secrets(error.title, self._endpoint.secrets)
            error.args = (error.title,)
            sharpen(error, self._endpoint)
            raise


async def _work(wire_format: WireFormat, step: Callable[[], _Made]) -> _Made:
    return await asyncio.to_thread(step) if wire_format.aside else step()


def _join(base_url: str, path: str, version: str) -> str:
    path, question, query = path.partition("?")
    url = join(base_url, path, version=version)
    if not question:
        return url
    return f"{url}{'&' if '?' in url else '?'}{query}"
