"""The configuration: its mistakes, the keys that stand in it, and itself without them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from koi.cli.doctor.report import Check, Section, note, ok, problem

if TYPE_CHECKING:
    from koi.cli.options import GlobalOptions

_LARGEST = 1024 * 1024
_SECRET = re.compile(
    r"key|token|secret|password|credential|authorization|cookie|headers", re.IGNORECASE
)
_TELLS_NO_SECRET = re.compile(r"(_env|_url)\Z|\Acredentials\Z")
"""Names of variables, addresses of logins, and the table of what the person allowed."""
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*\Z|(?:\$\{[A-Za-z_][A-Za-z0-9_]*\})+\Z")


def configuration(options: GlobalOptions) -> Section:
    """The mistakes that `koi config check` names, but for the permission rules."""
    from koi.cli.config import find_mistakes
    from koi.core.errors import KoiError

    try:
        mistakes = find_mistakes(options)
    except KoiError as error:
        return Section("Configuration", (problem(error.title, error.hint),))
    checks: list[Check] = []
    for mistake in mistakes:
        text = f"{mistake.place}: {mistake.message}"
        make = problem if mistake.severity == "error" else note
        checks.append(make(text, mistake.hint))
    file = options.paths.config_file
    state = "no mistakes" if file.exists() else "no such file, so all is default"
    return Section("Configuration", tuple(checks) or (ok(f"{file}: {state}"),))


def keys_in(path: Path) -> list[str]:
    """The keys that stand in a file themselves; none when it cannot be read."""
    table = _table(path)
    return [] if table is None else [value for value in _secrets(table, secret=False) if value]


def without_keys(path: Path) -> str:
    """The file with its values, but for keys; comments, which may hold old keys, are left out."""
    import tomlkit

    table = _table(path)
    if table is None:
        return "# It is not there, or is no TOML.\n"
    return tomlkit.dumps(_cleaned(table))


def _table(path: Path) -> dict[str, object] | None:
    try:
        if path.stat().st_size > _LARGEST:
            return None
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _secrets(value: object, *, secret: bool) -> Iterator[str]:
    match value:
        case str() if secret and not _VARIABLE.match(value):
            yield value
        case dict():
            for name, inner in value.items():
                yield from _secrets(inner, secret=secret or _is_secret(name))
        case list():
            for inner in value:
                yield from _secrets(inner, secret=secret)


def _cleaned(table: dict[str, object], *, secret: bool = False) -> dict[str, object]:
    return {name: _clean(value, secret=secret or _is_secret(name)) for name, value in table.items()}


def _clean(value: object, *, secret: bool) -> object:
    from koi.core.redaction import REDACTED, redact

    match value:
        case str() if secret:
            return value if _VARIABLE.match(value) else REDACTED
        case str():
            return redact(value)
        case dict():
            return _cleaned(value, secret=secret)
        case list():
            return [_clean(inner, secret=secret) for inner in value]
        case _:
            return value


def _is_secret(name: str) -> bool:
    return _SECRET.search(name) is not None and _TELLS_NO_SECRET.search(name) is None
