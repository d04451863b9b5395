"""Whatever stands in other programs' files: a login, none, or a reason; never anything else."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.messages import JsonObject
from koi.credentials.sources import claude, codex, qwen
from koi.credentials.sources.foreign_file import Unreadable, parse_object
from tests.credentials.layouts import token_saying

KEYS = (
    "claudeAiOauth",
    "accessToken",
    "expiresAt",
    "subscriptionType",
    "tokens",
    "access_token",
    "id_token",
    "account_id",
    "OPENAI_API_KEY",
    "exp",
    "https://api.openai.com/auth",
    "organizations",
    "resource_url",
    "expiry_date",
)
TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["portal.qwen.ai", "https://[", "a.b.c", "https://x:99999", token_saying()]),
    st.builds(lambda claims: token_saying(**claims), st.dictionaries(st.text(), st.integers())),
)
NUMBERS = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
    ),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8)
Login = claude.ClaudeLogin | codex.CodexLogin | qwen.QwenLogin
READERS: tuple[Callable[[JsonObject], Login | None], ...] = (
    claude.login_in,
    codex.login_in,
    qwen.login_in,
)


@pytest.mark.parametrize("read", READERS)
@given(document=DOCUMENTS)
def test_a_document_is_a_login_or_none_or_unreadable(
    read: Callable[[JsonObject], Login | None], document: JsonObject
) -> None:
    try:
        login = read(msgspec.json.decode(json.dumps(document)))
    except Unreadable:
        return
    if login is not None and login.expires_at is not None:
        assert math.isfinite(login.expires_at)


def test_an_account_that_no_header_can_carry_is_left_out() -> None:
    claims = {"https://api.openai.com/auth": {"chatgpt_account_id": "a\r\nX-Evil: b"}}
    tokens: JsonObject = {"access_token": "canary", "id_token": token_saying(**claims)}
    login = codex.login_in({"tokens": tokens})
    assert login is not None
    assert login.account_id == ""


@given(content=st.binary(max_size=60))
def test_bytes_are_an_object_or_unreadable(content: bytes) -> None:
    with suppress(Unreadable):
        assert isinstance(parse_object(content), dict)


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("portal.qwen.ai", "https://portal.qwen.ai/v1"),
        ("https://portal.qwen.ai/", "https://portal.qwen.ai/v1"),
        ("https://portal.qwen.ai/v1", "https://portal.qwen.ai/v1"),
        (
            "dashscope.aliyuncs.com/compatible-mode",
            "https://dashscope.aliyuncs.com/compatible-mode/v1",
        ),
        ("", ""),
    ],
)
def test_the_place_of_a_qwen_login_is_completed(written: str, place: str) -> None:
    login = qwen.login_in({"access_token": "canary", "resource_url": written})
    assert login is not None
    assert login.base_url == place


@pytest.mark.parametrize(
    "written",
    [
        "http://portal.qwen.ai",
        "qwen.ai.evil.example",
        "evilqwen.ai",
        "portal.qwen.ai:8443",
        "https://portal.qwen.ai@evil.example",
        "https://portal.qwen.ai/v1?next=evil",
        "https://[",
    ],
)
def test_a_place_that_is_not_qwens_is_refused(written: str) -> None:
    with pytest.raises(Unreadable, match="names a place"):
        qwen.login_in({"access_token": "canary", "resource_url": written})
