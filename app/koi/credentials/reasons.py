"""Says in a few words why a provider cannot be used, and with what one can."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from koi.catalogue.registry import Registered
from koi.core.errors import ConfigurationError
from koi.credentials.consent import TERMS
from koi.credentials.findings import (
    CONFIGURATION,
    ENVIRONMENT,
    KEY_FILE,
    KOI_LOGIN,
    LOCAL_PROBE,
    OS_KEYRING,
    Finding,
)
from koi.credentials.logins.table import login_of
from koi.credentials.ollama import SUGGESTION

SWITCHED_OFF = "switched off in the configuration"
_QUIET = ("shadowed", "declined")
"""States that are spoken of only when there is nothing else to say."""


def why_not(provider: Registered, findings: Sequence[Finding]) -> str:
    """Why a provider cannot be used; empty when it can. `findings` in their order of precedence."""
    if not provider.enabled:
        return SWITCHED_OFF
    if provider.plugin is not None and not provider.plugin.module.exists():
        return f"plugin missing: {provider.plugin.module.name}"
    usable = next((found for found in findings if found.state == "usable"), None)
    if usable is not None:
        empty = usable.source == LOCAL_PROBE and not usable.models and usable.secret is None
        return f"has no models; try: {SUGGESTION}" if empty else ""
    loud = [found for found in findings if found.state not in _QUIET]
    if loud:
        return _reason(provider, loud[0])
    if provider.wants_no_key:
        return ""
    return _reason(provider, findings[0]) if findings else _missing(provider)


def why_incomplete(error: ConfigurationError) -> str:
    """Why a provider of the person's own cannot be used as its table stands."""
    fault, file = error.title.removeprefix(f"{error.where}: "), Path(error.where)
    if file.suffix != ".toml":
        return fault
    return f"plugin {file.name} {fault}" if file.exists() else f"plugin missing: {file.name}"


def credential_words(provider: Registered, finding: Finding | None) -> str:
    """What a provider is used with: "key …abcd from OPENAI_API_KEY"."""
    if finding is None:
        return "no key needed"
    key = f"key {finding.label}".strip()
    match finding.source:
        case source if source in (CONFIGURATION, ENVIRONMENT):
            words = f"{key} from {finding.detail}" if finding.detail else key
        case source if source in (OS_KEYRING, KEY_FILE):
            words = f"{key} from {_with_article(source)}"
        case source if source == KOI_LOGIN:
            login = login_of(provider.name)
            words = (
                f"{login.title if login is not None else provider.row.company.display_name} login"
            )
        case source if source == LOCAL_PROBE:
            words = f"answers at {_place(finding.detail)}" if finding.detail else ""
        case source:
            words = f"{source} login" if finding.subscription else f"{key} of {source}"
    return f"{words}, account {finding.account}" if finding.account else words


def _reason(provider: Registered, finding: Finding) -> str:
    detail = finding.detail
    match finding.state:
        case "needs_yes":
            return f"needs your yes: {_whose(finding)}"
        case "declined":
            return f"you said no to: {_whose(finding)}"
        case "refused":
            return f"refused by the server: {_whose(finding)}"
        case "expired" if finding.source == KOI_LOGIN:
            return f"login expired: {_connect(provider)}"
        case "expired":
            renewal = detail.partition("it has ended; ")[2]
            return f"{_whose(finding)} expired" + (f": {renewal}" if renewal else "")
        case "unreachable":
            return f"not reachable: {_place(detail)}" if detail else "not reachable"
        case "shadowed":
            return f"not used: {detail}"
        case _:
            return detail or f"{finding.source} cannot be read"


def _whose(finding: Finding) -> str:
    """A credential in words: a login of another program, a variable by its name, a place."""
    if finding.consent is not None:
        return TERMS[finding.consent].title
    match finding.source:
        case source if source in (CONFIGURATION, ENVIRONMENT) and finding.detail:
            return f"the key from {finding.detail.split()[0].rstrip(',:')}"
        case source if source in (OS_KEYRING, KEY_FILE):
            return f"the key from {_with_article(source)}"
        case source if source == KOI_LOGIN:
            return "koi's own login"
        case source:
            return f"{source} login"


def _connect(provider: Registered) -> str:
    login = login_of(provider.name)
    return f"koi connect {provider.name}" if login is None else login.command


def _missing(provider: Registered) -> str:
    company = provider.row.company
    if company.local:
        return f"not looked for yet: {_place(provider.table.base_url or company.base_url)}"
    if not company.api_key_env:
        return f"no login: {_connect(provider)}"
    if login_of(provider.name) is not None:
        return f"no login and no key: {_connect(provider)}"
    signed = " or AWS credentials" if company.auth == "sigv4" else ""
    return f"no key: {company.api_key_env[0]}{signed}"


def _place(text: str) -> str:
    """Host and port of the URL that a text begins with, and what the text says behind it."""
    url, space, rest = text.partition(" ")
    address = url.rstrip(":")
    if "://" not in address:
        return text
    return f"{urlsplit(address).netloc or address}{url[len(address) :]}{space}{rest}"


def _with_article(source: str) -> str:
    return f"the {source}" if source == OS_KEYRING else f"a {source}"
