"""Base URLs in every form that people write."""

from __future__ import annotations

import pytest

from koi.core.errors import UsageError
from koi.net.hosts import host_of
from koi.providers.addresses import join


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://api.x.com", "https://api.x.com/v1/chat/completions"),
        ("https://api.x.com/", "https://api.x.com/v1/chat/completions"),
        ("https://api.x.com/v1", "https://api.x.com/v1/chat/completions"),
        ("https://api.x.com/v1/", "https://api.x.com/v1/chat/completions"),
        ("https://api.x.com/v1/chat/completions", "https://api.x.com/v1/chat/completions"),
        ("https://api.x.com/openai/v1", "https://api.x.com/openai/v1/chat/completions"),
        ("https://api.x.com/inference", "https://api.x.com/inference/chat/completions"),
        ("https://x.com/chat/completions", "https://x.com/chat/completions"),
        (
            "https://x.com/deployments/d?api-version=1",
            "https://x.com/deployments/d/chat/completions?api-version=1",
        ),
        (" http://localhost:8080 ", "http://localhost:8080/v1/chat/completions"),
    ],
)
def test_chat_completions(base: str, url: str) -> None:
    assert join(base, "/chat/completions", version="/v1") == url


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://api.x.com", "https://api.x.com/v1/messages"),
        ("https://api.x.com/v1", "https://api.x.com/v1/messages"),
        ("https://api.x.com/v1/messages", "https://api.x.com/v1/messages"),
        ("https://api.x.com/anthropic", "https://api.x.com/anthropic/v1/messages"),
        ("https://api.x.com/anthropic/v1/", "https://api.x.com/anthropic/v1/messages"),
    ],
)
def test_messages(base: str, url: str) -> None:
    assert join(base, "/v1/messages", version="/v1") == url


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://g.com", "https://g.com/v1beta/models/m:generateContent"),
        ("https://g.com/v1beta/", "https://g.com/v1beta/models/m:generateContent"),
        ("https://g.com/v1beta/models", "https://g.com/v1beta/models/m:generateContent"),
        (
            "https://g.com/v1beta/models/x-1.5:streamGenerateContent?key=k",
            "https://g.com/v1beta/models/m:generateContent?key=k",
        ),
        (
            "https://g.com/v1/projects/p/locations/l/publishers/google",
            "https://g.com/v1/projects/p/locations/l/publishers/google/models/m:generateContent",
        ),
    ],
)
def test_generate_content(base: str, url: str) -> None:
    assert join(base, "/models/m:generateContent", version="/v1beta") == url


@pytest.mark.parametrize("base", ["", "api.x.com", "ftp://x.com", "https://", "https://[x"])
def test_what_is_no_base_url_is_refused(base: str) -> None:
    with pytest.raises(UsageError, match="not a base URL"):
        join(base, "/models")


def test_hosts_are_compared_in_lower_case() -> None:
    assert host_of("https://API.X.com:8443/v1") == "api.x.com"
    assert host_of("nonsense") == ""
