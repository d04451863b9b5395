"""What an import changes in koi's file, and what it leaves."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from koi.catalogue.catalogue import load_catalogue
from koi.config.importing import ImportPlan, apply_import, plan_import
from koi.core.errors import ConfigurationError
from tests.configurations import load_text, paths_in

SLUG = load_catalogue().slug
KEY = "sk-0123456789abcdef"


def plan(folder: Path, text: str, name: str = "other.toml") -> ImportPlan:
    return plan_import(text.encode(), name, paths_in(folder), SLUG)


def test_comments_of_the_file_stay(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    paths.config_file.write_text("# mine\n[reliability]\nretries = 1 # few\n")
    apply_import(plan(tmp_path, 'default_provider = "google"\ndefault_model = "m"'), paths)
    assert paths.config_file.read_text().startswith("# mine\n")
    assert "retries = 1 # few" in paths.config_file.read_text()
    assert load_text(tmp_path).role_model() == "gemini/m"


def test_an_alias_becomes_the_catalogue_s_name(tmp_path: Path) -> None:
    text = 'default_provider = "together-ai"\napi_key = "${K}"'
    table = plan(tmp_path, text).table
    assert table == {"providers": {"together": {"api_key": "${K}"}}, "model": "together"}


def test_a_second_import_changes_nothing(tmp_path: Path) -> None:
    text = '[provider]\nkind = "openai"\nbase_url = "http://localhost:1234/v1"\nmodel = "m"'
    apply_import(plan(tmp_path, text), paths_in(tmp_path))
    again = plan(tmp_path, text)
    assert (again.settings, again.unchanged) == ((), 4)


def test_a_file_that_has_the_shape_itself_needs_nothing(tmp_path: Path) -> None:
    text = '[provider]\nkind = "anthropic"\nmodel = "m"'
    paths_in(tmp_path).config_file.write_text(text)
    assert plan(tmp_path, text).settings == ()


def test_different_values_are_conflicts(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    paths.config_file.write_text('model = "a/b"\n[providers.groq]\napi_key = "old-key-012345"\n')
    text = 'model = "c/d"\n[providers.groq]\napi_key_env = "K"\ntools = "off"\n'
    found = plan(tmp_path, text)
    assert [(each.key, each.present) for each in found.conflicts] == [
        ("model", "a/b"),
        ("providers.groq.api_key_env", "old-key-012345"),
    ]
    apply_import(found, paths)
    assert tomllib.loads(paths.config_file.read_text()) == {
        "model": "c/d",
        "providers": {"groq": {"api_key_env": "K", "tools": "off"}},
    }


def test_a_key_in_the_document_is_told_and_the_file_is_closed_to_others(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    paths.config_file.write_text("")
    paths.config_file.chmod(0o644)
    found = plan(tmp_path, f'default_provider = "groq"\napi_key = "{KEY}"')
    assert [(note.key, "key itself" in note.message) for note in found.notes] == [("api_key", True)]
    assert KEY not in str(found.notes)
    apply_import(found, paths)
    assert paths.config_file.stat().st_mode & 0o777 == 0o600
    assert load_text(tmp_path).tables.providers["groq"].api_key == KEY


@pytest.mark.parametrize("key", ["${K}", "${K:-x}"])
def test_a_reference_stays_a_reference(tmp_path: Path, key: str) -> None:
    found = plan(tmp_path, f'default_provider = "groq"\napi_key = "{key}"')
    assert found.notes == ()
    apply_import(found, paths_in(tmp_path))
    assert load_text(tmp_path).tables.providers["groq"].api_key == key


def test_what_koi_does_not_know_is_left_out_and_told(tmp_path: Path) -> None:
    text = 'model = "a/b"\n[memory]\nx = 2024-01-01\n[iteration]\nmax = 2\nthreshold = 1\n'
    text += '[[model_routes]]\nhint = "a"\nprovider = "b"\nweight = 1\n'
    found = plan(tmp_path, text)
    left = [note.key for note in found.notes if "no counterpart" in note.message]
    assert left == ["memory", "iteration.threshold", "model_routes[0].weight"]
    apply_import(found, paths_in(tmp_path))
    assert load_text(tmp_path).tables.model_routes[0].provider == "b"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.toml", "[memory]\nx = 1", "a.toml: no setting that koi knows"),
        ("a.json", "[1, 2]", "a.json: not a JSON that koi can read"),
        ("a.yaml", "x: 1", "a.yaml: not a YAML that koi can read"),
        ("a.toml", "[provider]", "a.toml: provider.kind: 'kind' is missing"),
        (
            "a.json",
            '{"nanocoder": {"providers": [{"name": "x", "contextWindow": "big"}]}}',
            "a.json: nanocoder.providers[0].contextWindow: expected a whole number",
        ),
        (
            "a.yaml",
            "providers: {x: {model: m, api_keys: [1]}}",
            "a.yaml: providers.x.api_keys[0]: expected text",
        ),
    ],
)
def test_what_cannot_be_taken_over_is_told_with_its_key(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        plan(tmp_path, text, name)
    assert said in caught.value.title


def test_a_shape_in_koi_s_file_is_not_mixed_with_its_twin(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    written = '[provider]\nkind = "anthropic"\nmodel = "m"\n'
    paths.config_file.write_text(written)
    found = plan(tmp_path, 'model = "a/b"')
    assert [each.present for each in found.conflicts] == ["anthropic/m"]
    with pytest.raises(ConfigurationError, match=r"provider\.model: says the same as model"):
        apply_import(found, paths)
    assert paths.config_file.read_text() == written


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('[{"name": "work", "baseUrl": "https://h.example/v1", "apiKey": ""}]', "agents.json"),
        ("providers:\n  work:\n    base_url: https://h.example/v1\n    api_key: ''", "a.yaml"),
        ('[providers.work]\nbase_url = "https://h.example/v1"\napi_key = " "', "a.toml"),
    ],
)
def test_an_empty_key_is_left_out_and_told(tmp_path: Path, text: str, name: str) -> None:
    found = plan(tmp_path, text, name)
    assert "providers.work.api_key" not in [setting.key for setting in found.settings]
    assert [note.message for note in found.notes] == ["is empty, left out"]


def test_a_display_name_in_yaml_becomes_one_that_can_be_typed(tmp_path: Path) -> None:
    text = "providers:\n  Claude at work:\n    base_url: https://h.example/v1\n    model: m\n"
    table = plan(tmp_path, text, "a.yaml").table
    assert table["model"] == "claude-at-work/m"
    assert list(table["providers"]) == ["claude-at-work"]  # type: ignore[call-overload]
