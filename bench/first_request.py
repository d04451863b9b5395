"""What goes over the wire: the size of the first request."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bench.figures import Figure
from bench.startup import KOI, environment
from tests.servers.answers import text
from tests.servers.model_server import ModelServer

CONFIGURATION = """
[providers.bench]
protocol = "{protocol}"
base_url = "{url}"
api_key = "bench"
"""


def measure(folder: Path) -> list[Figure]:
    """Bytes of the first request: system prompt, tool schemas, one prompt."""
    figures = []
    for protocol in ("openai-chat", "anthropic"):
        with ModelServer() as server:
            server.script(text("hello"))
            url = server.openai_url if protocol == "openai-chat" else server.url
            file = folder / f"{protocol}.toml"
            file.write_text(CONFIGURATION.format(protocol=protocol, url=url), encoding="utf-8")
            subprocess.run(
                [KOI, "run", "--config", str(file), "-m", "bench/model", "hello"],
                cwd=folder,
                env=environment(folder),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=True,
            )
            size = len(server.model_requests[0].raw_body)
        figures.append(Figure(f"first request, {protocol}", size / 1000, "kB", 12))
    return figures
