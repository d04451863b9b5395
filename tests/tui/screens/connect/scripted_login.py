"""A login that says what its script says, and waits where the script does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import TypeAlias

from koi.credentials.logins.events import CodeIssued, LoginEvent, LoginFailed
from koi.credentials.logins.login import LoginContext, MethodName, Terms

CODE = CodeIssued("ABCD-EFGH", "https://github.com/login/device", expires_in_s=900)
TERMS = Terms("The vendor says so.", "https://example.com/terms")
Step: TypeAlias = LoginEvent | LoginFailed


@dataclass(slots=True)
class ScriptedLogin:
    """Each start takes the next script; after it, or without one, it waits for ever."""

    scripts: list[list[Step]]
    name: MethodName = "device"
    title: str = "a code on any device"
    terms: Terms = TERMS
    contexts: list[LoginContext] = field(default_factory=list)
    steps: asyncio.Queue[Step] = field(default_factory=asyncio.Queue)
    """What happens later."""
    closed: int = 0
    """How many were given up or came to their end."""

    async def start(self, context: LoginContext) -> AsyncGenerator[LoginEvent, None]:
        """The next script, then what is put into `steps`."""
        self.contexts.append(context)
        for step in self.scripts.pop(0) if self.scripts else []:
            self.steps.put_nowait(step)
        try:
            while True:
                step = await self.steps.get()
                if isinstance(step, LoginFailed):
                    raise step
                yield step
        finally:
            self.closed += 1
