"""All logins of koi, by the names that people know them by."""

from __future__ import annotations

from koi.credentials.logins import chatgpt, copilot, minimax, qwen
from koi.credentials.logins.login import Login

LOGINS: tuple[Login, ...] = (copilot.LOGIN, chatgpt.LOGIN, qwen.LOGIN, *minimax.LOGINS)


def find_login(name: str) -> Login | None:
    """The login that a person means: its name, an alias, or its provider."""
    wanted = name.strip().lower().replace("_", "-")
    return next(
        (
            login
            for login in LOGINS
            if wanted in (login.name, login.provider)
            or wanted in (alias.replace("_", "-") for alias in login.aliases)
        ),
        None,
    )


def login_of(provider: str) -> Login | None:
    """The login for a provider, by its slug."""
    return next((login for login in LOGINS if login.provider == provider), None)
