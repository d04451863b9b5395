"""Requests signed for AWS, with whatever the credential chain of AWS finds.

botocore is the reference for both, and is needed for nothing else: it is an extra, imported late
and away from the event loop. https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

from koi.catalogue.registry import Registered, Registry
from koi.core.errors import CredentialMissing, ProviderError
from koi.core.secret import Secret
from koi.credentials.aws_region import is_aws, region_of
from koi.credentials.endpoint import Signer

if TYPE_CHECKING:
    from botocore.credentials import Credentials, ReadOnlyCredentials
    from botocore.session import Session

SERVICE = "bedrock"
STATIC = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_READ_ONLY = frozenset({"env", "shared-credentials-file", "config-file", "custom-process"})
EXTRA = "pip install 'koi-agent[bedrock]'"
WAYS = (
    "Set AWS_BEARER_TOKEN_BEDROCK to a key of Bedrock, AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE to a profile that is logged in (aws sso login)."
)


def open_aws_signer(provider: Registered, registry: Registry) -> Signer | None:
    """The signer of a provider of AWS that has no key of its own; None when it wants none.

    Raises CredentialMissing when signing is needed and botocore is not installed.
    """
    if provider.table.auth is not None:
        return None
    optional = provider.row.company.key_optional
    if not has_botocore():
        if optional:
            return None
        raise CredentialMissing(
            f"requests to {provider.name} must be signed, and botocore is not installed",
            hint=f"{EXTRA}; or set AWS_BEARER_TOKEN_BEDROCK to a key of Bedrock.",
        )
    config = registry.config
    alone = config.tables.network.default_deny
    return AwsSigner(provider.name, config.environment, optional=optional, alone=alone)


class AwsSigner:
    """Signs each request anew, with its own date. Temporary credentials are renewed in time."""

    def __init__(
        self, name: str, environment: Mapping[str, str], *, optional: bool, alone: bool = False
    ) -> None:
        self._name = name
        self._environment = environment
        self._optional = optional
        """Without credentials, requests go unsigned."""
        self._alone = alone
        """No server is asked for credentials: the network policy allows named hosts only."""
        self._lock = threading.Lock()
        self._credentials: Credentials | None = None
        self._unsigned = False
        """Nothing was found where nothing is needed."""
        self._secrets: tuple[Secret, ...] = ()

    async def headers(self, method: str, url: str, body: bytes) -> dict[str, str]:
        """Authorization, date and session token of exactly this request.

        Raises CredentialMissing when the chain finds nothing, or what it finds has expired.
        """
        return await asyncio.to_thread(self._sign, method, url, body)

    async def base_url(self, configured: str) -> str:
        """As configured: credentials of AWS name no place."""
        return configured

    async def refused(self, error: ProviderError) -> bool:
        """False: the chain renews what it can by itself."""
        return False

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The secret key and the session token, once they were used."""
        return self._secrets

    def _sign(self, method: str, url: str, body: bytes) -> dict[str, str]:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        with self._lock:
            frozen = None if self._unsigned else self._frozen(url)
        if frozen is None:
            return {}
        token = (frozen.token,) if frozen.token else ()
        self._secrets = tuple(Secret(value) for value in (frozen.secret_key, *token))
        request = AWSRequest(method=method, url=url, data=body)
        SigV4Auth(frozen, SERVICE, region_of(url, self._environment)).add_auth(request)
        return {name: str(value) for name, value in request.headers.items()}

    def _frozen(self, url: str) -> ReadOnlyCredentials | None:
        """The credentials as they are now. May run a command, read files, or ask a server."""
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.session import Session

        try:
            if self._credentials is None:
                session = Session()
                if self._alone:
                    _without_servers(session)
                elif self._optional and not is_aws(url):
                    # Where nothing is needed, nobody waits for a cloud that is not there.
                    session.get_component("credential_provider").remove("iam-role")
                self._credentials = session.get_credentials()
            if self._credentials is not None:
                return self._credentials.get_frozen_credentials()
        except (BotoCoreError, ClientError) as error:
            raise CredentialMissing(
                f"the AWS credentials of {self._name} cannot be used: {error}",
                hint=_remedy(type(error).__name__),
            ) from error
        if self._optional:
            self._unsigned = True
            return None
        raise CredentialMissing(f"no AWS credentials for {self._name} were found", hint=WAYS)


def _without_servers(session: Session) -> None:
    """Leave the parts of the chain that read the environment and files."""
    chain = session.get_component("credential_provider")
    for each in list(chain.providers):
        if each.METHOD not in _READ_ONLY:
            chain.remove(each.METHOD)


def _remedy(failure: str) -> str:
    if "SSO" in failure or "Token" in failure or failure.startswith("Login"):
        return "Log in again: aws sso login (with --profile, if AWS_PROFILE names one)."
    return WAYS


def has_botocore() -> bool:
    """True when requests can be signed."""
    return find_spec("botocore") is not None
