"""Keys that the person gave to koi, or to the OS keyring in koi's name."""

from __future__ import annotations

from contextlib import suppress

from koi.catalogue.registry import Registered
from koi.core.errors import StorageError
from koi.credentials.findings import KEY_FILE, OS_KEYRING, Finding
from koi.credentials.sources.judged import judged
from koi.credentials.sources.search import Search
from koi.credentials.stores.back_end import KeyringFailure
from koi.credentials.stores.key_files import key_path, names_of_files, read_key_file
from koi.credentials.stores.keyring_names import add_name, names_in_keyring
from koi.credentials.stores.keyring_store import KeyringStore, os_keyring
from koi.files.home import short_path


def find_in_keyring(search: Search, keyring: KeyringStore | None = None) -> tuple[Finding, ...]:
    """Keys in the OS keyring, which is asked no further than the search goes."""
    keyring = keyring or os_keyring()
    folder = search.config.paths.keys
    listed = set(names_in_keyring(folder))
    providers = [
        provider
        for provider in search.keyed
        if provider.name in listed or _by_hand(provider, search)
    ]
    if not providers:
        return ()
    if search.depth != "names":
        try:
            keyring.get_all(provider.name for provider in providers)
        except KeyringFailure as failure:
            unread = [provider for provider in providers if provider.name in listed]
            return tuple(_unreadable(provider, str(failure)) for provider in unread)
    return tuple(
        found
        for provider in providers
        if (found := _finding(provider, search, keyring, provider.name in listed)) is not None
    )


def find_in_files(search: Search) -> tuple[Finding, ...]:
    """Keys in files of koi's own. A file that others could read is closed to them."""
    folder = search.config.paths.keys
    names = set(names_of_files(folder))
    return tuple(_in_file(provider, search) for provider in search.keyed if provider.name in names)


def _by_hand(provider: Registered, search: Search) -> bool:
    """True when the keyring may have a key that koi did not put there, and that is looked for.

    A key file is what koi wrote when the keyring failed: what an older keyring entry says is old.
    """
    if search.depth != "everything" or not provider.row.company.api_key_env:
        return False
    return not key_path(search.config.paths.keys, provider.name).exists()


def _finding(
    provider: Registered, search: Search, keyring: KeyringStore, listed: bool
) -> Finding | None:
    secret = keyring.known(provider.name)
    if secret is not None:
        if not listed:
            with suppress(StorageError):
                # It is found again at the next start; without the note only a full search does.
                add_name(search.config.paths.keys, provider.name)
        detail = f"koi/{provider.name}, {keyring.name}"
        return judged(provider, OS_KEYRING, secret.reveal(), detail, search.config)
    if not listed:
        return None
    if keyring.failure:
        return _unreadable(provider, keyring.failure)
    if search.depth == "names" and not keyring.asked(provider.name):
        return Finding(provider.name, OS_KEYRING, "usable", detail=f"koi/{provider.name}")
    return _unreadable(provider, f"the OS keyring has no key koi/{provider.name} any more")


def _unreadable(provider: Registered, why: str) -> Finding:
    return Finding(provider.name, OS_KEYRING, "unreadable", detail=why)


def _in_file(provider: Registered, search: Search) -> Finding:
    folder = search.config.paths.keys
    shown = short_path(key_path(folder, provider.name))
    try:
        key = read_key_file(folder, provider.name)
    except StorageError as error:
        return Finding(provider.name, KEY_FILE, "unreadable", detail=error.title)
    if key is None:
        return Finding(provider.name, KEY_FILE, "unreadable", detail=f"{shown} has gone")
    detail = f"{shown} (others could read it; it is closed to them now)" if key.was_open else shown
    return judged(provider, KEY_FILE, key.secret.reveal(), detail, search.config)
