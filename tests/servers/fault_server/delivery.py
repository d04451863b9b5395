"""Does on a socket what was staged, within a time and a number of bytes."""

from __future__ import annotations

import http
import select
import socket
import struct
import time
from collections.abc import Iterable

from tests.servers.fault_server.acts import Act, Close, Data, Flood, Head, Raw, Silence, Whole

_LOOK_S = 0.02
_READ_S = 0.05
"""A reset destroys what the client has not read yet: so much time it gets."""


class ClientGone(Exception):
    """The client hung up, or the server may not go on."""


class Delivery:
    """One connection's share of what the server may still do."""

    def __init__(self, connection: socket.socket, limits: Limits) -> None:
        self._connection = connection
        self._limits = limits

    def perform(self, acts: Iterable[Act]) -> bool:
        """Do them in order; False when the connection is over. Raises ClientGone, OSError."""
        for act in acts:
            match act:
                case Raw(data):
                    self._send(data)
                case Head(status, headers):
                    self._send(_head(status, headers))
                case Data(data, pause):
                    self._pause(pause)
                    self._send(_chunk(data))
                case Flood(data):
                    while True:
                        self._send(_chunk(data))
                case Silence(comment, pause):
                    while True:
                        self._pause(pause or _LOOK_S)
                        if comment:
                            self._send(_chunk(comment))
                case Whole():
                    self._send(b"0\r\n\r\n")
                case Close(reset):
                    if reset:
                        self._pause(_READ_S)
                        linger = struct.pack("ii", 1, 0)
                        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    return False
        return True

    def _send(self, data: bytes) -> None:
        self._limits.spend(len(data))
        self._connection.sendall(data)

    def _pause(self, seconds: float) -> None:
        """Wait, but notice a client that hangs up and a server that closes."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._limits.spend(0)
            readable, _, _ = select.select([self._connection], [], [], min(left, _LOOK_S))
            if readable and not self._connection.recv(1, socket.MSG_PEEK):
                raise ClientGone


class Limits:
    """What a server may do in all. `spend` may be called from several threads."""

    def __init__(self, seconds: float = 600, requests: int = 10_000, sent: int = 4 * 2**30) -> None:
        self._end = time.monotonic() + seconds
        self._requests = requests
        self._bytes = sent
        self.closed = False

    @property
    def over(self) -> bool:
        """Nothing may be done any more."""
        out_of_time = time.monotonic() >= self._end
        return self.closed or out_of_time or self._bytes < 0 or self._requests < 0

    @property
    def left_s(self) -> float:
        """Seconds until the end."""
        return max(0.0, self._end - time.monotonic())

    def spend(self, sent: int, *, requests: int = 0) -> None:
        """Count what is done. Raises ClientGone when it is too much."""
        self._bytes -= sent
        self._requests -= requests
        if self.over:
            raise ClientGone


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase if status != 529 else 'Busy'}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "transfer-encoding: chunked", "", ""]).encode("latin-1")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data) if data else b""
