"""Versions, platform, the clock, and room on the disk."""

from __future__ import annotations

import locale
import os
import platform
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

from koi import __version__
from koi.cli.doctor.report import Check, Section, note, ok, problem
from koi.config.paths import Paths
from koi.files.home import short_path

_LITTLE_MB = 200
_SKEW_S = 120.0
_MB = 1_000_000


def machine(paths: Paths) -> Section:
    """What koi runs on."""
    checks = [
        ok(f"koi {__version__}, Python {platform.python_version()} ({sys.executable})"),
        ok(f"{platform.system()} {platform.release()} {platform.machine()}"),
        ok(f"locale {locale.setlocale(locale.LC_CTYPE)}"),
        _room(paths.data),
        _log(paths.log),
        note("commands run without a sandbox, there is none yet: koi asks instead"),
    ]
    return Section("Machine", tuple(checks))


def clock(ahead: dict[str, float] | None, now: float) -> Section:
    """The clock beside those of servers; `ahead` is None when none was asked."""
    checks = []
    built = Path(__file__).stat().st_mtime
    if now < built - 86400:
        when = datetime.fromtimestamp(now, UTC).date()
        checks.append(problem(f"this machine says it is {when}, before koi was installed", _MEND))
    if ahead is None:
        checks.append(note("not compared with others", "koi doctor --live asks the providers."))
    elif not ahead:
        checks.append(note("no server said what time it is"))
    else:
        host, least = min(ahead.items(), key=lambda item: abs(item[1]))
        if abs(least) > _SKEW_S:
            way = "behind" if least > 0 else "ahead of"
            text = f"{abs(least) / 60:.0f} minutes {way} the clock of {host}"
            checks.append(note(text, f"Logins and signed requests may be refused. {_MEND}"))
        else:
            checks.append(ok(f"within {_SKEW_S / 60:.0f} minutes of {host}"))
    return Section("Clock", tuple(checks))


_MEND = "Let the system set the clock: timedatectl set-ntp true (Linux), Date & Time (macOS)."


def _room(folder: Path) -> Check:
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        free = shutil.disk_usage(place).free // _MB
    except OSError as error:
        return problem(f"{short_path(place)}: {error.strerror}", "Check the disk.")
    if not os.access(place, os.W_OK):
        hint = "Give yourself the permission, or set KOI_HOME to another place."
        return problem(f"{short_path(place)} cannot be written", hint)
    if free < _LITTLE_MB:
        return problem(f"{free} MB are free for {short_path(folder)}", "Make room on the disk.")
    return ok(f"{free:,} MB are free for {short_path(folder)}")


def _log(path: Path) -> Check:
    try:
        size = path.stat().st_size
    except OSError:
        return ok(f"{short_path(path)} is empty: nothing went wrong inside koi")
    return ok(f"{short_path(path)}: {size / 1000:.0f} kB")
