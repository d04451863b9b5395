"""What refusals taught about single models, kept between sessions in the cache folder."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from koi.core.errors import StorageError
from koi.core.references import ModelReference
from koi.files.atomic import create_private_folder, write_atomic
from koi.files.lock import FileLock

MAX_AGE_S = 30 * 24 * 3600.0
"""Servers change: after so many seconds a lesson is forgotten."""
_VERSION = 1
log = logging.getLogger(__name__)


class _Content(msgspec.Struct):
    version: int
    models: dict[str, dict[str, float]]
    """By model reference: what is refused, and the Unix time at which it was learnt."""


class LearntFacts:
    """What each model refuses: names of parameters, `tools`, `stream`, `system`.

    The file is read when it is first asked. Without a file nothing outlives the process. A file
    that cannot be written is no loss: nothing is raised, and the process remembers.
    """

    def __init__(self, file: Path | None = None, now: Callable[[], float] = time.time) -> None:
        self._file = file
        self._now = now
        self._known: dict[str, dict[str, float]] | None = None

    def refused(self, reference: ModelReference) -> frozenset[str]:
        """What the model is known to refuse."""
        oldest = self._now() - MAX_AGE_S
        found = self._models.get(str(reference), {})
        return frozenset(name for name, learnt in found.items() if learnt >= oldest)

    def add(self, reference: ModelReference, refused: str) -> None:
        """Remember one more thing that a model refuses."""
        learnt = self._now()

        def put(models: dict[str, dict[str, float]]) -> None:
            models.setdefault(str(reference), {})[refused] = learnt

        self._change(put)

    def forget(self, provider: str) -> None:
        """Forget what was learnt about all models of a provider."""

        def drop(models: dict[str, dict[str, float]]) -> None:
            for name in [name for name in models if name.startswith(f"{provider}/")]:
                del models[name]

        self._change(drop)

    @property
    def _models(self) -> dict[str, dict[str, float]]:
        if self._known is None:
            self._known = self._read()
        return self._known

    def _change(self, change: Callable[[dict[str, dict[str, float]]], None]) -> None:
        change(self._models)
        if self._file is None:
            return
        try:
            create_private_folder(self._file.parent)
            with FileLock(self._file.with_suffix(".lock"), timeout_s=2.0):
                kept = self._read()
                change(kept)
                oldest = self._now() - MAX_AGE_S
                fresh = {
                    model: lessons
                    for model, found in kept.items()
                    if (lessons := {name: at for name, at in found.items() if at >= oldest})
                }
                content = msgspec.json.encode(_Content(_VERSION, fresh))
                write_atomic(self._file, content, mode=0o600)
        except StorageError as error:
            log.warning("what was learnt of models is not kept: %s", error.title)

    def _read(self) -> dict[str, dict[str, float]]:
        """The file's content, nothing of another version; a damaged file is set aside."""
        if self._file is None:
            return {}
        try:
            content = msgspec.json.decode(self._file.read_bytes(), type=_Content)
        except FileNotFoundError:
            return {}
        except OSError as error:
            log.warning("what was learnt of models cannot be read: %s", error)
            return {}
        except msgspec.MsgspecError:
            with suppress(OSError):
                self._file.replace(self._file.with_suffix(".damaged"))
            return {}
        return content.models if content.version == _VERSION else {}


def learnt_facts(cache: Path) -> LearntFacts:
    """The facts in koi's cache folder."""
    return LearntFacts(cache / "learnt.json")
