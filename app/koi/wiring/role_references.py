"""The model of a role as the configuration says, or its default."""

from __future__ import annotations

import msgspec

from koi.catalogue.models import fast_model_info
from koi.catalogue.registry import Registry
from koi.config.schema import RoleName
from koi.core.errors import CredentialMissing, KoiError
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.credentials.aside import finished
from koi.credentials.discovery import find_credentials
from koi.credentials.findings import LOCAL_PROBE, Finding
from koi.credentials.sources.local import find_ollama
from koi.credentials.sources.search import Search
from koi.providers.demo.reference import DEMO
from koi.routing.roles import EMBEDDER, OPENAI_EMBEDDER, best_embedder, default_of
from koi.wiring.named_models import meant_model
from koi.wiring.providers import open_provider


class RoleReference(msgspec.Struct, frozen=True):
    """The model of a role, and why it is that one when nobody named it."""

    reference: ModelReference
    reason: str = ""


async def role_reference(
    role: RoleName, executor: ModelReference, registry: Registry
) -> RoleReference:
    """The model of a role, while the session works with `executor`.

    Raises CredentialMissing for an embedder that nothing can be, UsageError and ConfigurationError
    for a name that means nothing.
    """
    if role == "executor" or executor == DEMO:
        return RoleReference(executor)
    written = registry.config.role_model(role)
    if written:
        found, _ = await meant_model(written, registry)
        return RoleReference(found or executor)
    if role == EMBEDDER:
        return await _embedder(registry)
    fast = registry.get(executor.provider).table.fast_model
    reference = default_of(role, executor, fast)
    why = "as the executor" if reference == executor else f"fast_model of {executor.provider}"
    return RoleReference(reference, why)


async def _embedder(registry: Registry) -> RoleReference:
    """OpenAI's when there is a key for it, else one that a local Ollama has."""
    openai = registry.get(OPENAI_EMBEDDER.provider)
    keys = await finished("key for vectors", lambda: find_credentials(openai, registry))
    if keys.usable(openai.name) is not None:
        return RoleReference(OPENAI_EMBEDDER, "there is a key for OpenAI")
    ollama = registry.get("ollama")
    search = Search((ollama,) if ollama.enabled else (), registry.config)
    probed = await finished("local vectors", lambda: find_ollama(search))
    if (local := best_embedder(await _local_models(probed, registry))) is not None:
        return RoleReference(local, "no key for OpenAI; a local Ollama has it")
    raise CredentialMissing(
        "no model makes vectors: there is no key for OpenAI, and no local Ollama has one",
        hint="Set OPENAI_API_KEY, or: ollama pull nomic-embed-text. Or name one: models.embedder.",
    )


async def _local_models(probed: tuple[Finding, ...], registry: Registry) -> tuple[ModelInfo, ...]:
    """What a local Ollama has, by name; it is asked for more when no name tells of vectors."""
    names = [name for found in probed if found.source == LOCAL_PROBE for name in found.models]
    known = tuple(fast_model_info(ModelReference("ollama", name), registry) for name in names)
    if not names or any(model.embeddings for model in known):
        return known
    try:
        provider = open_provider("ollama", registry)
    except KoiError:
        return known
    try:
        return await provider.list_models()
    except KoiError:
        return known
    finally:
        await provider.aclose()
