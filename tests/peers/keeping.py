"""Keeps, finds or removes a key as koi does, in a process of its own; prints what it would say."""

from __future__ import annotations

import os
import sys

from koi.catalogue.catalogue import load_catalogue
from koi.catalogue.registry import Registry
from koi.config.load import load
from koi.config.paths import find_paths
from koi.core.secret import Secret
from koi.credentials.discovery import find_credentials
from koi.credentials.stores.saved_keys import remove_key, save_key

KEY = "sk-canary-0123456789"


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def main(act: str, provider: str) -> None:
    paths = find_paths(os.environ)
    match act:
        case "save":
            say(save_key(paths, provider, Secret(KEY)).words)
        case "find":
            registry = Registry(load(paths=paths, environment=os.environ), load_catalogue())
            for found in find_credentials(registry.get(provider), registry).of(provider):
                say(f"{found.source}: {found.state} {found.secret == Secret(KEY)}")
        case "remove":
            say(", ".join(remove_key(paths, provider).sources))


if __name__ == "__main__":
    main(*sys.argv[1:])
