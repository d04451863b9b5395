"""A scripted Ollama: it loads models with a context, and refuses what does not fit."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self, cast

from tests.servers.answers import JsonObject

CHARACTERS_PER_TOKEN = 4
DEFAULT_CONTEXT = 4096


@dataclass(slots=True)
class LocalModel:
    """A model on the disk of the server."""

    context_length: int = 131_072
    capabilities: tuple[str, ...] = ("completion", "tools")
    parameters: str = ""
    """Lines of its modelfile."""
    size: int = 2_000_000_000


@dataclass(slots=True)
class OllamaRequest:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: JsonObject = field(default_factory=dict)


class OllamaServer:
    """`with OllamaServer(qwen=LocalModel()) as server: server.answers.append([…])`.

    An answer is the list of messages that are streamed, one a line.
    """

    def __init__(self, **models: LocalModel) -> None:
        self.models = models
        self.loaded: dict[str, int] = {}
        """The context with which each model is loaded now."""
        self.loads: list[tuple[str, int]] = []
        """Every time that a model was loaded, with its context."""
        self.answers: list[list[JsonObject]] = []
        self.requests: list[OllamaRequest] = []
        self.missing: set[str] = set()
        """Paths that this server does not know."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.ollama = self  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        """http://127.0.0.1:PORT"""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def asked(self, path: str) -> list[OllamaRequest]:
        """The requests to one path, in order."""
        return [request for request in self.requests if request.path == path]

    def answer(self, request: OllamaRequest) -> tuple[int, JsonObject | list[JsonObject]]:
        """Status and body; a list is streamed."""
        if request.path in self.missing:
            return 404, {"error": "404 page not found"}
        match request.path:
            case "/":
                return 200, {"says": "Ollama is running"}
            case "/api/tags":
                return 200, {"models": [_listed(n, m.size) for n, m in self.models.items()]}
            case "/api/ps":
                loaded = [{"name": n, "context_length": c} for n, c in self.loaded.items()]
                return 200, {"models": loaded}
        name = str(request.body.get("model"))
        model = self.models.get(name)
        if model is None:
            return 404, {"error": f"model '{name}' not found"}
        match request.path:
            case "/api/show":
                return 200, _shown(model)
            case "/api/embed":
                texts = cast(list[str], request.body["input"])
                return 200, {"embeddings": [[float(len(text)), 1.0] for text in texts]}
            case "/api/chat":
                return self._chat(name, model, request.body)
        return 404, {"error": "404 page not found"}

    def _chat(
        self, name: str, model: LocalModel, body: JsonObject
    ) -> tuple[int, JsonObject | list[JsonObject]]:
        if body.get("tools") and "tools" not in model.capabilities:
            return 400, {"error": f'"{name}" does not support tools'}
        options = cast(dict[str, int], body.get("options", {}))
        context = min(options.get("num_ctx", DEFAULT_CONTEXT), model.context_length)
        if self.loaded.get(name) != context:
            self.loaded[name] = context
            self.loads.append((name, context))
        tokens = len(json.dumps([body["messages"], body.get("tools")])) // CHARACTERS_PER_TOKEN
        if tokens > context and body.get("truncate") is False:
            inside = {
                "code": 400,
                "message": f"request ({tokens} tokens) exceeds the available context size "
                f"({context} tokens), try increasing it",
                "type": "exceed_context_size_error",
            }
            return 400, {"error": json.dumps({"error": inside})}
        if not self.answers:
            return 500, {"error": "the script of the server has no more answers"}
        lines: list[JsonObject] = [
            {"model": name, "message": {"role": "assistant", **message}, "done": False}
            for message in self.answers.pop(0)
        ]
        end: JsonObject = {"message": {"role": "assistant", "content": ""}, "done": True}
        end |= {"model": name, "done_reason": "stop"}
        lines.append(end | {"prompt_eval_count": min(tokens, context), "eval_count": 7})
        return 200, lines

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _listed(name: str, size: int) -> JsonObject:
    return {"name": name, "model": name, "size": size, "details": {"family": "qwen3"}}


def _shown(model: LocalModel) -> JsonObject:
    return {
        "parameters": model.parameters,
        "capabilities": list(model.capabilities),
        "model_info": {
            "general.architecture": "qwen3",
            "qwen3.context_length": model.context_length,
        },
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        self._reply()

    def do_POST(self) -> None:
        self._reply()

    def _reply(self) -> None:
        ollama = cast(OllamaServer, self.server.ollama)  # type: ignore[attr-defined]
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = cast(JsonObject, json.loads(raw)) if raw else {}
        request = OllamaRequest(self.command, self.path, headers, body)
        ollama.requests.append(request)
        status, answer = ollama.answer(request)
        lines = answer if isinstance(answer, list) else [answer]
        self.send_response_only(status)
        self.send_header("content-type", "application/x-ndjson")
        self.end_headers()
        for line in lines:
            self.wfile.write(json.dumps(line).encode() + b"\n")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests look at the recorded requests."""
