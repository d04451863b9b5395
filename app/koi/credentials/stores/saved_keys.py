"""Keys that the person gave to koi: in the OS keyring, else in a file, and koi says which."""

from __future__ import annotations

import msgspec

from koi.config.paths import Paths
from koi.core.secret import Secret
from koi.credentials.findings import KEY_FILE, OS_KEYRING, Source
from koi.credentials.key_text import checked_key
from koi.credentials.stores.back_end import KeyringFailure
from koi.credentials.stores.key_files import names_of_files, remove_key_file, write_key_file
from koi.credentials.stores.keyring_names import add_name, names_in_keyring, remove_name
from koi.credentials.stores.keyring_store import KeyringStore, os_keyring
from koi.files.home import short_path


class KeyPlace(msgspec.Struct, frozen=True):
    """Where a key went."""

    source: Source
    words: str
    """For people: "in the OS keyring (Secret Service)"."""


class SavedKey(msgspec.Struct, frozen=True):
    """A key that is kept, without the key."""

    provider: str
    source: Source


class RemovedKey(msgspec.Struct, frozen=True):
    """What removing a key did."""

    sources: tuple[Source, ...]
    """Where there was one."""
    left: str = ""
    """Why one may still be in the keyring; "" when none is."""


def save_key(
    paths: Paths, provider: str, secret: Secret, keyring: KeyringStore | None = None
) -> KeyPlace:
    """Keep a key for the next starts. May take 3 s: call it away from the event loop.

    Raises UsageError for what cannot be a key, StorageError when it could be kept nowhere.
    """
    secret = checked_key(secret.reveal())
    keyring = keyring or os_keyring()
    try:
        keyring.put(provider, secret)
    except KeyringFailure as failure:
        file = write_key_file(paths.keys, provider, secret)
        # An older key in a keyring that fails now must not come before the new one.
        remove_name(paths.keys, provider)
        words = f"in {short_path(file)}, readable by you only, because {failure}"
        return KeyPlace(KEY_FILE, words)
    add_name(paths.keys, provider)
    remove_key_file(paths.keys, provider)
    return KeyPlace(OS_KEYRING, f"in the OS keyring ({keyring.name})")


def saved_keys(paths: Paths) -> tuple[SavedKey, ...]:
    """The keys that koi keeps, by provider, without reading one. Raises StorageError."""
    kept = [SavedKey(name, OS_KEYRING) for name in names_in_keyring(paths.keys)]
    kept += [SavedKey(name, KEY_FILE) for name in names_of_files(paths.keys)]
    return tuple(sorted(kept, key=lambda key: key.provider))


def remove_key(paths: Paths, provider: str, keyring: KeyringStore | None = None) -> RemovedKey:
    """Remove a key from the keyring and from its file. May take 3 s. Raises StorageError."""
    keyring = keyring or os_keyring()
    sources: list[Source] = []
    left = ""
    try:
        if keyring.remove(provider):
            sources.append(OS_KEYRING)
    except KeyringFailure as failure:
        if provider in names_in_keyring(paths.keys):
            left = f"the OS keyring may still have it: {failure}"
    else:
        remove_name(paths.keys, provider)
    if remove_key_file(paths.keys, provider):
        sources.append(KEY_FILE)
    return RemovedKey(tuple(sources), left)
