"""Where Bedrock is."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.core.errors import ConfigurationError
from koi.credentials.aws_region import find_region, models_url, region_of, runtime_url

FILE = """
[default]
region = eu-west-3
[profile work]
region=ap-south-1
s3 =
    max_concurrent_requests = 20
[profile bare]
output = json
"""


def home(folder: Path, text: str = FILE) -> dict[str, str]:
    """An environment whose home has this configuration of AWS."""
    (folder / ".aws").mkdir()
    (folder / ".aws" / "config").write_text(text)
    return {"HOME": str(folder)}


@pytest.mark.parametrize(
    ("variables", "region"),
    [
        ({}, "eu-west-3"),
        ({"AWS_PROFILE": "work"}, "ap-south-1"),
        ({"AWS_DEFAULT_PROFILE": "work"}, "ap-south-1"),
        ({"AWS_PROFILE": "bare"}, "us-east-1"),
        ({"AWS_PROFILE": "none"}, "us-east-1"),
        ({"AWS_PROFILE": "work", "AWS_DEFAULT_REGION": "eu-north-1"}, "eu-north-1"),
        ({"AWS_DEFAULT_REGION": "eu-north-1", "AWS_REGION": " us-west-2\n"}, "us-west-2"),
        ({"AWS_CONFIG_FILE": "~/elsewhere"}, "us-east-1"),
    ],
)
def test_the_order_of_aws(tmp_path: Path, variables: dict[str, str], region: str) -> None:
    assert find_region(home(tmp_path) | variables) == region


def test_without_anything_it_is_us_east_1(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path)}
    assert runtime_url(environment) == "https://bedrock-runtime.us-east-1.amazonaws.com"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="config"):
        find_region(home(tmp_path, "region = eu-west-3\n"))


@pytest.mark.parametrize("region", ["evil.example.com/", "eu north", "EU-NORTH-1", "x" * 40])
def test_what_is_no_region_is_refused(region: str) -> None:
    with pytest.raises(ConfigurationError, match="AWS_REGION"):
        runtime_url({"AWS_REGION": region})


def test_the_endpoint_of_the_environment_wins() -> None:
    variables = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://127.0.0.1:4060/", "AWS_REGION": "x"}
    assert runtime_url(variables) == "http://127.0.0.1:4060"
    with pytest.raises(ConfigurationError, match="AWS_ENDPOINT_URL_BEDROCK_RUNTIME"):
        runtime_url({"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "localhost"})


@pytest.mark.parametrize(
    ("url", "region", "listing"),
    [
        (
            "https://bedrock-runtime.eu-north-1.amazonaws.com",
            "eu-north-1",
            "https://bedrock.eu-north-1.amazonaws.com/foundation-models",
        ),
        (
            "https://bedrock-runtime-fips.us-east-1.amazonaws.com",
            "us-east-1",
            "https://bedrock-fips.us-east-1.amazonaws.com/foundation-models",
        ),
        ("https://bedrock.eu-west-1.amazonaws.com/foundation-models", "eu-west-1", None),
        ("https://vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com", "eu-west-1", None),
        ("https://llm.example.com", "sa-east-1", None),
        ("https://bedrock-runtime.eu-west-1.amazonaws.com.evil.example", "sa-east-1", None),
    ],
)
def test_what_an_address_says(url: str, region: str, listing: str | None) -> None:
    assert region_of(url, {"AWS_REGION": "sa-east-1"}) == region
    if "//bedrock." not in url:
        assert models_url(url) == listing
