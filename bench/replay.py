"""A server in a process of its own that sends one answer again and again, over plain HTTP/1.1.

`python -m bench.replay PROTOCOL PACE` prints its port, and stops with its parent. Every POST that
does not ask about a model is answered with the same bytes, in HTTP chunks as `PACE` says:
blocks (16 KiB each), events (a message each), or slowly (a message each, some time apart, and the
text of each message is the moment when it was written, in nanoseconds).
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

from bench.streams.all import messages, with_text
from bench.streams.pieces import Messages

Pace: TypeAlias = Literal["blocks", "events", "slowly"]
Send: TypeAlias = Callable[[bytes], None]
BLOCK = 16_384
SLOW_COUNT = 20
APART_S = 0.005
TYPES = {"bedrock": "application/vnd.amazon.eventstream", "ollama": "application/x-ndjson"}
_FACTS = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


@contextlib.contextmanager
def replayed(protocol: str, pace: Pace) -> Iterator[int]:
    """The port of a server that runs inside the block."""
    command = [sys.executable, "-m", "bench.replay", protocol, pace]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.stdin.close()


def blocks(body: Messages) -> Messages:
    """The same bytes in blocks, as gateways and full sockets cut them."""
    whole = b"".join(body)
    return [whole[start : start + BLOCK] for start in range(0, len(whole), BLOCK)]


def _serve(protocol: str, pace: Pace) -> None:
    send_body = _sender(protocol, pace)
    kind = TYPES.get(protocol, "text/event-stream")
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        threading.Thread(target=_accept, args=(listener, head.encode(), send_body)).start()
        sys.stdin.read()
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, head: bytes, send_body: Callable[[Send], None]) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            arguments = (connection, head, send_body)
            threading.Thread(target=_answer, args=arguments, daemon=True).start()


def _answer(connection: socket.socket, head: bytes, send_body: Callable[[Send], None]) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, contextlib.suppress(OSError):
        while (request := _request(connection)) is not None:
            if b"/api/show" in request or b"/api/ps" in request:
                connection.sendall(_FACTS)
                continue
            connection.sendall(head)
            send_body(connection.sendall)
            connection.sendall(b"0\r\n\r\n")


def _request(connection: socket.socket) -> bytes | None:
    """The first line of a request whose body was read too."""
    received = b""
    while b"\r\n\r\n" not in received:
        if not (more := connection.recv(65_536)):
            return None
        received += more
    start, _, rest = received.partition(b"\r\n\r\n")
    length = next(
        (
            int(line[15:])
            for line in start.split(b"\r\n")
            if line[:15].lower() == b"content-length:"
        ),
        0,
    )
    while len(rest) < length:
        if not (more := connection.recv(65_536)):
            return None
        rest += more
    return start.split(b"\r\n")[0]


def _sender(protocol: str, pace: Pace) -> Callable[[Send], None]:
    if pace == "slowly":
        start, _, end = with_text(protocol, [])
        return lambda send: _send_slowly(protocol, send, start, end)
    body = messages(protocol)
    chunks = [_chunk(one) for one in (blocks(body) if pace == "blocks" else body)]
    wire = b"".join(chunks)
    return lambda send: send(wire)


def _send_slowly(protocol: str, send: Send, start: bytes, end: bytes) -> None:
    send(_chunk(start))
    for _ in range(SLOW_COUNT):
        time.sleep(APART_S)
        # The clock is the same for all processes; making the message takes some microseconds.
        moment = time.perf_counter_ns()
        _, pieces, _ = with_text(protocol, [str(moment)])
        send(_chunk(pieces[0]))
    send(_chunk(end))


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2])  # type: ignore[arg-type]
