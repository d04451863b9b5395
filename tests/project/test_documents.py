"""What the pages say is so: links, commands, make targets, and the reference from the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generate import DOCS, PAGES, page

ROOT = Path(__file__).parents[2]
PAGES_BY_HAND = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "docs/decisions").glob("*.md")]
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`|^    (.+)$", re.MULTILINE)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def code_in(path: Path) -> list[str]:
    """Code spans and lines of code blocks."""
    found = CODE.findall(path.read_text(encoding="utf-8"))
    return [span or line for span, line in found]


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_says_what_the_code_says(name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == page(name), "out of date: make docs"


@pytest.mark.parametrize("path", [*PAGES_BY_HAND, *(DOCS / "reference").glob("*.md")], ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    targets = [target.partition("#")[0] for target in LINK.findall(path.read_text("utf-8"))]
    local = [target for target in targets if target and "://" not in target]
    assert [target for target in local if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", PAGES_BY_HAND, ids=name_of)
def test_commands_that_are_named_exist(path: Path) -> None:
    from koi.cli.dispatch import COMMANDS

    named = {
        match[1]
        for code in code_in(path)
        if (match := re.match(r"(?:\.venv/bin/)?koi ([a-z]+)\b(?!/)", code))
    }
    assert named <= set(COMMANDS)


@pytest.mark.parametrize("path", PAGES_BY_HAND, ids=name_of)
def test_make_targets_that_are_named_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {match[1] for code in code_in(path) if (match := re.match(r"make ([a-z-]+)", code))}
    assert named <= targets


def test_the_rules_for_agents_stay_short() -> None:
    assert len((ROOT / "AGENTS.md").read_text(encoding="utf-8").splitlines()) < 80


def test_the_changelog_has_a_place_for_this_version() -> None:
    from koi import __version__

    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in changelog or f"## [{__version__}]" in changelog
