"""The first page: what koi found and chose, and the ways in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from koi.catalogue.catalogue import load_catalogue
from koi.credentials.findings import ConsentId
from koi.credentials.targets import Way, as_consent
from koi.tui.screens.connect.choice import Choice, Option

NextStep: TypeAlias = (
    Literal["start", "login", "key", "ollama", "url", "demo", "again", "quit"] | ConsentId
)
MAX_VARIABLES = 6
NOTHING = "koi found no model that it can use yet."


def first_page(
    lines: Sequence[str], model: str, waiting: Sequence[Way] = ()
) -> tuple[Choice, tuple[NextStep, ...]]:
    """The page and what its options mean. `lines` say what was found; `model` may be "";
    `waiting` are logins of other programs that need a yes.
    """
    options: dict[NextStep, Option] = {"start": Option(f"start with {model}")} if model else {}
    for way in waiting:
        consent = as_consent(way.name)
        if consent is not None:
            options[consent] = Option(way.title, way.hint)
    options.update(_ways())
    before = tuple(lines) if model else (NOTHING, *lines)
    page = Choice(
        "welcome to koi",
        tuple(options.values()),
        before=before,
        keys="↑ ↓ choose · Enter go on · Esc quit",
    )
    return page, tuple(options)


def _ways() -> tuple[tuple[NextStep, Option], ...]:
    variables = ", ".join(key_variables())
    return (
        (
            "login",
            Option("connect a subscription", "", "GitHub Copilot, ChatGPT, MiniMax and others."),
        ),
        (
            "key",
            Option(
                "paste an API key",
                "",
                f"Or leave and set one in the environment: {variables} and more (koi providers).",
            ),
        ),
        (
            "ollama",
            Option(
                "use Ollama",
                "",
                "Models on this machine, for nothing. When it has none: ollama pull llama3.3",
            ),
        ),
        ("url", Option("any OpenAI-compatible address", "", "It is asked for its models.")),
        ("demo", Option("the demo", "", "Works offline, with koi's real tools.")),
        ("again", Option("look again", "", "After you have set or started something.")),
        ("quit", Option("quit")),
    )


def key_variables() -> list[str]:
    """The variables of the best known providers, in their order."""
    rows = [row for row in load_catalogue().rows if row.profile.default_model]
    names = [row.company.api_key_env[0] for row in rows if row.company.api_key_env]
    return names[:MAX_VARIABLES]
