"""What discovery found: credentials with their source and state, best first."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from koi.core.secret import Secret

State: TypeAlias = Literal[
    "usable", "needs_yes", "unreadable", "shadowed", "expired", "unreachable"
]
CONFIGURATION = "configuration"
ENVIRONMENT = "environment"
LOCAL_PROBE = "local probe"


class Finding(msgspec.Struct, frozen=True):
    """One credential of one provider. Never holds the key in a form that can be printed."""

    provider: str
    source: str
    state: State
    label: str = ""
    """The last four characters of the key."""
    detail: str = ""
    """Which variable, file or address it is, or why it cannot be used."""
    account: str = ""
    """Whose it is, when the source knows."""
    secret: Secret | None = None
    """None also for what needs no key."""
    models: tuple[str, ...] = ()
    """Models that a local server has, in its order."""


class Discovery(msgspec.Struct, frozen=True):
    """All findings, for each provider in the order of the sources."""

    findings: dict[str, tuple[Finding, ...]]

    def of(self, provider: str) -> tuple[Finding, ...]:
        """The findings of one provider, the best first."""
        return self.findings.get(provider, ())

    def usable(self, provider: str) -> Finding | None:
        """The one that is used, None when there is none."""
        return next((found for found in self.of(provider) if found.state == "usable"), None)

    def having(self, model: str) -> tuple[str, ...]:
        """Providers whose server said that it has a model; `:latest` may be left out."""
        names = {model, f"{model}:latest"}
        return tuple(
            provider
            for provider, found in self.findings.items()
            if any(names.intersection(each.models) for each in found)
        )

    @property
    def providers(self) -> tuple[str, ...]:
        """Names of providers with something usable."""
        return tuple(name for name in self.findings if self.usable(name) is not None)


def ranked(groups: tuple[tuple[Finding, ...], ...]) -> Discovery:
    """Findings of the sources, highest source first, as one list for each provider.

    The first usable one wins. A source that was named in the configuration but cannot be read
    shadows the lower ones too: another key is never used in its place.
    """
    by_provider: dict[str, list[Finding]] = {}
    for group in groups:
        for finding in group:
            above = by_provider.setdefault(finding.provider, [])
            above.append(_beside(finding, above))
    return Discovery({name: tuple(found) for name, found in by_provider.items()})


def _beside(finding: Finding, above: list[Finding]) -> Finding:
    taken = next((other for other in above if _settles(other)), None)
    if taken is None or finding.state != "usable" or finding.secret is None:
        return finding
    detail = f"{finding.detail}: the {taken.source} comes first"
    if taken.source == finding.source:
        detail = f"{finding.detail}: {taken.detail} comes first"
    return msgspec.structs.replace(finding, state="shadowed", detail=detail, secret=None)


def _settles(finding: Finding) -> bool:
    return finding.state == "usable" or (
        finding.source == CONFIGURATION and finding.state == "unreadable"
    )
