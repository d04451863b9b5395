"""Changing the user's file."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from koi.config.edit import set_value, set_values
from koi.core.errors import ConfigurationError, UsageError
from tests.configurations import load_text, paths_in

WRITTEN = """# mine
model = "a/b"   # the good one

[reliability]
retries = 1 # few
"""


def test_comments_and_order_stay(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    paths.config_file.write_text(WRITTEN)
    set_value(paths, "reliability.retries", "4")
    assert paths.config_file.read_text() == WRITTEN.replace("retries = 1", "retries = 4")


def test_a_new_file_is_private(tmp_path: Path) -> None:
    paths = paths_in(tmp_path / "new" / "folder")
    set_value(paths, "model", "a/b")
    assert paths.config_file.read_text() == 'model = "a/b"\n'
    assert paths.config_file.stat().st_mode & 0o777 == 0o600
    assert paths.config_file.parent.stat().st_mode & 0o077 == 0


def test_the_mode_of_an_existing_folder_stays(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    set_value(paths_in(tmp_path), "model", "a/b")
    assert tmp_path.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("key", ["providers.my-own.base_url", 'providers."my own".base_url'])
def test_tables_are_made_when_missing(tmp_path: Path, key: str) -> None:
    paths = paths_in(tmp_path)
    set_value(paths, "model", "a/b")
    set_value(paths, key, "https://llm.example.com/v1")
    config = load_text(tmp_path)
    assert [table.base_url for table in config.tables.providers.values()] == [
        "https://llm.example.com/v1"
    ]
    assert config.role_model() == "a/b"


@pytest.mark.parametrize(
    ("key", "text"), [("modle", "x"), ("reliability.retries", "x"), ("model.inner", "x")]
)
def test_what_is_wrong_is_never_written(tmp_path: Path, key: str, text: str) -> None:
    paths = paths_in(tmp_path)
    paths.config_file.write_text(WRITTEN)
    with pytest.raises(UsageError):
        set_value(paths, key, text)
    assert paths.config_file.read_text() == WRITTEN


def test_half_a_price_is_not_written(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    with pytest.raises(ConfigurationError, match="output_per_mtok"):
        set_value(paths, "pricing.x.input_per_mtok", "1")
    assert not paths.config_file.exists()
    set_value(paths, "pricing.x", "{input_per_mtok = 1, output_per_mtok = 2}")
    assert tomllib.loads(paths.config_file.read_text())["pricing"]["x"]["output_per_mtok"] == 2


def test_a_broken_file_is_left_alone(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    paths.config_file.write_text("model = = 1")
    with pytest.raises(ConfigurationError, match="line 1"):
        set_value(paths, "model", "a/b")
    assert paths.config_file.read_text() == "model = = 1"


def test_an_older_mistake_does_not_block_a_change(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    paths.config_file.write_text("colour = 1\n")
    set_value(paths, "model", "a/b")
    assert tomllib.loads(paths.config_file.read_text())["model"] == "a/b"


def test_a_key_of_another_shape_is_named_with_its_file(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    paths.config_file.write_text('default_model = "a/b"\n')
    with pytest.raises(ConfigurationError) as caught:
        set_value(paths, "model", "c/d")
    assert caught.value.hint.startswith(f"Change default_model in {paths.config_file}")
    assert paths.config_file.read_text() == 'default_model = "a/b"\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[credentials]\nallow = ["codex-cli"]\n', ""),
        ('model = "a/b"\n\n[credentials]\nallow = ["codex-cli"]\n', 'model = "a/b"\n\n'),
        ('[credentials]\n# mine\nallow = ["x"]\n', "[credentials]\n# mine\n"),
        (
            '[credentials]\nallow = ["codex-cli"]\ndeny = ["qwen-cli"]\n',
            '[credentials]\ndeny = ["qwen-cli"]\n',
        ),
        ("[budget]\n", "[budget]\n"),
    ],
)
def test_what_is_removed_leaves_no_empty_table(tmp_path: Path, before: str, after: str) -> None:
    paths = paths_in(tmp_path)
    paths.config_file.write_text(before)
    set_values(paths, {("credentials", "allow"): None})
    assert paths.config_file.read_text() == after
