"""Errors of providers, by kind."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import ErrorKind
from koi.net.errors import inline_error, page_error, response_error


def openai(message: str, code: object = None, type: str | None = None) -> bytes:
    return json.dumps({"error": {"message": message, "type": type, "code": code}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b'{"detail":"Invalid API Key"}', "auth"),
        (400, b'{"code":"invalid-argument","error":"Incorrect API key provided: xa***"}', "auth"),
        (403, b"", "auth"),
        (402, b"", "billing"),
        (429, openai("You exceeded your current quota", "insufficient_quota"), "billing"),
        (400, openai("Your credit balance is too low to access the API"), "billing"),
        (422, openai("Over: 2.0, Max: 1.0", "422", "budget_exceeded"), "billing"),
        (400, openai("Budget has been exceeded! Current cost: 2.0"), "billing"),
        (429, openai("slow down"), "rate_limit"),
        (429, b"not json", "rate_limit"),
        (500, b"", "overloaded"),
        (502, b"<html><title>502 Bad Gateway</title></html>", "overloaded"),
        (529, b'{"type":"error","error":{"type":"overloaded_error"}}', "overloaded"),
        (408, b"", "timeout"),
        (504, b"", "timeout"),
        (400, openai("This model's maximum context length is 8192 tokens"), "context_overflow"),
        (400, openai("x", "context_length_exceeded"), "context_overflow"),
        (400, openai("prompt is too long: 3 tokens > 2 maximum"), "context_overflow"),
        (400, openai("The input token count (9) exceeds the maximum"), "context_overflow"),
        (413, b"", "context_overflow"),
        (400, b'{"error":"the input length exceeds the context length"}', "context_overflow"),
        (400, b'{"error":""m" does not support tools"}', "tools_unsupported"),
        (404, b'{"error":"model \'m\' not found"}', "model_not_found"),
        (500, b'{"error":"model requires more system memory (9 GiB) than 8 GiB"}', "bad_request"),
        (500, openai("[json.exception.type_error.302] type must be string", 500), "bad_request"),
        (500, openai("tools param requires --jinja flag", 500), "tools_unsupported"),
        (400, openai("registry.ollama.ai/gemma does not support tools"), "tools_unsupported"),
        (404, openai("No endpoints found that support tool use"), "tools_unsupported"),
        (
            400,
            openai('"auto" tool choice requires --enable-auto-tool-choice to be set'),
            "tools_unsupported",
        ),
        (400, openai("Tool choice is required, but model did not call a tool"), "bad_request"),
        (404, openai("The model `x` does not exist", "model_not_found"), "model_not_found"),
        (400, openai("xyz is not a valid model ID"), "model_not_found"),
        (
            400,
            openai("The requested model is not supported.", "model_not_supported"),
            "model_not_found",
        ),
        (404, b'{"error":"model \\"x\\" not found, try pulling it first"}', "model_not_found"),
        (404, b"404 page not found", "bad_request"),
        (400, openai("x", "content_filter"), "content_policy"),
        (400, openai("Unsupported parameter: 'max_tokens'"), "bad_request"),
        (422, b'{"detail":[{"msg":"Field required"}]}', "bad_request"),
    ],
)
def test_kinds(status: int, body: bytes, kind: ErrorKind) -> None:
    assert response_error(status, {}, body).kind == kind


def test_the_message_is_what_the_server_said() -> None:
    error = response_error(429, {"retry-after": "7"}, openai("slow down", "too_fast"))
    assert error.title == "slow down"
    assert (error.status, error.code, error.retry_after_s) == (429, "too_fast", 7)
    assert error.hint


def test_a_gateway_passes_on_what_the_provider_behind_it_said() -> None:
    body = {"error": {"message": "Provider returned error", "metadata": {"raw": "out of memory"}}}
    error = response_error(500, {}, json.dumps(body).encode())
    assert error.title == "Provider returned error: out of memory"


def test_an_error_in_quotes_is_taken_out_of_them() -> None:
    inside = {"code": 400, "message": "request (351 tokens) exceeds the available context size"}
    body = json.dumps({"error": json.dumps({"error": inside})}).encode()
    error = response_error(400, {}, body)
    assert (error.title, error.kind) == (inside["message"], "context_overflow")


def test_what_only_looks_like_an_error_in_quotes_stays_as_it_is() -> None:
    assert response_error(400, {}, b'{"error":"{curly} words"}').title == "{curly} words"


@pytest.mark.parametrize("before", [b"", b"event: error\n", b"event: error\r\n"])
def test_an_error_as_the_first_event_of_a_stream_is_read(before: bytes) -> None:
    error = openai("Error processing stream start", "500")
    failed = response_error(500, {}, before + b"data: " + error + b"\n\ndata: [DONE]\n\n")
    assert failed.title == "Error processing stream start"


def test_long_messages_are_cut() -> None:
    assert len(response_error(400, {}, openai("x" * 9000)).title) == 500


def test_a_web_page_is_told_by_its_title() -> None:
    error = response_error(502, {}, b"<html><head><title>Bad Gateway</title></head></html>")
    assert error.title == "The server answered 502 with an HTML page: Bad Gateway"
    assert page_error(200, b"<html>Please log in</html>").kind == "protocol"


def test_an_error_inside_an_answer_keeps_the_answers_status() -> None:
    error = inline_error({"error": {"message": "no", "type": "x", "status_code": 429}})
    assert (error.kind, error.status) == ("rate_limit", 200)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["error", "message", "type", "code", "status", "detail", "metadata"]
                ),
                inner,
                max_size=4,
            )
        ),
    ),
    st.integers(300, 599),
)
def test_no_json_breaks_it(value: object, status: int) -> None:
    assert response_error(status, {}, json.dumps(value).encode()).title


@given(st.binary(max_size=200))
def test_no_bytes_break_it(body: bytes) -> None:
    assert response_error(500, {}, body).title
