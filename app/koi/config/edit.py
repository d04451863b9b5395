"""Changes the user's file, keeping its comments and order; nothing invalid is ever written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from koi.config.keys import read_value
from koi.config.load import parse_toml
from koi.config.mistakes import Mistake, dotted, split_key
from koi.config.paths import Paths
from koi.config.shapes.translate import translate_own
from koi.core.errors import ConfigurationError
from koi.files.atomic import create_private_folder, write_atomic

if TYPE_CHECKING:
    import tomlkit


def set_value(paths: Paths, key: str, text: str) -> None:
    """Write `text` as the value of the dotted `key`, creating the file with mode 0600 if needed.

    Raises UsageError for an unknown key or a wrong value, ConfigurationError when the file is
    wrong or cannot take the key, StorageError when it cannot be written. Then it is unchanged.
    """
    value, path = read_value(key, text), split_key(key)
    _refuse_other_key(paths, path)
    set_values(paths, {path: value})


def set_values(
    paths: Paths, values: Mapping[tuple[str, ...], object], *, private: bool = False
) -> None:
    """Write several values at their paths, all or none; None removes what is there.

    `private` closes an existing file to others (0600). Raises ConfigurationError when the file is
    wrong or cannot take a key, StorageError when it cannot be written. Then it is unchanged.
    """
    import tomlkit

    path, where = paths.config_file, str(paths.config_file)
    old = _content(paths)
    before = translate_own(parse_toml(old, where), where).mistakes
    document = tomlkit.parse(old.decode("utf-8-sig"))
    for key, value in values.items():
        _assign(document, key, value, where)
    new = tomlkit.dumps(document).encode()
    _refuse_new_mistakes(before, translate_own(parse_toml(new, where), where).mistakes)
    if not path.parent.exists():
        create_private_folder(path.parent)
    write_atomic(path, new, mode=0o600 if private or not path.exists() else None)


def read_user_table(paths: Paths) -> dict[str, object]:
    """The file as it stands, empty when there is none. Raises ConfigurationError."""
    return parse_toml(_content(paths), str(paths.config_file))


def _refuse_other_key(paths: Paths, path: tuple[str, ...]) -> None:
    """Raise ConfigurationError when the file says a value in another shape's key already."""
    where = str(paths.config_file)
    source = translate_own(read_user_table(paths), where).sources.get(dotted(path))
    if source is not None:
        raise ConfigurationError(
            f"{dotted(path)} is written as {source} here",
            where=where,
            hint=f"Change {source} in {where}, or remove it first. Nothing was changed.",
        )


def _assign(
    document: tomlkit.TOMLDocument, path: tuple[str, ...], value: object, where: str
) -> None:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError
    from tomlkit.items import InlineTable, Table

    *outer, last = path
    table: tomlkit.TOMLDocument | Table | InlineTable = document
    try:
        for index, part in enumerate(outer, start=1):
            if part not in table:
                only_tables = index < len(outer) or isinstance(value, dict)
                table[part] = tomlkit.table(is_super_table=only_tables)
            inner = table[part]
            if not isinstance(inner, Table | InlineTable):
                raise ConfigurationError(
                    f"{part} is not a table", where=where, hint=f"Set {last} in the file itself."
                )
            table = inner
        if value is None:
            table.pop(last, None)
            _drop_empty(document, outer)
        else:
            table[last] = value
    except TOMLKitError as error:
        raise ConfigurationError(
            f"cannot set {dotted(path)}: {error}", where=where, hint="Set it in the file itself."
        ) from error


def _drop_empty(document: tomlkit.TOMLDocument, path: Sequence[str]) -> None:
    """Remove a table in which nothing is left, not even a comment; and those that it was alone in.

    What is not there any more leaves no empty heading behind.
    """
    from tomlkit.items import Table

    for length in range(len(path), 0, -1):
        *outer, last = path[:length]
        parent: tomlkit.TOMLDocument | Table = document
        for part in outer:
            inner = parent[part]
            if not isinstance(inner, Table):
                return
            parent = inner
        table = parent.get(last)
        if not isinstance(table, Table) or len(table) or table.as_string().strip():
            return
        parent.remove(last)


def _content(paths: Paths) -> bytes:
    try:
        return paths.config_file.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise ConfigurationError(
            f"cannot be read: {error.strerror}",
            where=str(paths.config_file),
            hint="koi needs to read this file before it changes it.",
        ) from error


def _refuse_new_mistakes(before: tuple[Mistake, ...], after: tuple[Mistake, ...]) -> None:
    for mistake in after:
        if mistake.severity == "error" and mistake not in before:
            raise ConfigurationError(mistake.message, where=mistake.place, hint=mistake.hint)
