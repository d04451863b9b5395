"""Keys of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.core.errors import ConfigurationError
from koi.tui.keys import KEYS, KEYS_FILE, bindings, default_keys, key_label, read_keys


def test_without_a_file_the_keys_are_as_koi_comes(tmp_path: Path) -> None:
    assert read_keys(tmp_path) == default_keys()


def test_a_key_of_ones_own_replaces_the_default(tmp_path: Path) -> None:
    (tmp_path / KEYS_FILE).write_text('help = "f2,ctrl+h"\n')
    keys = read_keys(tmp_path)
    assert keys["help"] == "f2,ctrl+h"
    assert {binding.key for binding in bindings(keys) if binding.action == "help"} == {"f2,ctrl+h"}


@pytest.mark.parametrize(
    ("text", "word"),
    [('hepl = "f2"', "help"), ("help = 3", "help"), ("help =", "keys.toml"), ('x = ""', "unknown")],
)
def test_a_mistake_names_the_file_and_what_was_meant(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / KEYS_FILE).write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_keys(tmp_path)
    message = f"{caught.value.title} {caught.value.hint}"
    assert KEYS_FILE in message
    assert word in message


def test_no_two_actions_share_a_key() -> None:
    keys = [name for key in KEYS for name in key.keys.split(",")]
    assert len(keys) == len(set(keys))


def test_labels_read_like_keys() -> None:
    assert [key_label(key) for key in ("shift+tab", "ctrl+j,enter", "escape")] == [
        "Shift+Tab",
        "Ctrl+J",
        "Esc",
    ]
