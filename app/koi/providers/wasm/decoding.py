"""What a plugin wrote, decoded strictly: a wrong type is an error that says where."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from koi.core.errors import ErrorKind, ProviderError
from koi.providers.wasm.failures import plugin_error

MAX_MESSAGE = 2000
_Wanted = TypeVar("_Wanted")


def decode(written: bytes, wanted: type[_Wanted], plugin: str, function: str) -> _Wanted:
    """The value in `written`. Raises ProviderError (protocol) that says what is wrong."""
    try:
        return msgspec.json.decode(written, type=wanted)
    except msgspec.ValidationError as error:
        problem = f"{function}: its answer is not as agreed: {error}"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        problem = f"{function}: its answer is not JSON: {error or 'nested too deeply'}"
    raise plugin_error(plugin, problem[:MAX_MESSAGE])


def refusal(kind: ErrorKind, message: str) -> ProviderError:
    """An error that a plugin reports, in its words."""
    return ProviderError(message[:MAX_MESSAGE] or "The provider reports an error", kind=kind)
