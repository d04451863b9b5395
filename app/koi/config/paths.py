"""Where koi keeps things: the configuration, data, state and cache folders."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec


class Paths(msgspec.Struct, frozen=True):
    """Absolute locations; nothing is created here."""

    config_file: Path
    data: Path
    state: Path
    cache: Path
    config_named_by: str = ""
    """The option or variable that named the configuration file; empty: the usual place."""

    @property
    def sessions(self) -> Path:
        """Journals, one file a session."""
        return self.data / "sessions"

    @property
    def ledger(self) -> Path:
        """What every request cost."""
        return self.data / "ledger.jsonl"

    @property
    def rests(self) -> Path:
        """Until when servers asked not to be asked again."""
        return self.data / "rests.json"

    @property
    def auth_file(self) -> Path:
        """Tokens of koi's own logins."""
        return self.data / "auth.json"

    @property
    def keys(self) -> Path:
        """Saved keys: `NAME.key` files, and the list of those that are in the OS keyring."""
        return self.data / "keys"

    @property
    def model_choices(self) -> Path:
        """Models chosen lately and favourites, for the list of models."""
        return self.state / "models.json"

    @property
    def spill(self) -> Path:
        """Tool output that was too large for the model."""
        return self.state / "spill"

    @property
    def log(self) -> Path:
        """koi's own log, without secrets."""
        return self.state / "koi.log"

    @property
    def network_decisions(self) -> Path:
        """Where koi went and where it was not let: hosts only."""
        return self.state / "network.jsonl"

    @property
    def prompt_history(self) -> Path:
        """Prompts typed before, newest last."""
        return self.state / "history.jsonl"


def find_paths(
    environment: Mapping[str, str] | None = None, config_flag: str | None = None
) -> Paths:
    """The locations by precedence: --config > KOI_CONFIG > KOI_HOME > the platform's folders."""
    environment = os.environ if environment is None else environment
    if home := environment.get("KOI_HOME"):
        base = Path(home).expanduser().absolute()
        paths = Paths(base / "config.toml", base / "data", base / "state", base / "cache")
    else:
        import platformdirs

        paths = Paths(
            Path(platformdirs.user_config_dir("koi", appauthor=False)) / "config.toml",
            Path(platformdirs.user_data_dir("koi", appauthor=False)),
            Path(platformdirs.user_state_dir("koi", appauthor=False)),
            Path(platformdirs.user_cache_dir("koi", appauthor=False)),
        )
    if named := config_flag or environment.get("KOI_CONFIG"):
        return msgspec.structs.replace(
            paths,
            config_file=Path(named).expanduser().absolute(),
            config_named_by="--config" if config_flag else "KOI_CONFIG",
        )
    return paths
