"""From an answer and a fault to what the server does: the same bytes for the same seed."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tests.net.event_stream_bytes import oversized
from tests.servers.answers import Answer, MarkedEvent
from tests.servers.fault_server.acts import Act, Close, Data, Flood, Head, Raw, Silence, Whole
from tests.servers.fault_server.faults import STREAM, Fault, Format
from tests.servers.fault_server.places import byte_range, event_range
from tests.servers.fault_server.refusals import refusal
from tests.servers.fault_server.wires import AMAZON, WIRES, Wire
from tests.servers.replay_server import pieces

DEPTH = 100_000
DIGITS = 5_000
BLOCK = 64 * 1024
SURROGATE, SEPARATOR = "\ud83d", "\u2028"
TROUBLE = "the fault server has trouble"
_PIECES = (1, 400)


def stage(
    name: Format, model: str, answer: Answer, fault: Fault | None, elsewhere: str
) -> list[Act]:
    """What is done for a request whose answer would be `answer`. Redirects lead to `elsewhere`."""
    wire = WIRES[name]
    if fault is None:
        return _whole(wire, b"".join(data for _, data in wire.events(model, answer)), 0)
    match fault.name, fault.phase:
        case ("close" | "reset") as how, ("connect" | "headers"):
            return [Close(reset=how == "reset")]
        case "stall", "headers":
            return [Silence()]
        case "garbage", "headers":
            return [Raw(_junk(fault.seed) + b"\r\n\r\n"), Close()]
        case "surrogates" | "separators", _:
            odd = SURROGATE if fault.name == "surrogates" else SEPARATOR
            middle = len(answer.text) // 2
            answer = replace(answer, text=answer.text[:middle] + odd + answer.text[middle:])
    if fault.name not in _IN_STREAM and fault.phase not in STREAM:
        refused = refusal(name, fault, elsewhere)
        return [Head(refused.status, refused.headers), Data(refused.body), Whole()]
    return _in_stream(wire, list(wire.events(model, answer)), fault)


_IN_STREAM = ("content-type",)


def _in_stream(wire: Wire, events: Sequence[MarkedEvent], fault: Fault) -> list[Act]:
    body = b"".join(data for _, data in events)
    match fault.name:
        case "content-type":
            return [
                Head(headers={"content-type": "text/plain"}),
                *_whole(wire, body, fault.seed)[1:],
            ]
        case "surrogates":
            return _whole(wire, body, fault.seed)
        case "separators":
            return _whole(wire, body.replace(b"\\u2028", SEPARATOR.encode()), fault.seed)
        case "bom":
            return _whole(wire, b"\xef\xbb\xbf" + body, fault.seed)
        case "carriage-returns":
            lines = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r")
            return _whole(wire, lines, fault.seed)
        case "single-bytes":
            return [_head(wire), *(Data(body[at : at + 1]) for at in range(len(body))), Whole()]
        case "gzip-bomb":
            headers = {"content-type": wire.content_type, "content-encoding": "gzip"}
            return [Head(headers=headers), *_bomb(_opening(wire))]
    chance = random.Random(fault.seed)
    if fault.name in ("close", "reset", "eof", "stall", "drip"):
        offset = chance.randint(*byte_range(fault.phase, events))
        before = _pieces(body[:offset], fault.seed)
        return [_head(wire), *before, *_breaking_off(body[offset:], fault)]
    place = chance.randint(*event_range(fault.phase, events))
    before = _pieces(b"".join(data for _, data in events[:place]), fault.seed)
    rest = b"".join(data for _, data in events[place:])
    return [_head(wire), *before, *_between(wire, rest, fault)]


def _breaking_off(rest: bytes, fault: Fault) -> Iterator[Act]:
    """How a stream stops at any byte."""
    match fault.name:
        case "eof":
            yield Whole()
        case "stall":
            yield Silence()
        case "drip":
            yield from (Data(rest[at : at + 1], fault.pause_s) for at in range(len(rest)))
            yield Whole()
        case _:
            yield Close(reset=fault.name == "reset")


def _between(wire: Wire, rest: bytes, fault: Fault) -> Iterator[Act]:
    """What comes between two events, and what follows it."""
    match fault.name:
        case "comments":
            yield Silence(wire.comment(), fault.pause_s)
        case "in-band-error":
            yield Data(wire.error(TROUBLE))
            yield Whole()
        case "error-left-open":
            yield Data(wire.error(TROUBLE))
            yield Silence()
        case "huge-line":
            yield Data(_opening(wire))
            yield Flood(b"a" * BLOCK)
        case _:
            yield Data(_odd_event(wire, fault))
            yield from _pieces(rest, fault.seed)
            yield Whole()


def _odd_event(wire: Wire, fault: Fault) -> bytes:
    match fault.name:
        case "garbage":
            junk = _junk(fault.seed)
            return junk if wire.content_type == AMAZON else wire.framed(junk)
        case "truncated-json":
            whole = (wire.carrier % '"some words"').encode()
            return wire.framed(whole[: random.Random(fault.seed).randint(2, len(whole) - 1)])
        case "deep-json":
            return wire.framed((wire.carrier % ("[" * DEPTH + "]" * DEPTH)).encode())
        case "long-number":
            return wire.framed((wire.carrier % ("7" * DIGITS)).encode())
        case "nan":
            return wire.framed((wire.carrier % "NaN").encode())
    raise ValueError(f"there is no {fault.name} in {fault.phase}")


def _junk(seed: int) -> bytes:
    """Bytes without a meaning in any format, and without line ends."""
    chance = random.Random(seed)
    return b"%" + bytes(chance.choice(b"!#$%&*+~^|\x80\xfe\xff") for _ in range(80))


def _opening(wire: Wire) -> bytes:
    """The beginning of an event whose end never comes."""
    match wire.content_type:
        case "text/x-ndjson":
            return b'{"x": "'
        case "text/event-stream":
            return b'data: {"x": "'
    return oversized()


def _bomb(opening: bytes) -> Iterator[Act]:
    """gzip that never ends: each block of it becomes a thousand times as long."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield Data(packer.compress(opening) + packer.flush(zlib.Z_FULL_FLUSH))
    yield Flood(packer.compress(b" " * 16 * BLOCK) + packer.flush(zlib.Z_FULL_FLUSH))


def _head(wire: Wire) -> Head:
    return Head(headers={"content-type": wire.content_type})


def _whole(wire: Wire, body: bytes, seed: int) -> list[Act]:
    return [_head(wire), *_pieces(body, seed), Whole()]


def _pieces(body: bytes, seed: int) -> list[Data]:
    """Seed 0: all at once."""
    sizes = _PIECES if seed else None
    return [Data(piece) for piece in pieces(body, sizes, seed) if piece]
