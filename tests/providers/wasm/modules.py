"""Small plugins, written in the text form of WebAssembly and put into a folder."""

from __future__ import annotations

from pathlib import Path

from koi.catalogue.plugins import Plugin, read_plugin

MANIFEST = """protocol_version = 1
name = "Test plugin"
base_url = "{url}"
allowed_hosts = ["127.0.0.1"]
framing = "{framing}"
auth = "bearer"
default_model = "some-model"
"""
REQUEST = '{"path": "/v2/chat", "body": {"model": "m"}}'
ENDED = '{"type": "ended", "finish_reason": "stop"}'
HELLO = f'{{"events": [{{"type": "text", "text": "Hello"}}, {ENDED}]}}'


def quoted(content: bytes) -> str:
    """Bytes as the text form writes them."""
    return "".join(f"\\{byte:02x}" for byte in content)


def module(
    *,
    build: str | bytes = REQUEST,
    parse: str | bytes = HELLO,
    build_code: str | None = None,
    parse_code: str | None = None,
    alloc_code: str = "i32.const 262144",
    memory: str = '(memory (export "memory") 16)',
    more: str = "",
) -> str:
    """A plugin that answers always the same, or runs some code instead."""
    built = build.encode() if isinstance(build, str) else build
    parsed = parse.encode() if isinstance(parse, str) else parse
    at_parsed = 1024 + len(built)
    return f"""(module
      {memory}
      (data (i32.const 1024) "{quoted(built)}")
      (data (i32.const {at_parsed}) "{quoted(parsed)}")
      (func (export "koi_alloc") (param i32) (result i32) {alloc_code})
      (func (export "build_request") (param i32 i32) (result i64)
        {build_code or packed(1024, len(built))})
      (func (export "parse_event") (param i32 i32) (result i64)
        {parse_code or packed(at_parsed, len(parsed))})
      {more})"""


def packed(place: int, length: int) -> str:
    """The code that answers with a place and a length."""
    number = (place << 32) | length
    return f"i64.const {number - 2**64 if number >= 2**63 else number}"


def install(
    folder: Path,
    content: str | bytes = "",
    *,
    manifest: str = MANIFEST,
    url: str = "http://127.0.0.1:9",
    framing: str = "sse",
) -> Plugin:
    """The two files of a plugin; `content` is its module, in text form when it is a str."""
    from wasmtime import wat2wasm

    folder.mkdir(parents=True, exist_ok=True)
    written = wat2wasm(content or module()) if isinstance(content, str) else content
    (folder / "mine.wasm").write_bytes(written)
    text = manifest.replace("{url}", url).replace("{framing}", framing)
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    return read_plugin("mine.wasm", folder)
