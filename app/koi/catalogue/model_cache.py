"""Remembers for a day which models a provider said it has; older lists serve when it is away."""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import msgspec

from koi.catalogue.registry import Registered
from koi.config.config import Config
from koi.config.interpolation import variables
from koi.core.errors import StorageError
from koi.core.seams import ModelInfo
from koi.files.atomic import create_private_folder, write_atomic

FRESH_S = 24 * 3600.0
"""Seconds after which a list is asked for anew."""


class ModelList(msgspec.Struct, frozen=True, eq=False):
    """What a provider said, and when (seconds since 1970). Compared by identity, so that finding
    a model in it stays fast.
    """

    asked_at: float
    models: tuple[ModelInfo, ...]

    @property
    def fresh(self) -> bool:
        """True for a day. A list from the future was made under a wrong clock."""
        return 0 <= time.time() - self.asked_at < FRESH_S

    def get(self, model: str) -> ModelInfo | None:
        """One model of the list, None when it is not in it. `:latest` may be left out."""
        models = _by_name(self)
        return models.get(model) or models.get(f"{model}:latest")


class ModelCache:
    """One file for each provider and address, so that no list is taken for another server's."""

    def __init__(self, config: Config) -> None:
        self._folder = config.paths.cache / "models"
        self._environment = config.environment

    def read(self, provider: Registered) -> ModelList | None:
        """The last list, None when there is none. Fast after the first time."""
        path = self._path(provider)
        with suppress(OSError):
            found = path.stat()
            return _read(path, (found.st_mtime_ns, found.st_ino, found.st_size))
        return None

    def write(self, provider: Registered, models: tuple[ModelInfo, ...]) -> None:
        """Keep a list. A cache that cannot be written is no loss, so nothing is raised."""
        with suppress(StorageError):
            create_private_folder(self._folder)
            content = msgspec.json.encode(ModelList(time.time(), models))
            write_atomic(self._path(provider), content, mode=0o600)

    def _path(self, provider: Registered) -> Path:
        company, get = provider.row.company, self._environment.get
        named = get(company.base_url_env, "") if company.base_url_env else ""
        address = provider.table.base_url or named or company.base_url
        parts = [get(name, "") for name in variables(address, with_default=True)]
        place = " ".join((provider.name, provider.protocol, address, *parts))
        return self._folder / f"{hashlib.sha256(place.encode()).hexdigest()[:24]}.json"


@lru_cache(maxsize=64)
def _read(path: Path, version: tuple[int, int, int]) -> ModelList | None:
    """One version of a list; None for a damaged file, which the next list replaces."""
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(path.read_bytes(), type=ModelList)
    return None


@lru_cache(maxsize=64)
def _by_name(models: ModelList) -> dict[str, ModelInfo]:
    return {info.reference.model: info for info in models.models}
