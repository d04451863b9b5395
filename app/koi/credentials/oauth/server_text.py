"""What authorization servers send, before it is shown or believed: codes, seconds, addresses."""

from __future__ import annotations

import math
import re
from urllib.parse import urlsplit

from koi.core.messages import JsonObject
from koi.net.hosts import is_loopback

USUAL_INTERVAL_S = 5.0
LONGEST_INTERVAL_S = 60.0
USUAL_LIFE_S = 900.0
LONGEST_LIFE_S = 3600.0
_CODE = re.compile(r"[^\x20-\x7e]+")
_USER_CODE = re.compile(r"[0-9A-Za-z]+(?:[-. ]?[0-9A-Za-z]+)*")
_ADDRESS = re.compile(r"[\x21-\x7e]{1,2000}")


def error_code(fields: JsonObject) -> str:
    """The code of an error, wherever servers put it, without what a terminal would obey."""
    error = fields.get("error")
    found = error.get("code") or error.get("type") if isinstance(error, dict) else error
    if not found:
        found = fields.get("code")
    return cleaned(found) if isinstance(found, str | int) else ""


def cleaned(value: object) -> str:
    """A short word of a server, without control characters."""
    return _CODE.sub("", str(value))[:60].strip()


def number(value: object) -> float | None:
    """A finite number, also one that is written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def interval_s(value: object, *, per_second: float = 1.0) -> float:
    """Seconds between two questions: 5 when nothing sensible is said, never more than 60."""
    found = number(value)
    if found is None or found <= 0:
        return USUAL_INTERVAL_S
    return min(max(found / per_second, 0.2), LONGEST_INTERVAL_S)


def life_s(value: object) -> float:
    """Seconds that a code is good for: 15 minutes when nothing sensible is said."""
    found = number(value)
    return USUAL_LIFE_S if found is None or found <= 0 else min(found, LONGEST_LIFE_S)


def user_code(value: object) -> str:
    """A code that a person can type, "" when this is none."""
    if not isinstance(value, str) or len(value) > 40:
        return ""
    return value.strip() if _USER_CODE.fullmatch(value.strip()) else ""


def page_address(value: object, domains: tuple[str, ...], own_hosts: frozenset[str]) -> str:
    """An address to open in a browser, "" when it is not one of the vendor's.

    It must be https on one of the vendor's domains, or on a host of the person's configuration,
    where loopback may be plain http.
    """
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        return ""
    try:
        parts = urlsplit(value)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return ""
    if parts.username is not None or parts.password is not None or not host or "\\" in value:
        return ""
    if host in own_hosts or (is_loopback(host) and any(is_loopback(own) for own in own_hosts)):
        return value if parts.scheme in ("https", "http") else ""
    vendors = any(is_under(host, domain) for domain in domains)
    return value if parts.scheme == "https" and port in (None, 443) and vendors else ""


def vendors_url(written: str, domains: tuple[str, ...]) -> str:
    """An address that a server named for its tokens, "" when it is not https and the vendor's.

    Servers also name a host alone.
    """
    url = written if "://" in written else f"https://{written}"
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return ""
    plain = parts.username is None and not parts.query and not parts.fragment
    if not plain or parts.scheme != "https" or port not in (None, 443):
        return ""
    if not _ADDRESS.fullmatch(url) or not any(is_under(host, domain) for domain in domains):
        return ""
    return f"https://{host}{parts.path.rstrip('/')}"


def is_under(host: str, domain: str) -> bool:
    """True for a domain itself and everything in it."""
    return host == domain or host.endswith(f".{domain}")
