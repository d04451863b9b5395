"""`--bundle`: a report to send to somebody, without any key, and checked for that once more."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterable, Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

from koi.cli.doctor.configuration import keys_in, without_keys
from koi.core.errors import StorageError, UsageError
from koi.core.redaction import redact
from koi.core.secret import Secret, known_values
from koi.files.home import short_path

if TYPE_CHECKING:
    from koi.catalogue.registry import Registry
    from koi.config.paths import Paths

_LOG_TAIL = 200_000


def write_bundle(
    path: Path, paths: Paths, registry: Registry | None, report: Iterable[str]
) -> tuple[str, ...]:
    """Write a new zip file, for this person only; returns the names of what is in it.

    Raises UsageError when the file is there already, StorageError when it cannot be written or a
    secret would be in it.
    """
    _learn_secrets(paths, registry)
    members = {
        "report.txt": "\n".join(report),
        "config.toml": without_keys(paths.config_file),
        "koi.log": _tail(paths.log),
        "versions.txt": _versions(),
    }
    home = str(Path.home())
    members = {name: redact(text).replace(home, "~") for name, text in members.items()}
    _refuse_secrets(members)
    _write_new(path, _packed(members))
    return tuple(members)


def _learn_secrets(paths: Paths, registry: Registry | None) -> None:
    """Make a Secret of all that must not be in it, so that it is known by its value."""
    from koi.credentials.stores.auth_file import AuthFile
    from koi.safety.environment import is_secret

    for value in keys_in(paths.config_file):
        Secret(value)
    named = () if registry is None else registry.config.key_variables()
    for name, value in os.environ.items():
        if name in named or is_secret(name, value):
            Secret(value.strip())
    try:
        AuthFile(paths.auth_file).read()  # its tokens become Secrets
    except StorageError:
        return  # what cannot be read is not in the report either


def _refuse_secrets(members: Mapping[str, str]) -> None:
    for name, text in members.items():
        if any(value in text for value in known_values()):
            raise StorageError(
                f"a secret would be in {name}, so nothing was written",
                hint="This is a mistake in koi: please report it, without the report.",
            )


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _LOG_TAIL))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return "(empty)\n"
    # The first line may begin in the middle of a key that no pattern knows then.
    return text if size <= _LOG_TAIL else text.partition("\n")[2]


def _versions() -> str:
    """What is installed beside koi."""
    found = {(each.metadata["Name"] or "").lower(): each.version for each in distributions()}
    return "".join(f"{name} {version}\n" for name, version in sorted(found.items()))


def _packed(members: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text.encode("utf-8", "replace"))
    return buffer.getvalue()


def _write_new(path: Path, data: bytes) -> None:
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError:
        raise UsageError(
            f"{short_path(path)} is there already", hint="Name another file after --bundle."
        ) from None
    except OSError as error:
        raise StorageError(f"cannot write {short_path(path)}: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
