"""Bedrock's names of models, its lists, its vectors, and what to do about its errors."""

from __future__ import annotations

import pytest

from koi.core.errors import ErrorKind, ProviderError
from koi.core.messages import JsonObject
from koi.net.errors import response_error
from koi.providers.wire.bedrock.advice import advice
from koi.providers.wire.bedrock.embeddings import BEDROCK_EMBEDDINGS
from koi.providers.wire.bedrock.model_ids import is_profile, plain_id
from koi.providers.wire.bedrock.models import read_models
from koi.providers.wire.families import family

CLAUDE = "anthropic.claude-sonnet-4-20250514-v1:0"
ARN = "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-x-v1:0"
ANSWER: JsonObject = {
    "modelSummaries": [
        {
            "modelId": "amazon.nova-pro-v1:0",
            "inputModalities": ["TEXT", "IMAGE"],
            "outputModalities": ["TEXT"],
            "responseStreamingSupported": True,
            "inferenceTypesSupported": ["ON_DEMAND", "INFERENCE_PROFILE"],
        },
        {
            "modelId": CLAUDE,
            "inputModalities": ["TEXT", "IMAGE"],
            "outputModalities": ["TEXT"],
            "responseStreamingSupported": True,
            "inferenceTypesSupported": ["INFERENCE_PROFILE"],
        },
        {
            "modelId": "amazon.titan-embed-text-v2:0",
            "inputModalities": ["TEXT"],
            "outputModalities": ["EMBEDDING"],
            "inferenceTypesSupported": ["ON_DEMAND"],
        },
        {
            "modelId": "amazon.titan-image-generator-v2:0",
            "outputModalities": ["IMAGE"],
            "inferenceTypesSupported": ["ON_DEMAND"],
        },
    ],
    "inferenceProfileSummaries": [
        {
            "inferenceProfileId": f"us.{CLAUDE}",
            "status": "ACTIVE",
            "models": [{"modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{CLAUDE}"}],
        }
    ],
}


@pytest.mark.parametrize(
    "name", [CLAUDE, f"us.{CLAUDE}", f"global.{CLAUDE}", f"apac.{CLAUDE}", f"x/eu.{CLAUDE}"]
)
def test_one_model_has_many_names(name: str) -> None:
    assert plain_id(name) == CLAUDE
    assert is_profile(name) == (name != CLAUDE)
    assert family("bedrock", name) == "bedrock/claude"


def test_models_that_can_be_asked_are_listed_with_their_profiles() -> None:
    found = {info.reference.model: info for info in read_models("bedrock", ANSWER)}
    assert list(found) == ["amazon.nova-pro-v1:0", "amazon.titan-embed-text-v2:0", f"us.{CLAUDE}"]
    profile = found[f"us.{CLAUDE}"]
    assert (profile.vision, profile.streaming, profile.embeddings) == (True, True, False)
    assert found["amazon.titan-embed-text-v2:0"].embeddings is True
    assert {info.reference.provider for info in found.values()} == {"bedrock"}


@pytest.mark.parametrize("answer", [None, [], {}, {"modelSummaries": [1, {}]}])
def test_a_list_of_something_else_is_empty(answer: object) -> None:
    assert read_models("bedrock", answer) == ()


def test_titan_makes_one_vector_at_a_time() -> None:
    model = "amazon.titan-embed-text-v2:0"
    wire = BEDROCK_EMBEDDINGS.build(model, ("one",))
    assert wire.path == "/model/amazon.titan-embed-text-v2%3A0/invoke"
    assert wire.body == {"inputText": "one"}
    assert BEDROCK_EMBEDDINGS.batch(model) == 1
    assert BEDROCK_EMBEDDINGS.read({"embedding": [1, 0.5], "inputTextTokenCount": 1}) == [[1, 0.5]]


@pytest.mark.parametrize("model", ["cohere.embed-english-v3", "us.cohere.embed-v4:0"])
def test_cohere_makes_many(model: str) -> None:
    wire = BEDROCK_EMBEDDINGS.build(model, ("one", "two"))
    assert wire.body == {"texts": ["one", "two"], "input_type": "search_document"}
    assert BEDROCK_EMBEDDINGS.batch(model) == 96


@pytest.mark.parametrize(
    "answer", [{"embeddings": [[1.0], [2.0]]}, {"embeddings": {"float": [[1.0], [2.0]]}}]
)
def test_vectors_of_cohere_come_in_two_forms(answer: JsonObject) -> None:
    assert BEDROCK_EMBEDDINGS.read(answer) == [[1.0], [2.0]]


def test_models_that_make_no_vectors_are_refused() -> None:
    with pytest.raises(ProviderError, match="nova-pro"):
        BEDROCK_EMBEDDINGS.build("amazon.nova-pro-v1:0", ("one",))
    with pytest.raises(ProviderError, match="no vectors"):
        BEDROCK_EMBEDDINGS.read({"output": {}})


def refused(status: int, code: str, message: str) -> ProviderError:
    headers = {"x-amzn-errortype": f"{code}:http://internal.amazon.com/coral/"}
    return response_error(status, headers, f'{{"message":"{message}"}}'.encode())


THROUGHPUT = (
    f"Invocation of model ID {CLAUDE} with on-demand throughput isn’t supported. Retry your "
    "request with the ID or ARN of an inference profile that contains this model."
)
SKEW = "Signature expired: 20250101T000000Z is now earlier than 20250101T001000Z"


@pytest.mark.parametrize(
    ("status", "code", "message", "kind", "says"),
    [
        (400, "ValidationException", THROUGHPUT, "model_not_found", f"us.{CLAUDE}"),
        (
            400,
            "ValidationException",
            "The provided model identifier is invalid.",
            "model_not_found",
            f"eu.{CLAUDE}",
        ),
        (404, "ResourceNotFoundException", "No such model", "model_not_found", f"global.{CLAUDE}"),
        (403, "InvalidSignatureException", SKEW, "auth", "clock"),
        (403, "InvalidSignatureException", "does not match", "auth", "AWS_SECRET_ACCESS_KEY"),
        (403, "ExpiredTokenException", "expired", "auth", "aws sso login"),
        (400, "ExpiredTokenException", "expired", "auth", "aws sso login"),
        (403, "UnrecognizedClientException", "invalid", "auth", "AWS_SESSION_TOKEN"),
        (
            403,
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
            "model_not_found",
            "console",
        ),
        (429, "ThrottlingException", "Too many tokens", "rate_limit", ""),
        (400, "ThrottlingException", "Too many tokens", "rate_limit", ""),
        (424, "ModelErrorException", "odd", "overloaded", ""),
        (408, "ModelTimeoutException", "odd", "timeout", ""),
        (400, "ValidationException", "Input is too long", "context_overflow", ""),
        (503, "ServiceUnavailableException", "odd", "overloaded", ""),
    ],
)
def test_errors_and_what_to_do(
    status: int, code: str, message: str, kind: ErrorKind, says: str
) -> None:
    error = refused(status, code, message)
    assert (error.kind, error.code) == (kind, code)
    found = advice(error, CLAUDE)
    assert says in found
    assert bool(found) == bool(says)


def test_an_arn_of_another_region_is_named() -> None:
    error = refused(400, "ValidationException", "The provided model identifier is invalid.")
    assert "eu-west-1" in advice(error, ARN)
    assert "AWS_REGION" in advice(error, f"eu.{CLAUDE}")
