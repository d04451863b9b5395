"""What went wrong inside a plugin, in words that name the plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from koi.core.errors import ProviderError

if TYPE_CHECKING:
    import wasmtime

_HINT = "This is a mistake in the plugin: tell its author, or use another provider."
_TRAPS = {
    "OUT_OF_FUEL": "it used up its budget of instructions (an endless loop?)",
    "STACK_OVERFLOW": "its calls are nested too deeply",
    "MEMORY_OUT_OF_BOUNDS": "it reached outside its memory",
    "UNREACHABLE": "it gave up (unreachable)",
}


def plugin_error(plugin: str, problem: str) -> ProviderError:
    """The error for a plugin that does not do what it should."""
    return ProviderError(f"The plugin {plugin} failed: {problem}", kind="protocol", hint=_HINT)


def trap_words(error: wasmtime.Trap | wasmtime.WasmtimeError) -> str:
    """Why a call into a module ended, on one line."""
    code = getattr(error, "trap_code", None)
    known = _TRAPS.get(getattr(code, "name", ""))
    return known or last_line(error)


def last_line(error: Exception) -> str:
    """The last line of an error of the runtime, where its cause is."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__
