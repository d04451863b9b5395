"""Reads TOML, YAML and JSON of other programs: bounded, and with the line of a mistake."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from koi.config.load import parse_toml
from koi.config.shapes.translate import Format
from koi.core.errors import ConfigurationError

if TYPE_CHECKING:
    import yaml

MAXIMUM_BYTES = 256 * 1024
MAXIMUM_DEPTH = 24
MAXIMUM_VALUES = 20_000
"""How many values a document may have, counted as often as its anchors repeat them."""
ENDINGS: dict[str, Format] = {".toml": "TOML", ".yaml": "YAML", ".yml": "YAML", ".json": "JSON"}


def read_document(content: bytes, where: str) -> tuple[object, Format]:
    """The document as plain data, and its format: by the ending of `where`, else by its text.

    Raises ConfigurationError with the line for what cannot be read, is too large or too deep.
    """
    if len(content) > MAXIMUM_BYTES:
        raise ConfigurationError(
            f"larger than {MAXIMUM_BYTES // 1024} KiB", where=where, hint="Is it a configuration?"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"line {line}: not UTF-8", where=where) from error
    kind = ENDINGS.get(Path(where).suffix.lower()) or _guess(text)
    try:
        document = _parse(text, content, kind, where)
    except RecursionError as error:
        raise _too_deep(where) from error
    _check(document, where, kind)
    return document, kind


def _guess(text: str) -> Format:
    stripped = text.lstrip()
    if stripped.startswith("{"):
        return "JSON"
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError):
        return "JSON" if stripped.startswith("[") and _is_json(text) else "YAML"
    return "TOML"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _parse(text: str, content: bytes, kind: Format, where: str) -> object:
    match kind:
        case "TOML":
            return parse_toml(content, where)
        case "YAML":
            return _yaml(text, where)
        case "JSON":
            return _json(text, where)


def _json(text: str, where: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigurationError(
            f"line {error.lineno}, column {error.colno}: {error.msg}",
            where=where,
            hint="This is not JSON (comments and commas at the end of a list are not, either).",
        ) from error
    except ValueError as error:
        raise ConfigurationError(f"a number that is too long: {error}", where=where) from error


def _yaml(text: str, where: str) -> object:
    import yaml

    try:
        _check_yaml(text, where)
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ConfigurationError(f"{place}{error.problem or error.context}", where=where) from error
    except yaml.reader.ReaderError as error:
        raise ConfigurationError(
            f"character {error.position}: {error.reason}", where=where
        ) from error
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError) as error:
        # Explicit tags on the wrong text (`!!int ""`) fail as Python does.
        raise ConfigurationError(f"a value that cannot be read: {error}", where=where) from error


def _check_yaml(text: str, where: str) -> None:
    """Refuse what would grow when it is built: depth, and anchors that repeat each other."""
    import yaml

    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        if count > 2 * MAXIMUM_VALUES:
            raise _too_many(where)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAXIMUM_DEPTH:
                raise _too_deep(where, _line(event.start_mark))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is not None and _size(root, {}, where) > MAXIMUM_VALUES:
        raise ConfigurationError(
            "its anchors repeat too much", where=where, hint="Write out what is needed."
        )


def _size(node: yaml.Node, known: dict[int, int], where: str) -> int:
    """The values in a node, each as often as it is repeated. Raises for one inside itself."""
    if (size := known.get(id(node))) is not None:
        if size == 0:
            raise ConfigurationError(
                f"{_line(node.start_mark)}an anchor contains itself", where=where
            )
        return size
    known[id(node)] = 0
    children: list[yaml.Node] = []
    if isinstance(node.value, list):
        for each in node.value:
            children += each if isinstance(each, tuple) else (each,)
    size = 1 + sum(_size(child, known, where) for child in children)
    known[id(node)] = size
    return size


def _check(document: object, where: str, kind: Format) -> None:
    """Refuse what is too large, or what koi's file could not hold."""
    count = 0
    waiting: list[tuple[object, str, int]] = [(document, "", 0)]
    while waiting:
        value, key, depth = waiting.pop()
        count += 1
        if depth > MAXIMUM_DEPTH:
            raise _too_deep(where)
        if count > MAXIMUM_VALUES:
            raise _too_many(where)
        match value:
            case dict():
                for name, inner in value.items():
                    if not isinstance(name, str) or not _is_text(name):
                        raise ConfigurationError(
                            f"{key or 'the top level'}: the key {name!r} is not text",
                            where=where,
                            hint="Put it in quotes.",
                        )
                    waiting.append((inner, f"{key}.{name}" if key else name, depth + 1))
            case list():
                waiting += [(inner, f"{key}[{at}]", depth + 1) for at, inner in enumerate(value)]
            case str() if not _is_text(value):
                raise ConfigurationError(f"{key}: half of a character", where=where)
            case None | bool() | int() | float() | str():
                pass
            case _ if kind == "TOML":
                pass
            case _:
                raise ConfigurationError(
                    f"{key}: a {type(value).__name__} is no setting",
                    where=where,
                    hint="Put it in quotes if it is meant as text.",
                )


def _is_text(text: str) -> bool:
    """False for a lone surrogate, which JSON can write and UTF-8 cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _too_many(where: str) -> ConfigurationError:
    return ConfigurationError("too many values", where=where, hint="Is it a configuration?")


def _line(mark: object) -> str:
    """The place of a YAML mark in words."""
    line = getattr(mark, "line", None)
    return f"line {line + 1}: " if isinstance(line, int) else ""


def _too_deep(where: str, place: str = "") -> ConfigurationError:
    return ConfigurationError(
        f"{place}nested deeper than {MAXIMUM_DEPTH}", where=where, hint="Is it a configuration?"
    )
