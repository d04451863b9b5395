"""A model is known by its line, under the names that any provider gives it."""

from __future__ import annotations

import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.catalogue.families import (
    DATA,
    ModelFacts,
    converses,
    known_facts,
    line_name,
    offered_models,
)


def window(model: str, provider: str = "work") -> int | None:
    return known_facts(provider, model).context_window


@pytest.mark.parametrize(
    ("model", "context_window", "tools"),
    [
        ("qwen2.5-coder:7b", 32_768, True),
        ("qwen2.5-coder", 32_768, True),
        ("llama3.1:8b", 128_000, True),
        ("llama3.1", 128_000, True),
        ("codellama:13b-instruct", 16_384, False),
        ("codellama", 16_384, False),
    ],
)
def test_models_of_ones_own_machine(model: str, context_window: int, tools: bool) -> None:
    facts = known_facts("ollama", model)
    assert (facts.context_window, facts.tools) == (context_window, tools)


@pytest.mark.parametrize(
    ("model", "context_window", "vision"),
    [
        ("anthropic.claude-sonnet-4-20250514", 200_000, True),
        ("anthropic.claude-3-5-haiku-20241022", 200_000, False),
        ("amazon.nova-pro-v1:0", 300_000, True),
        ("meta.llama3-3-70b-instruct-v1:0", 128_000, False),
    ],
)
@pytest.mark.parametrize("region", ["", "us.", "eu.", "global."])
def test_models_of_bedrock(model: str, context_window: int, vision: bool, region: str) -> None:
    facts = known_facts("bedrock", f"{region}{model}")
    assert (facts.context_window, facts.vision, facts.tools) == (context_window, vision, True)


@pytest.mark.parametrize(
    "names",
    [
        (
            "claude-sonnet-4-6",
            "anthropic/claude-sonnet-4.6",
            "claude-sonnet-4-6@20260217",
            "claude-sonnet-4.6:thinking",
            "eu.anthropic.claude-sonnet-4-6-v1:0",
            "arn:aws:bedrock:eu-north-1:1:inference-profile/eu.anthropic.claude-sonnet-4-6-v1:0",
        ),
        (
            "llama-3.3-70b-versatile",
            "llama3.3:70b",
            "meta-llama/Llama-3.3-70B-Instruct-Turbo",
            "accounts/fireworks/models/llama-v3p3-70b-instruct",
            "@cf/meta/llama-3.3-70b-instruct-fp8-fast",
            "hf.co/bartowski/Llama-3.3-70B-Instruct-GGUF:Q4_K_M",
        ),
        ("gemini-2.5-pro", "models/gemini-2.5-pro", "google/gemini-2.5-pro-preview-05-06"),
        ("gpt-4o", "openai/gpt-4o", "gpt-4o-2024-08-06", "gpt-4o-mini", "openai/gpt-4o:extended"),
        ("gpt-oss:20b", "openai/gpt-oss-20b:free", "openai.gpt-oss-120b-1:0", "gpt-oss:120b-cloud"),
        ("deepseek-v3.1", "deepseek-v3.1:671b-cloud", "accounts/fireworks/models/deepseek-v3p1"),
        ("glm-5", "z-ai/glm-5", "zai-org-glm-5", "zai-org/GLM-5-FP8", "glm-5:cloud"),
        ("mistral-large-latest", "mistral-large", "mistral-large-2512"),
        ("command-r-plus", "command-r-plus-08-2024", "cohere/command-r-plus"),
        ("kimi-k2.5", "moonshotai/kimi-k2.5", "accounts/fireworks/models/kimi-k2p5"),
    ],
)
def test_the_same_model_is_known_wherever_it_is_served(names: tuple[str, ...]) -> None:
    first, *others = (known_facts("work", name) for name in names)
    assert first.context_window is not None
    assert others == [first] * len(others)


@pytest.mark.parametrize(
    "model",
    [
        "gpt-5.99",
        "claude-opus-4-99",
        "gpt-4x",
        "gemini-2.9-flash",
        "llama-3.9",
        "o99",
        "",
        "/",
        "x",
    ],
)
def test_a_newer_version_is_not_taken_for_an_older_one(model: str) -> None:
    assert known_facts("work", model) == ModelFacts()


@pytest.mark.parametrize(
    ("model", "longest"),
    [
        ("gpt-5.3-codex-spark", 128_000),
        ("gpt-5.3-codex", 400_000),
        ("gpt-5-chat-latest", 128_000),
        ("gemma3:1b", 32_768),
        ("gemma3:27b", 131_072),
        ("gemma3n:e4b", 32_768),
        ("qwen3-coder:30b", 262_144),
        ("qwen3:0.6b", 131_072),
    ],
)
def test_the_longest_name_counts(model: str, longest: int) -> None:
    assert window(model) == longest


@pytest.mark.parametrize(
    "model",
    [
        "text-embedding-3-small",
        "nomic-embed-text:latest",
        "amazon.titan-embed-text-v2:0",
        "amazon.titan-embed-image-v1",
        "cohere.embed-english-v3",
        "models/gemini-embedding-001",
        "BAAI/bge-large-en-v1.5",
        "intfloat/e5-mistral-7b",
        "voyage-3.5",
        "qwen3-embedding:8b",
    ],
)
def test_models_that_make_vectors(model: str) -> None:
    assert known_facts("work", model).embeddings is True
    assert converses(model)


@pytest.mark.parametrize(
    "model",
    [
        "gpt-4o-audio-preview",
        "gpt-image-1",
        "dall-e-3",
        "whisper-1",
        "tts-1-hd",
        "omni-moderation-latest",
        "gpt-realtime",
        "gpt-4o-transcribe",
        "gemini-2.5-flash-image",
        "imagen-4.0-generate-001",
        "veo-3.1-generate-preview",
        "cohere/rerank-v3.5",
        "BAAI/bge-reranker-v2-m3",
        "black-forest-labs/FLUX.1-schnell",
        "stabilityai/stable-diffusion-xl",
        "meta-llama/Llama-Guard-4-12B",
        "amazon.nova-sonic-v1:0",
        "babbage-002",
    ],
)
def test_models_that_hold_no_conversation(model: str) -> None:
    assert not converses(model)


@pytest.mark.parametrize("model", ["gpt-4o", "gemini-2.5-flash", "qwen3-vl:8b", "live-oak/oak-7b"])
def test_models_that_do(model: str) -> None:
    assert converses(model)


def test_what_is_offered_includes_the_models_of_bedrock() -> None:
    assert {"anthropic.claude-sonnet-4-20250514-v1:0", "amazon.nova-pro-v1:0"} <= set(
        offered_models("bedrock")
    )
    assert "claude-sonnet-4-6" in offered_models("anthropic")
    assert offered_models("nobody") == ()


def test_every_line_has_a_name_of_its_own_and_a_source() -> None:
    table = msgspec.json.decode(DATA.read_bytes())
    names = [line_name(name) for lines in table["lines"] for name in lines["models"]]
    assert len(names) == len(set(names))
    assert all(lines["source"].startswith("https://") for lines in table["lines"])


def test_every_line_is_found_by_its_own_name() -> None:
    table = msgspec.json.decode(DATA.read_bytes(), type=dict[str, msgspec.Raw])
    for lines in msgspec.json.decode(table["lines"]):
        for name, fields in lines["models"].items():
            assert known_facts("nobody", name) == ModelFacts(**fields), name


def test_the_table_is_small() -> None:
    assert DATA.stat().st_size < 48_000


@given(st.text(string.ascii_letters + string.digits + "-._:/@ é", max_size=60))
def test_any_name_has_a_line_and_spelling_it_again_changes_nothing(name: str) -> None:
    known_facts("work", name)
    converses(name)
    assert line_name(name.upper()) == line_name(name.lower())
