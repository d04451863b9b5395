"""The four timers of an exchange, and what a machine that slept means for it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time

import pytest

from koi.core.errors import ProviderError
from koi.net.client import HttpClient
from koi.net.policy import NetworkPolicy
from koi.net.timeouts import LOCAL, REMOTE, Timeouts
from tests.net.raw_server import STREAM_HEAD, RawServer, chunk

LOOPBACK = NetworkPolicy("test", {"127.0.0.1": "local server"})
EVENT = chunk(b"data: 1\n\n")


async def failure(url: str, timeouts: Timeouts) -> ProviderError:
    """What a client says that takes every chunk for data."""
    client = HttpClient(LOOPBACK, timeouts)
    try:
        with pytest.raises(ProviderError) as caught:
            await read_all(client, url)
    finally:
        await client.aclose()
    return caught.value


async def read_all(client: HttpClient, url: str, work_s: float = 0.0) -> None:
    """Read an answer, with work of this long after each chunk."""
    async with client.request("GET", url, headers={}) as answer:
        while await answer.next_chunk() is not None:
            answer.data_seen()
            time.sleep(work_s)  # noqa: ASYNC251 - the work that takes long


def test_the_usual_times() -> None:
    assert (REMOTE.connect_s, REMOTE.first_byte_s, REMOTE.idle_s) == (10, 120, 300)
    assert REMOTE.for_quick_model().idle_s == 90
    assert REMOTE.total_s is None
    assert (LOCAL.first_byte_s, LOCAL.idle_s, LOCAL.for_quick_model().idle_s) == (600, 600, 600)


async def test_an_answer_that_does_not_begin() -> None:
    async with RawServer([], hang=True).running() as server:
        error = await failure(server.url, Timeouts(60, 0.2, 60))
    assert (error.kind, error.title) == ("timeout", "The provider sent nothing for 0.2 s")
    assert "first_byte_s" in error.hint


async def test_headers_alone_are_no_answer() -> None:
    async with RawServer([STREAM_HEAD], hang=True).running() as server:
        error = await failure(server.url, Timeouts(60, 0.2, 60))
    assert error.title == "The provider sent nothing for 0.2 s"


async def test_an_answer_that_falls_silent() -> None:
    async with RawServer([STREAM_HEAD, EVENT], hang=True).running() as server:
        error = await failure(server.url, Timeouts(60, 60, 0.2))
    assert (error.kind, error.title) == ("timeout", "The provider sent nothing for 0.2 s")


async def test_an_answer_that_never_ends() -> None:
    async with RawServer([STREAM_HEAD, *[EVENT] * 1000], pause_s=0.01).running() as server:
        error = await failure(server.url, Timeouts(60, 60, 60, total_s=0.3))
    assert (error.kind, error.title) == ("timeout", "The answer took longer than 0.3 s in all")
    assert "total_s" in error.hint


async def test_the_time_for_the_whole_also_passes_while_the_reader_works() -> None:
    client = HttpClient(LOOPBACK, Timeouts(60, 60, 60, total_s=0.2))
    async with RawServer([STREAM_HEAD, EVENT], hang=True).running() as server:
        with pytest.raises(ProviderError, match="in all"):
            await read_all(client, server.url, work_s=0.3)
        await client.aclose()


CHILD = """
import asyncio, signal, sys, time
from koi.core.errors import ProviderError
from koi.net import client, timeouts
from koi.net.policy import NetworkPolicy

class Clock:
    ahead = 0.0
    monotonic = staticmethod(time.monotonic)
    def time(self): return time.time() + self.ahead

clock = timeouts.time = client.time = Clock()
timeouts.CHECK_S = 0.05

def wake(*_): clock.ahead += 3600
signal.signal(signal.SIGUSR1, wake)

async def main():
    http = client.HttpClient(NetworkPolicy("test", {"127.0.0.1": "local server"}))
    for attempt in (1, 2):
        try:
            async with http.request("GET", sys.argv[attempt], headers={}) as answer:
                while (chunk := await answer.next_chunk()) is not None:
                    answer.data_seen()
                    print("data", flush=True)
        except ProviderError as error:
            print(error.kind, error.title, flush=True)
    await http.aclose()

asyncio.run(main())
"""


async def test_a_machine_that_slept_asks_again_over_a_new_connection() -> None:
    """The process is stopped, as a suspended one is, and an hour has passed on the clock."""
    stalled = RawServer([STREAM_HEAD, EVENT], hang=True)
    well = RawServer([STREAM_HEAD, EVENT, chunk(b"")])
    async with stalled.running(), well.running():
        command = [sys.executable, "-c", CHILD, stalled.url, well.url]
        child = await _started(command)
        assert child.stdout is not None
        assert (await child.stdout.readline()).strip() == b"data"
        child.send_signal(signal.SIGSTOP)
        child.send_signal(signal.SIGUSR1)
        child.send_signal(signal.SIGCONT)
        rest = (await child.stdout.read()).decode().splitlines()
        await child.wait()
    assert rest == ["network The machine slept in the middle of an answer", "data"]


async def _started(command: list[str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
