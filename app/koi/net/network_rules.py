"""The rules for all requests, from the person's configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from koi.config.config import Config
from koi.config.mistakes import Mistake, dotted
from koi.config.schema import ROLE_NAMES, Tables
from koi.config.shapes.addresses import split_form
from koi.core.errors import ConfigurationError
from koi.net.hosts import host_of, normal_host
from koi.net.policy import NetworkRules


def network_rules(config: Config) -> NetworkRules:
    """`[network]` with all hosts that the person's file names, which are allowed without a word.

    They stand in `base_url`, in `[oauth.NAME]`, and in `custom:URL` of models, fallbacks, routes.
    An option, a variable and a project's file name none.
    """
    network = config.tables.network
    allowed = {normal_host(host) for host in network.provider_allowed_hosts}
    if network.default_deny:
        allowed |= {_host(written, key, config) for key, written in _addresses(config)}
    decisions = config.paths.network_decisions
    return NetworkRules(network.default_deny, frozenset(allowed - {""}), decisions)


def wrong_hosts(table: Mapping[str, object], where: str) -> tuple[Mistake, ...]:
    """Entries of `provider_allowed_hosts` that are no host names, in one layer as it was read."""
    network = table.get("network")
    allowed = network.get("provider_allowed_hosts") if isinstance(network, dict) else None
    return tuple(
        _wrong_host(written, f"network.provider_allowed_hosts[{at}]", where)
        for at, written in enumerate(allowed if isinstance(allowed, (list, tuple)) else ())
        if isinstance(written, str) and not normal_host(written)
    )


def _wrong_host(written: str, key: str, where: str) -> Mistake:
    meant = host_of(written if "://" in written else f"//{written}")
    hint = f"Write {meant or 'a name such as api.openai.com'}, without scheme, port and path."
    return Mistake(where, key, f"'{written}' is not a host", hint)


def _addresses(config: Config) -> Iterator[tuple[str, str]]:
    """Every address in the person's own file with the dotted key at which it stands."""
    tables = config.tables
    for name, provider in tables.providers.items():
        if provider.base_url is not None:
            yield f"providers.{name}.base_url", provider.base_url
    for name, client in tables.oauth.items():
        for field in ("device_url", "authorize_url", "token_url", "exchange_url"):
            if (written := getattr(client, field)) is not None:
                yield f"oauth.{name}.{field}", written
    for key, text in _names(tables):
        if (form := split_form(text)) is not None and config.origin(key).layer == "user":
            yield key, form[1]


def _names(tables: Tables) -> Iterator[tuple[str, str]]:
    """Every name of a provider or model with the dotted key at which it stands."""
    named = {
        "model": tables.model,
        **{f"models.{r}": getattr(tables.models, r) for r in ROLE_NAMES},
    }
    yield from ((key, text) for key, text in named.items() if text is not None)
    yield from (("model_routes", route.provider) for route in tables.model_routes)
    for role in ROLE_NAMES:
        key = f"models.fallback.{role}"
        yield from ((key, text) for text in getattr(tables.models.fallback, role))
    for name, texts in tables.reliability.model_fallbacks.items():
        key = dotted(("reliability", "model_fallbacks", name))
        yield from ((key, text) for text in texts)


def _host(written: str, key: str, config: Config) -> str:
    try:
        url = config.text(written, key)
    except ConfigurationError:
        return ""  # a variable that is not set: whoever uses it is told
    return host_of(url if "://" in url else f"//{url}")
