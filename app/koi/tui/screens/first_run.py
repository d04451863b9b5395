"""The first page: what koi found and chose, and the ways in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from koi.catalogue.catalogue import load_catalogue
from koi.credentials.consent import TERMS
from koi.credentials.findings import ConsentId
from koi.credentials.targets import Way, as_consent
from koi.tui.screens.connect.choice import Choice, Option

NextStep: TypeAlias = (
    Literal["wanted", "start", "login", "key", "ollama", "url", "demo", "again", "quit"] | ConsentId
)
MAX_VARIABLES = 6
NOTHING = "koi found no model that it can use yet."


def first_page(
    lines: Sequence[str], model: str, waiting: Sequence[Way] = (), wanted: str = ""
) -> tuple[Choice, tuple[NextStep, ...]]:
    """The page and what its options mean: the most useful first, what its vendor refuses last.

    `lines` say what was found; `model` may be ""; `waiting` are logins of other programs that need
    a yes; `wanted` is what the model that was named needs.
    """
    options: dict[NextStep, Option] = {}
    if wanted:
        options["wanted"] = Option(f"connect {wanted}")
    if model:
        options["start"] = Option(f"start with {model}")
    borrowed = _borrowed(waiting)
    ways = _ways()
    options.update(ways[:2])
    options.update((name, option) for name, option, unwelcome in borrowed if not unwelcome)
    options.update(ways[2:-1])
    options.update((name, option) for name, option, unwelcome in borrowed if unwelcome)
    options.update(ways[-1:])
    before = tuple(lines) if model or wanted else (NOTHING, *lines)
    page = Choice(
        "welcome to koi",
        tuple(options.values()),
        before=before,
        keys="↑ ↓ choose · Enter go on · Esc quit",
    )
    return page, tuple(options)


def _borrowed(waiting: Sequence[Way]) -> list[tuple[ConsentId, Option, bool]]:
    found: list[tuple[ConsentId, Option, bool]] = []
    for way in waiting:
        consent = as_consent(way.name)
        if consent is not None:
            terms = TERMS[consent]
            hint = f"{way.hint}; usually refused" if terms.unwelcome else way.hint
            option = Option(way.title, hint, terms.sentence)
            found.append((consent, option, terms.unwelcome))
    return found


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
        ("quit", Option("quit", "Esc")),
    )


def key_variables() -> list[str]:
    """The variables of the best known providers, in their order."""
    rows = [row for row in load_catalogue().rows if row.profile.default_model]
    names = [row.company.api_key_env[0] for row in rows if row.company.api_key_env]
    return names[:MAX_VARIABLES]
