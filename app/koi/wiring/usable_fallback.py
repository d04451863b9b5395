"""Which fallback could take a session whose own model cannot be asked."""

from __future__ import annotations

from koi.core.errors import ConfigurationError, CredentialMissing, KoiError
from koi.core.references import ModelReference
from koi.wiring.fallbacks import FallbackLists
from koi.wiring.providers import Providers


async def with_fallback(
    error: CredentialMissing | ConfigurationError,
    model: ModelReference,
    providers: Providers,
    lists: FallbackLists,
) -> KoiError:
    """`error`, its hint followed by how to begin with the first fallback of `model` that has what
    it needs; as it is when there is none.
    """
    for fallback in (*lists.own(model), *lists.of_role("executor")):
        if fallback.error is not None or fallback.reference == model:
            continue
        try:
            await providers.find_keys(fallback.reference)
        except KoiError:
            continue
        begin = f"Its fallback can be used: -m {fallback.reference}"
        error.hint = f"{error.hint} {begin}".strip()
        break
    return error
