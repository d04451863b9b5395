"""Hostile and broken modules: each ends in a clear error, in bounded time and memory."""

from __future__ import annotations

import hashlib
import os
import random
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from koi.core.errors import ConfigurationError, ProviderError
from koi.providers.wasm.sandbox import FUEL, FUEL_PER_BYTE, MAX_MODULE, MAX_OUTPUT, Sandbox
from tests.providers.wasm.modules import HELLO, MANIFEST, REQUEST, install, module, packed

LOOP = "(loop br 0) unreachable"
GROW = "(loop (drop (memory.grow (i32.const 1))) br 0) unreachable"
GROW_TO_4_GIB = "(if (i32.eq (memory.grow (i32.const 65519)) (i32.const -1)) (then unreachable))"
FILL = "(loop (memory.fill (i32.const 0) (i32.const 0) (i32.const 1000000)) br 0) unreachable"
BOTH = pytest.mark.parametrize("function", ["build_request", "parse_event"])
SLOW_DIVISIONS = """(local i64) (loop
  (local.set 2 (i64.div_s (i64.const -9223372036854775807) (i64.or (local.get 2) (i64.const 3))))
  br 0) unreachable"""


def sandbox(folder: Path, content: str | bytes) -> Sandbox:
    return Sandbox(install(folder, content))


def with_code(function: str, code: str, more: str = "") -> str:
    if function == "build_request":
        return module(build_code=code, more=more)
    return module(parse_code=code, more=more)


def test_the_two_functions_answer_in_bytes(tmp_path: Path) -> None:
    instance = sandbox(tmp_path, module()).open()
    assert instance.call("build_request", b"{}") == REQUEST.encode()
    assert instance.call("parse_event", b"") == HELLO.encode()


@BOTH
@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (LOOP, "used up its budget of instructions"),
        (GROW, "used up its budget of instructions"),
        (FILL, "used up its budget of instructions"),
        (SLOW_DIVISIONS, "used up its budget of instructions"),
        (f"{GROW_TO_4_GIB} {LOOP}", "gave up (unreachable)"),
        ("unreachable", "gave up (unreachable)"),
        ("(i64.load (i32.const 2147483647))", "reached outside its memory"),
        ("(i64.div_u (i64.const 1) (i64.const 0))", "integer divide by zero"),
        ("(i64.trunc_f64_s (f64.const nan))", "invalid conversion to integer"),
        ("(call $deep (i32.const 0))", "nested too deeply"),
        (packed(1024, MAX_OUTPUT + 1), "is longer than 32 MiB"),
        (packed(1024, 2**32 - 1), "is longer than 32 MiB"),
        (packed(2**20, 1), "lies outside its memory"),
        (packed(2**32 - 1, 2), "lies outside its memory"),
        ("i64.const -1", "is longer than 32 MiB"),
    ],
)
def test_a_call_that_goes_wrong_is_an_error_that_names_plugin_and_function(
    tmp_path: Path, function: str, code: str, problem: str
) -> None:
    deep = "(func $deep (param i32) (result i64) (call $deep (local.get 0)))"
    instance = sandbox(tmp_path, with_code(function, code, deep)).open()
    with pytest.raises(ProviderError) as raised:
        instance.call(function, b"{}")
    assert raised.value.title.startswith(f"The plugin Test plugin failed: {function}: ")
    assert problem in raised.value.title
    assert raised.value.kind == "protocol"


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (LOOP, "used up its budget"),
        ("i32.const -1", "koi_alloc: it answered with a place outside its memory"),
        ("i32.const 1048575", "koi_alloc: it answered with a place outside its memory"),
        ("unreachable", "gave up"),
    ],
)
def test_memory_for_the_input_must_be_given(tmp_path: Path, code: str, problem: str) -> None:
    instance = sandbox(tmp_path, module(alloc_code=code)).open()
    with pytest.raises(ProviderError) as raised:
        instance.call("parse_event", b"{}")
    assert problem in raised.value.title


def test_an_answer_at_the_very_end_of_the_memory_is_inside_it(tmp_path: Path) -> None:
    instance = sandbox(tmp_path, module(build_code=packed(2**20 - 2, 2))).open()
    assert instance.call("build_request", b"{}") == b"\0\0"


def test_memory_that_is_not_needed_any_more_is_given_back(tmp_path: Path) -> None:
    freed = """(global $freed (mut i32) (i32.const 0))
      (func (export "koi_free") (param i32 i32)
        (global.set $freed (i32.add (global.get $freed) (local.get 1)))
        (i32.store8 (i32.const 5000) (global.get $freed)))"""
    content = module(build_code=packed(5000, 1), more=freed)
    instance = sandbox(tmp_path, content).open()
    assert [instance.call("build_request", b"123") for _ in range(3)] == [b"\0", b"\4", b"\x08"]


def test_more_input_may_take_longer(tmp_path: Path) -> None:
    rounds = (FUEL + FUEL_PER_BYTE * 100_000) // 5
    work = f"""(local $left i32) (local.set $left (i32.const {rounds}))
      (loop (br_if 0 (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      {packed(1024, 2)}"""
    instance = sandbox(tmp_path, module(build_code=work)).open()
    assert len(instance.call("build_request", b" " * 200_000)) == 2
    with pytest.raises(ProviderError, match="budget"):
        instance.call("build_request", b"")


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (f"(func $start {LOOP}) (start $start)", "budget of instructions"),
        ("(func $start unreachable) (start $start)", "gave up"),
        ("(table 200000 funcref)", "table minimum size"),
        ('(data (i32.const 999999999) "x")', "reached outside its memory"),
    ],
)
def test_a_module_that_cannot_start_is_an_error(tmp_path: Path, more: str, problem: str) -> None:
    made = sandbox(tmp_path, module(more=more))
    with pytest.raises(ProviderError) as raised:
        made.open()
    assert problem in raised.value.title
    assert raised.value.kind == "protocol"


def test_a_module_that_begins_with_4_gib_does_not_start(tmp_path: Path) -> None:
    made = sandbox(tmp_path, module(memory='(memory (export "memory") 65536)'))
    with pytest.raises(ProviderError, match="memory minimum size of 65536 pages exceeds"):
        made.open()


IMPORTS = [
    ('(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))',
     "wasi_snapshot_preview1.fd_write"),
    ('(import "env" "abort" (func (param i32)))', "env.abort"),
    ('(import "env" "table" (table 1 funcref))', "env.table"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "name"), IMPORTS)
def test_whatever_imports_anything_is_refused_by_name(tmp_path: Path, line: str, name: str) -> None:
    content = module().replace("(module", f"(module {line}", 1)
    with pytest.raises(ConfigurationError) as raised:
        sandbox(tmp_path, content)
    assert f"imports {name}: a plugin gets nothing from outside" in raised.value.title
    assert str(tmp_path / "mine.wasm") in raised.value.title


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"koi_alloc"', '"alloc"', "does not export the function koi_alloc"),
        ('"build_request"', '"build"', "does not export the function build_request"),
        ('"parse_event"', '"parse"', "does not export the function parse_event"),
        ('(export "memory") ', "", "does not export its memory"),
        (
            '"koi_alloc") (param i32)',
            '"koi_alloc") (param i64)',
            "exports koi_alloc with other types than (i32) -> (i32)",
        ),
        (
            "(module",
            '(module (func (export "koi_free"))',
            "exports koi_free with other types than (i32, i32) -> ()",
        ),
        ("(module", '(module (global (export "koi_free") i32 (i32.const 0))', "koi_free"),
    ],
)
def test_missing_and_other_exports_are_named(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        sandbox(tmp_path, module().replace(old, new, 1))
    assert problem in raised.value.title


NEWER = [
    '(memory (export "m") i64 1)',
    "(memory 1)",
    "(func (param v128))",
    "(memory 1 2 shared)",
    "(tag)",
]


@pytest.mark.parametrize("line", NEWER)
def test_what_translating_json_does_not_need_is_off(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a sound WebAssembly module"):
        sandbox(tmp_path, module(more=line))


COMPONENT = b"\0asm\x0d\0\1\0"
NOISE = random.Random(7).randbytes(4096)


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\3\4", b"(module)", COMPONENT, NOISE],
    ids=["nothing", "zip", "text", "component", "noise"],
)
def test_what_is_no_module_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ConfigurationError, match="is not a WebAssembly module"):
        sandbox(tmp_path, content)


def test_a_damaged_module_is_said_to_be_one(tmp_path: Path) -> None:
    install(tmp_path)
    whole = (tmp_path / "mine.wasm").read_bytes()
    with pytest.raises(ConfigurationError, match="is not a sound WebAssembly module"):
        sandbox(tmp_path, whole[:-5])


def test_a_module_of_100_mb_is_not_read(tmp_path: Path) -> None:
    plugin = install(tmp_path)
    with plugin.module.open("ab") as file:
        file.truncate(100_000_000)
    with pytest.raises(ConfigurationError, match=f"is larger than {MAX_MODULE // 1024} KiB"):
        Sandbox(plugin)


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), os.mkfifo, lambda path: None])
def test_what_is_no_file_is_not_read(tmp_path: Path, make: object) -> None:
    assert callable(make)
    plugin = install(tmp_path)
    plugin.module.unlink()
    make(plugin.module)
    with pytest.raises(ConfigurationError, match=r"is not a file|cannot be read: No such file"):
        Sandbox(plugin)


def test_the_file_that_the_manifest_means_is_the_only_one(tmp_path: Path) -> None:
    content = install(tmp_path).module.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    manifest = f'{MANIFEST}sha256 = "{digest}"\n'
    Sandbox(install(tmp_path, content, manifest=manifest))
    with pytest.raises(ConfigurationError, match="is not the file whose sha256"):
        Sandbox(install(tmp_path, module(build="{}"), manifest=manifest))


def test_instances_share_nothing(tmp_path: Path) -> None:
    counting = """(i32.store8 (i32.const 5000)
      (i32.add (i32.const 1) (i32.load8_u (i32.const 5000)))) """
    made = sandbox(tmp_path, module(parse_code=counting + packed(5000, 1)))
    one, other = made.open(), made.open()
    assert [one.call("parse_event", b"") for _ in range(3)] == [b"\1", b"\2", b"\3"]
    assert other.call("parse_event", b"") == b"\1"


def test_a_plugin_that_failed_leaves_the_next_answer_alone(tmp_path: Path) -> None:
    made = sandbox(tmp_path, module(parse_code=LOOP))
    with pytest.raises(ProviderError):
        made.open().call("parse_event", b"")
    assert made.open().call("build_request", b"") == REQUEST.encode()


def test_memory_that_instances_took_is_given_back(tmp_path: Path) -> None:
    greedy = f"""(drop (memory.grow (i32.const 1000)))
      (memory.fill (i32.const 65536) (i32.const 1) (i32.const 60000000)) {packed(1024, 2)}"""
    made = sandbox(tmp_path, module(build_code=greedy))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(20):
        made.open().call("build_request", b"")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 600_000


def test_without_the_runtime_the_package_is_named(tmp_path: Path) -> None:
    install(tmp_path)
    script = """
import sys; sys.modules["wasmtime"] = None
from pathlib import Path
from koi.catalogue.plugins import read_plugin
from koi.core.errors import ConfigurationError
from koi.providers.wasm.sandbox import Sandbox
try:
    Sandbox(read_plugin("mine.wasm", Path(sys.argv[1])))
except ConfigurationError as error:
    sys.stdout.write(f"{error.title} {error.hint}")
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "the plugin Test plugin needs the package wasmtime" in done.stdout
    assert "pip install 'koi-agent[wasm]'" in done.stdout
