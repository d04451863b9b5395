"""Two spellings of a host are one; what is no host is none."""

from __future__ import annotations

import contextlib
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import ProviderError
from koi.net.hosts import host_of, is_loopback, normal_host
from koi.net.policy import NetworkPolicy


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("API.Example.COM", "api.example.com"),
        ("api.example.com.", "api.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("api。example.com", "api.example.com"),
        ("[::1]", "::1"),
        ("[0:0:0:0:0:0:0:1]", "::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("api.example.com..", ""),
        ("a..b", ""),
        ("", ""),
        (".", ""),
        ("api.example.com\0", ""),
        ("api.example.com evil.com", ""),
        ("user@api.example.com", ""),
        ("api%2eexample.com", ""),
        ("api.example.com/evil", ""),
        ("api.example.com\\evil.com", ""),
        ("fe80::1%eth0", ""),
        ("-api.example.com", ""),
        ("ａpi.example.com", "api.example.com"),
    ],
)
def test_one_spelling(written: str, host: str) -> None:
    assert normal_host(written) == host


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.9.9.9", "::1", "[::1]"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["localhost.evil.com", "127.0.0.1.evil.com", "10.0.0.1", ""])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


POLICY = NetworkPolicy("work", {"api.example.com": "catalogue"})
PIECES = st.sampled_from(
    (
        "https://",
        "http://",
        "api.example.com",
        "evil.com",
        "@",
        "\\",
        "/",
        "#",
        "?",
        "%00",
        "\0",
        "%2e",
        ".",
        ":",
        ":443",
        "[",
        "]",
        "user",
        "。",
        "//",
        "ｅ",
        "xn--",
        "API",
        "\t",
    )
)


@given(st.lists(PIECES, max_size=8).map("".join))
def test_no_trick_in_an_address_leads_elsewhere(url: str) -> None:
    """What the policy lets through is what httpx would connect to, and nothing else."""
    with contextlib.suppress(httpx.InvalidURL, ProviderError, ValueError):
        target = httpx.URL(url)
        POLICY.check(target.scheme, target.raw_host.decode("ascii"))
        assert target.raw_host.removesuffix(b".") == b"api.example.com"
        assert target.scheme == "https"


@given(st.text(max_size=60))
def test_a_host_is_its_own_spelling(text: str) -> None:
    host = normal_host(text)
    assert normal_host(host) == host
    assert host.isascii()
    assert not set(host) & set(" \0%@/\\?#")


@given(st.text(max_size=60))
def test_no_address_breaks_it(text: str) -> None:
    host = host_of(f"https://{text}")
    with contextlib.suppress(ValueError):
        assert host in ("", normal_host(urlsplit(f"https://{text}".strip()).hostname or ""))
