"""Finds every mistake in a configuration layer: unknown keys, wrong types, values out of range."""

from __future__ import annotations

import difflib
import types
import typing
from typing import Literal, TypeAlias

import msgspec

from koi.config.schema import NOT_IN_EFFECT, Tables

_TYPES = {
    "str": "text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}
Severity: TypeAlias = Literal["error", "warning"]


class Mistake(msgspec.Struct, frozen=True):
    """One finding. `where` is a file, a variable or an option; `key` is dotted."""

    where: str
    key: str
    message: str
    hint: str = ""
    severity: Severity = "error"

    @property
    def place(self) -> str:
        """Where it is, for people: the file and the key."""
        return f"{self.where}: {self.key}" if self.key else self.where


def find_mistakes(table: dict[str, object], where: str) -> tuple[Mistake, ...]:
    """Everything wrong in `table` (errors), and keys without effect in this version (warnings)."""
    found: list[Mistake] = []
    _check(table, Tables, (), where, found)
    wrong = {mistake.key for mistake in found}
    found += (mistake for mistake in _without_effect(table, where) if mistake.key not in wrong)
    return tuple(found)


def dotted(path: tuple[str, ...]) -> str:
    """A path as TOML writes it: parts that are not bare keys are quoted."""
    return ".".join(part if _bare(part) else f'"{part}"' for part in path)


def split_key(key: str) -> tuple[str, ...]:
    """The parts of a dotted key; parts in double or single quotes may hold dots."""
    parts: list[str] = []
    rest = key
    while True:
        if rest[:1] in ('"', "'") and (end := rest.find(rest[0], 1)) > 0:
            part, rest = rest[1:end], rest[end + 1 :]
        else:
            end = rest.find(".")
            part, rest = (rest, "") if end < 0 else (rest[:end], rest[end:])
        parts.append(part)
        if not rest.startswith("."):
            return tuple(parts)
        rest = rest[1:]


def nearest(name: str, names: typing.Iterable[str]) -> str | None:
    """The name that was probably meant."""
    near = difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)
    return near[0] if near else None


def _bare(part: str) -> bool:
    return bool(part) and all(c.isascii() and (c.isalnum() or c in "_-") for c in part)


def _check(
    value: object, expected: object, path: tuple[str, ...], where: str, found: list[Mistake]
) -> None:
    expected = without_none(expected)
    if isinstance(expected, type) and issubclass(expected, msgspec.Struct):
        _check_struct(value, expected, path, where, found)
        return
    arguments = typing.get_args(expected)
    match typing.get_origin(expected):
        case origin if origin is dict and isinstance(value, dict):
            for key, item in value.items():
                _check(item, arguments[1], (*path, key), where, found)
        case origin if origin is tuple and isinstance(value, list):
            for index, item in enumerate(value):
                _check(item, arguments[0], (*path[:-1], f"{path[-1]}[{index}]"), where, found)
        case _:
            _check_leaf(value, expected, path, where, found)


def _check_struct(
    value: object,
    struct: type[msgspec.Struct],
    path: tuple[str, ...],
    where: str,
    found: list[Mistake],
) -> None:
    if not isinstance(value, dict):
        found.append(Mistake(where, _show(path), f"expected a table, got {_name(value)}"))
        return
    fields = {field.name: field for field in msgspec.structs.fields(struct)}
    for key, item in value.items():
        if key in fields:
            _check(item, fields[key].type, (*path, key), where, found)
            continue
        near = nearest(key, fields)
        known = ", ".join(fields)
        hint = f"Did you mean {near}?" if near else f"Known here: {known}."
        found.append(Mistake(where, _show((*path, key)), "unknown key", hint))
    for name, field in fields.items():
        if field.required and name not in value:
            found.append(Mistake(where, _show(path), f"the key '{name}' is missing"))


def _check_leaf(
    value: object, expected: object, path: tuple[str, ...], where: str, found: list[Mistake]
) -> None:
    if (wrong := wrong_value(value, expected)) is not None:
        found.append(Mistake(where, _show(path), *wrong))


def wrong_value(value: object, expected: object) -> tuple[str, str] | None:
    """Why `value` does not fit a type, and a hint; None when it fits."""
    try:
        msgspec.convert(value, expected)
    except msgspec.ValidationError as error:
        if typing.get_origin(expected) is Literal:
            choices = [str(choice) for choice in typing.get_args(expected)]
            near = nearest(value, choices) if isinstance(value, str) else None
            hint = f"Did you mean {near}? " if near else ""
            return f"{value!r} is not one of its choices", f"{hint}One of: {', '.join(choices)}."
        message = str(error).partition(" - at ")[0]
        for name, words in _TYPES.items():
            message = message.replace(f"`{name}`", words)
        return message[:1].lower() + message[1:], ""
    return None


def without_none(expected: object) -> object:
    """The type that an optional one has when it is there; other types as they are."""
    if isinstance(expected, types.UnionType) or typing.get_origin(expected) is typing.Union:
        rest = [part for part in typing.get_args(expected) if part is not type(None)]
        return rest[0] if len(rest) == 1 else expected
    return expected


def _show(path: tuple[str, ...]) -> str:
    return ".".join(part if _bare(part.partition("[")[0]) else f'"{part}"' for part in path)


def _name(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return type(value).__name__


def _without_effect(table: dict[str, object], where: str) -> typing.Iterator[Mistake]:
    for pattern, feature in NOT_IN_EFFECT.items():
        for path in _present(table, tuple(pattern.split(".")), ()):
            message = f"known, but has no effect in this version ({feature})"
            yield Mistake(where, dotted(path), message, severity="warning")


def _present(
    table: object, pattern: tuple[str, ...], path: tuple[str, ...]
) -> typing.Iterator[tuple[str, ...]]:
    """The paths that match a pattern."""
    if not pattern:
        yield path
        return
    if not isinstance(table, dict):
        return
    for key, value in table.items():
        if pattern[0] in ("*", key):
            yield from _present(value, pattern[1:], (*path, key))
