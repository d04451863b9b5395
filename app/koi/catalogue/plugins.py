"""The manifest beside a provider plugin: where it may go, with whose key, in which framing."""

from __future__ import annotations

import re
import stat
import tomllib
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec

from koi.catalogue.catalogue import Catalogue, checked_url
from koi.catalogue.rows import AuthStyle, Company, Profile, ProviderRow
from koi.core.errors import ConfigurationError, ProviderError

VERSION = 1
"""Of the interface between koi and a plugin; a manifest names the one it was made for."""
MAX_MANIFEST = 64 * 1024
FramingName: TypeAlias = Literal["sse", "ndjson", "json"]
_NOT_FOR_KEYS = {"host", "content-length", "content-type", "transfer-encoding", "connection"}
_KEY_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*_API_KEY")
_STYLES: dict[str, AuthStyle] = {"bearer": "bearer", "x-api-key": "x-api-key", "none": "none"}
_HEADER = re.compile(r"header ([A-Za-z0-9-]+)")
_HOST = re.compile(r"[a-z0-9.-]+|[0-9a-f:]+")


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`my-provider.toml` beside `my-provider.wasm`."""

    protocol_version: Literal[1]
    name: str
    """For people."""
    base_url: str
    allowed_hosts: tuple[str, ...]
    """The only hosts that requests may go to, without scheme and port."""
    framing: FramingName
    """How a streamed answer is cut into events; json: it is not streamed."""
    auth: str = "bearer"
    """How koi sends the key: bearer, x-api-key, `header NAME`, or none."""
    api_key_env: str | None = None
    """The variable with the key. Default: NAME_API_KEY, NAME being the configuration's."""
    default_model: str | None = None
    sha256: str | None = None
    """Of the module, in hexadecimal: another file is refused."""

    @property
    def key_header(self) -> str | None:
        """The header of `auth = "header NAME"`, None for the other styles."""
        found = _HEADER.fullmatch(self.auth)
        return None if found is None or found[1].lower() in _NOT_FOR_KEYS else found[1]


class Plugin(msgspec.Struct, frozen=True):
    """A provider plugin: its manifest was read, its module not yet."""

    module: Path
    manifest: Manifest

    def check_host(self, host: str) -> None:
        """Raises ProviderError (network_policy) for a host that the manifest does not declare."""
        if host.lower() not in self.manifest.allowed_hosts:
            raise ProviderError(
                f"the plugin {self.manifest.name} does not declare the host {host}",
                kind="network_policy",
                hint=f"It may go to {', '.join(self.manifest.allowed_hosts)}: see allowed_hosts "
                f"in {self.module.with_suffix('.toml')}.",
            )


def read_plugin(written: str, folder: Path) -> Plugin:
    """The plugin at `written`, which is relative to `folder` or begins with ~.

    Raises ConfigurationError for a manifest that is missing or wrong.
    """
    try:
        module = folder / Path(written).expanduser()
    except RuntimeError as error:
        raise ConfigurationError(f"'{written}': there is no such home folder") from error
    if module.suffix != ".wasm":
        raise ConfigurationError(
            f"'{written}' is not the path of a .wasm file",
            hint='Write it like plugin = "my-provider.wasm".',
        )
    place = module.with_suffix(".toml")
    return Plugin(module, _parse(read_bounded(place, MAX_MANIFEST), str(place)))


def read_bounded(path: Path, limit: int) -> bytes:
    """A file of at most `limit` bytes. Raises ConfigurationError for anything else."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigurationError("is not a file", where=str(path))
        with path.open("rb") as source:
            content = source.read(limit + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigurationError(
            f"cannot be read: {why}",
            where=str(path),
            hint="A plugin is two files: NAME.wasm, and its manifest NAME.toml beside it.",
        ) from error
    if len(content) > limit:
        raise ConfigurationError(f"is larger than {limit // 1024} KiB", where=str(path))
    return content


def plugin_row(
    name: str, plugin: Plugin, variable: str | None, catalogue: Catalogue
) -> ProviderRow:
    """The row of a provider that a plugin serves.

    Its key is in the variable that the manifest names, else in `variable`; None: the
    configuration names another. Raises ConfigurationError when the variable holds the key of a
    company with other hosts.
    """
    manifest = plugin.manifest
    needs_variable = manifest.auth != "none" and variable is not None
    variables = (manifest.api_key_env or variable or "",) if needs_variable else ()
    for each in variables:
        _check_owner(each, plugin, catalogue)
    company = Company(
        slug=name,
        display_name=manifest.name,
        base_url=manifest.base_url,
        auth=_STYLES.get(manifest.auth, "bearer"),
        api_key_env=variables,
        key_optional=manifest.auth == "none",
    )
    return ProviderRow(company, "wasm", profile=Profile(default_model=manifest.default_model))


def _parse(content: bytes, where: str) -> Manifest:
    try:
        table = tomllib.loads(content.decode())
        if (version := table.get("protocol_version")) != VERSION:
            raise ConfigurationError(
                f"protocol_version is {version!r}, this koi knows {VERSION}",
                where=where,
                hint="Take a version of the plugin that was made for this koi.",
            )
        manifest = msgspec.convert(table, Manifest)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"is no manifest of a plugin: {error}", where=where, hint=_FIELDS
        ) from error
    problem = _problem(manifest)
    if problem:
        raise ConfigurationError(problem, where=where, hint=_FIELDS)
    return msgspec.structs.replace(manifest, base_url=manifest.base_url.rstrip("/"))


_FIELDS = "Its fields: protocol_version, name, base_url, allowed_hosts, framing, auth, …"


def _problem(manifest: Manifest) -> str:
    """What is wrong with a manifest, "" when nothing is."""
    if not manifest.name.isprintable() or not 0 < len(manifest.name) <= 60:
        return "name must be a short text of one line"
    url = checked_url(manifest.base_url)
    if url is None or not url.isascii() or not url.isprintable() or set("@?#\\") & set(url):
        return "base_url is not a plain http or https URL"
    host = (urlsplit(url).hostname or "").lower()
    for each in manifest.allowed_hosts:
        if not _HOST.fullmatch(each):
            return f"allowed_hosts: {each!r} is not a host name in lower case"
    if host not in manifest.allowed_hosts:
        return f"base_url goes to {host}, which is not in allowed_hosts"
    if manifest.auth not in _STYLES and manifest.key_header is None:
        return f"auth is {manifest.auth!r}; it can be bearer, x-api-key, 'header NAME' or none"
    if manifest.api_key_env is not None and not _KEY_VARIABLE.fullmatch(manifest.api_key_env):
        return "api_key_env must end in _API_KEY: no other variable is a manifest's to ask for"
    if manifest.sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", manifest.sha256):
        return "sha256 must be 64 hexadecimal digits in lower case"
    return ""


def _check_owner(variable: str, plugin: Plugin, catalogue: Catalogue) -> None:
    """A plugin gets no key that belongs to a company of the catalogue, unless it goes there."""
    owners = [row for row in catalogue.rows if variable in _variables(row.company)]
    homes = {
        urlsplit(url).hostname
        for row in owners
        for url in (
            row.company.base_url,
            row.company.models_url or "",
            *(other.base_url for other in row.alternates),
        )
    }
    if owners and not set(plugin.manifest.allowed_hosts) <= homes:
        raise ConfigurationError(
            f"the plugin {plugin.manifest.name} may not use {variable}, the key of "
            f"{owners[0].company.display_name}, for {', '.join(plugin.manifest.allowed_hosts)}",
            where=str(plugin.module.with_suffix(".toml")),
            hint="If you want that, say so with api_key_env in the provider's table of your "
            "config.toml.",
        )


def _variables(company: Company) -> tuple[str, ...]:
    return (*company.api_key_env, *company.consent_env)
