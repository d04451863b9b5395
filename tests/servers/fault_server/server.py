"""The fault server: a model on loopback that fails as planned, and logs what it was asked."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Self, TypeAlias

from tests.servers.answers import Answer
from tests.servers.fault_server.acts import Act, Close, Data, Head, Raw, Whole
from tests.servers.fault_server.asked import Asked, read_request
from tests.servers.fault_server.delivery import ClientGone, Delivery, Limits
from tests.servers.fault_server.faults import Fault, Format
from tests.servers.fault_server.refusals import hint_s
from tests.servers.fault_server.scripts import one_note
from tests.servers.fault_server.staging import stage
from tests.servers.fault_server.wires import WIRES
from tests.servers.listener import Listener

Plan: TypeAlias = Callable[[Asked], Fault | None]
"""What goes wrong with a request, None for nothing. Asked in the order in which requests come."""
Script: TypeAlias = Callable[[Asked], Answer]
MODEL = "m"
_NO_HTTP = (Raw(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"), Close())
"""Also for those who begin with TLS."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One request for an answer, and what became of it."""

    at: float
    """time.monotonic() seconds."""
    asked: Asked
    fault: Fault | None

    @property
    def not_before(self) -> float:
        """time.monotonic() seconds before which this key must not ask for this model again."""
        return self.at if self.fault is None else self.at + hint_s(self.fault)

    @property
    def line(self) -> str:
        """For people."""
        asked = self.asked
        fault = "whole" if self.fault is None else f"{self.fault.name} at {self.fault.phase}"
        twice = "; A CALL HAS TWO RESULTS" if asked.repeated else ""
        what = f"prompt {asked.prompts} with {len(asked.results)} results"
        return f"{asked.model} with key …{asked.key}, {what}: {fault}{twice}"


def in_order(*faults: Fault | None, then: Fault | None = None) -> Plan:
    """One for each request; `then` for all later ones."""
    left = deque(faults)
    return lambda asked: left.popleft() if left else then


class FaultServer:
    """`with FaultServer("anthropic", in_order(Fault("eof", "mid-text"))) as server: …`.

    Faults in the phase `connect` are not for the plan, but for `at_connect`: one for each new
    connection. It does nothing more when its limits are reached.
    """

    def __init__(
        self,
        wire: Format,
        plan: Plan | None = None,
        script: Script = one_note,
        *,
        elsewhere: str = "http://localhost:9",
        port: int = 0,
        limits: Limits | None = None,
        told: Callable[[Logged], None] = lambda logged: None,
    ) -> None:
        self.wire: Format = wire
        self.plan = plan or in_order()
        self.script = script
        self.at_connect: deque[Fault] = deque()
        self.log: list[Logged] = []
        """Requests for an answer, in order."""
        self.others: list[str] = []
        """Other requests, with their method."""
        self._elsewhere = elsewhere
        """Where redirects lead."""
        self._limits = limits or Limits()
        self._told = told
        self._listener = Listener(self._serve, port)
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """http://127.0.0.1:PORT."""
        return self._listener.url

    @property
    def base_url(self) -> str:
        """What koi is configured with."""
        return self.url + WIRES[self.wire].base_path

    def __enter__(self) -> Self:
        self._listener.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._limits.closed = True
        self._listener.close()

    def _serve(self, connection: socket.socket) -> None:
        delivery = Delivery(connection, self._limits)
        with self._lock:
            fault = self.at_connect.popleft() if self.at_connect else None
        with connection.makefile("rb") as reader:
            try:
                if fault is not None:
                    delivery.perform(stage(self.wire, MODEL, Answer(), fault, self._elsewhere))
                    return
                while self._one(reader, delivery):
                    pass
            except ClientGone:
                return

    def _one(self, reader: BinaryIO, delivery: Delivery) -> bool:
        """One request; False when the connection is over."""
        words = reader.readline().decode("latin-1").split()
        if not words:
            return False
        if len(words) != 3 or not words[2].startswith("HTTP/"):
            return delivery.perform(_NO_HTTP)
        method, path, _ = words
        headers: dict[str, str] = {}
        while line := reader.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = reader.read(int(headers.get("content-length", 0)))
        self._limits.spend(0, requests=1)
        if method == "POST" and WIRES[self.wire].asked.fullmatch(path.partition("?")[0]):
            return delivery.perform(self._answer(read_request(path, headers, body)))
        self.others.append(f"{method} {path}")
        return delivery.perform(_other(path))

    def _answer(self, asked: Asked) -> list[Act]:
        with self._lock:
            logged = Logged(time.monotonic(), asked, self.plan(asked))
            self.log.append(logged)
        self._told(logged)
        answer = self.script(asked)
        return stage(self.wire, asked.model or MODEL, answer, logged.fault, self._elsewhere)


def _other(path: str) -> list[Act]:
    """A list of models; nothing at other paths."""
    json_type = {"content-type": "application/json"}
    if not path.partition("?")[0].endswith("/models"):
        return [Head(404, json_type), Data(b'{"error": {"message": "not found"}}'), Whole()]
    listed = {"id": MODEL, "object": "model", "type": "model", "name": f"models/{MODEL}"}
    return [Head(200, json_type), Data(json.dumps({"data": [listed]}).encode()), Whole()]
