"""A koi that asks a model again and again, until it is told to stop. Run as a process of its own.

Prints a line for each answer; ends with an error when one is refused.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from koi.catalogue.catalogue import load_catalogue
from koi.catalogue.registry import Registry
from koi.config.load import load
from koi.config.paths import Paths
from koi.core.messages import Message, ModelRequest, Text
from koi.wiring.providers import open_provider

REQUEST = ModelRequest("m", (Message("user", (Text("peer:hello"),)),))


async def main(folder: Path, until: Path) -> None:
    """Ask until the file `until` is there, and at least once."""
    paths = Paths(folder / "config.toml", folder / "data", folder / "state", folder / "cache")
    registry = Registry(load(paths=paths, environment={}, flags=None), load_catalogue())
    provider = open_provider("qwen-code", registry)
    told = False
    while not told:  # one that is slow to begin asks once more than it was let
        told = await asyncio.to_thread(until.exists)
        async for _ in provider.complete(REQUEST):
            pass
        sys.stdout.write("answered\n")
        await asyncio.sleep(0.01)
    await provider.aclose()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
