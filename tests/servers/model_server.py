"""A model behind real sockets on loopback: HTTP/1.1, OpenAI chat, Anthropic Messages, Cohere v2.

It gives the answers of its script in order and records what was asked. Any path that ends in
/chat/completions, /messages or /v2/chat is a model, any that ends in /models lists one.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self, TypeAlias, cast

from tests.servers import cohere
from tests.servers.answers import Answer, JsonObject, Wire, error_body, events, whole_body

Script: TypeAlias = Answer | Callable[["RecordedRequest"], Answer]


@dataclass(slots=True)
class RecordedRequest:
    """A request as it arrived. `client_gone` says that the client hung up before the end."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    raw_body: bytes
    received_at: float
    """time.monotonic() seconds."""
    client_gone: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)

    @property
    def body(self) -> JsonObject:
        """The JSON body; empty for a request without one."""
        return cast(JsonObject, json.loads(self.raw_body)) if self.raw_body else {}

    @property
    def messages(self) -> list[JsonObject]:
        """The conversation that was sent."""
        return cast(list[JsonObject], self.body["messages"])


class ModelServer:
    """A scripted model. `with ModelServer() as server: server.script(text("hello"))`."""

    model = "scripted-model"

    def __init__(self) -> None:
        self.requests: list[RecordedRequest] = []
        self.pages: dict[str, Callable[[RecordedRequest], Answer]] = {}
        """Other paths, without a query, and what is there."""
        self._script: list[Script] = []
        self._call_number = 0
        self._lock = threading.Lock()
        self.closing = threading.Event()
        self._server = _Listener(("127.0.0.1", 0), _Handler)
        self._server.model_server = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        """http://127.0.0.1:PORT, the base for the Anthropic format."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def openai_url(self) -> str:
        """The base for the OpenAI format."""
        return f"{self.url}/v1"

    def script(self, *answers: Script) -> None:
        """Add answers; each request to a model takes the next one."""
        with self._lock:
            self._script.extend(answers)

    @property
    def model_requests(self) -> list[RecordedRequest]:
        """Requests for an answer (not for the list of models), in order."""
        return [request for request in self.requests if wire_of(request.path) is not None]

    def next_answer(self, request: RecordedRequest) -> Answer:
        """The answer for a request, its calls with ids. An empty script is a 500 that says so."""
        with self._lock:
            step = self._script.pop(0) if self._script else None
        if step is None:
            return Answer(status=500, error="the script of the model server has no more answers")
        answer = step if isinstance(step, Answer) else step(request)
        named = []
        for call in answer.calls:
            self._call_number += 1
            named.append(replace(call, id=call.id or f"call_{self._call_number}"))
        return replace(answer, calls=tuple(named))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()


def wire_of(path: str) -> Wire | None:
    """Which wire format a path speaks; None when it is no model."""
    path = path.partition("?")[0].rstrip("/")
    if path.endswith("/chat/completions"):
        return "openai-chat"
    if path.endswith("/v2/chat"):
        return "cohere"
    return "anthropic" if path.endswith("/messages") else None


class _Listener(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    model_server: ModelServer

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self._connections: set[socket.socket] = set()
        self.resets: set[socket.socket] = set()
        """Connections that end with a reset instead of an orderly close."""

    def process_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: object) -> None:
        assert isinstance(request, socket.socket)
        self._connections.discard(request)
        if request in self.resets:
            self.resets.discard(request)
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that clients keep open, so that their threads end."""
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no failure of a test; a wrong script is, in its answer."""


class _ClientGone(Exception):
    """The client hung up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    """Else the body waits 40 ms for the client to confirm the head."""
    server: _Listener

    def do_GET(self) -> None:
        request = self._record()
        if self._page(request) or self._list_models():
            return
        self._send_whole(404, error_body("openai-chat", Answer(status=404, error="not found")))

    def _page(self, request: RecordedRequest) -> bool:
        page = self.server.model_server.pages.get(self.path.partition("?")[0])
        if page is None:
            return False
        answer = page(request)
        body = error_body("openai-chat", answer) if answer.body is None else answer.body
        self._send_whole(answer.status, body, dict(answer.headers))
        return True

    def _list_models(self) -> bool:
        if not self.path.partition("?")[0].endswith("/models"):
            return False
        listed = {"id": self.server.model_server.model, "object": "model", "type": "model"}
        self._send_whole(200, json.dumps({"object": "list", "data": [listed]}).encode())
        return True

    def do_POST(self) -> None:
        request = self._record()
        if self._page(request):
            return
        wire = wire_of(self.path)
        if wire is None:
            self._send_whole(404, error_body("openai-chat", Answer(status=404, error="not found")))
            return
        answer = self.server.model_server.next_answer(request)
        try:
            self._answer(request, wire, answer)
        except (_ClientGone, ConnectionError):
            request.client_gone.set()
            self.close_connection = True
        finally:
            request.finished.set()

    def _record(self) -> RecordedRequest:
        length = int(self.headers.get("content-length") or 0)
        names = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(length)
        request = RecordedRequest(self.command, self.path, names, body, time.monotonic())
        self.server.model_server.requests.append(request)
        return request

    def _answer(self, request: RecordedRequest, wire: Wire, answer: Answer) -> None:
        self._wait(answer.delay_s)
        if answer.status != 200 or answer.body is not None:
            body = error_body(wire, answer) if answer.body is None else answer.body
            self._send_whole(answer.status, body, dict(answer.headers))
            return
        asked = request.body
        model = str(asked.get("model", ""))
        if not asked.get("stream"):
            theirs = wire == "cohere"
            whole = cohere.whole_body(answer) if theirs else whole_body(wire, model, answer)
            self._send_whole(200, whole, dict(answer.headers))
            return
        if wire == "cohere":
            self._stream(answer, cohere.events(answer))
            return
        options = asked.get("stream_options")
        with_usage = isinstance(options, dict) and bool(options.get("include_usage"))
        self._stream(answer, events(wire, model, answer, with_usage=with_usage))

    def _stream(self, answer: Answer, parts: Iterator[bytes]) -> None:
        self._start(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        turning_point = answer.cut_after or 0
        for number, part in enumerate(parts):
            if number == turning_point and answer.hold is not None:
                while not answer.hold.is_set():
                    self._wait(0.02)
            elif number == answer.cut_after:
                self._cut(answer)
                return
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.flush()
            self._wait(answer.pause_s)
        self.wfile.write(b"0\r\n\r\n")

    def _cut(self, answer: Answer) -> None:
        self.close_connection = True
        if answer.cut == "clean":
            self.wfile.write(b"0\r\n\r\n")
        elif answer.cut == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.server.resets.add(self.connection)

    def _wait(self, seconds: float) -> None:
        """Sleep, but notice a client that hangs up and a server that closes."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            readable, _, _ = select.select([self.connection], [], [], min(left, 0.05))
            if self.server.model_server.closing.is_set():
                raise _ClientGone
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                raise _ClientGone

    def _start(self, status: int, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_whole(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        usual = {"content-type": "application/json", "content-length": str(len(body))}
        self._start(status, usual | (headers or {}))
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests look at the recorded requests."""
