"""A pasted key before it is kept: cleaned of what was copied along, recognised by its beginning."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

import msgspec

from koi.catalogue.catalogue import Catalogue
from koi.catalogue.registry import Registered
from koi.core.redaction import REDACTED, redact, without_key
from koi.core.secret import Secret
from koi.credentials.key_text import can_be_sent

SHORTEST = 8
"""No vendor has shorter keys."""
_SHORTEST_UNASKED = 16
"""What is shorter is a name, where nobody asked for a key."""
_RUN = re.compile(r"[A-Za-z0-9]{12}")
"""Names of models and vendors have shorter words, joined by dashes."""
Outcome: TypeAlias = Literal["works", "refused", "unproven", "unreachable"]

_ASSIGNMENT = re.compile(r"(?:export\s+|set\s+|\$env:)?[A-Za-z_][A-Za-z0-9_]*\s*=\s*(?P<value>.+)")
_HEADER = re.compile(r"(?:authorization|x-api-key|x-goog-api-key)\s*:\s*(?P<value>.+)", re.I)
_QUOTES = "\"'`“”‘’"


class KeyProblem(msgspec.Struct, frozen=True):
    """What is wrong with a key, as far as one can see without asking anybody."""

    title: str
    hint: str = ""
    owner: str | None = None
    """The provider whose key it looks like, when it is another one: nobody else is sent it."""


class KeyCheck(msgspec.Struct, frozen=True):
    """What the vendor's server says to a key. Never holds the key."""

    outcome: Outcome
    models: tuple[str, ...] = ()
    detail: str = ""
    """Why it was refused, or what was in the way."""


def cleaned(text: str) -> str:
    """The key in a text: without `export NAME=`, a header's name, `Bearer`, quotes and blanks."""
    key = text.strip()
    for pattern in (_ASSIGNMENT, _HEADER):
        if (found := pattern.fullmatch(key)) is not None and not _is_padding(found["value"]):
            key = found["value"].strip().rstrip(";").strip()
    key = key.strip(_QUOTES).strip()
    if key.lower().startswith("bearer "):
        key = key[7:].strip()
    return key


def unasked_key(text: str, catalogue: Catalogue) -> Secret | None:
    """The key that somebody gives where a name or an address belongs, None when it is none."""
    key = cleaned(text)
    if len(key) < _SHORTEST_UNASKED or _RUN.search(key) is None:
        return None
    if not all("!" <= character <= "~" for character in key) or "://" in key:
        return None
    if catalogue.owner_of(key) is None and without_key(key) == key:
        return None
    return Secret(key) if "/" not in key or redact(key) == REDACTED else None


def problem_of(key: str, provider: Registered, catalogue: Catalogue) -> KeyProblem | None:
    """What one sees at once, None when nothing is. `key` is cleaned. Never repeats the key."""
    company = provider.row.company
    if not key:
        return KeyProblem("There is no key in that.", "Paste it, then press Enter.")
    if not can_be_sent(key):
        return KeyProblem(
            "This holds characters that cannot be part of a key.",
            "Copy it once more, without the text around it.",
        )
    if len(key) < SHORTEST:
        return KeyProblem("This is too short for a key.", "Copy it once more, to its end.")
    if company.token_prefix and key.startswith(company.token_prefix):
        return KeyProblem(
            "This is a subscription token, not an API key.",
            f"{company.display_name} takes it from its own programs only. Make an API key.",
        )
    owner = None if company.key_optional else catalogue.owner_of(key)
    if owner is not None and owner != provider.name:
        title = catalogue.get(owner).company.display_name
        return KeyProblem(
            f"This looks like a key of {title}.",
            f"koi does not send it to {company.display_name}.",
            owner,
        )
    return None


def _is_padding(value: str) -> bool:
    """True for the end of a key in base64, whose `=` is no assignment."""
    return not value.strip("= ")
