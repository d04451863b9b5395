"""What `koi connect status`, `/connect status` and the doctor say of credentials."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from koi.catalogue.registry import Registry
from koi.credentials.findings import (
    CLAUDE_CODE,
    CODEX_CLI,
    KEYCHAIN,
    KOI_LOGIN,
    LOCAL_PROBE,
    QWEN_CLI,
    Discovery,
    Finding,
    Source,
    State,
)
from koi.credentials.ollama import SUGGESTION
from koi.credentials.targets import target_of

_OWNERS: dict[Source, str] = {
    CLAUDE_CODE: "run claude once",
    KEYCHAIN: "run claude once",
    CODEX_CLI: "run codex once",
    QWEN_CLI: "run qwen once",
}


class CredentialLine(msgspec.Struct, frozen=True):
    """One credential of a provider, in words."""

    source: Source
    state: State
    words: str
    """connected (API key from ANTHROPIC_API_KEY), expired: koi connect chatgpt, …"""
    label: str = ""
    account: str = ""
    expires_at: float | None = None
    expires_in_s: int | None = None
    renewed: bool = False
    models: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The words, and whose it is."""
        about = ", ".join(each for each in (self.label, self.account) if each)
        if not about:
            return self.words
        return f"{self.words}, {about}" if self.state == "usable" else f"{self.words} ({about})"


class ProviderStatus(msgspec.Struct, frozen=True):
    """One provider: the credential that counts, and the others that it shadows."""

    provider: str
    target: str
    """What to write after `koi connect`."""
    title: str
    usable: bool
    credential: CredentialLine
    others: tuple[CredentialLine, ...] = ()


def statuses(registry: Registry, discovery: Discovery, now: float) -> tuple[ProviderStatus, ...]:
    """A row for each provider that has a credential, the usable ones first.

    `now` is time.time(). What is not reachable comes last.
    """
    found = []
    for name, findings in discovery.findings.items():
        provider = registry.find(name)
        if provider is None or not findings:
            continue
        meant = target_of(provider)
        target = meant.name
        chief = discovery.usable(name) or findings[0]
        lines = [_line(finding, target, now) for finding in findings if finding is not chief]
        found.append(
            ProviderStatus(
                name,
                target,
                meant.title,
                chief.state == "usable",
                _line(chief, target, now),
                tuple(lines),
            )
        )
    return tuple(
        sorted(found, key=lambda row: (not row.usable, row.credential.state == "unreachable"))
    )


def remaining(discovery: Discovery, provider: str) -> str:
    """What still makes a provider usable and why, after koi's own part is gone; "" for nothing."""
    finding = discovery.usable(provider)
    if finding is None:
        return ""
    place = _place(finding.detail) if finding.source == LOCAL_PROBE else finding.detail
    if not place or finding.source == KOI_LOGIN:
        return f"still available via {finding.source}"
    return f"still available via {place} ({finding.source})"


def until(seconds: float) -> str:
    """A time that is left, in its two largest units: 47m, 2h 5m, 3d 4h."""
    minutes = max(0, int(seconds)) // 60
    if minutes < 1:
        return "less than 1m"
    if minutes < 60:
        return f"{minutes}m"
    if minutes < 48 * 60:
        return f"{minutes // 60}h {minutes % 60}m"
    return f"{minutes // 1440}d {minutes % 1440 // 60}h"


def _line(finding: Finding, target: str, now: float) -> CredentialLine:
    left = None if finding.expires_at is None else finding.expires_at - now
    return CredentialLine(
        finding.source,
        finding.state,
        _words(finding, target, left),
        finding.label,
        finding.account,
        finding.expires_at,
        None if left is None else int(left),
        finding.renewed,
        finding.models,
    )


def _words(finding: Finding, target: str, left: float | None) -> str:
    match finding.state:
        case "usable" if finding.source == LOCAL_PROBE and not finding.models:
            return f"runs at {_place(finding.detail)}, but has no models: {SUGGESTION}"
        case "usable" if finding.renewed and left is not None and left <= 0:
            return "connected (token expired, renewed at the next request)"
        case "usable":
            return f"connected ({', '.join((_what(finding), *_time(finding, left)))})"
        case "needs_yes":
            return f"{_what(finding)} needs your yes: koi connect {finding.consent or target}"
        case "declined":
            return f"{_what(finding)}: you said no (koi connect {finding.consent or target})"
        case "refused":
            return f"{_what(finding)}: refused by the server"
        case "expired":
            return f"{_what(finding)} expired: {_after_expiry(finding.source, target)}"
        case "unreadable":
            return f"{finding.source}: {finding.detail}"
        case "shadowed":
            return f"{finding.source} not used: {finding.detail}"
        case "unreachable":
            return f"not reachable: {finding.detail}"


def _what(finding: Finding) -> str:
    """What kind of credential it is and where it is, without the key."""
    match finding.source:
        case _ if finding.consent == "claude-token":
            return f"subscription token in {finding.detail.partition(' is a ')[0]}"
        case "environment":
            kind = "AWS credentials" if finding.detail.startswith("AWS_ACCESS") else "API key"
            return f"{kind} from {finding.detail}"
        case "configuration":
            return f"API key from the configuration: {finding.detail}"
        case "koi login":
            return "token valid" if finding.state == "usable" else "koi's own login"
        case "OS keyring":
            return "API key in the OS keyring"
        case "Codex CLI" if not finding.subscription:
            return finding.detail
        case "key file":
            return (
                f"API key in the file {finding.detail}" if finding.detail else "API key in a file"
            )
        case "local probe":
            count = len(finding.models)
            return f"{_place(finding.detail)}, {count} model{'' if count == 1 else 's'}"
        case _:
            return f"the login of {finding.source}"


def _time(finding: Finding, left: float | None) -> tuple[str, ...]:
    if left is None:
        return ()
    if left <= 0:
        return ("it may just have ended",)
    if finding.renewed:
        return (f"expires in {until(left)}", "renewed by itself")
    return (f"expires in {until(left)}",)


def _after_expiry(source: Source, target: str) -> str:
    own = f"koi connect {target}"
    return f"{_OWNERS[source]}, or {own}" if source in _OWNERS else own


def _place(url: str) -> str:
    """Host and port of an address."""
    return url.partition("://")[2].partition("/")[0].partition(" ")[0] or url


def as_json(rows: Sequence[ProviderStatus]) -> bytes:
    """The rows for programs."""
    return msgspec.json.encode(rows)
