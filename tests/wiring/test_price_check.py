"""What `koi config check` says of prices."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.wiring.price_check import price_mistakes
from tests.configurations import registry_of

LIMITED = """
[budget]
day_usd = 5
[providers.work]
base_url = "http://127.0.0.1:1/v1"
[pricing."work/priced"]
input_per_mtok = 1.0
output_per_mtok = 1.0
"""
TIERS = LIMITED.replace(
    "127.0.0.1:1/v1", '127.0.0.1:1/v1"\nfast_model = "quick"\npremium_model = "large'
)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ('model = "work/x"\n', ["model"]),
        ('model = "work/priced"\n[models]\nsmall = "work/x"\n', ["models.small"]),
        ('[models.fallback]\nexecutor = ["work/priced", "work/x"]\n', ["models.fallback.executor"]),
    ],
)
def test_a_model_that_no_limit_in_usd_lets_through_is_named(
    tmp_path: Path, text: str, keys: list[str]
) -> None:
    found = price_mistakes(registry_of(tmp_path, text + LIMITED + NAMED))
    assert [each.key for each in found] == keys
    assert found[0].message.startswith("work/x is never asked: its price is not known")
    assert '[pricing."work/x"]' in found[0].hint
    assert found[0].severity == "warning"


NAMED = '[providers.work.models."priced"]\ncontext_window = 8000\n'


def test_models_of_tiers_are_named_when_there_are_tiers(tmp_path: Path) -> None:
    text = TIERS + NAMED + "[routing]\ntiers = true\n"
    keys = [each.key for each in price_mistakes(registry_of(tmp_path, text))]
    assert keys == ["providers.work.fast_model", "providers.work.premium_model"]


def test_without_a_limit_in_usd_no_price_is_missed(tmp_path: Path) -> None:
    text = 'model = "work/x"\n' + LIMITED.replace("day_usd", "day_tokens") + NAMED
    assert price_mistakes(registry_of(tmp_path, text)) == ()


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("work/pricd", "work/priced"),
        ("pricd", "priced"),
        ("openai/gpt-5.22", "openai/gpt-5.2"),
        ("wrok/priced", "work/priced"),
    ],
)
def test_a_price_of_no_model_is_told_with_the_nearest_name(
    tmp_path: Path, name: str, near: str
) -> None:
    text = LIMITED.replace("work/priced", name) + NAMED
    (found,) = price_mistakes(registry_of(tmp_path, text))
    assert (found.key, found.severity) == (
        f'pricing."{name}"'.replace('"pricd"', "pricd"),
        "warning",
    )
    assert f"Did you mean {near}?" in found.hint


@pytest.mark.parametrize("name", ["work/priced", "priced", "gpt-5.2", "openai/gpt-5.2"])
def test_a_price_of_a_model_that_is_known_is_not_spoken_of(tmp_path: Path, name: str) -> None:
    text = LIMITED.replace("work/priced", name) + NAMED
    assert price_mistakes(registry_of(tmp_path, text)) == ()
