"""Keys and tokens are taken out of text, whatever they look like; the rest of it stays."""

from __future__ import annotations

import base64
import json
import string
from collections.abc import Callable
from urllib.parse import quote, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from koi.core import secret
from koi.core.redaction import redact
from koi.core.secret import Secret

LETTERS = string.ascii_letters + string.digits
RANDOM = st.text(LETTERS, min_size=20, max_size=60)
KNOWN_BY_ITS_SHAPE = (
    "sk-{}",
    "sk-ant-api03-{}",
    "sk-ant-oat01-{}",
    "sk-ant-ort01-{}",
    "sk-or-v1-{}",
    "sk-proj-{}-{}",
    "gho_{}",
    "ghp_{}",
    "ghs_{}",
    "ghu_{}",
    "ghr_{}",
    "github_pat_{}_{}",
    "gsk_{}",
    "xai-{}",
    "hf_{}",
    "nvapi-{}",
    "pplx-{}",
    "AIza{}",
    "AKIA{}",
    "ya29.{}",
    "eyJ{}.eyJ{}.{}",
    "eyJ{}",
    "tid={};exp=1790000000;sku=copilot_for_you;proxy-ep=x:{}",
)
NAMES = (
    "access_token",
    "refresh_token",
    "id_token",
    "accessToken",
    "refreshToken",
    "oauth_token",
    "token",
    "api_key",
    "apiKey",
    "x-api-key",
    "X-Goog-Api-Key",
    "x-amz-security-token",
    "Authorization",
    "Proxy-Authorization",
    "Set-Cookie",
    "client_secret",
    "password",
    "code_verifier",
    "device_code",
    "device_auth_id",
    "user_code",
    "authorization_code",
    "OPENAI_API_KEY",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "WORK_KEY",
)
NAMED: tuple[Callable[[str, str], str], ...] = (
    lambda name, value: f"{name}: {value}",
    lambda name, value: f"{name}={value}",
    lambda name, value: f"{name} = '{value}'",
    lambda name, value: f"{name}: Bearer {value}",
    lambda name, value: json.dumps({"a": 1, name: value, "b": [2]}),
    lambda name, value: json.dumps({name: value}, separators=(",", ":")),
    lambda name, value: json.dumps({name: f"Bearer {value}"}),
    lambda name, value: json.dumps(json.dumps({name: value})),
    lambda name, value: repr({name: value, "b": 2}),
    lambda name, value: repr([(name, value)]),
    lambda name, value: repr([(name.encode(), value.encode())]),
    lambda name, value: urlencode({"a": "1", name: value, "b": "2"}),
    lambda name, value: f"https://example.com/v1?{name}={value}&b=2 was refused",
    lambda name, value: quote(json.dumps({name: value})),
    lambda name, value: quote(f"https://example.com/v1?{name}={value}&b=2", safe=""),
)
PLACES: tuple[Callable[[str], str], ...] = (
    lambda value: value,
    lambda value: f"the key {value} was refused",
    lambda value: f"({value})",
    lambda value: f"'{value}'",
    lambda value: f"a={value},b",
    lambda value: f"Bearer {value}",
    lambda value: f"{value}.",
    lambda value: f"/home/me/{value}/file",
)
IN_ADDRESSES = (
    "http://127.0.0.1:1455/auth/callback?code={}&state=xyz",
    "https://example.com/?a=b&code={}",
    "https://example.com/?state={}&code=1",
    "https://example.com/v1beta/models?key={}",
    "https://example.com/?token={}#end",
    "https://me:{}@example.com/simple",
    "grant_type=authorization_code&code={}&client_id=app",
    "%3Fcode%3D{}%26state%3Dxyz",
    '{{"authorization_code": "{}"}}',
    '{{"code": "{}", "state": "xyz"}}',
)


@pytest.fixture(autouse=True)
def no_secret_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret, "_known", {})


@given(shape=st.sampled_from(KNOWN_BY_ITS_SHAPE), place=st.sampled_from(PLACES), value=RANDOM)
def test_a_token_is_known_by_its_shape(shape: str, place: Callable[[str], str], value: str) -> None:
    token = shape.format(*[value] * 3)
    assert value not in redact(place(token))


@given(name=st.sampled_from(NAMES), write=st.sampled_from(NAMED), value=RANDOM)
def test_a_token_is_known_by_the_name_before_it(
    name: str, write: Callable[[str, str], str], value: str
) -> None:
    assert value not in redact(write(name, value))


@given(address=st.sampled_from(IN_ADDRESSES), value=RANDOM)
def test_a_token_is_known_by_its_place_in_an_address(address: str, value: str) -> None:
    value = f"{value[:10]}7{value[10:]}"
    assert value not in redact(address.format(value))


@given(before=st.text(), value=RANDOM, after=st.text())
def test_whatever_stands_around_it(before: str, value: str, after: str) -> None:
    assume(value not in before and value not in after)
    assert value not in redact(f"{before}\nsk-ant-api03-{value} {after}")
    assert value not in redact(f"{before}\naccess_token={value}\n{after}")


def test_basic_authentication_is_known() -> None:
    pair = base64.b64encode(b"me:a password of mine").decode()
    assert redact(f"Basic {pair}") == "Basic [redacted]"


@given(st.text(min_size=8, max_size=40).filter(lambda value: value.strip() == value))
def test_a_secret_of_this_process_is_known_by_its_value(value: str) -> None:
    Secret(value)
    for text in (f"it is {value}!", json.dumps([value]), quote(value, safe="")):
        assert value not in redact(text).replace("[redacted]", "")


@pytest.mark.parametrize(
    "text",
    [
        "POST /v1/messages: 429, retry in 3 s; tokens: see usage",
        "exit code: 3, status code = 401",
        '{"error": {"code": "context_length_exceeded", "type": "invalid_request_error"}}',
        '{"max_tokens": 4096, "token_type": "bearer"}',
        "the token has expired, and basic authentication is not offered",
        "providers.work.api_key_env: the variable WORK_KEY is not set",
        '["api_key", "token", "secret"]',
        "config.toml: providers.work.api_key: unknown key. Did you mean api_key_env?",
        "http://127.0.0.1:11434/api/tags does not answer",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "unit",
    [
        "code=",
        "token",
        "token: ",
        "a_key",
        "authorization: ",
        "bearer  ",
        "basic a",
        "user_code ",
        "eyJ-",
        "a://",
        "a://b:",
        "a://b:c@",
        "('a",
        "('token', ",
        "%22",
        "\\",
        '"',
        " ",
        "x",
    ],
)
def test_the_time_is_in_proportion_to_the_text(unit: str) -> None:
    # What takes quadratic time does not come to an end with this.
    redact(unit * (200_000 // len(unit)))
