"""Sends the token of one of koi's logins, always one that is still good."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from koi.core.errors import ProviderError
from koi.core.secret import Secret
from koi.credentials.carried import Carried
from koi.credentials.copilot import EXCHANGED, CopilotPlace, CopilotSigner
from koi.credentials.findings import TokenUse
from koi.credentials.oauth.renewal import Renewal
from koi.credentials.stores.token_record import TokenRecord
from koi.net.hosts import host_of

UseOf: TypeAlias = Callable[[TokenRecord], TokenUse]
"""How the token of a login is sent. Raises ProviderError for a place that is not the vendor's."""
PlaceOf: TypeAlias = Callable[[TokenRecord], CopilotPlace]
"""Where a login's token is exchanged. Raises ConfigurationError."""


class LoginSigner:
    """A bearer that is renewed in time, and once more when the server refuses it."""

    def __init__(self, renewal: Renewal, use: UseOf) -> None:
        self._renewal = renewal
        self._use = use
        self._carried = Carried()

    async def headers(self, method: str, url: str, body: bytes) -> dict[str, str]:
        """The bearer of now. Raises ProviderError when the login is over."""
        record = await self._renewal.current()
        token = record.access_token
        assert token is not None, "a living login has a token"
        use = self._use(record)
        if use.base_url and host_of(use.base_url) != host_of(url):
            raise ProviderError(
                f"the login is not for {host_of(url)}",
                kind="network_policy",
                hint="It was changed just now, or base_url names another place: ask again.",
            )
        self._carried.note(token)
        return {"Authorization": f"Bearer {token.reveal()}", **use.headers}

    async def base_url(self, configured: str) -> str:
        """Where the token is valid, `configured` when that is for the person to say."""
        return self._use(await self._renewal.current()).base_url or configured

    async def refused(self, error: ProviderError) -> bool:
        """After a 401: True when there is another token. Raises ProviderError."""
        sent = self._carried.here
        if error.status != 401 or sent is None:
            return False
        return await self._renewal.refused(sent, error)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Everything that must not be repeated."""
        return (*self._renewal.secrets, *self._carried.tokens)


class CopilotLogin:
    """Copilot's login: most GitHub tokens are exchanged, those of own applications are sent."""

    def __init__(self, renewal: Renewal, place: PlaceOf, direct: LoginSigner) -> None:
        self._renewal = renewal
        self._place = place
        self._direct = direct
        self._exchange: tuple[Secret, CopilotSigner] | None = None

    async def headers(self, method: str, url: str, body: bytes) -> dict[str, str]:
        """The bearer of now. Raises ProviderError when GitHub gives none."""
        signer = await self._signer()
        if signer is None:
            return await self._direct.headers(method, url, body)
        return await signer.headers(method, url, body)

    async def base_url(self, configured: str) -> str:
        """Where this account's plan is served. Raises ProviderError."""
        signer = await self._signer()
        if signer is None:
            return await self._direct.base_url(configured)
        return await signer.base_url(configured)

    async def refused(self, error: ProviderError) -> bool:
        """After a 401 a new token is fetched. Raises ProviderError."""
        if self._exchange is None:
            return await self._direct.refused(error)
        return await self._exchange[1].refused(error)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Everything that must not be repeated."""
        exchanged = () if self._exchange is None else self._exchange[1].secrets
        return (*self._direct.secrets, *exchanged)

    async def _signer(self) -> CopilotSigner | None:
        """The exchange of the GitHub token of now, which works; None when that one is sent itself.

        GitHub's refusal of its own token ends the login, unless there is a newer one.
        """
        while True:
            record = await self._renewal.current()
            token = record.access_token
            assert token is not None, "a living login has a token"
            if not token.reveal().startswith(EXCHANGED):
                self._exchange = None
                return None
            if self._exchange is None or self._exchange[0] != token:
                self._exchange = (token, CopilotSigner(token, self._place(record)))
            try:
                await self._exchange[1].base_url("")
            except ProviderError as error:
                if error.status != 401:
                    raise
                if not await self._renewal.refused(token, error):
                    raise await self._renewal.end(token, "GitHub refuses its token") from error
                continue
            return self._exchange[1]
