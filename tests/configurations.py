"""Configurations for tests, written to a real file and loaded as koi does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from koi.catalogue.catalogue import load_catalogue
from koi.catalogue.registry import Registry
from koi.config.config import Config
from koi.config.load import load
from koi.config.paths import Paths
from koi.credentials.findings import Discovery, Finding, ranked
from koi.credentials.sources import configuration, environment
from koi.credentials.sources.search import Search


def paths_in(folder: Path) -> Paths:
    """Locations under one folder, as KOI_HOME makes them."""
    return Paths(folder / "config.toml", folder / "data", folder / "state", folder / "cache")


def load_text(
    folder: Path,
    text: str = "",
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> Config:
    """The configuration whose user file is `text`; no file at all when it is empty."""
    paths = paths_in(folder)
    if text:
        paths.config_file.write_text(text, encoding="utf-8")
    return load(paths=paths, environment=environment or {}, flags=flags)


def keys_in(registry: Registry) -> Discovery:
    """The keys that the configuration and the environment hold."""
    return ranked(keys_by_source(registry))


def keys_by_source(registry: Registry) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """The same, apart."""
    enabled = tuple(provider for provider in registry.all if provider.enabled)
    search = Search(enabled, registry.config)
    return configuration.find(search), environment.find(search)


def registry_of(
    folder: Path, text: str = "", environment: Mapping[str, str] | None = None
) -> Registry:
    """The same configuration, joined with the catalogue."""
    return Registry(load_text(folder, text, environment), load_catalogue())
