"""Every wire format makes the same kind of failure, with the same wait, of the same fault."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from koi.core.errors import ErrorKind, ProviderError
from koi.core.messages import Message, ModelRequest, Text, ToolSchema
from koi.core.secret import Secret
from koi.credentials.endpoint import Endpoint
from koi.net.timeouts import Timeouts
from koi.providers.http_provider import HttpProvider
from tests.faults.cells import SLOW, UNREACHABLE
from tests.faults.expectations import kind_of
from tests.servers.fault_server import ports
from tests.servers.fault_server.faults import (
    FAULTS,
    FORMATS,
    Fault,
    FaultName,
    Format,
    Phase,
    is_valid,
    phases_of,
)
from tests.servers.fault_server.refusals import hint_s
from tests.servers.fault_server.scripts import one_note, two_notes
from tests.servers.fault_server.server import FaultServer, in_order

HANG_S = 5.0
REQUEST = ModelRequest(
    "m", (Message("user", (Text("hi"),)),), tools=(ToolSchema("bash", "runs", {"type": "object"}),)
)
PLACES = [(name, phase) for name in FAULTS for phase in phases_of(name)]
FEW = [place for at, place in enumerate(PLACES) if at % 12 == 3 and place[0] not in SLOW]


async def failure(wire: Format, url: str, *, patient: bool) -> ProviderError | None:
    """How a request ends; None for a whole answer."""
    timeouts = Timeouts(10, 10, 10) if patient else Timeouts(0.3, 0.3, 0.3)
    endpoint = Endpoint("p", wire, url, key=Secret("sk-fault-test-0001"), timeouts=timeouts)
    provider = HttpProvider(endpoint)
    try:
        async with asyncio.timeout(HANG_S):
            async for _ in provider.stream(REQUEST):
                pass
    except ProviderError as error:
        return error
    finally:
        await provider.aclose()
    return None


async def fails_with(
    wire: Format, fault: Fault
) -> tuple[ErrorKind | None, float | None, bool | None]:
    """Kind, wait in seconds, and whether an answer had begun."""
    script = two_notes if fault.phase == "after-call" else one_note
    plan = in_order() if fault.phase == "connect" else in_order(fault)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(FaultServer(wire, plan, script))
        url = server.base_url
        if fault.phase == "connect" and fault.name in UNREACHABLE:
            url = stack.enter_context(ports.refusing() if fault.name == "refuse" else ports.full())
        elif fault.phase == "connect":
            server.at_connect.extend([fault] * 10)
        error = await failure(wire, url, patient=fault.name not in SLOW)
    if error is None:
        return None, None, None
    assert error.hint
    return error.kind, error.retry_after_s, error.answer_began


async def check(name: FaultName, phase: Phase) -> None:
    fault = Fault(name, phase, seed=2)
    wires = [wire for wire in FORMATS if is_valid(name, phase, wire)]
    found = {wire: await fails_with(wire, fault) for wire in wires}
    assert {wire: kind for wire, (kind, _, _) in found.items()} == {
        wire: kind_of(name, phase, wire) for wire in wires
    }
    failures = [each for each in found.values() if each[0] is not None]
    assert {wait for _, wait, _ in failures} <= {hint_s(fault) or None}
    assert len({began for _, _, began in failures}) <= 1


@pytest.mark.parametrize(("name", "phase"), FEW)
async def test_a_few_faults(name: FaultName, phase: Phase) -> None:
    await check(name, phase)


@pytest.mark.faults
@pytest.mark.parametrize(("name", "phase"), PLACES)
async def test_every_fault(name: FaultName, phase: Phase) -> None:
    await check(name, phase)
