"""The models of a region: those that can be asked by their id, and the inference profiles.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html and
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListInferenceProfiles.html
"""

from __future__ import annotations

from koi.core.messages import JsonObject
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.providers.wire.bedrock.model_ids import plain_id
from koi.providers.wire.fields import flag, objects, text

MODELS = "/foundation-models"
PROFILES = "/inference-profiles?maxResults=1000"
_ANSWERS = {"TEXT", "EMBEDDING"}


def read_models(provider: str, answer: object) -> tuple[ModelInfo, ...]:
    """Models that answer with text or vectors, in the server's order, then the profiles."""
    if not isinstance(answer, dict):
        return ()
    summaries = objects(answer, "modelSummaries")
    facts = {text(each, "modelId"): each for each in summaries if text(each, "modelId")}
    asked = {name: name for name, each in facts.items() if "ON_DEMAND" in _inference_types(each)}
    for profile in objects(answer, "inferenceProfileSummaries"):
        if (name := text(profile, "inferenceProfileId")) and profile.get("status") != "DELETED":
            asked[name] = _source(profile) or plain_id(name)
    return tuple(
        _info(provider, name, facts.get(source, {}))
        for name, source in asked.items()
        if _outputs(facts.get(source, {})) & _ANSWERS or source not in facts
    )


def _info(provider: str, name: str, facts: JsonObject) -> ModelInfo:
    inputs = facts.get("inputModalities")
    return ModelInfo(
        ModelReference(provider, name),
        vision="IMAGE" in inputs if isinstance(inputs, list) else None,
        streaming=flag(facts, "responseStreamingSupported"),
        embeddings="EMBEDDING" in _outputs(facts) if facts else None,
    )


def _source(profile: JsonObject) -> str:
    """The id of the model behind a profile, from the first of its ARNs."""
    arns = (text(model, "modelArn") for model in objects(profile, "models"))
    return next((arn.rpartition("/")[2] for arn in arns if arn), "")


def _outputs(facts: JsonObject) -> set[object]:
    found = facts.get("outputModalities")
    return {each for each in found if isinstance(each, str)} if isinstance(found, list) else set()


def _inference_types(facts: JsonObject) -> list[object]:
    found = facts.get("inferenceTypesSupported")
    return found if isinstance(found, list) else []
