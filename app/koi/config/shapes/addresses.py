"""Names for endpoints that a configuration knows by their address or display name only."""

from __future__ import annotations

from urllib.parse import urlsplit

URL_FORMS = {"anthropic-custom:": "anthropic", "custom:": "openai-chat"}
"""Prefixes of provider names that are addresses, and the protocol that they speak."""


def host_name(url: str) -> str | None:
    """Host and port of a URL in lower case, None when it has no fixed one."""
    try:
        parts = urlsplit(url.strip())
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    if not parts.hostname or "$" in parts.netloc:
        return None
    return f"{parts.hostname}{port}"


def split_form(name: str) -> tuple[str, str] | None:
    """Protocol and URL of `custom:URL` or `anthropic-custom:URL`, None for other names."""
    for prefix, protocol in URL_FORMS.items():
        if name.startswith(prefix):
            return protocol, name.removeprefix(prefix).strip()
    return None


def usable_name(name: str) -> str:
    """A display name as the first part of a model reference: no spaces, slashes or capitals."""
    return "-".join(name.lower().replace("/", " ").split())
