"""JSON that strangers sent: fast when it is sound, patient with what servers get wrong."""

from __future__ import annotations

import json

import msgspec

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject

_WRONG_ENDPOINT = "Check that base_url and protocol belong together."
_UNSOUND = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_decode = msgspec.json.Decoder().decode
_check = msgspec.json.Decoder(msgspec.Raw).decode


def decode_json(body: bytes) -> object:
    """The value in `body`. Bad UTF-8 and lone surrogates become U+FFFD.

    Raises ProviderError (protocol) for what is no JSON, or nested too deep.
    """
    try:
        return _decode(body)
    except _UNSOUND:
        return _decode_patiently(body)


def decode_object(body: bytes) -> JsonObject:
    """Like decode_json, for what must be an object."""
    try:
        value = _decode(body)
    except _UNSOUND:
        value = _decode_patiently(body)
    if isinstance(value, dict):
        return value
    raise ProviderError(
        "The server sent JSON that is not an object", kind="protocol", hint=_WRONG_ENDPOINT
    )


def is_cut_short(body: bytes) -> bool:
    """True for the beginning of a JSON value, as far as it came."""
    try:
        _check(body)
    except msgspec.DecodeError as error:
        return "truncated" in str(error)
    except (UnicodeDecodeError, RecursionError):
        return False
    return False


def encode_json(value: object) -> bytes:
    """`value` as JSON. Lone surrogates, which file names bring, become U+FFFD."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        builtin = json.dumps(msgspec.to_builtins(value), ensure_ascii=False)
        return _without_surrogates(builtin).encode()


def _without_surrogates(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _decode_patiently(body: bytes) -> object:
    try:
        value = json.loads(body.decode("utf-8", "replace").removeprefix("\ufeff"))
        text = json.dumps(value, ensure_ascii=False)
        if any("\ud800" <= character <= "\udfff" for character in text):
            value = json.loads(_without_surrogates(text))
    except (ValueError, RecursionError) as error:
        start = body[:200].decode("utf-8", "replace")
        raise ProviderError(
            f"The server sent something that is not JSON: {start}",
            kind="protocol",
            hint=_WRONG_ENDPOINT,
        ) from error
    return value
