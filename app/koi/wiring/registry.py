"""Configuration and catalogue, joined."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path

from koi.catalogue.registry import Registry


def open_registry(
    config_flag: str | None = None,
    *,
    flags: Mapping[str, object] | None = None,
    workspace: Path | None = None,
    trusted: bool = False,
) -> Registry:
    """Configuration and catalogue, joined. Raises ConfigurationError.

    From then on no program that koi starts is given the variables that keys are taken from, and
    warnings go to koi's log, without keys, and not in between on the terminal.
    """
    from koi.catalogue.catalogue import load_catalogue
    from koi.config.load import load
    from koi.config.paths import find_paths
    from koi.safety.environment import withhold
    from koi.store.log import start_log

    config = load(
        paths=find_paths(os.environ, config_flag),
        environment=os.environ,
        flags=flags,
        project_folder=workspace,
        trusted=trusted,
    )
    withhold(config.key_variables())
    if not logging.getLogger("koi").handlers:
        start_log(config.paths.log)
    return Registry(config, load_catalogue())
