"""Reads the layers of the configuration and joins them; every value remembers its layer."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from koi.config.config import Config, Layer, Origin
from koi.config.mistakes import Mistake, dotted, find_mistakes, nearest, split_key
from koi.config.paths import Paths
from koi.config.schema import Tables
from koi.config.shapes.translate import original_key, translate_own
from koi.core.errors import ConfigurationError

PROJECT_FILE = Path(".koi") / "config.toml"
PROJECT_KEYS = ("ignore", "display", "permissions")
"""What a project file may set; of permissions only rules that deny."""

ENVIRONMENT_KEYS = {
    "OPENKOI_MODEL": "model",
    "KOI_MODEL": "model",
    "KOI_EXECUTOR": "models.executor",
    "KOI_EVALUATOR": "models.evaluator",
    "KOI_PLANNER": "models.planner",
    "KOI_EMBEDDER": "models.embedder",
    "KOI_SMALL": "models.small",
}
"""Of two variables for one key the later one here wins."""


class Source(msgspec.Struct, frozen=True):
    """One layer as it was read, with the mistakes in it."""

    layer: Layer
    table: dict[str, object]
    places: dict[str, str]
    """Dotted key → the file, variable or option that set it; "" is for all the others."""
    mistakes: tuple[Mistake, ...] = ()
    sources: dict[str, str] = {}
    """Dotted key → the key of another shape that stands in the file in its place."""

    def place(self, key: str) -> str:
        """Where `key` was set."""
        return self.places.get(key, self.places.get("", ""))

    def under_original(self, mistake: Mistake) -> Mistake:
        """The mistake under the key that the file has, when koi's own was translated from it."""
        original = original_key(mistake.key, self.sources)
        return msgspec.structs.replace(mistake, key=original)


def load(
    *,
    paths: Paths,
    environment: Mapping[str, str],
    flags: Mapping[str, object] | None = None,
    project_folder: Path | None = None,
    trusted: bool = False,
) -> Config:
    """The configuration from all layers. `flags` maps dotted keys to values, None is left out.

    Raises ConfigurationError for the first mistake, and says how many more there are.
    """
    sources = read_layers(
        paths=paths,
        environment=environment,
        flags=flags,
        project_folder=project_folder,
        trusted=trusted,
    )
    mistakes = [mistake for source in sources for mistake in source.mistakes]
    errors = [mistake for mistake in mistakes if mistake.severity == "error"]
    if errors:
        first = errors[0]
        more = f" {len(errors) - 1} more: koi config check." if len(errors) > 1 else ""
        raise ConfigurationError(
            first.message, where=first.place, hint=f"{first.hint}{more}".strip()
        )
    warnings = tuple(mistake for mistake in mistakes if mistake.severity == "warning")
    return join(sources, paths=paths, environment=environment, warnings=warnings)


def read_layers(
    *,
    paths: Paths,
    environment: Mapping[str, str],
    flags: Mapping[str, object] | None = None,
    project_folder: Path | None = None,
    trusted: bool = False,
) -> tuple[Source, ...]:
    """All layers, lowest first, with their mistakes. Only a file that cannot be read raises."""
    sources = [_read_user_file(paths)]
    if trusted and project_folder is not None:
        sources.append(_read_project(project_folder / PROJECT_FILE))
    sources.append(_read_environment(environment))
    given = {key: value for key, value in (flags or {}).items() if value is not None}
    sources.append(
        _from_pairs("flag", {key: (_option(key), value) for key, value in given.items()})
    )
    return tuple(sources)


def _read_user_file(paths: Paths) -> Source:
    """The user's file; an empty layer when there is none.

    Raises ConfigurationError when it cannot be read, or was named and does not exist.
    """
    table = _read_toml(paths.config_file)
    if table is None:
        if paths.config_named_by:
            raise ConfigurationError(
                "there is no such file",
                where=str(paths.config_file),
                hint=f"It was named by {paths.config_named_by}.",
            )
        table = {}
    where = str(paths.config_file)
    own = translate_own(table, where)
    return Source("user", own.table, {"": where}, own.mistakes, own.sources)


def _read_toml(path: Path) -> dict[str, object] | None:
    """The file as plain data, None when it does not exist.

    Raises ConfigurationError with file, line and column for wrong TOML.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(
            f"cannot be read: {error.strerror}",
            where=str(path),
            hint="koi needs to read this file.",
        ) from error
    return parse_toml(content, str(path))


def parse_toml(content: bytes, where: str) -> dict[str, object]:
    """TOML as plain data. Raises ConfigurationError with file, line and column."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(
            f"line {line}: not UTF-8", where=where, hint="TOML files are UTF-8."
        ) from error
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ConfigurationError("nested too deeply", where=where) from error
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).partition(" (at ")
        place = place.removesuffix(")")
        if not place.startswith("line "):
            lines = text.split("\n")
            place = f"line {len(lines)}, column {len(lines[-1]) + 1}"
        raise ConfigurationError(
            f"{place}: {message}", where=where, hint="Mend the file, then: koi config check"
        ) from error
    except ValueError as error:
        raise ConfigurationError(f"a value that cannot be read: {error}", where=where) from error


def join(
    sources: tuple[Source, ...],
    *,
    paths: Paths,
    environment: Mapping[str, str],
    warnings: tuple[Mistake, ...] = (),
) -> Config:
    """One configuration from layers without mistakes, the last one first in rank."""
    table: dict[str, object] = {}
    origins: dict[str, Origin] = {}
    for source in sources:
        _merge(table, source.table, (), source, origins)
    below_flags = [source.table.get("model") for source in sources if source.layer != "flag"]
    models = tuple(model for model in reversed(below_flags) if isinstance(model, str))
    tables = msgspec.convert(table, Tables)
    return Config(tables, origins, paths, environment, warnings, models)


def _merge(
    table: dict[str, object],
    later: dict[str, object],
    path: tuple[str, ...],
    source: Source,
    origins: dict[str, Origin],
) -> None:
    for name, value in later.items():
        here = (*path, name)
        key = dotted(here)
        present = table.get(name)
        if isinstance(value, dict):
            inner = dict(present) if isinstance(present, dict) else {}
            table[name] = inner
            _merge(inner, value, here, source, origins)
            continue
        if source.layer == "project" and isinstance(value, list) and isinstance(present, list):
            table[name] = [*present, *value]
        else:
            table[name] = value
        origins[key] = Origin(source.layer, source.place(key), source.sources.get(key, ""))


def _read_project(path: Path) -> Source:
    where = str(path)
    table = _read_toml(path) or {}
    kept: dict[str, object] = {}
    ignored: list[Mistake] = []
    for key, value in table.items():
        if key in PROJECT_KEYS:
            kept[key] = value
        else:
            ignored.append(_not_for_projects(where, key))
    mistakes = find_mistakes(kept, where)
    if not any(mistake.key.startswith("permissions") for mistake in mistakes):
        kept, refused = _only_denials(kept, where)
        ignored += refused
    return Source("project", kept, {"": where}, (*mistakes, *ignored))


def _only_denials(table: dict[str, object], where: str) -> tuple[dict[str, object], list[Mistake]]:
    permissions = table.get("permissions")
    if not isinstance(permissions, dict):
        return table, []
    rules = permissions.get("rules", [])
    denials = [rule for rule in rules if rule["action"] == "deny"]
    refused = [
        _not_for_projects(where, f"permissions.rules[{index}]", "only action = 'deny' is allowed")
        for index, rule in enumerate(rules)
        if rule["action"] != "deny"
    ]
    return {**table, "permissions": {"rules": denials}}, refused


def _not_for_projects(where: str, key: str, detail: str = "") -> Mistake:
    message = "ignored: a project's file may not set this"
    return Mistake(where, key, message, detail or "Set it in your own file.", "warning")


def _read_environment(environment: Mapping[str, str]) -> Source:
    pairs = {
        key: (variable, environment[variable])
        for variable, key in ENVIRONMENT_KEYS.items()
        if environment.get(variable, "").strip()
    }
    source = _from_pairs("environment", pairs)
    others = {"KOI_HOME", "KOI_CONFIG"}
    unknown = tuple(
        Mistake(name, "", "unknown variable, ignored", f"Did you mean {near}?", "warning")
        for name in environment
        if name.startswith("KOI_")
        and name not in ENVIRONMENT_KEYS
        and name not in others
        and (near := nearest(name, ENVIRONMENT_KEYS))
        and near[:6] == name[:6]
    )
    return msgspec.structs.replace(source, mistakes=(*source.mistakes, *unknown))


def _from_pairs(layer: Layer, pairs: Mapping[str, tuple[str, object]]) -> Source:
    table: dict[str, object] = {}
    mistakes: list[Mistake] = []
    for key, (place, value) in pairs.items():
        *path, last = split_key(key)
        single: dict[str, object] = {last: value}
        for part in reversed(path):
            single = {part: single}
        mistakes += find_mistakes(single, place)
        _merge(table, single, (), Source(layer, {}, {"": place}), {})
    return Source(layer, table, {key: place for key, (place, _) in pairs.items()}, tuple(mistakes))


def _option(key: str) -> str:
    return f"--{split_key(key)[-1].replace('_', '-')}"
