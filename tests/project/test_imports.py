"""What is imported when: the static graph cannot see whether an import is really deferred."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROBE = """
import sys
{statements}
sys.stderr.write("\\nMODULES " + " ".join(sys.modules) + "\\n")
"""
RUN = """
from koi.cli.main import main
try:
    main({arguments!r})
except SystemExit as stop:
    assert stop.code in (0, None), stop.code
"""

FIRST_FRAME = """
from pathlib import Path
from koi.agent.options import SessionOptions
from koi.tui.app import KoiApp
from koi.tui.start import _run_app

loaded = []
run = KoiApp.run_async
KoiApp.run_async = lambda self, **ways: run(self, headless=True, size=(80, 24))
KoiApp._begin = lambda self: (loaded.extend(sys.modules), self.exit(0))
_run_app(SessionOptions(workspace=Path.cwd()), None, mouse=False, welcome=False)
sys.modules = loaded
"""
"""Leaves what was imported when the first frame was on the screen."""
EXTRAS = {"botocore", "urllib3", "wasmtime", "mcp"}
"""What only a provider that needs it may import."""
SDKS = {"openai", "anthropic", "google", "ollama", "boto3", "pydantic", "httpx2", "aiohttp"}
"""What at most a dependency imports, and not while koi starts."""


def packages_after(statements: str, folder: Path) -> set[str]:
    """The top-level packages that a new interpreter has imported after some statements."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(statements=statements)],
        cwd=folder,
        env=os.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    listed = next(line for line in done.stderr.splitlines() if line.startswith("MODULES "))
    return {name.partition(".")[0] for name in listed.split()[1:]}


def packages_of_command(folder: Path, *arguments: str) -> set[str]:
    return packages_after(RUN.format(arguments=list(arguments)), folder)


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_version_and_help_import_nothing_heavy(option: str, workspace: Path) -> None:
    heavy = {"textual", "rich", "httpx", "keyring", "msgspec", "tomlkit", "genai_prices", "yaml"}
    heavy |= EXTRAS | SDKS
    if option == "--help":
        heavy.discard("msgspec")
    assert packages_of_command(workspace, option) & heavy == set()


def test_a_run_without_a_screen_imports_no_screen(workspace: Path) -> None:
    imported = packages_of_command(workspace, "run", "--demo", "list the files")
    assert imported & ({"textual", "rich", "httpx", "keyring", "yaml"} | EXTRAS | SDKS) == set()


def test_the_providers_are_there_without_what_only_some_of_them_need() -> None:
    imported = packages_after("import koi.providers.http_provider, koi.wiring.session", Path.cwd())
    assert imported & (EXTRAS | SDKS) == set()


def test_the_view_imports_no_screen() -> None:
    statements = (
        "import importlib, pkgutil, koi.view\n"
        "for module in pkgutil.walk_packages(koi.view.__path__, 'koi.view.'):\n"
        "    importlib.import_module(module.name)"
    )
    imported = packages_after(statements, Path.cwd())
    assert imported & {"textual", "rich", "httpx", "click"} == set()


def test_the_chat_is_ready_to_be_painted_without_the_network(workspace: Path) -> None:
    imported = packages_after("import koi.tui.app", workspace)
    late = {"httpx", "keyring", "tomlkit", "genai_prices", "pygments", "yaml"}
    assert imported & (late | EXTRAS | SDKS) == set()


def test_the_first_frame_needs_nothing_that_credentials_need(workspace: Path) -> None:
    imported = packages_after(FIRST_FRAME, workspace)
    late = {"keyring", "jwt", "segno", "cryptography", "httpx", "tomlkit", "secretstorage"}
    assert "textual" in imported
    assert imported & (late | EXTRAS | SDKS) == set()


def test_looking_for_credentials_imports_nothing_heavy(workspace: Path) -> None:
    look = "asyncio.run(discover(open_registry()))"
    imports = (
        "import asyncio",
        "from koi.credentials.discovery import discover",
        "from koi.wiring.registry import open_registry",
    )
    heavy = {"keyring", "httpx", "tomlkit", "jwt", "segno", "textual", "rich"} | EXTRAS
    assert packages_after("\n".join((*imports, look)), workspace) & heavy == set()
