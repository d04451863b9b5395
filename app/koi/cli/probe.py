"""`koi probe`: one request to one provider, shown as normalised events."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import click

from koi.cli.failures import inside_koi, print_notes
from koi.cli.machine import event_object, write_line
from koi.cli.machine_result import ResultBuilder
from koi.cli.options import current_options, global_options
from koi.cli.probe_request import ProbeRequest, read_request
from koi.cli.signals import stopping_signals
from koi.core.agent_events import (
    AgentEvent,
    CostChanged,
    RequestStarted,
    Retrying,
    Streamed,
    TurnCancelled,
    TurnFailed,
)
from koi.core.errors import Cancelled, KoiError, ProviderError, UsageError
from koi.core.messages import JsonObject, Message, ModelRequest, Text
from koi.core.provider_events import UsageReported
from koi.core.references import ModelReference
from koi.core.request_events import AttemptEnded
from koi.core.seams import PriceLookup, Provider
from koi.core.usage import Cost, Usage
from koi.routing.backoff import RetryPolicy, wait_before_retry

ROLE = "executor"
DEFAULT_PROMPT = "Reply with the single word: ready"
MAX_REQUEST = 32 * 1024 * 1024


class Probe:
    """One request with its retries. Tools are offered when asked for, and never run."""

    def __init__(
        self,
        provider: Provider,
        reference: ModelReference,
        price: PriceLookup,
        write: Callable[[JsonObject], None],
    ) -> None:
        self._provider = provider
        self._reference = reference
        self._price = price
        self._write = write
        self._result = ResultBuilder()

    async def run(self, request: ModelRequest, *, stream: bool, retries: int = 0) -> bool:
        """Write the events and the result. True when the provider's answer was complete."""
        started = time.monotonic()
        error: KoiError | None = None
        try:
            error = await self._attempts(request, stream, RetryPolicy(retries=retries))
        except asyncio.CancelledError:
            self._end(TurnCancelled("", "", 0.0), started)
            raise
        except Exception as unexpected:
            self._end(TurnFailed("", inside_koi(unexpected).report(), "", 0.0), started)
            raise
        self._end(None if error is None else TurnFailed("", error.report(), "", 0.0), started)
        return error is None

    def _end(self, failure: TurnFailed | TurnCancelled | None, started: float) -> None:
        if failure is not None:
            self._take(failure)
        seconds = time.monotonic() - started
        self._write(self._result.build(None, seconds, ok=failure is None))

    async def _attempts(
        self, request: ModelRequest, stream: bool, policy: RetryPolicy
    ) -> KoiError | None:
        attempt = 0
        while True:
            attempt += 1
            started = time.monotonic()
            self._take(RequestStarted("", self._reference, ROLE, attempt))
            try:
                await self._ask(request, stream)
            except ProviderError as error:
                wait = wait_before_retry(error, attempt, policy)
                self._take(self._ended(attempt, started, error, wait))
                if wait is None:
                    return error
                self._take(Retrying(self._reference, error.title, error.status, wait, attempt))
                await asyncio.sleep(wait)
            else:
                self._take(self._ended(attempt, started))
                return None

    def _ended(
        self,
        attempt: int,
        started: float,
        error: ProviderError | None = None,
        wait: float | None = None,
    ) -> AttemptEnded:
        seconds = time.monotonic() - started
        if error is None:
            return AttemptEnded("", self._reference, ROLE, attempt, "done", duration_s=seconds)
        return AttemptEnded(
            request_id="",
            model=self._reference,
            role=ROLE,
            attempt=attempt,
            action="stop" if wait is None else "retry",
            kind=error.kind,
            reason=error.title,
            status=error.status,
            wait_s=wait or 0.0,
            duration_s=seconds,
            billed=error.billed,
        )

    async def _ask(self, request: ModelRequest, stream: bool) -> None:
        ask = self._provider.stream if stream else self._provider.complete
        async with aclosing(ask(request)) as events:
            async for event in events:
                self._take(Streamed("", event))
                if isinstance(event, UsageReported):
                    await self._count(event.usage)

    async def _count(self, usage: Usage) -> None:
        price = await self._price(self._reference)
        usd = None if price is None else price.cost(usage)
        cost = Cost().add(usd)
        self._take(
            CostChanged(self._reference, ROLE, usage, usd, usage, cost, usage, cost, (), None)
        )

    def _take(self, event: AgentEvent) -> None:
        self._result.take(event)
        line = event_object(event)
        if line is not None:
            self._write(line)


@click.command("probe")
@click.argument("reference", metavar="REF")
@click.option("--prompt", metavar="TEXT", help="What to ask.")
@click.option("--request", "file", metavar="FILE", help="A request as JSON (- for stdin).")
@click.option("--no-stream", is_flag=True, help="Ask for the answer in one piece.")
@click.option("--retries", metavar="N", type=click.IntRange(0, 20), default=0, show_default=True)
@global_options
def command(
    reference: str, prompt: str | None, file: str | None, no_stream: bool, retries: int
) -> int:
    """Send one request to the model REF (provider/model) and print its events as JSON lines.

    Tools are never run. The model's name is sent as it is. Exit code 0 when the answer was
    complete, 1 after an error of the provider, else as for every command (2: wrong usage or
    configuration, 3: no credential).
    """
    if prompt is not None and file is not None:
        raise UsageError("--prompt and --request exclude each other", hint="Give one of them.")
    try:
        target, provider, price = _open(reference)
        asked = _request(prompt, file, target.model)
    except KoiError as error:
        result = ResultBuilder()
        failed = TurnFailed("", error.report(), "", 0.0)
        result.take(failed)
        write_line(event_object(failed) or {})
        write_line(result.build(None, 0.0))
        raise
    probe = Probe(provider, target, price, write_line)
    return asyncio.run(_run(probe, provider, asked, stream=not no_stream, retries=retries))


async def _run(
    probe: Probe, provider: Provider, request: ModelRequest, *, stream: bool, retries: int
) -> int:
    asking = asyncio.create_task(probe.run(request, stream=stream, retries=retries))
    for number in stopping_signals():
        asyncio.get_running_loop().add_signal_handler(number, asking.cancel)
    try:
        return 0 if await asking else 1
    except asyncio.CancelledError:
        return Cancelled.exit_code
    finally:
        await provider.aclose()


def _open(reference: str) -> tuple[ModelReference, Provider, PriceLookup]:
    from koi.catalogue.prices import FREE, Prices
    from koi.core.usage import Price
    from koi.providers.demo.reference import DEMO
    from koi.wiring.named_models import meant_model
    from koi.wiring.providers import open_keys
    from koi.wiring.registry import open_registry

    registry = open_registry(current_options().config)
    target: ModelReference | None = DEMO
    if reference != str(DEMO):
        target, _ = asyncio.run(meant_model(reference, registry))
    if target is None:
        raise UsageError("there is no model to probe", hint="Name it: koi probe PROVIDER/MODEL")
    prices = Prices(registry)

    async def price(model: ModelReference) -> Price | None:
        return FREE if model == DEMO else await prices.price(model)

    first, *_ = open_keys(target, registry, asks_about_models=False)
    return target, first.provider, price


def _request(prompt: str | None, file: str | None, model: str) -> ModelRequest:
    if file is None:
        said = DEFAULT_PROMPT if prompt is None else prompt
        return ModelRequest(model, (Message("user", (Text(said),)),))
    if file == "-":
        return _told(read_request(sys.stdin.buffer.read(MAX_REQUEST), model, "standard input"))
    try:
        with Path(file).expanduser().open("rb") as source:
            body = source.read(MAX_REQUEST)
    except OSError as error:
        raise UsageError(
            f"{file}: {error.strerror}", hint="Name a readable file after --request."
        ) from error
    return _told(read_request(body, model, file))


def _told(probe: ProbeRequest) -> ModelRequest:
    if probe.left_out:
        print_notes([f"not sent: {', '.join(probe.left_out)}"])
    return probe.request
