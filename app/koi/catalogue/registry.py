"""The providers of this person: the catalogue's rows joined with `[providers.*]`."""

from __future__ import annotations

import msgspec

from koi.catalogue.catalogue import Catalogue, checked_url, own_row
from koi.catalogue.plugins import Plugin, plugin_row, read_plugin
from koi.catalogue.rows import Protocol, ProviderRow
from koi.config.config import Config
from koi.config.schema import ProviderTable
from koi.core.errors import ConfigurationError


class Registered(msgspec.Struct, frozen=True):
    """One provider: its row, and what the configuration says of it."""

    row: ProviderRow
    table: ProviderTable = ProviderTable()
    table_name: str | None = None
    """The name in `[providers.NAME]`; None when the configuration does not mention it."""
    plugin: Plugin | None = None
    """What serves it, when that is a WASM module."""

    @property
    def name(self) -> str:
        """Its name in model references."""
        return self.row.slug

    @property
    def enabled(self) -> bool:
        """False when the configuration switched it off."""
        return self.table.enabled

    @property
    def default_model(self) -> str | None:
        """What its bare name means: the configuration's model, else the catalogue's."""
        return self.table.default_model or self.row.profile.default_model

    @property
    def protocol(self) -> Protocol:
        """The protocol that is used with it: the configuration's, else the row's."""
        return self.table.protocol or self.row.protocol

    @property
    def wants_no_key(self) -> bool:
        """True for an endpoint of the person's own that works without a key."""
        named = self.table.base_url is not None or self.plugin is not None
        own = self.row.company.key_optional and named
        return own or self.table.auth == "none"

    def key(self, field: str) -> str:
        """The dotted configuration key of one of its fields."""
        return f"providers.{self.table_name or self.name}.{field}"


class Registry:
    """Finds providers by slug, alias, name of one's own, or URL form."""

    def __init__(self, config: Config, catalogue: Catalogue) -> None:
        self.config = config
        self.catalogue = catalogue
        self._tables: dict[str, tuple[str, ProviderTable]] = {}
        self._own: dict[str, ProviderTable] = {}
        self._plugins: dict[str, Registered] = {}
        for name, table in config.tables.providers.items():
            slug = catalogue.slug(name)
            elsewhere = slug != name and table.base_url is not None
            if slug is None or elsewhere or table.protocol == "wasm":
                self._own[name] = table
            elif slug not in self._tables or slug == name:
                self._tables[slug] = (name, table)

    @property
    def configured(self) -> tuple[str, ...]:
        """The names that the configuration mentions, as it writes them."""
        return tuple(self.config.tables.providers)

    @property
    def all(self) -> tuple[Registered, ...]:
        """Every provider, the configured ones first."""
        own = [each for name in self._own if (each := self._complete(name)) is not None]
        rows = [self._of_row(row) for row in self.catalogue.rows if row.slug not in self._own]
        return tuple(sorted((*own, *rows), key=lambda provider: provider.table_name is None))

    @property
    def incomplete(self) -> dict[str, ConfigurationError]:
        """Providers of one's own that are not in `all`, by name, and what is wrong with each."""
        found: dict[str, ConfigurationError] = {}
        for name in self._own:
            try:
                self._own_provider(name)
            except ConfigurationError as error:
                found[name] = error
        return found

    def find(self, name: str) -> Registered | None:
        """The provider, None when the name is unknown.

        Raises ConfigurationError for a provider of one's own without base_url, or whose plugin
        cannot be used.
        """
        if name in self._own:
            return self._own_provider(name)
        row = self.catalogue.find(name)
        return None if row is None else self._of_row(row)

    def get(self, name: str) -> Registered:
        """As `find`. Raises UsageError with the nearest names for an unknown one."""
        found = self.find(name)
        if found is not None:
            return found
        return self._of_row(self.catalogue.get(name, configured=self.configured))

    def _of_row(self, row: ProviderRow) -> Registered:
        if row.slug not in self._tables:
            return Registered(row)
        name, table = self._tables[row.slug]
        return Registered(row, table, name)

    def _complete(self, name: str) -> Registered | None:
        """A provider of one's own, None when its table is not complete: using it says why."""
        try:
            return self._own_provider(name)
        except ConfigurationError:
            return None

    def _own_provider(self, name: str) -> Registered:
        table = self._own[name]
        where = f"{self.config.origin(f'providers.{name}')}: providers.{name}"
        if table.protocol == "wasm":
            return self._of_plugin(name, table, where)
        if table.base_url is None:
            near = self.catalogue.nearest(name)
            hint = f"Did you mean [providers.{near[0]}]? " if near else ""
            raise ConfigurationError(
                f"'{name}' is not in the catalogue, so it needs a base_url",
                where=where,
                hint=f'{hint}For a provider of your own: base_url = "https://…/v1".',
            )
        protocol = table.protocol or "openai-chat"
        row = own_row(name, table.base_url, protocol, (_key_variable(name),))
        return Registered(row, table, name)

    def _of_plugin(self, name: str, table: ProviderTable, where: str) -> Registered:
        if table.plugin is None:
            raise ConfigurationError(
                'protocol = "wasm" needs a plugin',
                where=where,
                hint='Name its file: plugin = "my-provider.wasm".',
            )
        if name not in self._plugins:
            written = self.config.text(table.plugin, f"providers.{name}.plugin")
            plugin = read_plugin(written, self.config.paths.config_file.parent)
            has_key = table.api_key or table.api_keys or table.api_key_env
            variable = None if has_key else _key_variable(name)
            row = plugin_row(name, plugin, variable, self.catalogue)
            self._plugins[name] = Registered(row, table, name, plugin)
        return self._plugins[name]


def _key_variable(name: str) -> str:
    """The variable that holds the key of a provider of one's own: NAME_API_KEY."""
    words = "".join(c if c.isascii() and c.isalnum() else "_" for c in name).upper()
    return f"{words}_API_KEY"


def checked_base_url(url: str, where: str) -> str:
    """`url` without a slash at its end. Raises ConfigurationError when it is not an http(s) URL."""
    checked = checked_url(url)
    if checked is None:
        raise ConfigurationError(
            f"'{url}' is not an http or https URL",
            where=where,
            hint='Write it like "https://llm.example.com/v1".',
        )
    return checked
