"""Which login of another program is really there: a yes is asked for nothing else."""

from __future__ import annotations

from koi.core.errors import CredentialMissing
from koi.credentials.consent import TERMS
from koi.credentials.findings import (
    CLAUDE_CODE,
    CODEX_CLI,
    KEYCHAIN,
    QWEN_CLI,
    ConsentId,
    Discovery,
    Source,
)

_LOOKED_AT: dict[ConsentId, str] = {
    "claude-cli": ".credentials.json in ~/.claude or CLAUDE_CONFIG_DIR",
    "claude-keychain": "the Keychain of macOS",
    "claude-token": "CLAUDE_CODE_OAUTH_TOKEN and the places of keys of Anthropic",
    "codex-cli": "auth.json in ~/.codex or CODEX_HOME, and the keyring where Codex CLI uses it",
    "qwen-cli": "~/.qwen/oauth_creds.json",
}
_SOURCES: dict[ConsentId, Source] = {
    "claude-cli": CLAUDE_CODE,
    "claude-keychain": KEYCHAIN,
    "codex-cli": CODEX_CLI,
    "qwen-cli": QWEN_CLI,
}


def check_is_there(consent: ConsentId, discovery: Discovery) -> None:
    """Raises CredentialMissing when there is nothing that a yes could be about."""
    found = [finding for each in discovery.findings.values() for finding in each]
    if any(finding.consent == consent for finding in found):
        return
    source = _SOURCES.get(consent)
    instead = [finding.detail for finding in found if finding.source == source and finding.detail]
    hint = f"koi looked at: {_LOOKED_AT[consent]}."
    if instead:
        hint += f" What is there: {'; '.join(instead)}."
    raise CredentialMissing(f"there is none here: {TERMS[consent].title}", hint=hint)
