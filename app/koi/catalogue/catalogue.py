"""Finds the row of a provider by its slug, an alias, or one of the two URL forms."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from koi.catalogue.rows import USUAL_AUTH, Company, Profile, Protocol, ProviderRow
from koi.core.errors import UsageError

DATA = Path(__file__).with_name("providers.json")
URL_FORMS: dict[str, Protocol] = {"custom:": "openai-chat", "anthropic-custom:": "anthropic"}
FORMS_HINT = "custom:URL (OpenAI-compatible) and anthropic-custom:URL work for any other endpoint."


class Catalogue:
    """All known providers. Reading it costs no more than decoding one small file."""

    def __init__(self, rows: Iterable[ProviderRow]) -> None:
        self._rows = {row.slug: row for row in rows}
        self._names = {
            _plain(name): row.slug
            for row in self._rows.values()
            for name in (row.slug, *row.company.aliases)
        }

    @property
    def rows(self) -> tuple[ProviderRow, ...]:
        """Every row, in the order of the data file."""
        return tuple(self._rows.values())

    def slug(self, name: str) -> str | None:
        """The slug that a name or alias stands for, None when it is not in the catalogue."""
        return self._names.get(_plain(name))

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
        from koi.core.redaction import without_key

        hint = " ".join([*parts, FORMS_HINT])
        raise UsageError(f"unknown provider '{without_key(name)}'", hint=hint)

    def nearest(self, name: str, others: Iterable[str] = ()) -> tuple[str, ...]:
        """Up to three slugs (or `others`) that were probably meant.

        An unknown member of a family (`kimi-xyz`) is near to all of its regions: which of them
        is meant is not for koi to guess, as a key of one is of no use in the others.
        """
        known = [*self._names, *others]
        near = difflib.get_close_matches(_plain(name), known, n=3, cutoff=0.7)
        slugs = [self._names.get(match, match) for match in near]
        if (head := self._names.get(_plain(name).partition("-")[0])) is not None:
            slugs = [head, *self._rows[head].company.siblings, *slugs]
        return tuple(dict.fromkeys(slugs))[:3]

    def owner_of(self, key: str) -> str | None:
        """The slug of the only company whose keys begin like `key`, None when several do."""
        return next(
            (row.slug for row in self._rows.values() if key.startswith(row.company.key_prefixes)),
            None,
        )

    def subscription_of(self, token: str) -> str | None:
        """The slug of the company for whose subscriptions a token is, None when it is none."""
        return next(
            (
                row.slug
                for row in self._rows.values()
                if (prefix := row.company.token_prefix) and token.startswith(prefix)
            ),
            None,
        )


def _plain(name: str) -> str:
    """A name as it is compared: `GitHub_Copilot` is `github-copilot`."""
    return name.strip().lower().replace("_", "-")


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
    company = Company(
        slug=name,
        display_name=name,
        base_url=base_url,
        auth=USUAL_AUTH.get(protocol, "bearer"),
        api_key_env=api_key_env,
        key_optional=True,
    )
    return ProviderRow(company, protocol, profile=Profile())


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
