"""How long a server asks to wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.net.retry_after import duration_s, retry_after_s

DATE = "Wed, 21 Oct 2015 07:28:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT", "date": DATE}, 30),
        ({"retry-after": "Wed, 21 Oct 2015 07:27:00 GMT", "date": DATE}, 0),
        ({"retry-after": "soon"}, None),
        ({"llm_provider-retry-after": "7"}, 7),
        ({"llm_provider-retry-after": "7", "retry-after": "2"}, 2),
        ({"retry-after": "-5"}, None),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s"}, 360),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "12ms"}, 0.012),
        ({"x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "1m"}, None),
        (
            {
                "date": DATE,
                "anthropic-ratelimit-tokens-remaining": "0",
                "anthropic-ratelimit-tokens-reset": "2015-10-21T07:28:10Z",
            },
            10,
        ),
    ],
)
def test_headers_name_the_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers) == seconds


def test_retry_info_of_the_body_counts_when_no_header_does() -> None:
    body = {"error": {"details": [{"@type": "…RetryInfo", "retryDelay": "34.4s"}]}}
    assert retry_after_s({}, body) == pytest.approx(34.4)
    assert retry_after_s({"retry-after": "2"}, body) == 2


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        ({"resets_in_seconds": 90, "message": "try again in 5s"}, 90),
        ({"message": "Rate limit reached for gpt-5. Please try again in 11.054s."}, 11.054),
        ({"message": "Please try again in 28ms. Visit …"}, 0.028),
        ({"message": "Please try again in a while."}, None),
        ({"message": "Please try again in 5 minutes."}, None),
    ],
)
def test_openai_says_it_in_the_body(error: dict[str, object], seconds: float | None) -> None:
    assert retry_after_s({}, {"error": error}) == seconds


@given(st.text(max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    wait = retry_after_s({"retry-after": text, "retry-after-ms": text, "date": text})
    assert wait is None or wait >= 0


@given(st.text(alphabet="0123456789.hms ", max_size=20))
def test_durations_are_never_negative(text: str) -> None:
    duration = duration_s(text)
    assert duration is None or duration >= 0
