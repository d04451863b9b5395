"""Error answers as providers and proxies give them: their kind, advice and wait."""

from __future__ import annotations

import pytest

from koi.net.errors import page_error, response_error
from tests.net.error_answers import (
    amazon_answers,
    anthropic_answers,
    gateway_answers,
    google_answers,
    local_answers,
    openai_answers,
    page_answers,
    vendor_answers,
)
from tests.net.error_answers.case import DATE, Case

HOST = "api.example.com"
CASES = (
    *openai_answers.CASES,
    *anthropic_answers.CASES,
    *google_answers.CASES,
    *amazon_answers.CASES,
    *gateway_answers.CASES,
    *vendor_answers.CASES,
    *local_answers.CASES,
    *page_answers.CASES,
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_error_answer_is_understood(case: Case) -> None:
    headers = {"date": DATE, **case.headers}
    if case.status == 200:
        error = page_error(case.status, case.raw_body, headers, HOST)
    else:
        error = response_error(case.status, headers, case.raw_body, HOST)
    assert error.kind == case.kind
    assert case.hint in error.hint
    assert error.hint, "there is always a next step"
    assert error.retry_after_s == (None if case.wait_s is None else pytest.approx(case.wait_s))


def test_a_page_says_whose_it_is() -> None:
    error = response_error(403, {}, b"<html><title>Attention Required! | Cloudflare</title></html>")
    assert error.title == (
        "The server answered 403 with an HTML page: Attention Required! | Cloudflare "
        "(from Cloudflare's firewall)"
    )
