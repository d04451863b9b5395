"""Runs a module that nobody here wrote: no imports, and limits for instructions, memory, output.

What bounds it: https://docs.wasmtime.dev/examples-interrupting-wasm.html (fuel), and a Store's
limits. Fuel is charged for each instruction, and for each byte of those that move many.
"""

from __future__ import annotations

import hashlib
import importlib.util
import weakref
from typing import TYPE_CHECKING

from koi.catalogue.plugins import Plugin, read_bounded
from koi.core.errors import ConfigurationError
from koi.providers.wasm.failures import last_line, plugin_error, trap_words

if TYPE_CHECKING:
    import wasmtime

EXTRA = "pip install 'koi-agent[wasm]'"
MAX_MODULE = 1024 * 1024
MAX_MEMORY = 512 * 1024 * 1024
MAX_OUTPUT = 32 * 1024 * 1024
FUEL = 200_000_000
"""Instructions for one call, about a tenth of a second."""
FUEL_PER_BYTE = 300
"""On top, for each byte of input: a long conversation takes longer to write down."""
_MAGIC = b"\0asm\1\0\0\0"
_OFF = (
    "shared_memory",
    "wasm_component_model",
    "wasm_exceptions",
    "wasm_function_references",
    "wasm_gc",
    "wasm_memory64",
    "wasm_multi_memory",
    "wasm_relaxed_simd",
    "wasm_simd",
    "wasm_stack_switching",
    "wasm_tail_call",
    "wasm_threads",
)
"""Whatever translating JSON does not need."""


class Sandbox:
    """A compiled plugin. Each answer gets an instance of its own."""

    def __init__(self, plugin: Plugin) -> None:
        """Raises ConfigurationError for a module that cannot be used, or without the runtime."""
        content = _read(plugin)
        self.name = plugin.manifest.name
        self._engine = _engine()
        # The runtime's own finalizers fail when the interpreter is on its way out.
        weakref.finalize(self, self._engine.close)
        self._module = _compile(plugin, self._engine, content)
        weakref.finalize(self, self._module.close)
        _check_imports(plugin, self._module)
        _check_exports(plugin, self._module)

    def open(self) -> Instance:
        """A fresh instance. Raises ProviderError (protocol) when it fails to start."""
        return Instance(self.name, self._engine, self._module)


class Instance:
    """One instance with its own memory; after an error it is not used again."""

    def __init__(self, name: str, engine: wasmtime.Engine, module: wasmtime.Module) -> None:
        import wasmtime

        self._name = name
        self._store = wasmtime.Store(engine)
        weakref.finalize(self, self._store.close)
        self._store.set_limits(
            memory_size=MAX_MEMORY, table_elements=100_000, instances=1, tables=4, memories=1
        )
        self._store.set_fuel(FUEL)
        failure = ""
        try:
            instance = wasmtime.Instance(self._store, module, [])
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            failure = trap_words(error)
        if failure:
            raise plugin_error(name, failure)
        exports = instance.exports(self._store)
        self._memory = exports["memory"]
        self._functions = {each: exports[each] for each in (*_SIGNATURES, _FREE) if each in exports}

    def call(self, function: str, given: bytes) -> bytes:
        """What a function of the module makes of some bytes. Raises ProviderError (protocol)."""
        import wasmtime

        try:
            self._store.set_fuel(FUEL + FUEL_PER_BYTE * len(given))
            return self._call(function, given)
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            failure = trap_words(error)
        raise plugin_error(self._name, f"{function}: {failure}")

    def _call(self, function: str, given: bytes) -> bytes:
        import wasmtime

        assert isinstance(self._memory, wasmtime.Memory)
        size = len(given)
        at = self._number("koi_alloc", size) & 0xFFFFFFFF
        if at + size > self._memory.data_len(self._store):
            raise plugin_error(self._name, "koi_alloc: it answered with a place outside its memory")
        if size:
            self._memory.write(self._store, given, at)
        packed = self._number(function, at, size)
        place, length = (packed >> 32) & 0xFFFFFFFF, packed & 0xFFFFFFFF
        if length > MAX_OUTPUT:
            problem = f"its output of {length} bytes is longer than {MAX_OUTPUT // 2**20} MiB"
            raise plugin_error(self._name, f"{function}: {problem}")
        if place + length > self._memory.data_len(self._store):
            raise plugin_error(self._name, f"{function}: its output lies outside its memory")
        made = bytes(self._memory.read(self._store, place, place + length))
        if _FREE in self._functions:
            self._run(_FREE, at, size)
            self._run(_FREE, place, length)
        return made

    def _number(self, function: str, *arguments: int) -> int:
        number = self._run(function, *arguments)
        assert isinstance(number, int)
        return number

    def _run(self, function: str, *arguments: int) -> object:
        import wasmtime

        called = self._functions[function]
        assert isinstance(called, wasmtime.Func)
        # Numbers beyond 2^31 are negative for the module's i32; the bits are the same.
        signed = ((each + 2**31) % 2**32 - 2**31 for each in arguments)
        return called(self._store, *signed)


_FREE = "koi_free"
_SIGNATURES = {
    "koi_alloc": (["i32"], ["i32"]),
    "build_request": (["i32", "i32"], ["i64"]),
    "parse_event": (["i32", "i32"], ["i64"]),
}
_FREE_SIGNATURE: tuple[list[str], list[str]] = (["i32", "i32"], [])


def _engine() -> wasmtime.Engine:
    import wasmtime

    config = wasmtime.Config()
    config.consume_fuel = True
    for feature in _OFF:
        setattr(config, feature, False)
    return wasmtime.Engine(config)


def _read(plugin: Plugin) -> bytes:
    """The bytes of the module. Raises ConfigurationError when they cannot be one."""
    if importlib.util.find_spec("wasmtime") is None:
        raise ConfigurationError(
            f"the plugin {plugin.manifest.name} needs the package wasmtime",
            where=str(plugin.module),
            hint=f"Install it with: {EXTRA}",
        )
    content = read_bounded(plugin.module, MAX_MODULE)
    wanted = plugin.manifest.sha256
    if wanted is not None and hashlib.sha256(content).hexdigest() != wanted:
        raise _unusable(plugin, "is not the file whose sha256 its manifest has")
    if not content.startswith(_MAGIC):
        raise _unusable(plugin, "is not a WebAssembly module")
    return content


def _compile(plugin: Plugin, engine: wasmtime.Engine, content: bytes) -> wasmtime.Module:
    import wasmtime

    try:
        return wasmtime.Module(engine, content)
    except wasmtime.WasmtimeError as error:
        failure = last_line(error)
    raise _unusable(plugin, f"is not a sound WebAssembly module: {failure}")


def _check_imports(plugin: Plugin, module: wasmtime.Module) -> None:
    if imports := [f"{each.module}.{each.name}" for each in module.imports]:
        raise _unusable(
            plugin,
            f"imports {', '.join(imports[:3])[:200]}: a plugin gets nothing from outside, neither "
            "network, files, clock, nor environment",
        )


def _check_exports(plugin: Plugin, module: wasmtime.Module) -> None:
    import wasmtime

    exports = {each.name: each.type for each in module.exports}
    if not isinstance(exports.get("memory"), wasmtime.MemoryType):
        raise _unusable(plugin, "does not export its memory")
    wanted = dict(_SIGNATURES)
    if _FREE in exports:
        wanted[_FREE] = _FREE_SIGNATURE
    for name, (parameters, results) in wanted.items():
        found = exports.get(name)
        if not isinstance(found, wasmtime.FuncType):
            raise _unusable(plugin, f"does not export the function {name}")
        types = [str(each) for each in found.params], [str(each) for each in found.results]
        if types != (parameters, results):
            written = f"({', '.join(parameters)}) -> ({', '.join(results)})"
            raise _unusable(plugin, f"exports {name} with other types than {written}")


def _unusable(plugin: Plugin, problem: str) -> ConfigurationError:
    return ConfigurationError(
        problem, where=str(plugin.module), hint="docs/wasm-plugins.md says what a plugin must be."
    )
