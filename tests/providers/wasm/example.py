"""The example plugin in a configuration, with another service in the place of Cohere's."""

from __future__ import annotations

import shutil
from pathlib import Path

EXAMPLE = Path(__file__).parents[3] / "examples/wasm-provider"
KEY = "cohere-key-0123456789"


def install(koi_home: Path, url: str) -> Path:
    """Copy it beside a configuration that names it `mine`; its key is in COHERE_TEST_API_KEY."""
    koi_home.mkdir(parents=True, exist_ok=True)
    shutil.copy(EXAMPLE / "cohere-v2.wasm", koi_home)
    manifest = (EXAMPLE / "cohere-v2.toml").read_text("utf-8")
    manifest = manifest.replace('"https://api.cohere.com"', f'"{url}"')
    manifest = manifest.replace('"api.cohere.com"', '"127.0.0.1"')
    manifest = manifest.replace("COHERE_API_KEY", "COHERE_TEST_API_KEY")
    (koi_home / "cohere-v2.toml").write_text(manifest, encoding="utf-8")
    table = '[providers.mine]\nprotocol = "wasm"\nplugin = "cohere-v2.wasm"\n'
    (koi_home / "config.toml").write_text(table, encoding="utf-8")
    return koi_home
