"""Which proxy is used."""

from __future__ import annotations

import pytest

from koi.net.proxies import proxy_for

PROXY = {"HTTPS_PROXY": "http://proxy:3128"}


def test_https_goes_through_the_proxy() -> None:
    assert proxy_for("https", "api.example.com", environment=PROXY) == "http://proxy:3128"


def test_a_proxy_without_a_scheme_is_http() -> None:
    environment = {"https_proxy": "proxy:3128"}
    assert proxy_for("https", "api.example.com", environment=environment) == "http://proxy:3128"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_loopback_never_does(host: str) -> None:
    assert proxy_for("https", host, environment=PROXY) is None


def test_plain_http_never_does() -> None:
    assert proxy_for("http", "gpu.lan", environment=PROXY) is None


@pytest.mark.parametrize(
    "no_proxy",
    [
        "*",
        "api.example.com",
        "example.com",
        ".example.com",
        "*.example.com",
        "other.org, example.com",
        "api.example.com:443",
        "EXAMPLE.com",
    ],
)
def test_no_proxy_covers_a_host(no_proxy: str) -> None:
    environment = {**PROXY, "NO_PROXY": no_proxy}
    assert proxy_for("https", "api.example.com", environment=environment) is None


@pytest.mark.parametrize("no_proxy", ["", "ample.com", "api.example.com:8443", "10.0.0.0/8"])
def test_no_proxy_covers_no_other_host(no_proxy: str) -> None:
    environment = {**PROXY, "NO_PROXY": no_proxy}
    assert proxy_for("https", "api.example.com", environment=environment) is not None


def test_no_proxy_knows_networks() -> None:
    environment = {**PROXY, "NO_PROXY": "10.0.0.0/8"}
    assert proxy_for("https", "10.1.2.3", environment=environment) is None
