"""Arguments of a call that arrive piece by piece, each piece with the path of its value.

https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc
"""

from __future__ import annotations

import re
from typing import TypeAlias

import msgspec

from koi.core.messages import JsonObject
from koi.net.json_text import encode_json
from koi.providers.wire.fields import text

_Steps: TypeAlias = list[str | int]

_STEP = re.compile(
    r"""\.(?P<name>[^.\[\]]+)
      | \[(?P<index>[0-9]{1,9})\]
      | \['(?P<single>(?:[^'\\]|\\.)*)'\]
      | \["(?P<double>(?:[^"\\]|\\.)*)"\]""",
    re.VERBOSE,
)
"""The parts of RFC 9535 that name one value."""
_IN_QUOTES = re.compile(r"\\.|\"", re.DOTALL)
_DEEPEST = 100
_NOTHING = object()


class GrowingArguments:
    """The arguments of one call. Pieces of one string are joined once, when it ends."""

    __slots__ = ("_misplaced", "_open", "_values")

    def __init__(self) -> None:
        self._values: JsonObject = {}
        self._open: dict[str, tuple[_Steps, list[str]]] = {}
        self._misplaced: list[JsonObject] = []
        """Pieces that fit nowhere: the call is not understood then, and must not run."""

    def merge(self, arguments: JsonObject) -> None:
        """Take arguments that came whole."""
        self._values.update(arguments)

    def add(self, piece: JsonObject) -> str:
        """Take a piece; returns its text."""
        path = text(piece, "jsonPath")
        value = _value(piece)
        continues = piece.get("willContinue") is True
        if path in self._open:
            steps, strings = self._open[path]
            if isinstance(value, str):
                strings.append(value)
            elif value is not _NOTHING:
                del self._open[path]
                self._put(steps, value, piece)
            if not continues:
                self._end(path)
        elif value is not _NOTHING or continues:
            steps = _steps(path)
            first = "" if value is _NOTHING else value
            self._put(steps, first, piece)
            if continues and isinstance(first, str):
                self._open[path] = (steps, [first])
        return value if isinstance(value, str) else ""

    def whole(self) -> JsonObject | None:
        """All values, None when pieces did not fit together."""
        for path in list(self._open):
            self._end(path)
        return None if self._misplaced else self._values

    def raw(self) -> str:
        """The arguments as JSON; when pieces do not fit together, a list of those."""
        try:
            return encode_json(self._misplaced or self.whole()).decode()
        except (RecursionError, OverflowError) as error:
            return f"arguments that cannot be written: {error}"

    def _end(self, path: str) -> None:
        if path in self._open:
            steps, strings = self._open.pop(path)
            self._put(steps, "".join(strings), {"jsonPath": path})

    def _put(self, steps: _Steps, value: object, piece: JsonObject) -> None:
        if not _put(self._values, steps, value):
            self._misplaced.append(piece)


def _value(piece: JsonObject) -> object:
    """The value of a piece. Whole numbers are integers, as all numbers are sent as doubles."""
    for key in ("stringValue", "numberValue", "boolValue"):
        match key, piece.get(key):
            case "stringValue", str() as value:
                return value
            case "boolValue", bool() as flag:
                return flag
            case "numberValue", int() | float() as number if not isinstance(number, bool):
                whole = isinstance(number, float) and number.is_integer() and abs(number) < 2**53
                return int(number) if whole else number
    return None if "nullValue" in piece else _NOTHING


def _steps(path: str) -> _Steps:
    """The names and indexes of a path, none for one that names no single value."""
    steps: _Steps = []
    position = 1
    while position < len(path):
        found = _STEP.match(path, position)
        if found is None or len(steps) == _DEEPEST:
            return []
        position = found.end()
        if found["index"]:
            steps.append(int(found["index"]))
            continue
        name = found["name"] or _unquoted(found["single"] or found["double"] or "")
        if name is None:
            return []
        steps.append(name)
    return steps if path.startswith("$") else []


def _unquoted(quoted: str) -> str | None:
    def as_json(found: re.Match[str]) -> str:
        return {"\\'": "'", '"': '\\"'}.get(found[0], found[0])

    try:
        return msgspec.json.decode(f'"{_IN_QUOTES.sub(as_json, quoted)}"', type=str)
    except (msgspec.DecodeError, UnicodeError):
        return None


def _put(values: JsonObject, steps: _Steps, value: object) -> bool:
    """Set the value at a path. False when the path leads through something else."""
    if not steps:
        return False
    place: object = values
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        if isinstance(place, dict) and isinstance(step, str):
            known = place.get(step)
        elif isinstance(place, list) and isinstance(step, int):
            if step > len(place):
                return False
            if step == len(place):
                place.append(None)
            known = place[step]
        else:
            return False
        if following is None:
            known = value
        elif known is None:
            known = [] if isinstance(following, int) else {}
        place[step] = known  # type: ignore[index]  # one of the two containers above
        place = known
    return True
