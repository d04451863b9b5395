"""What an import of another program's configuration would change in koi's file."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator

import msgspec

from koi.config.documents import read_document
from koi.config.edit import read_user_table, set_values
from koi.config.interpolation import variables
from koi.config.keys import SECRET_FIELDS
from koi.config.mistakes import Mistake, dotted, find_mistakes, without_none
from koi.config.paths import Paths
from koi.config.schema import Tables
from koi.config.shapes.draft import KEY_FIELDS, NO_COUNTERPART, show
from koi.config.shapes.translate import original_key, translate_foreign, translate_own
from koi.core.errors import ConfigurationError

SHAPES = (
    "koi reads TOML with [provider], default_provider, [models] or its own keys, YAML with a "
    "providers: map, and agents.config.json."
)
Path = tuple[str, ...]


class Setting(msgspec.Struct, frozen=True):
    """One value that an import sets, and the key that it comes from."""

    path: Path
    value: object
    source: str
    present: object = None
    """The different value that koi's file has now, None when it has none."""
    replaces: Path | None = None
    """Another key that says the same, which is removed."""

    @property
    def key(self) -> str:
        """Its dotted key."""
        return dotted(self.path)


class ImportPlan(msgspec.Struct, frozen=True):
    """Everything that a person wants to see before anything is written."""

    shape: str
    settings: tuple[Setting, ...]
    """Values that koi's file does not have yet, or has otherwise."""
    unchanged: int
    """How many values are there already."""
    notes: tuple[Mistake, ...]
    table: dict[str, object]
    """All of it, as koi's tables."""

    @property
    def conflicts(self) -> tuple[Setting, ...]:
        """Settings that take the place of a different value."""
        return tuple(setting for setting in self.settings if setting.present is not None)


def plan_import(
    content: bytes, where: str, paths: Paths, slug: Callable[[str], str | None]
) -> ImportPlan:
    """Read a document; `where` names it, `slug` knows the aliases of providers.

    Raises ConfigurationError when it cannot be read, has no known shape, or holds a wrong value.
    """
    document, kind = read_document(content, where)
    translation = translate_foreign(document, kind, where, slug)
    if translation is None:
        raise ConfigurationError(f"not a {kind} that koi can read", where=where, hint=SHAPES)
    table, dropped = _known(translation.table, Tables, ())
    assert isinstance(table, dict)
    notes = [Mistake(where, key, NO_COUNTERPART, severity="warning") for key in dropped]
    for empty in _without_empty_keys(table):
        source = original_key(dotted(empty), translation.sources)
        notes.append(Mistake(where, source, "is empty, left out", severity="warning"))
    found = find_mistakes(table, where)
    named = [
        msgspec.structs.replace(each, key=original_key(each.key, translation.sources))
        for each in found
    ]
    _refuse((*translation.mistakes, *named))
    settings = tuple(
        Setting(path, value, original_key(dotted(path), translation.sources))
        for path, value in _leaves(table, ())
    )
    if not settings and not translation.mistakes:
        raise ConfigurationError("no setting that koi knows", where=where, hint=SHAPES)
    notes += [*translation.mistakes, *named, *_literal_keys(settings, where)]
    own = translate_own(read_user_table(paths), str(paths.config_file)).table
    changed = tuple(change for each in settings if (change := _change(each, own)) is not None)
    shape = " and ".join(translation.shapes) or "koi's own keys"
    return ImportPlan(shape, changed, len(settings) - len(changed), tuple(notes), table)


def apply_import(plan: ImportPlan, paths: Paths) -> None:
    """Write a plan, keeping the comments of the file. Raises ConfigurationError, StorageError."""
    values: dict[Path, object] = {}
    for setting in plan.settings:
        values[setting.path] = setting.value
        if setting.replaces is not None:
            values[setting.replaces] = None
    private = any(_literal(setting.path, setting.value) for setting in plan.settings)
    set_values(paths, values, private=private)


def _known(value: object, expected: object, path: Path) -> tuple[object, list[str]]:
    """`value` without the keys that koi does not know, and those keys."""
    expected = without_none(expected)
    arguments = typing.get_args(expected)
    origin = typing.get_origin(expected)
    dropped: list[str] = []
    if isinstance(value, dict):
        kept: dict[str, object] = {}
        fields: dict[str, object] | None = None
        if isinstance(expected, type) and issubclass(expected, msgspec.Struct):
            fields = {field.name: field.type for field in msgspec.structs.fields(expected)}
        elif origin is not dict:
            return value, []
        for key, inner in value.items():
            if fields is not None and key not in fields:
                dropped.append(show((*path, key)))
                continue
            of = arguments[1] if fields is None else fields[key]
            kept[key], more = _known(inner, of, (*path, key))
            dropped += more
        return kept, dropped
    if isinstance(value, list) and origin is tuple:
        items: list[object] = []
        for index, inner in enumerate(value):
            item, more = _known(inner, arguments[0], (*path[:-1], f"{path[-1]}[{index}]"))
            items.append(item)
            dropped += more
        return items, dropped
    return value, []


def _without_empty_keys(table: dict[str, object]) -> list[Path]:
    """Remove keys of providers that are empty, and return where they were."""
    providers = table.get("providers")
    tables = providers if isinstance(providers, dict) else {}
    removed: list[Path] = []
    for name, provider in tables.items():
        written = provider.get("api_key") if isinstance(provider, dict) else None
        if isinstance(written, str) and not written.strip():
            del provider["api_key"]
            removed.append(("providers", name, "api_key"))
    return removed


def _refuse(mistakes: tuple[Mistake, ...]) -> None:
    errors = [mistake for mistake in mistakes if mistake.severity == "error"]
    if not errors:
        return
    first, *others = errors
    more = f" {len(others)} more: {', '.join(each.key for each in others)}." if others else ""
    raise ConfigurationError(
        first.message, where=first.place, hint=f"{first.hint}{more} Nothing was written.".strip()
    )


def _leaves(table: dict[str, object], path: Path) -> Iterator[tuple[Path, object]]:
    for key, value in table.items():
        here = (*path, key)
        if isinstance(value, dict) and value:
            yield from _leaves(value, here)
        elif not isinstance(value, dict) or len(here) > 2:
            yield here, value


def _change(setting: Setting, own: dict[str, object]) -> Setting | None:
    """The setting with what it replaces; None when koi's file says so already."""
    *outer, last = setting.path
    table: object = own
    for part in outer:
        table = table.get(part) if isinstance(table, dict) else None
    table = table if isinstance(table, dict) else {}
    if last in table:
        present = table[last]
        if present == setting.value or (setting.value == {} and isinstance(present, dict)):
            return None
        return msgspec.structs.replace(setting, present=present)
    if last in KEY_FIELDS and outer[0] == "providers":
        for twin in KEY_FIELDS:
            if twin in table:
                replaces = (*outer, twin)
                return msgspec.structs.replace(setting, present=table[twin], replaces=replaces)
    return setting


def _literal_keys(settings: tuple[Setting, ...], where: str) -> Iterator[Mistake]:
    for setting in settings:
        if _literal(setting.path, setting.value):
            yield Mistake(
                where,
                setting.source,
                "holds the key itself; koi's file keeps it as it is, readable by you alone",
                'Better: put it in a variable, and write "${VARIABLE}" instead.',
                "warning",
            )


def _literal(path: Path, value: object) -> bool:
    """True when a key stands in `value` itself, not only the name of a variable."""
    match value:
        case list():
            return any(_literal(path, each) for each in value)
        case dict():
            return any(_literal((*path, key), inner) for key, inner in value.items())
        case str():
            header = path[-2:-1] == ("headers",)
            words = ("auth", "key", "token") if header else ()
            secret = path[-1] in SECRET_FIELDS or any(word in path[-1].lower() for word in words)
            return secret and bool(value) and not variables(value, with_default=True)
        case _:
            return False
