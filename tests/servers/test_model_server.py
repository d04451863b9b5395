"""The scripted model does what the tests of others rely on."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import urllib.error
import urllib.request
from typing import cast

import pytest

from tests.servers.answers import Answer, JsonObject, calls, cut_stream, failure, text
from tests.servers.model_server import ModelServer


def ask(url: str, **body: object) -> bytes:
    data = json.dumps({"model": "m", "messages": [], **body}).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data), timeout=10) as response:
        return cast(bytes, response.read())


def sse_data(stream: bytes) -> list[JsonObject]:
    lines = [line[6:] for line in stream.splitlines() if line.startswith(b"data: ")]
    return [json.loads(line) for line in lines if line != b"[DONE]"]


def chat(server: ModelServer) -> str:
    return f"{server.openai_url}/chat/completions"


def messages(server: ModelServer) -> str:
    return f"{server.url}/v1/messages"


def test_openai_stream_carries_text_usage_and_end_marker(model_server: ModelServer) -> None:
    model_server.script(text("hello, wörld", piece=3))
    stream = ask(chat(model_server), stream=True, stream_options={"include_usage": True})
    chunks = sse_data(stream)
    said = [cast(list[JsonObject], chunk["choices"]) for chunk in chunks]
    deltas = [cast(JsonObject, choice[0]["delta"]) for choice in said if choice]
    assert "".join(str(delta.get("content", "")) for delta in deltas) == "hello, wörld"
    assert cast(JsonObject, chunks[-1]["usage"])["completion_tokens"] == 20
    assert stream.endswith(b"data: [DONE]\n\n")


def test_anthropic_stream_carries_a_call_with_its_arguments(model_server: ModelServer) -> None:
    model_server.script(calls(("read", {"path": "a.txt"})))
    events = sse_data(ask(messages(model_server), stream=True))
    deltas = [cast(JsonObject, event.get("delta", {})) for event in events]
    raw = "".join(str(delta.get("partial_json", "")) for delta in deltas)
    assert json.loads(raw) == {"path": "a.txt"}
    assert events[-1]["type"] == "message_stop"


def test_whole_answers_are_json(model_server: ModelServer) -> None:
    model_server.script(text("one"), text("two"))
    openai = json.loads(ask(chat(model_server)))
    anthropic = json.loads(ask(messages(model_server)))
    assert openai["choices"][0]["message"]["content"] == "one"
    assert anthropic["content"] == [{"type": "text", "text": "two"}]


def test_a_failure_has_its_status_headers_and_message(model_server: ModelServer) -> None:
    model_server.script(failure(429, "slow down", retry_after="7"))
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(chat(model_server))
    with caught.value as error:
        assert (error.code, error.headers["retry-after"]) == (429, "7")
        assert json.loads(error.read())["error"]["message"] == "slow down"


def test_an_empty_script_says_so(model_server: ModelServer) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(chat(model_server))
    with caught.value as error:
        assert b"no more answers" in error.read()


def test_a_closed_stream_is_no_complete_body(model_server: ModelServer) -> None:
    model_server.script(cut_stream("a long enough answer", after=2))
    with pytest.raises(http.client.IncompleteRead):
        ask(chat(model_server), stream=True)


def test_a_reset_stream_is_a_reset_connection(model_server: ModelServer) -> None:
    model_server.script(cut_stream("a long enough answer", after=2, how="reset"))
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        ask(chat(model_server), stream=True)


def test_a_cleanly_ended_stream_lacks_only_its_marker(model_server: ModelServer) -> None:
    model_server.script(cut_stream("a long enough answer", after=2, how="clean"))
    assert b"[DONE]" not in ask(chat(model_server), stream=True)


def test_a_client_that_hangs_up_is_noticed(model_server: ModelServer) -> None:
    model_server.script(Answer(text="never sent", hold=threading.Event()))
    connection = http.client.HTTPConnection(model_server.url.removeprefix("http://"), timeout=10)
    connection.request("POST", "/v1/chat/completions", json.dumps({"stream": True}))
    response = connection.getresponse()
    response.close()
    connection.close()
    assert model_server.requests[0].client_gone.wait(5)


def test_requests_are_recorded_and_connections_kept(model_server: ModelServer) -> None:
    model_server.script(text("one"), text("two"))
    connection = http.client.HTTPConnection(model_server.url.removeprefix("http://"), timeout=10)
    for number in range(2):
        body = json.dumps({"number": number})
        connection.request("POST", "/v1/chat/completions", body, {"X-Test": "yes"})
        connection.getresponse().read()
    connection.close()
    assert [request.body["number"] for request in model_server.model_requests] == [0, 1]
    assert model_server.requests[0].headers["x-test"] == "yes"


def test_the_network_is_out_of_reach() -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(ConnectionRefusedError):
        socket.getaddrinfo("example.com", 80)
