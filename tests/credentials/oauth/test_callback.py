"""Answers of sign-in pages, honest and not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.secret import Secret
from koi.credentials.logins.events import LoginFailed
from koi.credentials.oauth.callback import Callback, NotOurs, query_of, read_callback

STATE = "s" * 43


def test_a_good_answer() -> None:
    query = f"code=abc%20d&state={STATE}&client_id=oaiapp_1&scope=openid+profile"
    expected = Callback(Secret("abc d"), "oaiapp_1", "openid profile")
    assert read_callback(query, STATE) == expected


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=abc",
        "code=abc&state=",
        f"code=abc&state={STATE[:-1]}",
        f"code=abc&state={STATE}&state={STATE}",
        f"code=abc&code=def&state={STATE}",
        f"code=abc&state={STATE}&x=%ff",
        "error=access_denied",
        "error=access_denied&state=other",
        f"code={'a' * 20000}&state={STATE}",
        "&".join(f"a{number}=1" for number in range(60)),
    ],
)
def test_what_does_not_belong_to_this_login_is_not_believed(query: str) -> None:
    with pytest.raises(NotOurs):
        read_callback(query, STATE)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("error=access_denied", "denied"),
        ("error=invalid_scope&error_description=x", "refused"),
        ("error=%1b%5b31mred", "refused"),
        ("code=", "protocol"),
        ("code=a%0ab", "protocol"),
        ("", "protocol"),
    ],
)
def test_answers_that_end_the_login(query: str, reason: str) -> None:
    with pytest.raises(LoginFailed) as caught:
        read_callback(f"{query}&state={STATE}", STATE)
    assert caught.value.reason == reason
    assert caught.value.title.isprintable()


@given(st.text(max_size=300))
def test_nothing_that_is_pasted_breaks_it(text: str) -> None:
    with pytest.raises(NotOurs):
        read_callback(query_of(text), STATE)


@pytest.mark.parametrize(
    "pasted",
    ["http://127.0.0.1:1/auth/callback?a=b", " a=b\n", "localhost/callback?a=b", "?a=b"],
)
def test_a_whole_address_or_its_end_may_be_pasted(pasted: str) -> None:
    assert query_of(pasted) == "a=b"
