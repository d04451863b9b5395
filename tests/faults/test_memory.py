"""Answers without end cost koi a bounded piece of memory."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.test_contract import failure
from tests.servers.fault_server.faults import Fault, FaultName, Format
from tests.servers.fault_server.server import FaultServer, in_order

MIB = 1024
MOST_MIB = 50
STATUS, PEAK_RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak_mib(name: str) -> float:
    """VmHWM or VmRSS of this process, the server's threads included."""
    (line,) = (line for line in STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / MIB


def begin() -> float:
    """Forget the peak so far; the memory in use now, in MiB."""
    try:
        PEAK_RESET.write_text("5")
    except OSError:
        pytest.skip("the peak of memory cannot be measured here")
    return peak_mib("VmRSS")


@pytest.mark.parametrize("wire", ["openai-chat", "bedrock", "ollama"])
@pytest.mark.parametrize("name", ["huge-line", "gzip-bomb", "deep-json"])
async def test_an_answer_without_end_fails_before_it_is_large(
    name: FaultName, wire: Format
) -> None:
    with FaultServer(wire, in_order(Fault(name, "first-event"))) as server:
        before = await asyncio.to_thread(begin)
        error = await failure(wire, server.base_url, patient=True)
        grown = await asyncio.to_thread(peak_mib, "VmHWM") - before
    assert error is not None
    assert error.kind == "protocol"
    assert grown < MOST_MIB
