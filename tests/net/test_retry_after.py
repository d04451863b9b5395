"""How long a server asks to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.net.durations import LONGEST_S, duration_s
from koi.net.retry_after import retry_after_s

DATE = "Wed, 21 Oct 2015 07:28:00 GMT"
NOW = parsedate_to_datetime(DATE)
SECOND = timedelta(seconds=1)


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
        ({"retry-after": "1445412600", "date": DATE}, 120),
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
        ({"message": "Please try again in 5 minutes."}, 300),
    ],
)
def test_openai_says_it_in_the_body(error: dict[str, object], seconds: float | None) -> None:
    assert retry_after_s({}, {"error": error}) == seconds


WAITS = st.floats(0, 3_000_000).map(lambda value: round(value, 3))
SPACE = st.sampled_from(["", " "])
UNITS = st.sampled_from(
    [
        ("ms", 0.001),
        ("s", 1),
        (" seconds", 1),
        ("m", 60),
        (" minutes", 60),
        ("h", 3600),
        (" days", 86400),
    ]
)
LEADS = st.sampled_from(
    ["Please try again in ", "Please retry after ", "Rate limited. Retry in ", "Please wait "]
)


@given(WAITS)
def test_no_form_of_a_header_is_cut_short(seconds: float) -> None:
    moment = datetime.fromtimestamp(NOW.timestamp() + seconds, UTC)
    forms: list[dict[str, str]] = [
        {"retry-after": str(seconds)},
        {"retry-after": f"{seconds}s"},
        {"retry-after": f"0, {seconds}"},
        {"retry-after-ms": f"{seconds * 1000:.3f}"},
        {"retry-after": format_datetime(moment.replace(microsecond=0) + SECOND, usegmt=True)},
        {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": f"{seconds}s"},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{moment.timestamp():.3f}"},
        {
            "anthropic-ratelimit-tokens-remaining": "0",
            "anthropic-ratelimit-tokens-reset": moment.isoformat(),
        },
    ]
    for headers in forms:
        wait = retry_after_s({"date": DATE, **headers})
        assert wait is not None
        assert wait >= seconds - 0.002


@given(LEADS, st.integers(0, 90), SPACE, UNITS)
def test_no_sentence_is_cut_short(
    lead: str, count: int, space: str, unit: tuple[str, float]
) -> None:
    message = f"Too many. {lead}{count}{space}{unit[0].strip() if space else unit[0]}. Thank you."
    assert retry_after_s({}, {"error": {"message": message}}) == pytest.approx(count * unit[1])


@given(
    st.dictionaries(
        st.sampled_from(
            (
                "retry-after",
                "retry-after-ms",
                "date",
                "x-ratelimit-remaining",
                "x-ratelimit-reset",
                "x-ratelimit-remaining-tokens",
                "x-ratelimit-reset-tokens",
                "anthropic-ratelimit-unified-status",
                "anthropic-ratelimit-unified-reset",
            )
        ),
        st.text(max_size=40)
        | st.integers(-(10**20), 10**20).map(str)
        | st.sampled_from(
            ["0", "-1", "1e9", "inf", "nan", "rejected", DATE, "9999-12-31T23:59:59Z"]
        ),
    ),
    st.recursive(
        st.none() | st.floats() | st.integers() | st.text(max_size=30),
        lambda inner: st.dictionaries(
            st.sampled_from(["error", "details", "retryDelay", "resets_at", "message", "metadata"])
            | st.sampled_from(["resets_in_seconds", "retry_after", "violations", "headers"]),
            inner | st.lists(inner, max_size=2),
            max_size=4,
        ),
    ),
)
def test_nothing_makes_a_wait_that_is_negative_or_endless(
    headers: dict[str, str], body: object
) -> None:
    wait = retry_after_s(headers, body)
    assert wait is None or 0 <= wait <= LONGEST_S


@pytest.mark.parametrize("text", ["soon", "-5", "1e3", "inf", "nan", "٣", "", "99999999999999"])
def test_garbage_is_no_wait(text: str) -> None:
    assert retry_after_s({"retry-after": text}) is None
    assert retry_after_s({"retry-after-ms": text}) in (None, 99999999999.999)
    assert retry_after_s({}, {"error": {"resets_in_seconds": text, "message": text}}) is None


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Please try again in 1m47.5854s.", 107.5854),
        ("Please try again in 9m38.016s. Need more tokens?", 578.016),
        ("Please retry after 86400 seconds.", 86400),
        ("Please wait 32 minutes before trying again.", 1920),
        ("Please retry in 20.04466179s.", 20.04466179),
        ("Try again in 1 hour and 5 minutes.", 3900),
        ("Try again in 1h 5m 3s", 3903),
        ("Your limit resets in 2 days.", 172800),
        ("You will regain access on 2015-10-21 at 08:28 UTC.", 3600),
        ("Your limit will reset at 2015-10-21 08:28:00", None),
        ("Wait for approval of 3 managers", None),
        ("The model was asked to wait 5 times", None),
    ],
)
def test_sentences_name_the_wait(message: str, seconds: float | None) -> None:
    found = retry_after_s({"date": DATE}, {"error": {"message": message}})
    assert found == (None if seconds is None else pytest.approx(seconds))


@given(st.text(alphabet="0123456789.hms ", max_size=20))
def test_durations_are_never_negative(text: str) -> None:
    duration = duration_s(text)
    assert duration is None or duration >= 0
