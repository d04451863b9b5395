"""Requests through a plugin: the neutral request as JSON in, path, headers and body out, checked.

The plugin decides what is asked, never where or as whom: host, key and framing of HTTP are koi's.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from urllib.parse import unquote

from koi.core.errors import ProviderError
from koi.core.messages import (
    Image,
    JsonObject,
    Message,
    ModelRequest,
    Opaque,
    Part,
    ProviderData,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from koi.net.json_text import encode_json
from koi.providers.wasm.decoding import decode, refusal
from koi.providers.wasm.failures import plugin_error
from koi.providers.wasm.messages import BuiltRequest
from koi.providers.wasm.sandbox import Sandbox
from koi.providers.wire.request import WireOptions, WireRequest

BUILD = "build_request"
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_NOT_THE_PLUGINS = frozenset(
    {
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "cookie",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-api-key",
        "x-goog-api-key",
    }
)


def build(
    sandbox: Sandbox, key_header: str | None, request: ModelRequest, options: WireOptions
) -> WireRequest:
    """The request as the plugin writes it. `key_header` names the header that carries the key.

    Raises ProviderError: protocol for a plugin that fails, network_policy for one that wants
    another address or a header that is not its own, else what the plugin itself reports.
    """
    given = encode_json(neutral(request, options))
    made = sandbox.open().call(BUILD, given)
    built = decode(made, BuiltRequest, sandbox.name, BUILD)
    if built.error is not None:
        raise refusal(built.error.kind, built.error.message)
    if built.body is None:
        raise plugin_error(sandbox.name, f"{BUILD}: its answer has no body")
    _check_path(built.path, sandbox.name)
    for name, value in built.headers.items():
        _check_header(name, value, key_header, sandbox.name)
    return WireRequest(built.path, built.headers, built.body)


def neutral(request: ModelRequest, options: WireOptions) -> JsonObject:
    """A request as plugins get it. Opaque data of other families is left out."""
    names = {call.id: call.name for message in request.messages for call in message.tool_calls}
    written: JsonObject = {
        "model": request.model,
        "stream": options.stream,
        "system": request.system,
        "messages": [_message(each, names, options.family) for each in request.messages],
        "tools": request.tools,
        "stop": request.stop,
    }
    optional: JsonObject = {
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "tool_choice": request.tool_choice,
        "output_limit": options.output_limit,
    }
    return written | {key: value for key, value in optional.items() if value is not None}


def _message(message: Message, names: Mapping[str, str], family: str) -> JsonObject:
    parts = [_part(part, names, family) for part in message.parts]
    return {"role": message.role, "parts": [part for part in parts if part]}


def _part(part: Part, names: Mapping[str, str], family: str) -> JsonObject:
    """A part with its tag; empty for one that is of no use to this provider."""
    match part:
        case Text(text=text, provider_data=data):
            return {"type": "text", "text": text, **_own(data, family)}
        case Reasoning(text=text, provider_data=data):
            return {"type": "reasoning", "text": text, **_own(data, family)}
        case Image():
            return _image(part)
        case ToolCall():
            return {
                "type": "tool_call",
                "id": part.id,
                "name": part.name,
                "arguments": part.arguments,
                "arguments_raw": part.arguments_raw,
                **_own(part.provider_data, family),
            }
        case ToolResult():
            return {
                "type": "tool_result",
                "call_id": part.call_id,
                "name": names.get(part.call_id, ""),
                "content": part.content,
                "ok": part.ok,
                "images": [_image(image) for image in part.images],
            }
        case Opaque():
            return {}


def _own(data: ProviderData | None, family: str) -> JsonObject:
    return {} if data is None or data.family != family else {"data": data.data}


def _image(image: Image) -> JsonObject:
    encoded = base64.b64encode(image.data).decode()
    return {"type": "image", "media_type": image.media_type, "data": encoded}


def _check_path(path: str, plugin: str) -> None:
    """Raises ProviderError (network_policy) for a path that could leave the base URL."""
    route = unquote(path.partition("?")[0])
    sound = (
        path.startswith("/")
        and len(path) <= 2000
        and all("!" <= character <= "~" for character in path)
        and not set('\\#"<>') & set(path)
        and "//" not in route
        and "://" not in path
        and "\\" not in route
        and "%" not in route
        and not {".", ".."} & set(route.split("/"))
    )
    if not sound:
        raise _forbidden(plugin, f"wants the path {path[:200]!r}, which could leave its base URL")


def _check_header(name: str, value: str, key_header: str | None, plugin: str) -> None:
    """Raises ProviderError (network_policy) for a header that is koi's, or no header."""
    if not _NAME.fullmatch(name):
        raise _forbidden(plugin, f"wants a header with the name {name[:100]!r}")
    lower = name.lower()
    key = (key_header or "").lower()
    if lower in _NOT_THE_PLUGINS or lower.startswith("proxy-") or lower == key:
        raise _forbidden(plugin, f"wants to set the header {name}, which koi sets or nobody")
    if len(value) > 8000 or not all(" " <= character <= "~" for character in value):
        raise _forbidden(plugin, f"wants a header {name} that HTTP does not allow")


def _forbidden(plugin: str, what: str) -> ProviderError:
    return ProviderError(
        f"The plugin {plugin} {what}",
        kind="network_policy",
        hint="koi did not send it. Tell the author of the plugin, or use another provider.",
    )
