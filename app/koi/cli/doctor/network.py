"""The network: which rules hold, the proxy, where decisions are kept, and what was refused."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from koi.cli.doctor.report import Check, Section, note, ok
from koi.files.home import short_path

if TYPE_CHECKING:
    from koi.config.config import Config
    from koi.net.decisions import KeptDecision


def network(config: Config) -> Section:
    """What the policy for requests is, and what it did lately."""
    from koi.net.decisions import refused_lately
    from koi.net.network_rules import network_rules

    rules, path = network_rules(config), config.paths.network_decisions
    checks = [_rules(rules.default_deny, rules.allowed_hosts)]
    proxy = os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY") or ""
    if proxy:
        checks.append(note(f"requests go through the proxy {_place(proxy)} (HTTPS_PROXY)"))
    shown = short_path(path)
    try:
        refused = refused_lately(path)
        there = path.exists()
    except OSError as error:
        checks.append(note(f"{shown} cannot be read: {error.strerror}"))
        return Section("Network", tuple(checks))
    checks.append(ok(f"where koi went is in {shown}" if there else f"{shown} is not there yet"))
    checks += [_refusal(each) for each in refused]
    return Section("Network", tuple(checks))


def _rules(default_deny: bool, allowed: frozenset[str]) -> Check:
    if not default_deny:
        return ok("requests go to the hosts of the provider that is used, and to no others")
    hosts = ", ".join(sorted(allowed)) or "none"
    return ok(f"network.default_deny is on; allowed hosts: {hosts}")


def _refusal(refused: KeptDecision) -> Check:
    host = refused.host or "an address without a host"
    return note(f"refused {refused.time}: {refused.owner} to {host} ({refused.rule})")


def _place(proxy: str) -> str:
    """Host and port of a proxy, without name and password."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        return f"{parts.hostname or '?'}:{parts.port or 80}"
    except ValueError:
        return "that is no address"
