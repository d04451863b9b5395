"""The environment that commands get: the user's own, without anything that looks like a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_SECRET_NAME = re.compile(
    r"KEY|TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|BEARER|COOKIE|AUTH(?!OR|_SOCK)|_(PAT|PASS|PWD)$"
)
_HARMLESS_NAME = re.compile(r"TOKENIZERS_PARALLELISM|KEYBOARD\w*|XAUTHORITY|KEYTIMEOUT")
_SECRET_VALUE = re.compile(
    r"(sk-|sk_live_|ghp_|gho_|ghu_|ghs_|github_pat_|glpat-|xox[abprs]-|AKIA|ASIA|AIza|hf_|gsk_|"
    r"xai-|eyJ[\w-]+\.eyJ)[\w./-]{12,}"
)
_QUIET = {
    "TERM": "dumb",
    "NO_COLOR": "1",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "KOI": "1",
    "AGENT": "koi",
}
_withheld: set[str] = set()


def withhold(names: Iterable[str]) -> None:
    """Keep these variables from commands too: the configuration takes keys from them."""
    _withheld.update(names)


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without secrets, told to be plain and never to ask, and marked with KOI=1.

    A variable is dropped for its name (API_KEY, TOKEN, SECRET, PASSWORD, ...), which covers the
    key variables of every provider, and for a value that begins as well-known keys do.
    """
    kept = without_keys(environment)
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE"):
        kept.pop(name, None)
    return kept | _QUIET


def without_keys(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without secrets, for programs that serve the person: a browser, a clipboard."""
    return {name: value for name, value in environment.items() if not is_secret(name, value)}


def is_secret(name: str, value: str) -> bool:
    """True when a variable must not reach a command."""
    if name in _withheld:
        return True
    upper = name.upper()
    if _SECRET_NAME.search(upper) and not _HARMLESS_NAME.fullmatch(upper):
        return True
    return _SECRET_VALUE.match(value) is not None
