"""The person's yes or no to logins that belong to other programs, and what their vendors say.

Only the user's own file counts: a project cannot say yes.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from koi.config.config import Config
from koi.config.edit import read_user_table, set_values
from koi.config.paths import Paths
from koi.credentials.findings import ConsentId
from koi.credentials.refusals import forget_refusal

ANTHROPIC = (
    "Anthropic allows Claude subscription logins only in its own apps, bills other use as extra, "
    "and usually refuses it; it asks other apps to use an API key."
)
ANTHROPIC_LINK = "https://code.claude.com/docs/en/legal-and-compliance"


class Consent(msgspec.Struct, frozen=True):
    """One source that needs a yes, and what is said before the question."""

    title: str
    """What would be used: "Claude Code's login"."""
    sentence: str
    """What the vendor has said about other programs using it."""
    link: str
    unwelcome: bool = False
    """True when the vendor usually refuses it: nobody is led to it first."""


def _claude(title: str) -> Consent:
    return Consent(title, ANTHROPIC, ANTHROPIC_LINK, unwelcome=True)


TERMS: dict[ConsentId, Consent] = {
    "claude-cli": _claude("Claude Code's login"),
    "claude-keychain": _claude("Claude Code's login in the Keychain"),
    "claude-token": _claude("the token of a Claude subscription"),
    "codex-cli": Consent(
        "Codex CLI's ChatGPT login",
        "OpenAI has tolerated other programs using Codex CLI's login, but offers them a sign-in of "
        "their own (koi connect chatgpt); what koi uses counts toward your plan.",
        "https://developers.openai.com/siwc/quickstart",
    ),
    "qwen-cli": Consent(
        "Qwen Code's login",
        "Qwen's free login ended on 15 April 2026; a saved login may be refused.",
        "https://github.com/QwenLM/qwen-code/issues/3203",
        unwelcome=True,
    ),
}


def answer_of(config: Config, consent: ConsentId) -> Literal["yes", "no"] | None:
    """What the person said to a source, None when nobody asked them. A no beats a yes."""
    said = config.tables.credentials
    if consent in said.deny:
        return "no"
    return "yes" if consent in said.allow else None


def allow(paths: Paths, consent: ConsentId) -> None:
    """Keep a yes. Raises ConfigurationError, StorageError; then nothing is changed."""
    _keep(paths, consent, "allow")
    forget_refusal(paths, consent)


def deny(paths: Paths, consent: ConsentId) -> None:
    """Keep a no: koi does not ask again. Raises ConfigurationError, StorageError."""
    _keep(paths, consent, "deny")


def revoke(paths: Paths, consent: ConsentId) -> None:
    """Forget what was said: koi may ask again. Raises ConfigurationError, StorageError."""
    _keep(paths, consent, None)


def _keep(paths: Paths, consent: ConsentId, answer: Literal["allow", "deny"] | None) -> None:
    table = read_user_table(paths).get("credentials")
    said = table if isinstance(table, dict) else {}
    changes: dict[tuple[str, ...], object] = {}
    for key in ("allow", "deny"):
        written = said.get(key, [])
        names = [name for name in written if name != consent] if isinstance(written, list) else []
        if key == answer:
            names.append(consent)
        if names != written:
            changes["credentials", key] = names or None
    if changes:
        set_values(paths, changes)
