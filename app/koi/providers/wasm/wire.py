"""A plugin as a wire format for the runner, which does not know the difference."""

from __future__ import annotations

import msgspec

from koi.catalogue.plugins import Plugin
from koi.core.messages import ModelRequest
from koi.net.framing import Framing
from koi.net.ndjson import NdjsonDecoder
from koi.providers.wasm.answers import PluginParser
from koi.providers.wasm.requests import build
from koi.providers.wasm.sandbox import Sandbox
from koi.providers.wire.format import WireFormat, server_sent_events
from koi.providers.wire.request import WireOptions, WireRequest

_ACCEPT = {
    "sse": "text/event-stream",
    "ndjson": "application/x-ndjson",
    "json": "application/json",
}


def plugin_format(plugin: Plugin) -> WireFormat:
    """The format that a plugin speaks. Raises ConfigurationError when it cannot be loaded."""
    sandbox = Sandbox(plugin)
    manifest = plugin.manifest

    def write(request: ModelRequest, options: WireOptions) -> WireRequest:
        stream = options.stream and manifest.framing != "json"
        options = msgspec.structs.replace(options, stream=stream)
        return build(sandbox, manifest.key_header, request, options)

    def read(options: WireOptions) -> PluginParser:
        return PluginParser(sandbox, options)

    def cut(first: bytes) -> Framing | None:
        match manifest.framing:
            case "sse":
                return server_sent_events(first)
            case "ndjson":
                return NdjsonDecoder()
            case "json":
                return None

    return WireFormat(write, read, cut, version="", accept=_ACCEPT[manifest.framing], aside=True)
