"""Mistakes that only show when the configuration is held against the catalogue and variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from koi.catalogue.catalogue import URL_FORMS, Catalogue, checked_url
from koi.catalogue.plugins import read_plugin
from koi.config.interpolation import expand, variables
from koi.config.mistakes import Mistake, dotted
from koi.core.errors import ConfigurationError, UsageError


def find_inconsistencies(
    table: Mapping[str, object],
    where: str,
    catalogue: Catalogue,
    environment: Mapping[str, str],
    folder: Path | None = None,
) -> tuple[Mistake, ...]:
    """Unknown providers, providers without an address, malformed URLs, keys that cannot be one
    (errors), and variables that are not set (warnings), in one layer as it was read.

    With `folder`, the one that plugins are relative to, also plugins that are not there (warnings).
    """
    providers = table.get("providers")
    named = providers if isinstance(providers, dict) else {}
    return (
        *_providers(named, where, catalogue, environment),
        *_keys(named, where),
        *(() if folder is None else _plugins(named, where, environment, folder)),
        *_models(table, named, where, catalogue),
        *_unset(table, (), where, environment),
    )


def _providers(
    providers: Mapping[str, object],
    where: str,
    catalogue: Catalogue,
    environment: Mapping[str, str],
) -> Iterator[Mistake]:
    for name, provider in providers.items():
        if not isinstance(provider, dict):
            continue
        key = dotted(("providers", name))
        base_url = provider.get("base_url")
        if base_url is None and catalogue.slug(name) is None and provider.get("plugin") is None:
            near = catalogue.nearest(name)
            hint = f"Did you mean providers.{near[0]}? Else give it a base_url." if near else ""
            yield Mistake(where, key, "not in the catalogue, and without base_url", hint)
        if isinstance(base_url, str):
            try:
                url = expand(base_url, environment, where=where)
            except ConfigurationError:
                continue
            if checked_url(url) is None:
                message = f"'{url}' is not an http or https URL"
                yield Mistake(where, f"{key}.base_url", message)
        variable = provider.get("api_key_env")
        if isinstance(variable, str) and not environment.get(variable, "").strip():
            message = f"the environment variable {variable} is not set"
            yield Mistake(where, f"{key}.api_key_env", message, severity="warning")


def _keys(providers: Mapping[str, object], where: str) -> Iterator[Mistake]:
    for name, provider in providers.items():
        if not isinstance(provider, dict) or provider.get("auth") == "none":
            continue
        key, several = f"{dotted(('providers', name))}.api_key", provider.get("api_keys")
        listed = enumerate(several if isinstance(several, list) else ())
        keys = {key: provider.get("api_key"), **{f"{key}s[{at}]": each for at, each in listed}}
        for place, written in keys.items():
            if isinstance(written, str) and "${" not in written:
                yield from _key(written, where, place)


def _key(written: str, where: str, key: str) -> Iterator[Mistake]:
    if not written.strip():
        hint = 'Write "${VARIABLE}", or remove the line where no key is needed.'
        yield Mistake(where, key, "is empty", hint)
    elif not all("!" <= character <= "~" for character in written.strip()):
        hint = "Look for line breaks, spaces, and characters that are not ASCII."
        yield Mistake(where, key, "holds characters that cannot be part of a key", hint)


def _plugins(
    providers: Mapping[str, object], where: str, environment: Mapping[str, str], folder: Path
) -> Iterator[Mistake]:
    for name, provider in providers.items():
        written = provider.get("plugin") if isinstance(provider, dict) else None
        if not isinstance(written, str):
            continue
        key = f"{dotted(('providers', name))}.plugin"
        try:
            module = read_plugin(expand(written, environment, where=where), folder).module
        except ConfigurationError as error:
            yield Mistake(where, key, error.title, error.hint, "warning")
            continue
        if not module.is_file():
            yield Mistake(where, key, f"there is no file {module}", severity="warning")


def _models(
    table: Mapping[str, object],
    providers: Mapping[str, object],
    where: str,
    catalogue: Catalogue,
) -> Iterator[Mistake]:
    models = table.get("models")
    roles = models if isinstance(models, dict) else {}
    written = {"model": table.get("model"), **{f"models.{role}": roles[role] for role in roles}}
    for key, model in written.items():
        if not isinstance(model, str) or "/" not in model or "${" in model:
            continue
        name = model.partition("/")[0]
        if name in providers or model.startswith((*URL_FORMS, *_hints(table))):
            continue
        try:
            catalogue.get(name, configured=providers)
        except UsageError as error:
            yield Mistake(where, key, error.title, error.hint)


def _hints(table: Mapping[str, object]) -> Iterator[str]:
    """The beginnings of names that routes are for: such a name may hold a slash itself."""
    routes = table.get("model_routes")
    for route in routes if isinstance(routes, list) else ():
        hint = route.get("hint") if isinstance(route, dict) else None
        if isinstance(hint, str) and hint:
            yield hint


def _unset(
    value: object, path: tuple[str, ...], where: str, environment: Mapping[str, str]
) -> Iterator[Mistake]:
    match value:
        case dict():
            for key, item in value.items():
                yield from _unset(item, (*path, key), where, environment)
        case list():
            for index, item in enumerate(value):
                yield from _unset(item, (*path[:-1], f"{path[-1]}[{index}]"), where, environment)
        case str():
            for name in variables(value):
                if not environment.get(name):
                    message = f"the environment variable {name} is not set"
                    yield Mistake(where, ".".join(path), message, severity="warning")
