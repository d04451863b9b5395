"""Mistakes that only show when the configuration is held against the catalogue and variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from koi.catalogue.catalogue import URL_FORMS, Catalogue, checked_url
from koi.config.interpolation import expand, variables
from koi.config.mistakes import Mistake, dotted
from koi.core.errors import ConfigurationError, UsageError


def find_inconsistencies(
    table: Mapping[str, object],
    where: str,
    catalogue: Catalogue,
    environment: Mapping[str, str],
) -> tuple[Mistake, ...]:
    """Unknown providers, providers without an address, malformed URLs (errors), and variables
    that are not set (warnings), in one layer as it was read.
    """
    providers = table.get("providers")
    named = providers if isinstance(providers, dict) else {}
    return (
        *_providers(named, where, catalogue, environment),
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
        if name in providers or model.startswith(tuple(URL_FORMS)):
            continue
        try:
            catalogue.get(name, configured=providers)
        except UsageError as error:
            yield Mistake(where, key, error.title, error.hint)


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
