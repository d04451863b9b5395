"""koi.log is private, bounded, and holds no keys."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from koi.store.log import LARGEST, redact, start_log


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    logger = logging.getLogger("koi")
    yield tmp_path / "state" / "koi.log"
    logger.handlers = []
    logger.propagate = True
    logger.setLevel(logging.NOTSET)


def test_a_failure_is_written_with_its_traceback(path: Path) -> None:
    start_log(path)
    try:
        raise ValueError("what went wrong")
    except ValueError:
        logging.getLogger("koi.agent.session").exception("a turn failed")
    text = path.read_text(encoding="utf-8")
    assert "a turn failed" in text
    assert "ValueError: what went wrong" in text


def test_nothing_is_created_before_the_first_record(path: Path) -> None:
    start_log(path)
    logging.getLogger("koi.agent").debug("only for --debug")
    assert not path.parent.exists()


def test_debug_writes_everything(path: Path) -> None:
    start_log(path, debug=True)
    logging.getLogger("koi.agent").debug("a detail")
    assert "a detail" in path.read_text(encoding="utf-8")


def test_only_its_owner_reads_it(path: Path) -> None:
    start_log(path)
    logging.getLogger("koi").error("an error")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_large_log_makes_room(path: Path) -> None:
    start_log(path)
    logging.getLogger("koi").error("x" * LARGEST)
    logging.getLogger("koi").error("after")
    assert path.read_text(encoding="utf-8").endswith("after\n")
    assert path.with_name("koi.log.1").stat().st_size > LARGEST


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path, path: Path) -> None:
    start_log(tmp_path / "state" / "koi.log")
    (tmp_path / "state").write_text("a file where the folder should be", encoding="utf-8")
    logging.getLogger("koi").error("lost")
    assert (tmp_path / "state").read_text(encoding="utf-8").startswith("a file")


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer KEYKEYKEY123",
        '{"x-api-key": "KEYKEYKEY123"}',
        "api_key = 'KEYKEYKEY123'",
        "the key sk-ant-api03-KEYKEYKEY123 was refused",
        "gsk_KEYKEYKEY123",
    ],
)
def test_keys_are_left_out(text: str) -> None:
    assert "KEYKEYKEY123" not in redact(text)


def test_other_text_stays() -> None:
    text = "POST /v1/messages: 429, retry in 3 s; tokens: see usage"
    assert redact(text) == text
