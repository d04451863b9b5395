"""The whole login with a code, whatever a server answers."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import ProviderError
from koi.credentials.logins.events import CodeIssued, LoginFailed, Waiting
from koi.credentials.oauth.application import Application
from koi.credentials.oauth.device import Granted, Issued, Step, enter_code
from koi.credentials.oauth.device_code import read_answer, read_code
from koi.credentials.oauth.minimax_code import in_standard_words
from koi.credentials.oauth.pace import Pending, SlowDown, Undecided, Unreachable
from koi.credentials.oauth.token_server import Reply
from koi.credentials.stores.token_record import read_record
from tests.credentials.fake_clock import FakeClock

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=60)
    | st.sampled_from(["slow_down", "authorization_pending", "https://github.com/login/device"]),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside),
    max_leaves=6,
)
NAMES = (
    "error interval access_token code expires_in expired_in status user_code verification_uri "
    "verification_uri_complete base_resp extra type refresh_token expires_at"
)
fields = st.dictionaries(st.sampled_from(NAMES.split()), values)
statuses = st.sampled_from([200, 201, 400, 401, 403, 404, 429, 500, 503])
GRANT = Granted(Reply(200, {}))
NETWORK = ProviderError("no network", kind="network")


class Scripted:
    """A server that gives these answers, then nothing but "pending"."""

    def __init__(self, answers: list[Undecided | Granted | ProviderError], life_s: float) -> None:
        self._answers = answers
        self._life_s = life_s

    async def ask(self) -> Issued:
        return Issued(CodeIssued("AB-CD", "https://x.example", expires_in_s=self._life_s), 5)

    async def poll(self) -> Undecided | Granted:
        answer = self._answers.pop(0) if self._answers else Pending()
        if isinstance(answer, ProviderError):
            raise answer
        return answer


async def told(flow: Scripted, time: FakeClock) -> list[Step | LoginFailed]:
    """All steps, and how it failed if it did."""
    steps: list[Step | LoginFailed] = []
    try:
        async for step in enter_code(flow, time.clock):
            steps.append(step)
    except LoginFailed as failed:
        steps.append(failed)
    return steps


T = TypeVar("T")


def outcome(read: Callable[[], T]) -> T | LoginFailed:
    """What is read, or how that ended the login."""
    try:
        return read()
    except LoginFailed as failed:
        return failed


@given(
    st.lists(
        st.sampled_from(
            [
                Pending(),
                SlowDown(),
                SlowDown(7),
                Unreachable("503"),
                Granted(Reply(200, {})),
                NETWORK,
            ]
        ),
        max_size=30,
    ),
    st.floats(1, 1000),
    st.floats(0, 2000),
)
def test_a_login_always_ends_and_a_grant_ends_it_at_once(
    answers: list[Undecided | Granted | ProviderError], life_s: float, asleep_s: float
) -> None:
    time = FakeClock()
    time.machine_sleeps_s = asleep_s
    granted = [isinstance(answer, Granted) for answer in answers]
    first, *waits, last = asyncio.run(told(Scripted(list(answers), life_s), time))
    assert isinstance(first, CodeIssued)
    assert all(isinstance(step, Waiting) for step in waits)
    assert all(wait_s >= 5 for wait_s in time.slept)
    if isinstance(last, Granted):
        assert len(time.slept) == granted.index(True) + 1
    else:
        assert isinstance(last, LoginFailed)
        assert last.reason == "expired"
        assert sum(time.slept) + asleep_s >= life_s


async def test_another_failure_than_the_networks_ends_it() -> None:
    refusal = ProviderError("redirect", kind="network_policy", hint="see there")
    with pytest.raises(LoginFailed) as caught:
        async for _ in enter_code(Scripted([refusal], 900), FakeClock().clock):
            pass
    assert (caught.value.reason, caught.value.hint) == ("refused", "see there")


@given(statuses, fields, st.booleans())
def test_every_answer_means_something(
    status: int, said: dict[str, object], understood: bool
) -> None:
    reply = Reply(status, said, understood)
    for said_again in (reply, in_standard_words(reply, 1_800_000_000)):
        answer = outcome(functools.partial(read_answer, said_again))
        if isinstance(answer, LoginFailed):
            assert answer.title.isprintable()
            assert answer.hint
        else:
            assert isinstance(answer, Granted) <= reply.good


@given(fields)
def test_what_is_shown_can_be_typed_and_opened(said: dict[str, object]) -> None:
    application = Application("id", page_domains=("github.com",))
    issued = outcome(lambda: read_code(Reply(200, said), application))
    if isinstance(issued, LoginFailed):
        assert issued.reason == "protocol"
        return
    assert issued.shown.user_code.isascii()
    assert issued.shown.url.startswith("https://github.com")
    assert 0.2 <= issued.interval_s <= 60
    assert 0 < issued.shown.expires_in_s <= 3600


@given(fields | values)
def test_every_entry_of_the_file_is_a_login_or_none(entry: object) -> None:
    record = read_record(entry)
    if record is not None:
        assert record.expires_at >= 0
        assert record.renew_at() is None or record.expires_at > 0
