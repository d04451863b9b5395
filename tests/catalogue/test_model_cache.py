"""What a provider said of its models is kept for a day, each provider and address by itself."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from koi.catalogue.model_cache import FRESH_S, ModelCache, ModelList
from koi.catalogue.registry import Registry
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.core.usage import Price
from tests.configurations import registry_of

WORK = '[providers.work]\nbase_url = "https://one.example.com/v1"\n'
ELSEWHERE = WORK.replace("one", "two")
MODELS = (
    ModelInfo(ModelReference("work", "small"), context_window=8_192, tools=False),
    ModelInfo(ModelReference("work", "large:latest"), price=Price(1.0, 2.0), size_bytes=7),
)


def kept(registry: Registry, provider: str = "work") -> ModelList | None:
    return ModelCache(registry.config).read(registry.get(provider))


def keep(registry: Registry, provider: str = "work") -> None:
    ModelCache(registry.config).write(registry.get(provider), MODELS)


def only_file(folder: Path) -> Path:
    (file,) = (folder / "cache" / "models").glob("*.json")
    return file


def test_a_list_comes_back_as_it_was_told(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, WORK)
    assert kept(registry) is None
    keep(registry)
    found = kept(registry)
    assert found is not None
    assert (found.models, found.fresh) == (MODELS, True)


def test_a_model_is_found_by_its_name_with_or_without_latest(tmp_path: Path) -> None:
    found = ModelList(time.time(), MODELS)
    assert found.get("small") is MODELS[0]
    assert found.get("large") is MODELS[1]
    assert found.get("medium") is None


@pytest.mark.parametrize(
    ("age_s", "fresh"), [(0.0, True), (FRESH_S - 60, True), (FRESH_S + 1, False), (-3600.0, False)]
)
def test_a_list_is_fresh_for_a_day_and_not_when_it_is_from_the_future(
    age_s: float, fresh: bool
) -> None:
    assert ModelList(time.time() - age_s, ()).fresh is fresh


def test_one_name_at_two_addresses_shares_nothing(tmp_path: Path) -> None:
    keep(registry_of(tmp_path, WORK))
    assert kept(registry_of(tmp_path, ELSEWHERE)) is None


def test_an_address_from_a_variable_is_part_of_it(tmp_path: Path) -> None:
    written = '[providers.work]\nbase_url = "https://${PLACE}.example.com/v1"\n'
    keep(registry_of(tmp_path, written, {"PLACE": "one"}))
    assert kept(registry_of(tmp_path, written, {"PLACE": "one"})) is not None
    assert kept(registry_of(tmp_path, written, {"PLACE": "two"})) is None


def test_ollama_elsewhere_is_another_ollama(tmp_path: Path) -> None:
    keep(registry_of(tmp_path), "ollama")
    assert kept(registry_of(tmp_path), "ollama") is not None
    other = registry_of(tmp_path, environment={"OLLAMA_HOST": "192.0.2.7"})
    assert kept(other, "ollama") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"asked_at":"now","models":[]}'])
def test_a_damaged_file_is_no_list_and_is_written_anew(tmp_path: Path, content: bytes) -> None:
    registry = registry_of(tmp_path, WORK)
    keep(registry)
    only_file(tmp_path).write_bytes(content)
    assert kept(registry) is None
    keep(registry)
    assert kept(registry) is not None


def test_what_another_process_wrote_is_seen(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, WORK)
    keep(registry)
    assert kept(registry) is not None
    only_file(tmp_path).write_bytes(msgspec.json.encode(ModelList(1.0, MODELS[:1])))
    found = kept(registry)
    assert found is not None
    assert (found.models, found.fresh) == (MODELS[:1], False)


def test_a_list_is_for_its_person_only(tmp_path: Path) -> None:
    keep(registry_of(tmp_path, WORK))
    assert only_file(tmp_path).stat().st_mode & 0o777 == 0o600


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, WORK)
    registry.config.paths.cache.write_text("a file in the way")
    keep(registry)
    assert kept(registry) is None
