"""One model of Bedrock has many names, and all of them mean the same facts and prices."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.catalogue.models import model_info
from koi.core.references import ModelReference
from tests.configurations import registry_of

SONNET = "anthropic.claude-sonnet-4-5-20250929"
ACCOUNT = "arn:aws:bedrock:eu-north-1:123456789012:inference-profile"


@pytest.mark.parametrize(
    "name",
    [
        SONNET,
        f"{SONNET}-v1:0",
        f"us.{SONNET}-v1:0",
        f"eu.{SONNET}-v1:0",
        f"apac.{SONNET}-v1:0",
        f"global.{SONNET}-v1:0",
        f"{ACCOUNT}/eu.{SONNET}-v1:0",
    ],
)
def test_facts_and_prices_do_not_depend_on_the_form(name: str, tmp_path: Path) -> None:
    found = model_info(ModelReference("bedrock", name), registry_of(tmp_path))
    assert (found.context_window, found.max_output_tokens) == (200_000, 64_000)
    assert (found.tools, found.vision, found.reasoning) == (True, True, True)
    assert found.price is not None


def test_a_newer_version_is_another_model(tmp_path: Path) -> None:
    name = "us.anthropic.claude-sonnet-4-97-v1:0"
    found = model_info(ModelReference("bedrock", name), registry_of(tmp_path))
    assert found.max_output_tokens is None
