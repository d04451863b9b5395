"""Web pages that come where an answer should be, and whose they are."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from koi.core.errors import ErrorKind

MAX_PAGE = 200
MAX_MARKUP = 8 * 1024
"""Characters of a page that are looked at: hostile markup takes time that grows with its square."""
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAGS = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_PAGE = re.compile(r"\s*<(!--|!doctype|html|head|body|\?xml|h1|center|title|meta)", re.IGNORECASE)
_FIREWALL_CODE = re.compile(r"error code: 1\d{3}\s*$")
"""All that Cloudflare says to programs that it turns away."""

_BLOCKED = "Ask whoever runs this network to allow {host}, or use another network."
_TURNED_AWAY = "This network is turned away before the provider sees the key: try without a VPN."
_LOGIN = "Open a web browser, log in to this network, and ask again."
_SERVER = "Check base_url: a web server answers there, and no model."
_UNKNOWN = "Check base_url: a web server, a proxy or a login page answers there."


class _Owner(msgspec.Struct, frozen=True):
    name: str
    words: str
    """What tells its pages, as a regular expression."""
    hint: str
    on_the_way: bool = False
    """Between koi and the provider, so that its hint is the one that helps, whatever the status."""
    statuses: tuple[int, ...] = ()
    """Only for these; empty: for all."""


def _filter(product: str, words: str) -> _Owner:
    name = f"a filter of this network, {product}"
    return _Owner(name, words, _BLOCKED, on_the_way=True)


def _server(name: str, words: str, hint: str = _SERVER) -> _Owner:
    return _Owner(name, words, hint)


_OWNERS = (
    _filter("Zscaler", r"zscaler"),
    _filter("Netskope", r"netskope"),
    _filter("Fortinet", r"forti(guard|gate|net)"),
    _filter("Forcepoint", r"forcepoint|websense"),
    _filter("Cisco Umbrella", r"umbrella\.com|opendns"),
    _filter("Blue Coat", r"blue ?coat"),
    _filter("Palo Alto", r"palo ?alto|web page blocked"),
    _filter("Squid", r"\bsquid\b|ERR_(ACCESS|CACHE)_"),
    _Owner(
        "Cloudflare's firewall",
        r"attention required! \| cloudflare|just a moment\.\.\.|cf-error-details"
        r"|error code: 1\d{3}",
        _TURNED_AWAY,
        on_the_way=True,
        statuses=(403, 503),
    ),
    _Owner(
        "the login page of this network",
        r"captive|hotspot|wi-?fi|guest (access|network|portal)|network (login|authentication)",
        _LOGIN,
        on_the_way=True,
    ),
    _server(
        "a web interface, not its API (Open WebUI)",
        r"open webui",
        "Check base_url: the API of Open WebUI is under /api.",
    ),
    _Owner(
        "a login page",
        r"\b(log|sign) ?(in|on)\b|anmelde",
        f"{_LOGIN} Else check base_url.",
        statuses=(200, 401, 403),
    ),
    _server(
        "a web server that wants https",
        r"plain http request was sent to https",
        "The server speaks https at this port: write https:// in base_url.",
    ),
    _server("a web server, nginx", r"\b(nginx|openresty)\b"),
    _server("a web server, Apache", r"\bapache\b"),
    _server("a web server, IIS", r"\bIIS\b"),
    _server("Cloudflare, in front of the provider", r"cloudflare"),
    _server("Google, at an address without a model", r"\((not found|forbidden)\)!!1"),
)


class WebPage(msgspec.Struct, frozen=True):
    """A page: in its own words, whose it is ("" when unknown), what to do about it.

    `on_the_way` is true when it came from between koi and the provider.
    """

    words: str
    owner: str = ""
    hint: str = _UNKNOWN
    on_the_way: bool = False


def looks_like_page(text: str) -> bool:
    """True for something a browser would show as a page, or a firewall instead of one."""
    return bool(_PAGE.match(text) or _FIREWALL_CODE.match(text.strip()))


def read_page(status: int, headers: Mapping[str, str], text: str, host: str) -> WebPage:
    """The page that came as the answer of `host`. Header names are lower case."""
    markup = text[:MAX_MARKUP]
    words = _words(markup)
    told = f"{headers.get('server', '')} {markup}"
    for owner in _OWNERS:
        if owner.statuses and status not in owner.statuses:
            continue
        if re.search(owner.words, told, re.IGNORECASE):
            hint = owner.hint.format(host=host or "the provider")
            return WebPage(words, owner.name, hint, owner.on_the_way)
    return WebPage(words)


def page_kind(status: int) -> ErrorKind | None:
    """The kind of a page with this status; None when the status says it better.

    A page with 403 is of a firewall, a filter, a web server: no key was looked at.
    """
    return "protocol" if status < 300 or status in (403, 406, 511) else None


def _words(markup: str) -> str:
    """Readable text of a page: its title, else its words, at most MAX_PAGE characters."""
    title = _TITLE.search(markup)
    words = title[1] if title and title[1].strip() else _TAGS.sub(" ", markup)
    words = " ".join(words.split())
    return words if len(words) <= MAX_PAGE else f"{words[: MAX_PAGE - 1]}…"
