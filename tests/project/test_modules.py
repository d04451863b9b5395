"""Modules stay small and say why they exist."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "app" / "koi"
MODULES = sorted(SOURCES.rglob("*.py"))
LARGEST = 400
LARGEST_OF = {
    "tui/app.py": 200,
    "tui/bridge.py": 300,
    "agent/loop.py": 300,
    "routing/attempts.py": 300,
}


def name_of(path: Path) -> str:
    return path.relative_to(SOURCES).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_is_too_long(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LARGEST_OF.get(name_of(path), LARGEST)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_says_why_it_exists(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstring = ast.get_docstring(tree)
    assert docstring
    assert len(docstring.splitlines()) <= 12


def test_the_modules_with_a_limit_of_their_own_exist() -> None:
    assert {name for name in LARGEST_OF if not (SOURCES / name).is_file()} == set()


def test_every_folder_with_modules_is_a_package() -> None:
    without = {path.parent for path in MODULES if not path.with_name("__init__.py").is_file()}
    assert {name_of(folder) for folder in without} == set()
