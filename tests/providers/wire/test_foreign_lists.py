"""Lists of models, vectors, and error bodies: whatever a server says, nothing breaks."""

from __future__ import annotations

import contextlib
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.catalogue.rows import Protocol
from koi.core.errors import ProviderError
from koi.core.messages import JsonObject
from koi.core.seams import ModelInfo
from koi.net.errors import inline_error, page_error, response_error
from koi.providers.formats import FORMATS
from tests.providers.decoding import format_of, parser_of

KEYS = st.sampled_from(
    re.findall(
        r"\w+",
        """data models object id name model type error message content choices output candidates
        usage supportedGenerationMethods inputTokenLimit modelSummaries modelId
        inferenceTypesSupported inferenceProfileSummaries capabilities limits supports pricing
        prompt completion size n_ctx
        top_provider meta architecture input_modalities supported_parameters details family policy
        embedding embeddings values index done done_reason tool_calls function arguments status code
        inputModalities outputModalities supported_endpoints state detail metadata raw parts delta
        functionCall partialArgs jsonPath stop_reason finish_reason text loc msg""",
    )
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["embedContent", "ON_DEMAND", "1e999", "nan", "-1", "\ud800", "tool_use"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=4)
NATIVE: list[Protocol] = [protocol for protocol in FORMATS if protocol != "wasm"]
EVERY = pytest.mark.parametrize("protocol", NATIVE)


@EVERY
@given(JSON)
def test_a_list_of_models_is_read_or_empty(protocol: Protocol, said: object) -> None:
    listing = FORMATS[protocol].models
    assert listing is not None
    for info in listing.read("provider", said):
        assert isinstance(info, ModelInfo)
        assert info.reference.model
        assert info.context_window is None or info.context_window >= 0


@EVERY
@given(OBJECTS)
def test_vectors_are_read_or_refused(protocol: Protocol, said: JsonObject) -> None:
    embeddings = FORMATS[protocol].embeddings
    if embeddings is None:
        return
    with contextlib.suppress(ProviderError):
        embeddings.read(said)


@EVERY
@given(OBJECTS)
def test_a_whole_answer_is_read_or_refused(protocol: Protocol, said: JsonObject) -> None:
    parser = parser_of(protocol)
    with contextlib.suppress(ProviderError):
        parser.whole(said)
        assert parser.finish()


@EVERY
@given(st.sampled_from(["a", "us.anthropic.claude", "-cloud", "\ud800", ""]), OBJECTS)
def test_what_chooses_the_format_takes_any_answer(
    protocol: Protocol, model: str, said: JsonObject
) -> None:
    choice = FORMATS[protocol].choice
    chosen = format_of(protocol) if choice is None else choice.choose(said, model)
    assert chosen.choice is None or chosen is FORMATS[protocol]


@given(
    JSON, st.integers(300, 599), st.dictionaries(st.sampled_from(["retry-after", "x"]), st.text())
)
def test_any_error_has_a_title_that_is_no_book(
    said: object, status: int, headers: dict[str, str]
) -> None:
    with contextlib.suppress(UnicodeEncodeError):
        error = response_error(status, headers, msgspec.json.encode(said))
        assert 0 < len(error.title) < 1000
    assert 0 < len(inline_error(said).title) < 1000


@pytest.mark.parametrize(
    "markup", [b"<title>", b"<script ", b"<style>", b"<title", b"<!--", b"<", b"&lt;<b>"]
)
def test_hostile_pages_are_read_in_no_time(markup: bytes) -> None:
    """Each of these once took half a minute: the time must not grow with the square of the size."""
    page = b"<html>" + markup * (256 * 1024 // len(markup))
    assert "HTML page" in page_error(200, page).title
