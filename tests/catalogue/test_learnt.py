"""What was learnt of models: kept, aged, shared between processes, forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.catalogue.learnt import MAX_AGE_S, LearntFacts, learnt_facts
from koi.core.references import ModelReference

ONE, OTHER = ModelReference("work", "one"), ModelReference("home", "one/two")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "learnt.json"


def test_a_lesson_outlives_the_process(file: Path) -> None:
    LearntFacts(file).add(ONE, "tools")
    assert LearntFacts(file).refused(ONE) == {"tools"}
    assert LearntFacts(file).refused(OTHER) == frozenset()
    assert file.stat().st_mode & 0o777 == 0o600


def test_without_a_file_it_lives_as_long_as_the_process() -> None:
    facts = LearntFacts()
    facts.add(ONE, "stop")
    assert facts.refused(ONE) == {"stop"}


def test_two_that_learn_at_once_lose_nothing(file: Path) -> None:
    first, second = LearntFacts(file), LearntFacts(file)
    assert not first.refused(ONE) | second.refused(ONE)
    first.add(ONE, "tools")
    second.add(ONE, "stop")
    assert LearntFacts(file).refused(ONE) == {"tools", "stop"}


def test_a_lesson_is_forgotten_after_a_month(file: Path) -> None:
    clock = [1000.0]
    LearntFacts(file, lambda: clock[0]).add(ONE, "tools")
    clock[0] += MAX_AGE_S + 1
    late = LearntFacts(file, lambda: clock[0])
    assert late.refused(ONE) == frozenset()
    late.add(OTHER, "stop")
    assert "tools" not in file.read_text()


def test_a_provider_can_be_forgotten(file: Path) -> None:
    facts = LearntFacts(file)
    facts.add(ONE, "tools")
    facts.add(OTHER, "tools")
    facts.forget("work")
    for known in (facts, LearntFacts(file)):
        assert known.refused(ONE) == frozenset()
        assert known.refused(OTHER) == {"tools"}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"version": 1, "models": {"a": 1}}'])
def test_a_damaged_file_is_set_aside(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    facts = LearntFacts(file)
    assert facts.refused(ONE) == frozenset()
    assert file.with_suffix(".damaged").read_bytes() == content
    facts.add(ONE, "tools")
    assert LearntFacts(file).refused(ONE) == {"tools"}


def test_a_folder_that_cannot_be_written_is_no_loss(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file in the way")
    facts = LearntFacts(tmp_path / "cache" / "learnt.json")
    facts.add(ONE, "tools")
    assert facts.refused(ONE) == {"tools"}


def test_it_lies_in_the_cache_folder(tmp_path: Path) -> None:
    learnt_facts(tmp_path).add(ONE, "tools")
    assert (tmp_path / "learnt.json").is_file()
