"""What stands between the tags of a call: JSON, XML, or a name with its arguments."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NoReturn

import msgspec

from koi.core.messages import JsonObject, ToolSchema

UNREADABLE = "unreadable"
"""The name of a call that names no tool."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_GUESS = re.compile(r"[\[{\s]*\"(?:name|tool)\"\s*:\s*\"([A-Za-z0-9_-]{1,64})\"")
_NAME_KEYS = ("name", "tool", "tool_name", "function")
_ARGUMENT_KEYS = ("arguments", "args", "parameters", "input")
_FENCE = re.compile(r"```\w*\s*(.*?)\s*(?:```)?\Z", re.DOTALL)
_NESTED = re.compile(
    r"<(?:function=|\|?(?:invoke|tool[_-]?call|function[_-]?call)\b)([^<>]*)>", re.I
)
_NAMED = re.compile(r"""\bname\s*=\s*["']?([^"'\s/>]+)""")
_CHILD = re.compile(r"<([A-Za-z_][\w.:-]*)([^<>]*)>")
_PARAMETER_NAME = re.compile(r"""\s*(?:name)?\s*=\s*["']?([^"'>]+?)["']?\s*\Z""")
_LIMIT = 64
"""Calls in one tag."""
_DEPTH = 2
"""Tags of calls inside of one another."""


class WrittenCall(msgspec.Struct, frozen=True):
    """A call as a model wrote it. `arguments` is None when it cannot be read: `raw` has it all."""

    name: str
    arguments: JsonObject | None
    raw: str


def first_name(body: str) -> str:
    """The tool that the beginning of a body names, "" when it does not yet."""
    found = _GUESS.match(body)
    return found[1] if found else ""


def read_calls(
    body: str, name: str, tools: Mapping[str, ToolSchema], depth: int = 0
) -> tuple[WrittenCall, ...]:
    """The calls of one tag, at least one. `name` is the tool that the tag itself names."""
    text = body.strip()
    if fenced := _FENCE.match(text):
        text = fenced[1]
    try:
        if text.startswith(("{", "[")):
            calls = _from_json(_decode(text), name)
        else:
            calls = _from_markup(text, name, tools, depth)
    except ValueError:
        return (WrittenCall(fitting(name) or first_name(text) or UNREADABLE, None, body),)
    return tuple(WrittenCall(called, arguments, body) for called, arguments in calls)


def read_fenced(body: str, *, tagged: bool) -> tuple[str, JsonObject] | None:
    """The call of a fenced block, None for any other JSON.

    A block of plain JSON must be exactly {"tool", "args"}; one whose fence says tool_call
    (`tagged`) may be written as between tags.
    """
    try:
        value = _decode(body)
        if not isinstance(value, dict) or not (tagged or set(value) == {"tool", "args"}):
            return None
        [call] = _from_json(value, "")
    except ValueError:
        return None
    return call


def _decode(text: str) -> object:
    """JSON; line breaks inside of strings are accepted. Raises ValueError."""
    try:
        value: object = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        try:
            value = json.loads(text, strict=False, parse_constant=_refuse)
            msgspec.json.encode(value)
        except (RecursionError, UnicodeError) as error:
            raise ValueError from error
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _from_json(value: object, name: str) -> list[tuple[str, JsonObject]]:
    if isinstance(value, dict) and isinstance(value.get("tool_calls"), list):
        value = value["tool_calls"]
    if isinstance(value, list):
        if not 1 <= len(value) <= _LIMIT:
            raise ValueError
        return [_from_object(each, name) for each in value]
    return [_from_object(value, name)]


def _from_object(value: object, name: str) -> tuple[str, JsonObject]:
    if not isinstance(value, dict):
        raise ValueError
    given: JsonObject = value
    function = given.get("function")
    if isinstance(function, dict):
        given = function
    names = [found for key in _NAME_KEYS if isinstance(found := given.get(key), str)]
    inner = names[0] if names else ""
    keys = [key for key in _ARGUMENT_KEYS if key in given]
    if name and not (inner == name and keys):
        return _checked(name), given
    if not keys and set(given) - {*_NAME_KEYS, "id", "type"}:
        raise ValueError
    return _checked(inner), _arguments(given[keys[0]] if keys else None)


def _arguments(given: object) -> JsonObject:
    if isinstance(given, str):
        given = _decode(given) if given.strip() else None
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ValueError
    return given


def _from_markup(
    text: str, name: str, tools: Mapping[str, ToolSchema], depth: int
) -> list[tuple[str, JsonObject]]:
    if not name and _NESTED.match(text):
        return _nested(text, tools, depth + 1)
    if not name and not text.startswith("<"):
        name = re.split(r"[\s<{]", text, maxsplit=1)[0]
        text = text[len(name) :].strip()
        if text.startswith("{"):
            return _from_json(_decode(text), _checked(name))
    if not name:
        return [_from_object(_children(text, {}), "")]
    schema = tools[name].parameters if name in tools else {}
    return [(_checked(name), _children(text, schema))]


def _nested(text: str, tools: Mapping[str, ToolSchema], depth: int) -> list[tuple[str, JsonObject]]:
    """<invoke name="NAME">…</invoke> and <function=NAME>…</function>, several in a row."""
    calls: list[tuple[str, JsonObject]] = []
    at = 0
    while at < len(text):
        opened = _NESTED.match(text, at)
        if opened is None or len(calls) == _LIMIT or depth > _DEPTH:
            raise ValueError
        tag = opened[0][1:].split("=")[0].split()[0].strip("|>")
        name = opened[1].strip(" \"'/")
        if tag.lower() != "function":
            named = _NAMED.search(opened[1])
            name = named[1] if named else ""
        close = re.compile(rf"</\|?{re.escape(tag)}\|?>\s*", re.IGNORECASE).search(
            text, opened.end()
        )
        inner = text[opened.end() : close.start() if close else len(text)]
        [call] = read_calls(inner, name, tools, depth)
        if call.arguments is None:
            raise ValueError
        calls.append((call.name, call.arguments))
        at = close.end() if close else len(text)
    return calls


def _children(text: str, schema: JsonObject) -> JsonObject:
    """Arguments as elements: <parameter name="k">, <parameter=k>, <k>, <arg_key>k</arg_key>…"""
    known = schema.get("properties")
    types = known if isinstance(known, dict) else {}
    found: JsonObject = {}
    key = ""
    at = 0
    while (at := _skip_space(text, at)) < len(text):
        opened = _CHILD.match(text, at)
        if opened is None:
            raise ValueError
        tag = opened[1]
        end = text.find(f"</{tag}>", opened.end())
        if end < 0:
            raise ValueError
        value = text[opened.end() : end]
        at = end + len(tag) + 3
        if tag == "arg_key":
            key = value.strip()
            continue
        if tag == "parameter":
            named = _PARAMETER_NAME.match(opened[2])
            key = named[1] if named else ""
        elif tag != "arg_value":
            key = tag
        if not key or key in found:
            raise ValueError
        found[key] = _typed(value, types.get(key))
        key = ""
    return found


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _typed(value: str, property_schema: object) -> object:
    """A value of an element as what the tool's schema wants; text unless it says otherwise."""
    value = value.removeprefix("\n").removesuffix("\n")
    wanted = property_schema.get("type", "string") if isinstance(property_schema, dict) else None
    if wanted == "string" or (wanted is None and not value.strip().startswith(("{", "["))):
        return value
    try:
        return _decode(value)
    except ValueError:
        return value


def _checked(name: str) -> str:
    if not fitting(name):
        raise ValueError
    return name


def fitting(name: str) -> str:
    """The name when it can be a tool's in every protocol, else ""."""
    return name if _NAME.match(name) else ""
