"""koi.log is private, bounded, and holds no keys."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from koi.core.secret import Secret
from koi.store.log import LARGEST, OTHERS, start_log


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "koi.log"


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


def test_no_key_is_written(path: Path) -> None:
    start_log(path)
    logging.getLogger("koi").error("refused: %s", "Authorization: Bearer KEYKEYKEY123")
    text = path.read_text(encoding="utf-8")
    assert "refused: Authorization: Bearer [redacted]" in text


def test_no_key_in_a_traceback_is_written(path: Path) -> None:
    start_log(path)
    secret = Secret("a token of a shape that nobody knows")
    try:
        raise ValueError(f"cannot send {secret.reveal()}")
    except ValueError:
        logging.getLogger("koi").exception("failed")
    text = path.read_text(encoding="utf-8")
    assert "ValueError: cannot send [redacted]" in text
    assert secret.reveal() not in text


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("debug", [False, True])
def test_of_others_only_warnings_are_written(path: Path, name: str, debug: bool) -> None:
    start_log(path, debug=debug)
    logger = logging.getLogger(f"{name}.inner")
    logger.info("HTTP Request: GET https://example.com/callback?code=0123456789")
    logger.warning("https://example.com/callback?code=0123456789 failed")
    text = path.read_text(encoding="utf-8")
    assert "HTTP Request" not in text
    assert "callback?code=[redacted] failed" in text
