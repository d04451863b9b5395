"""Where requests may go, and by which rule."""

from __future__ import annotations

import pytest

from koi.core.errors import ProviderError
from koi.net.policy import NetworkPolicy, NetworkRules

POLICY = NetworkPolicy(
    "work",
    {"api.example.com": "catalogue", "127.0.0.1": "local server", "gpu.lan": "configuration"},
)


@pytest.mark.parametrize(
    ("scheme", "host", "rule"),
    [
        ("https", "api.example.com", "catalogue"),
        ("https", "API.Example.COM.", "catalogue"),
        ("http", "127.0.0.1", "local server"),
        ("http", "gpu.lan", "configuration"),
    ],
)
def test_allowed(scheme: str, host: str, rule: str) -> None:
    decision = POLICY.judge(scheme, host)
    assert (decision.allowed, decision.rule) == (True, rule)
    POLICY.check(scheme, host)


@pytest.mark.parametrize(
    ("scheme", "host", "rule"),
    [
        ("http", "api.example.com", "unencrypted"),
        ("ftp", "127.0.0.1", "unencrypted"),
        ("https", "evil.com", "not its host"),
        ("https", "api.example.com.evil.com", "not its host"),
        ("https", "xapi.example.com", "not its host"),
        ("https", "evil.com\0api.example.com", "no host"),
        ("https", "api.example.com%00.evil.com", "no host"),
        ("https", "api.example.com@evil.com", "no host"),
        ("https", "", "no host"),
    ],
)
def test_refused(scheme: str, host: str, rule: str) -> None:
    assert POLICY.judge(scheme, host).rule == rule
    with pytest.raises(ProviderError) as caught:
        POLICY.check(scheme, host)
    assert caught.value.kind == "network_policy"
    assert caught.value.hint


DENY = NetworkRules(default_deny=True, allowed_hosts=frozenset({"api.example.com", "gpu.lan"}))


@pytest.mark.parametrize(
    ("host", "allowed", "rule"),
    [
        ("api.example.com", True, "provider_allowed_hosts"),
        ("gpu.lan", True, "configuration"),
        ("127.0.0.1", False, "default_deny"),
    ],
)
def test_default_deny_leaves_what_the_person_wrote(host: str, allowed: bool, rule: str) -> None:
    policy = NetworkPolicy("work", POLICY.hosts, DENY)
    decision = policy.judge("https", host)
    assert (decision.allowed, decision.rule) == (allowed, rule)


def test_an_allowed_host_is_not_everybodys() -> None:
    other = NetworkPolicy("other", {"api.other.com": "catalogue"}, DENY)
    assert other.judge("https", "api.example.com").rule == "not its host"


def test_a_credentials_host_is_added_and_changes_none_that_is_there() -> None:
    wider = POLICY.allowing("Gpu.Lan", "credential").allowing("api.new.com", "credential")
    assert wider.hosts == {**POLICY.hosts, "api.new.com": "credential"}


PRIVATE = (
    "10.1.2.3",
    "192.168.0.1",
    "172.16.9.9",
    "127.0.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:a00:1::1",
    "2001:0:4136:e378::1",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_public_host_never_leads_into_a_private_network(address: str) -> None:
    with pytest.raises(ProviderError, match="private network; nothing was sent") as caught:
        POLICY.check_addresses("api.example.com", ["93.184.216.34", address])
    assert caught.value.kind == "network_policy"
    POLICY.check_addresses("gpu.lan", [address])


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822", "2002:5db8:d822::1"],
)
def test_public_addresses_are_fine_also_behind_nat64(address: str) -> None:
    POLICY.check_addresses("api.example.com", [address])
