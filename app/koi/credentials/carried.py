"""Which token each running request carries: a refusal is about that one, not about the newest."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from koi.core.secret import Secret


class Carried:
    """Tokens by the task that sends them; forgotten with the task."""

    def __init__(self) -> None:
        self._by_task: WeakKeyDictionary[asyncio.Task[object], Secret] = WeakKeyDictionary()

    def note(self, token: Secret) -> None:
        """The request of this task is sent with this token."""
        if (task := asyncio.current_task()) is not None:
            self._by_task[task] = token

    @property
    def here(self) -> Secret | None:
        """What the request of this task was sent with."""
        task = asyncio.current_task()
        return None if task is None else self._by_task.get(task)

    @property
    def tokens(self) -> tuple[Secret, ...]:
        """Everything that is on its way."""
        return tuple(set(self._by_task.values()))
