"""Plays a body over real sockets: whole, in pieces of any size, or broken off in the middle.

Each piece is an HTTP chunk of its own, so that a client is handed exactly these pieces.
"""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Self, TypeAlias

from tests.servers.listener import Listener

Ending: TypeAlias = Literal["close", "reset", "clean"]
_NOT_REPEATED = {"content-length", "transfer-encoding", "content-encoding", "connection"}
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a body comes over the wire."""

    pieces: tuple[int, int] | None = None
    """The least and the most bytes of a piece; None: all at once."""
    seed: int = 0
    cut: int | None = None
    """Bytes after which the body breaks off."""
    ending: Ending = "close"
    """How it breaks off: the connection closes, is reset, or the body ends as if it were whole."""


@dataclass(frozen=True, slots=True)
class Played:
    """An answer to be played."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery()


def pieces(body: bytes, sizes: tuple[int, int] | None, seed: int) -> Iterator[bytes]:
    """The body cut up, the same way for the same seed."""
    if sizes is None:
        yield body
        return
    sizes_of = random.Random(seed)
    position = 0
    while position < len(body):
        end = position + sizes_of.randint(*sizes)
        yield body[position:end]
        position = end


class ReplayServer:
    """`with ReplayServer(Played(body)) as server: server.url`. Any POST is answered with it."""

    def __init__(self, played: Played) -> None:
        self._played = played
        self.paths: list[str] = []
        """Where it was asked, with the method: "POST /v1/messages"."""
        self._listener = Listener(self._serve)
        self.url = self._listener.url

    def __enter__(self) -> Self:
        self._listener.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._listener.close()

    def _serve(self, connection: socket.socket) -> None:
        """Requests of one connection, until either side has enough of it."""
        with connection.makefile("rb") as reader:
            while request := reader.readline():
                method, path, _ = request.decode("latin-1").split(" ", 2)
                length = 0
                while (line := reader.readline()).strip():
                    name, _, value = line.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                reader.read(length)
                self.paths.append(f"{method} {path}")
                if method != "POST":
                    connection.sendall(_NOT_FOUND)
                elif not self._answer(connection):
                    return

    def _answer(self, connection: socket.socket) -> bool:
        """Play the answer; False when the connection ends with it."""
        played, delivery = self._played, self._played.delivery
        body = played.body if delivery.cut is None else played.body[: delivery.cut]
        connection.sendall(_head(played))
        last = b""
        for number, piece in enumerate(pieces(body, delivery.pieces, delivery.seed)):
            last += b"%x\r\n%s\r\n" % (len(piece), piece) if piece else b""
            if number % 256 == 0:
                connection.sendall(last)
                last = b""
        broken = delivery.cut is not None and delivery.ending != "clean"
        connection.sendall(last if broken else last + b"0\r\n\r\n")
        if broken and delivery.ending == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return not broken


def _head(played: Played) -> bytes:
    lines = [f"HTTP/1.1 {played.status} Played"]
    lines += [
        f"{name}: {value}"
        for name, value in played.headers.items()
        if name.lower() not in _NOT_REPEATED
    ]
    return "\r\n".join([*lines, "transfer-encoding: chunked", "", ""]).encode("latin-1")
