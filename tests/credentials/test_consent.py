"""A yes and a no to other programs' logins, as they stand in the user's file."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from koi.config.load import load
from koi.credentials.consent import TERMS, allow, answer_of, deny, revoke
from koi.credentials.findings import ConsentId
from koi.credentials.refusals import refusal_of, remember_refusal
from tests.configurations import load_text, paths_in

TEXT = """# mine
model = "openai/gpt-5.2"  # the good one

[credentials]  # asked in March
allow = ["codex-cli"]  # yes
"""


def test_every_source_has_terms_and_a_link() -> None:
    assert set(TERMS) == set(get_args(ConsentId))
    assert all(each.link.startswith("https://") and each.sentence for each in TERMS.values())


def test_nobody_was_asked_at_first(tmp_path: Path) -> None:
    assert answer_of(load_text(tmp_path), "claude-cli") is None


def test_a_yes_a_no_and_a_second_thought(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    allow(paths, "claude-cli")
    assert answer_of(load(paths=paths, environment={}), "claude-cli") == "yes"
    deny(paths, "claude-cli")
    assert answer_of(load(paths=paths, environment={}), "claude-cli") == "no"
    revoke(paths, "claude-cli")
    assert answer_of(load(paths=paths, environment={}), "claude-cli") is None


def test_answers_leave_comments_and_other_answers_alone(tmp_path: Path) -> None:
    load_text(tmp_path, TEXT)
    paths = paths_in(tmp_path)
    deny(paths, "qwen-cli")
    allow(paths, "claude-cli")
    written = paths.config_file.read_text()
    assert all(comment in written for comment in ("# mine", "# the good one", "# asked in March"))
    config = load(paths=paths, environment={})
    assert config.tables.credentials.allow == ("codex-cli", "claude-cli")
    assert config.tables.credentials.deny == ("qwen-cli",)


def test_saying_the_same_again_changes_nothing(tmp_path: Path) -> None:
    load_text(tmp_path, TEXT)
    allow(paths_in(tmp_path), "codex-cli")
    revoke(paths_in(tmp_path), "claude-cli")
    assert paths_in(tmp_path).config_file.read_text() == TEXT


def test_a_project_cannot_say_yes(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / ".koi").mkdir(parents=True)
    (project / ".koi/config.toml").write_text('[credentials]\nallow = ["claude-cli"]\n')
    config = load(paths=paths_in(tmp_path), environment={}, project_folder=project, trusted=True)
    assert answer_of(config, "claude-cli") is None


def test_a_yes_tries_a_refused_source_once_more(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    remember_refusal(paths, "claude-cli", "not for you")
    assert refusal_of(paths, "claude-cli") == "not for you"
    allow(paths, "claude-cli")
    assert refusal_of(paths, "claude-cli") == ""
