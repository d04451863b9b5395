"""The waits between questions, whatever the server answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.credentials.logins.events import LoginFailed
from koi.credentials.logins.qwen import slower
from koi.credentials.oauth.pace import Pace, Pending, SlowDown, Undecided, Unreachable, five_more
from koi.credentials.oauth.server_text import interval_s, life_s

answers: st.SearchStrategy[Undecided] = st.one_of(
    st.just(Pending()),
    st.builds(SlowDown, st.none() | st.floats(-10, 500), st.booleans()),
    st.builds(Unreachable, st.just("no network"), st.none() | st.floats(-10, 1e9)),
)


@given(
    st.floats(0.2, 60),
    st.floats(1, 3600),
    st.lists(answers, max_size=40),
    st.sampled_from([five_more, slower]),
)
def test_it_never_asks_more_often_than_before_and_always_ends(
    interval: float, life: float, script: list[Undecided], rule: object
) -> None:
    pace = Pace(interval, life, slower if rule is slower else five_more)
    elapsed, held = pace.first().wait_s, interval
    for answer in script:
        if elapsed >= life:
            with pytest.raises(LoginFailed, match="not entered in time"):
                pace.after(answer, elapsed)
            return
        waiting = pace.after(answer, elapsed)
        assert waiting.wait_s >= pace.interval_s >= held
        assert (waiting.reason == "offline") == isinstance(answer, Unreachable)
        held = pace.interval_s
        elapsed += waiting.wait_s


def test_the_first_question_waits_too() -> None:
    assert Pace(7, 900).first().wait_s == 7


def test_slow_down_takes_the_interval_of_the_reply() -> None:
    assert Pace(5, 900).after(SlowDown(12), 5).wait_s == 12


@pytest.mark.parametrize("said", [None, 3, 5])
def test_slow_down_without_a_longer_interval_adds_five_seconds(said: float | None) -> None:
    assert Pace(5, 900).after(SlowDown(said), 5).wait_s == 10


def test_the_longer_interval_stays() -> None:
    pace = Pace(5, 900)
    pace.after(SlowDown(), 5)
    assert pace.after(Pending(), 15).wait_s == 10


def test_qwen_slows_down_by_half_up_to_ten_seconds_and_never_down() -> None:
    pace, busy = Pace(6, 900, slower), SlowDown(too_many=True)
    assert [pace.after(busy, 1).wait_s for _ in range(3)] == [9, 10, 10]
    assert Pace(20, 900, slower).after(busy, 1).wait_s == 20
    assert Pace(6, 900, slower).after(SlowDown(), 1).wait_s == 11


def test_without_a_network_the_waits_grow_and_shrink_again() -> None:
    pace = Pace(5, 900)
    lost = Unreachable("no network")
    assert [pace.after(lost, 5).wait_s for _ in range(5)] == [5, 10, 20, 40, 60]
    assert pace.after(Pending(), 100).wait_s == 5
    assert pace.after(lost, 100).wait_s == 5


def test_a_server_in_trouble_may_ask_for_more_time() -> None:
    assert Pace(5, 900).after(Unreachable("status 503", 30), 5).wait_s == 30


def test_the_last_wait_without_a_network_ends_with_the_code() -> None:
    pace = Pace(5, 100)
    for _ in range(4):
        pace.after(Unreachable("no network"), 10)
    assert pace.after(Unreachable("no network"), 80).wait_s == 20


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (5, 5),
        ("7", 7),
        (" 7 ", 7),
        (None, 5),
        (0, 5),
        ("0", 5),
        (-3, 5),
        (True, 5),
        ("soon", 5),
        ([], 5),
        (float("nan"), 5),
        (float("inf"), 5),
        (10**400, 5),
        (86400, 60),
        (0.001, 0.2),
    ],
)
def test_intervals_in_any_form(said: object, seconds: float) -> None:
    assert interval_s(said) == seconds


def test_intervals_in_milliseconds() -> None:
    assert interval_s("2000", per_second=1000) == 2


@pytest.mark.parametrize(
    ("said", "seconds"), [(900, 900), ("600", 600), (None, 900), (-1, 900), (10**9, 3600)]
)
def test_lives_in_any_form(said: object, seconds: float) -> None:
    assert life_s(said) == seconds
