"""Where requests may go."""

from __future__ import annotations

import pytest

from koi.core.errors import ProviderError
from koi.net.policy import NetworkPolicy, is_loopback

POLICY = NetworkPolicy(
    frozenset({"api.example.com", "127.0.0.1", "gpu.lan"}), frozenset({"gpu.lan"})
)


@pytest.mark.parametrize(
    ("scheme", "host"),
    [
        ("https", "api.example.com"),
        ("https", "API.Example.COM"),
        ("http", "127.0.0.1"),
        ("http", "gpu.lan"),
    ],
)
def test_allowed(scheme: str, host: str) -> None:
    POLICY.check(scheme, host)


@pytest.mark.parametrize(
    ("scheme", "host"),
    [
        ("http", "api.example.com"),
        ("https", "evil.com"),
        ("https", "api.example.com.evil.com"),
        ("https", ""),
        ("ftp", "127.0.0.1"),
    ],
)
def test_refused(scheme: str, host: str) -> None:
    with pytest.raises(ProviderError) as caught:
        POLICY.check(scheme, host)
    assert caught.value.kind == "network_policy"
    assert caught.value.hint


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.9.9.9", "::1", "[::1]"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["localhost.evil.com", "127.0.0.1.evil.com", "10.0.0.1", ""])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)
