"""Single values of the configuration by their dotted key: their type, their text, their value."""

from __future__ import annotations

import re
import tomllib
import typing

import msgspec

from koi.config.config import Config
from koi.config.mistakes import nearest, split_key, without_none, wrong_value
from koi.config.schema import Tables
from koi.core.errors import UsageError

SECRET_FIELDS = ("api_key", "api_keys", "headers")
_REFERENCE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_SCHEMES = ("", "bearer", "basic", "token")
"""What may stand beside a reference to a variable and is no key."""


def _expected_type(key: str) -> object:
    """The type of the value at a dotted key. Raises UsageError with the nearest key."""
    expected: object = Tables
    path = split_key(key)
    for index, part in enumerate(path):
        expected = without_none(expected)
        if typing.get_origin(expected) is dict:
            expected = typing.get_args(expected)[1]
            continue
        fields = _fields(expected)
        if part not in fields:
            near = nearest(part, fields)
            before = ".".join(path[:index])
            place = f" in {before}" if before else ""
            hint = f"Did you mean {near}?" if near else f"Known: {', '.join(fields)}."
            if not fields:
                place, hint = "", f"{before} is a single value."
            raise UsageError(f"there is no key '{part}'{place}", hint=hint)
        expected = fields[part]
    return without_none(expected)


def read_value(key: str, text: str) -> object:
    """What `text` means as the value of `key`: TOML, or for text the characters themselves.

    Raises UsageError for an unknown key, and for text that is no value of its type.
    """
    expected = _expected_type(key)
    plain = expected is str or typing.get_origin(expected) is typing.Literal
    try:
        value: object = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        if not plain:
            raise UsageError(
                f"'{text}' is not a TOML value",
                hint=f'{key} takes one like: true, 5, ["a", "b"].',
            ) from error
        value = text
    if plain and not isinstance(value, int | str):
        value = text
    if plain and isinstance(value, int) and expected is str:
        value = text
    if (wrong := wrong_value(value, expected)) is not None:
        raise UsageError(f"{key}: {wrong[0]}", hint=f"{wrong[1]} Nothing was changed.".strip())
    return value


def value_at(config: Config, key: str) -> object:
    """The value at a dotted key, strings as written, None when it is not set.

    Keys in a file are masked. Raises UsageError for an unknown key.
    """
    _expected_type(key)
    value: object = msgspec.to_builtins(config.tables)
    for part in split_key(key):
        value = value.get(part) if isinstance(value, dict) else None
    secret = any(part in SECRET_FIELDS for part in split_key(key))
    return masked(value, secret=secret)


def masked(value: object, *, secret: bool) -> object:
    """`value` without keys; references to variables stay as they are."""
    match value:
        case dict():
            return {
                key: masked(item, secret=secret or key in SECRET_FIELDS)
                for key, item in value.items()
                if item is not None
            }
        case list() | tuple():
            return [masked(item, secret=secret) for item in value]
        case str() if secret and _REFERENCE.sub("", value).strip().lower() not in _SCHEMES:
            return f"…{value[-4:]}" if len(value) >= 12 else "…"
        case _:
            return value


def _fields(expected: object) -> dict[str, object]:
    if isinstance(expected, type) and issubclass(expected, msgspec.Struct):
        return {field.name: field.type for field in msgspec.structs.fields(expected)}
    return {}
