"""Remembers for one day what genai-prices said, because importing it costs 0.2 s and 15 MB."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import msgspec

from koi.core.errors import StorageError
from koi.core.usage import Price
from koi.files.atomic import create_private_folder, write_atomic


class PricedFacts(msgspec.Struct, frozen=True):
    """What genai-prices and the configuration say of one model. The window is in tokens."""

    price: Price | None = None
    context_window: int | None = None


class _Content(msgspec.Struct):
    edition: str
    models: dict[str, PricedFacts]


class PriceCache:
    """Facts by `LIST/MODEL`, valid for one edition of the price list and one day (prices have
    dates from which they hold)."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "prices.json"

    def get(self, key: str) -> PricedFacts | None:
        """What was said today, None when nothing was. Reads one small file."""
        return self._read().models.get(key)

    def put(self, key: str, facts: PricedFacts) -> None:
        """Remember `facts`. A cache that cannot be written is no loss, so nothing is raised."""
        content = self._read()
        content.models[key] = facts
        with suppress(StorageError):
            create_private_folder(self._path.parent)
            write_atomic(self._path, msgspec.json.encode(content), mode=0o600)

    def _read(self) -> _Content:
        edition = _edition()
        with suppress(OSError, msgspec.MsgspecError):
            content = msgspec.json.decode(self._path.read_bytes(), type=_Content)
            if content.edition == edition:
                return content
        return _Content(edition, {})


def _edition() -> str:
    """The installed price list (by size and time, which needs no import) and the day."""
    day = datetime.now(UTC).date().isoformat()
    spec = find_spec("genai_prices")
    if spec is None or spec.origin is None:
        return day
    data = Path(spec.origin).with_name("data.py")
    with suppress(OSError):
        facts = data.stat()
        return f"{day} {facts.st_size} {facts.st_mtime_ns}"
    return day
