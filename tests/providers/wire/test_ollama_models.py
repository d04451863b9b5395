"""What Ollama says of its models."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.messages import JsonObject
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.providers.wire.ollama.models import OllamaModel, read_model, read_tags, same_model
from koi.providers.wire.ollama.wire import OLLAMA
from koi.providers.wire.request import ModelAnswers

SHOWN: JsonObject = {
    "parameters": 'stop              "<|im_end|>"\nnum_ctx           16384',
    "capabilities": ["completion", "tools", "vision"],
    "model_info": {
        "general.architecture": "qwen25vl",
        "qwen25vl.context_length": 128_000,
        "qwen25vl.vision.context_length": 576,
    },
}


def read(facts: JsonObject, *loaded: JsonObject) -> OllamaModel:
    return read_model("qwen", ModelAnswers(facts, {"models": list(loaded)}))


def test_the_facts_of_a_model() -> None:
    assert read(SHOWN) == OllamaModel(
        known=True,
        capabilities=frozenset({"completion", "tools", "vision"}),
        context_length=128_000,
        num_ctx=16_384,
    )


def test_nothing_said_is_nothing_known() -> None:
    assert read_model("qwen", ModelAnswers()) == OllamaModel()


@pytest.mark.parametrize(
    ("name", "size"), [("qwen:latest", 32_768), ("qwen", 32_768), ("qwen:7b", None), ("", None)]
)
def test_how_it_is_loaded(name: str, size: int | None) -> None:
    assert read({}, {"name": name, "context_length": 32_768}).loaded_context == size


def test_a_server_that_does_not_say_how_it_loaded() -> None:
    assert read({}, {"name": "qwen:latest"}).loaded_context is None


@pytest.mark.parametrize(
    ("name", "other", "same"),
    [
        ("qwen", "qwen:latest", True),
        ("hf.co/x/y", "hf.co/x/y:latest", True),
        ("host:5000/x/y", "host:5000/x/y:latest", True),
        ("qwen:7b", "qwen:latest", False),
    ],
)
def test_the_tag_latest_may_be_left_out(name: str, other: str, same: bool) -> None:
    assert same_model(name, other) is same


def test_the_list_has_names_sizes_and_models_for_vectors() -> None:
    answer = {
        "models": [
            {"name": "qwen3:4b", "size": 2_497_293_931, "details": {"family": "qwen3"}},
            {"model": "nomic-embed-text:latest", "details": {"family": "nomic-bert"}},
            {"name": "gpt-oss:120b-cloud", "remote_model": "gpt-oss:120b", "size": 384},
            {"size": 1},
        ]
    }
    assert read_tags("ollama", answer) == (
        ModelInfo(ModelReference("ollama", "qwen3:4b"), size_bytes=2_497_293_931),
        ModelInfo(ModelReference("ollama", "nomic-embed-text:latest"), embeddings=True),
        ModelInfo(ModelReference("ollama", "gpt-oss:120b-cloud")),
    )


def test_facts_become_what_is_known_of_a_model() -> None:
    assert OLLAMA.detail is not None
    listed = ModelInfo(ModelReference("ollama", "qwen"), size_bytes=5)
    found = OLLAMA.detail.read(listed, ModelAnswers(SHOWN, {"models": []}))
    assert found == ModelInfo(
        listed.reference,
        context_window=16_384,
        tools=True,
        vision=True,
        reasoning=False,
        embeddings=False,
        size_bytes=5,
    )
    assert OLLAMA.detail.read(listed, ModelAnswers()) == listed


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=12), children, max_size=3)
    ),
    max_leaves=6,
)
fields = st.sampled_from(["parameters", "capabilities", "model_info", "models", "thinking"])


@given(st.dictionaries(fields, odd), st.dictionaries(fields, odd), odd)
def test_no_answer_breaks_it(facts: JsonObject, state: JsonObject, tags: object) -> None:
    read_model("m", ModelAnswers(facts, state))
    read_tags("ollama", tags)
