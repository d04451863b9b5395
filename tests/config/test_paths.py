"""Where koi keeps things."""

from __future__ import annotations

from pathlib import Path

from koi.config.paths import find_paths


def test_koi_home_moves_everything(tmp_path: Path) -> None:
    paths = find_paths({"KOI_HOME": str(tmp_path)})
    assert paths.config_file == tmp_path / "config.toml"
    assert paths.sessions == tmp_path / "data" / "sessions"
    assert paths.log == tmp_path / "state" / "koi.log"
    assert paths.config_named_by == ""


def test_the_option_beats_koi_config_beats_koi_home(tmp_path: Path) -> None:
    environment = {"KOI_HOME": str(tmp_path), "KOI_CONFIG": "/etc/koi.toml"}
    named = find_paths(environment)
    assert (named.config_file, named.config_named_by) == (Path("/etc/koi.toml"), "KOI_CONFIG")
    flag = find_paths(environment, "/mine.toml")
    assert (flag.config_file, flag.config_named_by) == (Path("/mine.toml"), "--config")
    assert flag.data == tmp_path / "data"
