"""Recorded answers with something wrong in them: an error or an answer, and no invented calls."""

from __future__ import annotations

import contextlib
import itertools
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import ProviderError
from koi.net.framing import StreamEvent
from tests.providers.decoding import answer, consistent, framed, parsed, parser_of, told
from tests.providers.recordings import Recording, own_recordings
from tests.providers.wire.streams import Outcome

ALL = own_recordings()
GOOD = [found for found in ALL if not {"error", "error_in_200"} & set(found.expected)]
STREAMS = [found for found in GOOD if found.streamed]
recordings, streams = st.sampled_from(GOOD), st.sampled_from(STREAMS)
ODD: st.SearchStrategy[object] = st.sampled_from(
    [None, True, 0, -1, 1e400, 2**70, "", "\ud800", "tool_use", [], [[]], [None], {}, {"": {}}]
)
TOKENS = st.sampled_from(
    [
        *(
            b"",
            b"\n",
            b"\n\n",
            b"\r",
            b"data: ",
            b"data: [DONE]\n\n",
            b"event: error\n",
            b"}",
            b"{",
        ),
        *(b"[", b'"', b"\\", b",", b"null", b"\xff", b"\x00", b"\xef\xbb\xbf", b"9" * 400),
        *(b'{"error":"x"}', b"\xe2\x80\xa8"),
    ]
)


@st.composite
def damaged(draw: st.DrawFn, recording: Recording) -> bytes:
    """The body with a few bytes exchanged, left out, or put in."""
    body = recording.body
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = start + draw(st.sampled_from([0, 1, 1, 2, 20, 400]))
        body = body[:start] + draw(TOKENS | st.binary(max_size=3)) + body[end:]
    return body


@st.composite
def cut_up(draw: st.DrawFn, body: bytes) -> list[bytes]:
    """The body in pieces."""
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=20)))
    return [body[start:end] for start, end in itertools.pairwise([0, *cuts, len(body)])]


def messages_of(recording: Recording) -> list[StreamEvent]:
    return framed(recording.koi_protocol, [recording.body]) or []


def names_in(recording: Recording) -> set[str]:
    return {call.name for call in answer(recording.koi_protocol, [recording.body]).calls}


def read_or_refused(recording: Recording, messages: list[StreamEvent]) -> Outcome | None:
    try:
        outcome = parsed(recording.koi_protocol, messages)
    except ProviderError:
        return None
    consistent(outcome)
    return outcome


@given(st.sampled_from(ALL), st.data())
def test_damaged_bytes_are_an_answer_or_an_error_in_whatever_pieces(
    recording: Recording, data: st.DataObject
) -> None:
    body = data.draw(damaged(recording))
    with contextlib.suppress(ProviderError):
        consistent(answer(recording.koi_protocol, [body]))
    pieces = data.draw(cut_up(body))
    assert told(recording.koi_protocol, pieces) == told(recording.koi_protocol, [body])


@given(streams, st.data())
def test_messages_that_lack_come_twice_or_change_places_invent_no_call(
    recording: Recording, data: st.DataObject
) -> None:
    messages = messages_of(recording)
    places = st.integers(0, len(messages) - 1)
    order = list(range(len(messages)))
    for _ in range(data.draw(st.integers(1, 3))):
        place, other = data.draw(places), data.draw(places)
        match data.draw(st.sampled_from(["drop", "repeat", "move"])):
            case "drop":
                order = [each for each in order if each != place]
            case "repeat":
                order.insert(other % (len(order) + 1), place)
            case _ if place in order:
                order.remove(place)
                order.insert(other % (len(order) + 1), place)
            case _:
                pass
    outcome = read_or_refused(recording, [messages[each] for each in order])
    if outcome is not None:
        # A call whose beginning lacks has no name: no tool is called so.
        assert {call.name for call in outcome.ready} <= {*names_in(recording), ""}


@given(streams, st.data())
def test_what_lacks_of_a_stream_adds_no_call(recording: Recording, data: st.DataObject) -> None:
    messages = messages_of(recording)
    kept = data.draw(st.lists(st.booleans(), min_size=len(messages), max_size=len(messages)))
    left = [message for message, keep in zip(messages, kept, strict=True) if keep]
    outcome = read_or_refused(recording, left)
    if outcome is not None:
        whole = answer(recording.koi_protocol, [recording.body])
        assert len(outcome.ready) <= len(whole.calls)


@given(recordings, st.data())
def test_odd_values_inside_of_it_are_an_answer_or_an_error(
    recording: Recording, data: st.DataObject
) -> None:
    messages = messages_of(recording)
    if not messages:
        value = msgspec.json.decode(recording.body)
        parser = parser_of(recording.koi_protocol)
        with contextlib.suppress(ProviderError):
            events = parser.whole(odd_inside(data, value))
            consistent(Outcome([*events, *parser.finish()]))
        return
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(messages) - 1))
        message = messages[place]
        with contextlib.suppress(msgspec.DecodeError, UnicodeEncodeError):
            value = odd_inside(data, msgspec.json.decode(message.data))
            messages[place] = StreamEvent(message.name, msgspec.json.encode(value))
    read_or_refused(recording, messages)


def odd_inside(data: st.DataObject, value: object) -> dict[str, object]:
    """The value with one thing in it exchanged for an odd one."""
    root: dict[str, object] = {"": value}
    place: tuple[Any, object] = (root, "")
    for _ in range(data.draw(st.integers(0, 8))):
        container, key = place
        match container[key]:
            case dict() as found if found:
                place = found, data.draw(st.sampled_from(list(found)))
            case list() as found if found:
                place = found, data.draw(st.integers(0, len(found) - 1))
            case _:
                break
    container, key = place
    container[key] = data.draw(ODD)
    changed = root[""]
    return changed if isinstance(changed, dict) else {}
