"""What servers put into the bodies of errors, read into one shape."""

from __future__ import annotations

import re

import msgspec

from koi.core.messages import JsonObject

MAX_MESSAGE = 500
_EVENT = re.compile(r"(?:event:.*\n)?data: ?(\{.*\})")


class ErrorBody(msgspec.Struct, frozen=True):
    """The parts of an error that servers give, whatever they call them. Empty when not given."""

    message: str = ""
    type: str = ""
    code: str = ""
    status: int | None = None
    """A status that the body names, for errors inside a 200."""
    parameter: str = ""
    """The field of the request that is wrong: stream_options, messages[0].role."""


def read_error_body(body: bytes) -> tuple[ErrorBody, object]:
    """The error in a whole response body, and its JSON when it is JSON."""
    text = body.decode("utf-8", "replace").strip()
    if event := _EVENT.match(text):
        # Gateways that had promised a stream send their error as its only event.
        text = event[1]
        body = text.encode()
    if not text.startswith(("{", "[", '"')):
        return ErrorBody(shorten(text)), None
    try:
        value: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return ErrorBody(shorten(text)), None
    if isinstance(value, list) and value:
        value = value[0]
    return read_error(value), value


def read_error(value: object) -> ErrorBody:
    """The error in a JSON value.

    Known shapes: {"error": {message, type, code}}, {"error": "text", "code"}, {"detail": "text"},
    {"detail": [{"msg"}]}, {"object": "error", message, type, code}, {message}, {"__type", Message},
    a bare string.
    """
    if isinstance(value, str):
        return ErrorBody(shorten(value))
    if not isinstance(value, dict):
        return ErrorBody()
    inner = value.get("error")
    if isinstance(inner, dict):
        return _read_object(inner, value)
    if isinstance(inner, str):
        if inner.startswith("{"):
            # Ollama quotes the error of the program that runs the model.
            quoted, inside = read_error_body(inner.encode(errors="replace"))
            if isinstance(inside, dict) and quoted.message:
                return quoted
        return ErrorBody(
            shorten(inner), _word(value.get("type")), _word(value.get("code")), _status(value)
        )
    return _read_object(value, {})


def _read_object(error: JsonObject, outer: JsonObject) -> ErrorBody:
    message = _message(error) or _message(outer)
    upstream = _upstream(error)
    if upstream and upstream not in message:
        message = f"{message}: {upstream}" if message else upstream
    inner = error.get("innererror")
    code = _word(error.get("code"))
    if isinstance(inner, dict) and (reason := _word(inner.get("code"))):
        code = f"{code} {reason}".strip()
    amazon = _word(error.get("__type")).rpartition("#")[2]
    kind = _word(error.get("type")) or _word(error.get("status")) or amazon
    named = _parameter(error)
    return ErrorBody(shorten(message), kind, code, _status(error) or _status(outer), named)


def _message(error: JsonObject) -> str:
    for key in ("message", "Message", "detail", "msg", "error_description", "title"):
        match error.get(key):
            case str() as text if text:
                return text
            case [{"msg": str() as text}, *_] | {"detail": [{"msg": str() as text}, *_]}:
                return text
            case {"message": str() as text}:
                return text
    return ""


def _parameter(error: JsonObject) -> str:
    """`param` of OpenAI and its like, `loc` of those that are made with FastAPI."""
    match error:
        case {"param": str() as name}:
            return name
        case {"detail": [{"loc": [*_, str() as name]}, *_]}:
            return name
        case {"message": {"detail": [{"loc": [*_, str() as name]}, *_]}}:
            return name
    return ""


def _upstream(error: JsonObject) -> str:
    """What the provider behind a gateway said (OpenRouter's error.metadata.raw)."""
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    if not isinstance(raw, str):
        return ""
    inner, _ = read_error_body(raw.encode())
    return inner.message or raw


def _status(error: JsonObject) -> int | None:
    for key in ("status_code", "raw_status_code", "status", "code"):
        value = error.get(key)
        if isinstance(value, str) and value.isdecimal() and len(value) == 3:
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 400 <= value < 600:
            return value
    return None


def _word(value: object) -> str:
    named = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value)[:MAX_MESSAGE] if named else ""


def shorten(text: str, limit: int = MAX_MESSAGE) -> str:
    """At most `limit` characters; an ellipsis says that there was more."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
