"""Changes the user's file, keeping its comments and order; nothing invalid is ever written."""

from __future__ import annotations

from koi.config.keys import read_value
from koi.config.load import parse_toml
from koi.config.mistakes import Mistake, find_mistakes, split_key
from koi.config.paths import Paths
from koi.core.errors import ConfigurationError
from koi.files.atomic import create_private_folder, write_atomic


def set_value(paths: Paths, key: str, text: str) -> None:
    """Write `text` as the value of the dotted `key`, creating the file with mode 0600 if needed.

    Raises UsageError for an unknown key or a wrong value, ConfigurationError when the file is
    wrong or cannot take the key, StorageError when it cannot be written. Then it is unchanged.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError
    from tomlkit.items import InlineTable, Table

    value = read_value(key, text)
    path, where = paths.config_file, str(paths.config_file)
    old = _content(paths)
    before = find_mistakes(parse_toml(old, where), where)
    document = tomlkit.parse(old.decode("utf-8-sig"))
    *outer, last = split_key(key)
    table: tomlkit.TOMLDocument | Table | InlineTable = document
    try:
        for part in outer:
            if part not in table:
                table[part] = tomlkit.table(is_super_table=part != outer[-1])
            inner = table[part]
            if not isinstance(inner, Table | InlineTable):
                raise ConfigurationError(
                    f"{part} is not a table", where=where, hint=f"Set {key} in the file itself."
                )
            table = inner
        table[last] = value
    except TOMLKitError as error:
        raise ConfigurationError(
            f"cannot set {key}: {error}", where=where, hint="Set it in the file itself."
        ) from error
    new = tomlkit.dumps(document).encode()
    _refuse_new_mistakes(before, find_mistakes(parse_toml(new, where), where))
    if not path.parent.exists():
        create_private_folder(path.parent)
    write_atomic(path, new, mode=None if path.exists() else 0o600)


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
