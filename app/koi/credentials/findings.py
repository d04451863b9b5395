"""What discovery found: credentials with their source and state, best first."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from koi.catalogue.rows import AuthStyle, Protocol
from koi.core.secret import Secret

State: TypeAlias = Literal[
    "usable",
    "needs_yes",  # belongs to another program, and nobody was asked yet
    "declined",  # the person said no to it
    "refused",  # the server refused it in this run
    "expired",
    "unreadable",
    "shadowed",
    "unreachable",
]
Source: TypeAlias = Literal[
    "configuration",
    "environment",
    "koi login",
    "Claude Code",
    "macOS Keychain",
    "Codex CLI",
    "Qwen Code",
    "OS keyring",
    "key file",
    "local probe",
]
"""In the order of precedence."""
CONFIGURATION: Source = "configuration"
ENVIRONMENT: Source = "environment"
KOI_LOGIN: Source = "koi login"
CLAUDE_CODE: Source = "Claude Code"
KEYCHAIN: Source = "macOS Keychain"
CODEX_CLI: Source = "Codex CLI"
QWEN_CLI: Source = "Qwen Code"
OS_KEYRING: Source = "OS keyring"
KEY_FILE: Source = "key file"
LOCAL_PROBE: Source = "local probe"

ConsentId: TypeAlias = Literal[
    "claude-cli", "claude-keychain", "claude-token", "codex-cli", "qwen-cli"
]
"""How `[credentials] allow` and `deny` name a source that belongs to another program."""


STATE_WORDS: dict[State, str] = {
    "usable": "usable",
    "needs_yes": "needs your yes",
    "declined": "you said no to it",
    "refused": "refused by the server",
    "expired": "expired",
    "unreadable": "cannot be used",
    "shadowed": "not used",
    "unreachable": "not reachable",
}
"""Each state as people read it."""


def state_words(finding: Finding) -> str:
    """Its state as people read it, and how a yes is given to it."""
    words = STATE_WORDS[finding.state]
    waits = finding.state == "needs_yes" and finding.consent is not None
    return f"{words}: koi connect {finding.consent}" if waits else words


class TokenUse(msgspec.Struct, frozen=True):
    """How a token is sent, where that differs from a key of the same provider."""

    base_url: str = ""
    """Where it is valid; "" for the provider's own place."""
    auth: AuthStyle | None = None
    """None: as keys of the provider are."""
    headers: dict[str, str] = {}
    protocol: Protocol | None = None
    """In which it is spoken where the token is valid; None for the provider's own."""


_OWNERS: dict[Source, str] = {
    KOI_LOGIN: "koi's own login",
    CLAUDE_CODE: "the login of Claude Code",
    CODEX_CLI: "what Codex CLI keeps",
    QWEN_CLI: "the login of Qwen Code",
}


class Finding(msgspec.Struct, frozen=True):
    """One credential of one provider. Never holds the key in a form that can be printed."""

    provider: str
    source: Source
    state: State
    label: str = ""
    """The last four characters of the key."""
    detail: str = ""
    """Which variable, file or address it is, or why it cannot be used."""
    account: str = ""
    """Whose it is, when the source knows."""
    secret: Secret | None = None
    """None also for what needs no key, and for what is fetched when it is needed."""
    models: tuple[str, ...] = ()
    """Models that a local server has, in its order."""
    expires_at: float | None = None
    """time.time() seconds; None when it does not end or nobody knows."""
    renewed: bool = False
    """True when koi gets a new one in time by itself."""
    subscription: bool = False
    """True for the login of a plan; keys come before them when koi chooses a model."""
    consent: ConsentId | None = None
    """The source that a yes or no is given to; None for the person's own keys and logins."""
    use: TokenUse = TokenUse()


class Discovery(msgspec.Struct, frozen=True):
    """All findings, for each provider in the order of the sources."""

    findings: dict[str, tuple[Finding, ...]]
    notes: tuple[str, ...] = ()
    """Sources that could not be looked into at all, and why."""

    def of(self, provider: str) -> tuple[Finding, ...]:
        """The findings of one provider, the best first."""
        return self.findings.get(provider, ())

    def usable(self, provider: str) -> Finding | None:
        """The one that is used, None when there is none."""
        return next((found for found in self.of(provider) if found.state == "usable"), None)

    def usable_keys(self, provider: str) -> tuple[Finding, ...]:
        """All that requests may go with, in the order in which they are used.

        The one that is used and, when the configuration names it, the others that it names.
        """
        first = self.usable(provider)
        if first is None or first.source != CONFIGURATION:
            return () if first is None else (first,)
        return tuple(
            found
            for found in self.of(provider)
            if found.source == CONFIGURATION and found.state == "usable"
        )

    def through(self, consent: ConsentId) -> str | None:
        """The provider that a login of another program makes usable, None when it does not."""
        return next(
            (
                provider
                for provider, found in self.findings.items()
                if any(each.consent == consent and each.state == "usable" for each in found)
            ),
            None,
        )

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


def ranked(groups: tuple[tuple[Finding, ...], ...], notes: tuple[str, ...] = ()) -> Discovery:
    """Findings of the sources, highest source first, as one list for each provider.

    The first usable one wins; of keys that the configuration names, all usable ones stay. One that
    it names but that cannot be used shadows the lower sources too: nothing takes its place.
    """
    by_provider: dict[str, list[Finding]] = {}
    for group in groups:
        for finding in group:
            above = by_provider.setdefault(finding.provider, [])
            above.append(_beside(finding, above))
    return Discovery({name: tuple(found) for name, found in by_provider.items()}, notes)


def _beside(finding: Finding, above: list[Finding]) -> Finding:
    taken = next((other for other in above if _settles(other)), None)
    if taken is None or finding.state != "usable" or finding.source == LOCAL_PROBE:
        return finding
    if finding.source == CONFIGURATION:  # the person gave several: they take turns
        return finding
    detail = f"{finding.detail}: {_OWNERS.get(taken.source, f'the {taken.source}')} comes first"
    if taken.source == finding.source:
        detail = f"{finding.detail}: {taken.detail} comes first"
    return msgspec.structs.replace(finding, state="shadowed", detail=detail, secret=None)


def _settles(finding: Finding) -> bool:
    return finding.state == "usable" or finding.source == CONFIGURATION
