"""The fault server fails exactly as it is told, within its limits, and says what it was asked."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.conftest import TESTS
from tests.servers.answers import JsonObject
from tests.servers.fault_server import ports
from tests.servers.fault_server.asked import Asked
from tests.servers.fault_server.delivery import Limits
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
from tests.servers.fault_server.scripts import one_note, two_notes
from tests.servers.fault_server.server import FaultServer, in_order
from tests.servers.fault_server.staging import stage

EVERY_FORMAT = pytest.mark.parametrize("wire", FORMATS)
PATHS: dict[Format, str] = {
    "openai-chat": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
    "anthropic": "/v1/messages",
    "gemini": "/v1beta/models/m:streamGenerateContent",
    "bedrock": "/model/m/converse-stream",
    "ollama": "/api/chat",
    "copilot": "/chat/completions",
}


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    whole: bool


def ask(server: FaultServer, body: JsonObject | None = None, key: str = "sk-0001") -> Reply:
    """What comes, as far as it comes."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    usual = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": [{}]}
    data = json.dumps(body or usual)
    try:
        connection.request("POST", PATHS[server.wire], data, {"x-api-key": key})
        answer = connection.getresponse()
        try:
            return Reply(answer.status, answer.read(), whole=True)
        except http.client.IncompleteRead as cut:
            return Reply(answer.status, cut.partial, whole=False)
    finally:
        connection.close()


def cells() -> Iterator[tuple[Format, FaultName, Phase]]:
    for wire in FORMATS:
        for name in FAULTS:
            for phase in phases_of(name):
                if is_valid(name, phase, wire):
                    yield wire, name, phase


@EVERY_FORMAT
def test_without_a_fault_an_answer_is_whole(wire: Format) -> None:
    with FaultServer(wire) as server:
        reply = ask(server)
    assert (reply.status, reply.whole) == (200, True)
    assert b"ran.txt" in reply.body


@EVERY_FORMAT
def test_a_cut_answer_is_the_beginning_of_the_whole_one(wire: Format) -> None:
    with FaultServer(wire, in_order(None, Fault("close", "mid-text", seed=3))) as server:
        whole, cut = ask(server), ask(server)
    assert whole.body.startswith(cut.body)
    assert not cut.whole
    assert b"First" in cut.body
    assert b"one command" not in cut.body


@EVERY_FORMAT
def test_the_same_seed_is_the_same_bytes_and_another_one_is_another_place(wire: Format) -> None:
    plan = in_order(*(Fault("eof", "mid-text", seed) for seed in (1, 1, 2, 3, 4)))
    with FaultServer(wire, plan) as server:
        first, again, *others = (ask(server).body for _ in range(5))
    assert first == again
    assert any(other != first for other in others)


@pytest.mark.parametrize("seed", range(3))
def test_every_valid_fault_can_be_staged(seed: int) -> None:
    for wire, name, phase in cells():
        if name == "refuse" or (name, phase) == ("stall", "connect"):
            continue  # a port without a server
        script = two_notes if phase == "after-call" else one_note
        answer = script(Asked("m", "", (), prompts=1, tools=True, size=0))
        assert stage(wire, "m", answer, Fault(name, phase, seed), "http://localhost:9")


def test_there_are_enough_cells() -> None:
    assert len(list(cells())) >= 230


def test_faults_come_in_the_order_of_the_plan() -> None:
    with FaultServer("anthropic", in_order(Fault("503"), None, Fault("429"))) as server:
        assert [ask(server).status for _ in range(4)] == [503, 200, 429, 200]


def test_a_request_is_logged_with_its_key_and_what_the_conversation_holds() -> None:
    twice = {"role": "tool", "tool_call_id": "call_1", "content": "1"}
    messages = [{"role": "user", "content": "hi"}, {"role": "assistant"}, twice, twice]
    with FaultServer("openai-chat", in_order(Fault("429-seconds", wait_s=7))) as server:
        ask(server, {"model": "some", "messages": messages}, key="sk-secret-9876")
    (logged,) = server.log
    assert (logged.asked.model, logged.asked.key, logged.asked.prompts) == ("some", "9876", 1)
    assert logged.asked.repeated
    assert logged.not_before == logged.at + 7
    assert "secret" not in logged.line


def test_a_prompt_after_results_begins_anew() -> None:
    result = {"type": "tool_result", "tool_use_id": "call_1", "content": "1"}
    said = {"type": "text", "text": "And again."}
    messages = [{"role": "user", "content": "hi"}, {"role": "user", "content": [result, said]}]
    with FaultServer("anthropic") as server:
        ask(server, {"model": "m", "messages": messages})
    assert (server.log[0].asked.prompts, server.log[0].asked.results) == (2, ())


@pytest.mark.parametrize(("seconds", "sent"), [(0.2, 2**40), (600, 300_000)])
def test_a_flood_ends_when_the_server_may_send_no_more(seconds: float, sent: int) -> None:
    plan, limits = in_order(Fault("huge-line", "first-event")), Limits(seconds, sent=sent)
    with FaultServer("openai-chat", plan, limits=limits) as server:
        assert not ask(server).whole


def test_requests_are_counted() -> None:
    with FaultServer("openai-chat", limits=Limits(requests=1)) as server:
        assert ask(server).whole
        with pytest.raises(http.client.RemoteDisconnected):
            ask(server)


def test_closing_ends_what_is_stalled() -> None:
    with FaultServer("openai-chat", in_order(Fault("stall", "headers"))) as server:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
        connection.request("POST", PATHS["openai-chat"], b"{}")
    with pytest.raises(ConnectionError):
        connection.getresponse()
    connection.close()


def test_a_port_that_refuses_and_one_that_never_answers() -> None:
    with ports.refusing() as url, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=5)
    with ports.full() as url, pytest.raises(TimeoutError):
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=0.1)


def by_hand(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.servers.fault_server", *arguments],
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_by_hand_it_says_how_koi_is_started_and_ends_by_itself() -> None:
    done = by_hand("--fault", "eof", "--phase", "mid-text", "--seconds", "0")
    assert done.returncode == 0
    assert "eof at mid-text, the first 1 times: http://127.0.0.1:" in done.stdout
    assert "koi --config" in done.stdout


def test_by_hand_a_fault_that_cannot_be_is_refused() -> None:
    done = by_hand("--format", "bedrock", "--fault", "bom")
    assert (done.returncode, "no phase" in done.stdout) == (2, True)
