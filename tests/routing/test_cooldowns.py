"""Rests: who may ask again first, what other processes keep, and what a person can undo."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from koi.core.agent_events import Retrying
from koi.core.errors import AllCandidatesExhausted
from koi.core.messages import ModelRequest
from koi.core.provider_events import ProviderEvent
from koi.routing.attempts import Attempts
from koi.routing.backoff import RetryPolicy
from koi.routing.candidates import Chain
from koi.store.rests import RestFile
from tests.chains import Unlimited, chain_of
from tests.routing.scripted import END, MODEL, OTHER, Scripted, Sending, failed, keys


class Gated(Scripted):
    """Fails once, and then answers when the gate is opened."""

    def __init__(self) -> None:
        super().__init__([failed("rate_limit", 100)], [END])
        self.gate = asyncio.Event()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ProviderEvent, None]:
        async for event in super().stream(request):
            await self.gate.wait()
            yield event


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks work until it is so."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")


async def idle() -> None:
    """Let other tasks work until none of them can go on."""
    for _ in range(100):
        await asyncio.sleep(0)


async def after_a_rest(sending: Sending, chain: Chain) -> None:
    await sending.run(chain)
    sending.clock.seconds += 100


async def test_one_request_probes_and_the_others_wait_for_it() -> None:
    provider, sending = Gated(), Sending()
    chain = chain_of((MODEL, provider))
    await after_a_rest(sending, chain)
    steps = [asyncio.create_task(sending.run(chain)) for _ in range(3)]
    await until(lambda: provider.asked == 2)
    await idle()
    assert provider.asked == 2
    provider.gate.set()
    assert [(await step).error for step in steps] == [None, None, None]
    assert provider.asked == 4


async def test_while_one_request_probes_others_go_to_the_next_model() -> None:
    provider, other, sending = Gated(), Scripted([END]), Sending(RetryPolicy(retries=0))
    chain = chain_of((MODEL, provider), (OTHER, other))
    await after_a_rest(sending, chain)
    probe = asyncio.create_task(sending.run(chain))
    await until(lambda: provider.asked == 2)
    await sending.run(chain)
    assert (provider.asked, other.asked) == (2, 2)
    provider.gate.set()
    assert (await probe).error is None


async def test_when_a_probe_is_interrupted_the_next_request_probes() -> None:
    provider, sending = Gated(), Sending()
    chain = chain_of((MODEL, provider))
    await after_a_rest(sending, chain)
    probe = asyncio.create_task(sending.run(chain))
    await until(lambda: provider.asked == 2)
    probe.cancel()
    await asyncio.wait([probe])
    provider.gate.set()
    assert (await sending.run(chain)).error is None
    assert provider.asked == 3


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rests.json"


async def test_a_koi_that_starts_later_keeps_the_time_that_a_server_named(path: Path) -> None:
    chain = chain_of((MODEL, Scripted([failed("rate_limit", 500)])))
    await Sending(file=RestFile(path)).run(chain)
    provider, later = Scripted([END]), Sending(file=RestFile(path))
    ran = await later.run(chain_of((MODEL, provider)))
    assert isinstance(ran.error, AllCandidatesExhausted)
    assert ran.error.kind == "rate_limit"
    assert provider.asked == 0


async def test_a_koi_that_runs_already_keeps_it_too(path: Path) -> None:
    running, other = Sending(file=RestFile(path)), Sending(file=RestFile(path))
    first, second = Scripted([END]), Scripted([END])
    chain = Chain("executor", (keys(MODEL, first, second),))
    await running.run(chain)
    limited = keys(MODEL, Scripted([failed("rate_limit", 500)]), Scripted([END]))
    await other.run(Chain("executor", (limited,)))
    await running.run(chain)
    assert (first.asked, second.asked) == (1, 1)


async def test_what_koi_decides_by_itself_is_not_told_to_others(path: Path) -> None:
    chain = chain_of((MODEL, Scripted([failed("overloaded")])), (OTHER, Scripted([END])))
    await Sending(file=RestFile(path)).run(chain)
    assert RestFile(path).news() is None


async def test_a_person_can_have_everything_asked_again(path: Path) -> None:
    sending = Sending(file=RestFile(path))
    provider = Scripted([failed("rate_limit", 500)], [END])
    chain = chain_of((MODEL, provider))
    await sending.run(chain)
    sending.attempts.forget_rests()
    assert (await sending.run(chain)).error is None
    assert (await Sending(file=RestFile(path)).run(chain)).error is None


async def test_no_rest_without_a_hint_when_it_is_switched_off() -> None:
    first, second = Scripted([failed("overloaded")], [END]), Scripted([END])
    sending = Sending(RetryPolicy(retries=0, cooldown_s=0))
    chain = chain_of((MODEL, first), (OTHER, second))
    await sending.run(chain)
    await sending.run(chain)
    assert (first.asked, second.asked) == (2, 1)


async def test_a_hint_is_kept_when_rests_are_switched_off() -> None:
    first, second = Scripted([failed("rate_limit", 90)], [END]), Scripted([END])
    sending = Sending(RetryPolicy(retries=0, cooldown_s=0))
    chain = chain_of((MODEL, first), (OTHER, second))
    await sending.run(chain)
    await sending.run(chain)
    assert (first.asked, second.asked) == (1, 2)


async def test_the_states_of_a_chain_are_told_without_asking_anybody() -> None:
    first, second = Scripted([failed("rate_limit", 90)]), Scripted([failed("auth")])
    sending = Sending(RetryPolicy(retries=0))
    chain = Chain("executor", (keys(MODEL, first, second),))
    await sending.run(chain)
    states = await sending.attempts.states(chain)
    assert [(each.key, each.condition, each.cooling_s) for each in states] == [
        ("key1", "cooling", 90),
        ("key2", "refused", 0),
    ]
    assert (first.asked, second.asked) == (1, 1)


async def test_a_refused_key_is_sent_again_after_it_may_have_been_mended() -> None:
    provider, sending = Scripted([failed("auth")], [END]), Sending()
    chain = chain_of((MODEL, provider))
    await sending.run(chain)
    sending.attempts.forget_refusals()
    assert (await sending.run(chain)).error is None


async def test_a_step_waits_five_minutes_in_all_at_most() -> None:
    provider, sending = Scripted([failed("rate_limit", 60)]), Sending(RetryPolicy(retries=9))
    ran = await sending.run(chain_of((MODEL, provider)))
    assert sending.clock.waits == [60.0] * 5
    assert len(ran.of(Retrying)) == 5


async def test_a_process_has_a_stock_of_retries_and_earns_one_with_ten_answers() -> None:
    sending = Sending()
    broken, good = (
        chain_of((MODEL, Scripted([failed("network")]))),
        chain_of((OTHER, Scripted([END]))),
    )
    retries = [len((await sending.run(broken)).of(Retrying)) for _ in range(7)]
    assert retries == [2, 2, 2, 2, 2, 0, 0]
    for _ in range(11):
        await sending.run(good)
    assert len((await sending.run(broken)).of(Retrying)) == 1


async def test_a_wait_ends_when_a_person_wants_everything_asked_at_once() -> None:
    provider = Scripted([failed("rate_limit", 50)], [END])
    attempts = Attempts(RetryPolicy(), Unlimited())
    sending = attempts.stream(ModelRequest("", ()), chain_of((MODEL, provider)))
    async with aclosing(sending):
        async for event in sending:
            if isinstance(event, Retrying):
                asyncio.get_running_loop().call_soon(attempts.forget_rests)
    assert provider.asked == 2


async def test_an_interrupt_ends_a_wait() -> None:
    provider = Scripted([failed("rate_limit", 50)], [END])
    sending = Attempts(RetryPolicy(), Unlimited()).stream(
        ModelRequest("", ()), chain_of((MODEL, provider))
    )

    async def step() -> None:
        async with aclosing(sending):
            async for _ in sending:
                pass

    task = asyncio.create_task(step())
    await until(lambda: provider.closed == 1)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert provider.asked == 1


async def test_rests_that_no_server_asked_for_only_prefer_others() -> None:
    first = Scripted(*[[failed("network")]] * 3, [END])
    second = Scripted(*[[failed("overloaded")]] * 3, [END])
    sending, chain = Sending(), chain_of((MODEL, first), (OTHER, second))
    failing = await sending.run(chain)
    assert isinstance(failing.error, AllCandidatesExhausted)
    assert "may be asked again" not in failing.error.title
    sending.clock.waits.clear()
    ran = await sending.run(chain)
    assert (ran.error, first.asked, second.asked) == (None, 4, 3)
    assert sending.clock.waits == []


async def test_an_early_probe_that_fails_goes_on_to_the_others_at_once() -> None:
    first, second = Scripted([failed("network")]), Scripted(*[[failed("network")]] * 3, [END])
    sending, chain = Sending(), chain_of((MODEL, first), (OTHER, second))
    await sending.run(chain)
    ran = await sending.run(chain)
    assert (ran.actions, first.asked) == (["fall_back", "done"], 4)


async def test_keys_without_a_named_time_are_all_asked_before_their_rest_is_over() -> None:
    first, second = Scripted([failed("rate_limit")]), Scripted(*[[failed("rate_limit")]] * 3, [END])
    sending, chain = Sending(), Chain("executor", (keys(MODEL, first, second),))
    await sending.run(chain)
    ran = await sending.run(chain)
    assert ran.actions == ["rotate", "done"]


async def test_a_time_that_a_server_named_is_kept_when_nothing_else_is_left() -> None:
    first, second = (
        Scripted([failed("rate_limit", 500)]),
        Scripted(*[[failed("network")]] * 3, [END]),
    )
    sending, chain = Sending(), chain_of((MODEL, first), (OTHER, second))
    await sending.run(chain)
    ran = await sending.run(chain)
    assert (ran.error, first.asked, second.asked) == (None, 1, 4)


async def test_only_one_request_is_an_early_probe() -> None:
    provider, other = Gated(), Scripted([failed("rate_limit", 500)])
    provider._attempts[0] = [failed("network")]
    sending = Sending(RetryPolicy(retries=0))
    chain = chain_of((MODEL, provider), (OTHER, other))
    await sending.run(chain)
    steps = [asyncio.create_task(sending.run(chain)) for _ in range(3)]
    await until(lambda: provider.asked == 2)
    await idle()
    assert provider.asked == 2
    provider.gate.set()
    assert [(await step).error for step in steps] == [None, None, None]
    assert other.asked == 1


async def test_a_rest_keeps_its_reason_when_the_file_of_rests_is_read(path: Path) -> None:
    sending = Sending(file=RestFile(path))
    chain = chain_of((MODEL, Scripted([failed("rate_limit", 500)])), (OTHER, Scripted([END])))
    await sending.run(chain)
    first, _ = await sending.attempts.states(chain)
    assert first.reason == "rate_limit trouble"
