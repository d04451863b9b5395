"""Finds the row of a provider by its slug, an alias, or one of the two URL forms."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from koi.catalogue.rows import AuthStyle, Company, Profile, Protocol, ProviderRow
from koi.core.errors import UsageError

DATA = Path(__file__).with_name("providers.json")
URL_FORMS: dict[str, Protocol] = {"custom:": "openai-chat", "anthropic-custom:": "anthropic"}
FORMS_HINT = "custom:URL (OpenAI-compatible) and anthropic-custom:URL work for any other endpoint."


class Catalogue:
    """All known providers. Reading it costs no more than decoding one small file."""

    def __init__(self, rows: Iterable[ProviderRow]) -> None:
        self._rows = {row.slug: row for row in rows}
        self._names = {
            name: row.slug
            for row in self._rows.values()
            for name in (row.slug, *row.company.aliases)
        }

    @property
    def rows(self) -> tuple[ProviderRow, ...]:
        """Every row, in the order of the data file."""
        return tuple(self._rows.values())

    def slug(self, name: str) -> str | None:
        """The slug that a name or alias stands for, None when it is not in the catalogue."""
        return self._names.get(name.strip().lower())

    def find(self, name: str) -> ProviderRow | None:
        """The row of a slug, an alias or a URL form; None when the name is unknown.

        Raises UsageError for a URL form whose URL is not one.
        """
        if row := _custom_row(name):
            return row
        slug = self.slug(name)
        return None if slug is None else self._rows[slug]

    def get(self, name: str, *, configured: Iterable[str] = ()) -> ProviderRow:
        """As `find`. Raises UsageError that names the nearest slugs and the configured ones."""
        row = self.find(name)
        if row is not None:
            return row
        own = sorted(configured)
        near = self.nearest(name, own)
        parts = [f"Did you mean {' or '.join(near)}?"] if near else ["All: koi providers."]
        if own:
            parts.append(f"Configured: {', '.join(own)}.")
        raise UsageError(f"unknown provider '{name}'", hint=" ".join([*parts, FORMS_HINT]))

    def nearest(self, name: str, others: Iterable[str] = ()) -> tuple[str, ...]:
        """Up to three slugs (or `others`) that were probably meant."""
        known = [*self._names, *others]
        near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.7)
        return tuple(dict.fromkeys(self._names.get(match, match) for match in near))


@cache
def load_catalogue() -> Catalogue:
    """The catalogue that comes with koi."""
    return Catalogue(msgspec.json.decode(DATA.read_bytes(), type=tuple[ProviderRow, ...]))


def _custom_row(name: str) -> ProviderRow | None:
    """The row of `custom:URL` or `anthropic-custom:URL`, None when `name` has neither form.

    Raises UsageError when the URL is not an http or https one.
    """
    for prefix, protocol in URL_FORMS.items():
        if name.startswith(prefix):
            url = checked_url(name.removeprefix(prefix))
            if url is None:
                raise UsageError(
                    f"'{name.removeprefix(prefix)}' is not an http or https URL",
                    hint=f"The form is {prefix}https://llm.example.com/v1 .",
                )
            return own_row(f"{prefix}{url}", url, protocol)
    if name in ("custom", "anthropic-custom"):
        raise UsageError(f"'{name}' needs a URL", hint=f"Write {name}:https://llm.example.com/v1 .")
    return None


def own_row(
    name: str, base_url: str, protocol: Protocol, api_key_env: tuple[str, ...] = ()
) -> ProviderRow:
    """The row of a provider that the catalogue does not know. A key is optional there."""
    auth: AuthStyle = "x-api-key" if protocol == "anthropic" else "bearer"
    company = Company(
        slug=name,
        display_name=name,
        base_url=base_url,
        auth=auth,
        api_key_env=api_key_env,
        key_optional=True,
    )
    return ProviderRow(company, protocol, profile=Profile(vision=True))


def checked_url(url: str) -> str | None:
    """`url` without slashes at its end, None when it is not an http or https URL."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or " " in url:
        return None
    return url.rstrip("/")
