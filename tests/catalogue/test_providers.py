"""Every provider by every name: row, address, variables, and how its key is sent.

`providers.json` is what vendors and other clients document, written down apart from koi's own
data. Variables that koi never takes by themselves are left out of it.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from koi.catalogue.catalogue import load_catalogue
from koi.core.errors import CredentialMissing
from koi.credentials.endpoint import Endpoint
from koi.credentials.settings import provider_endpoint
from tests.configurations import registry_of

KEY = "k" * 24
PLACES = {"CLOUDFLARE_ACCOUNT_ID": "ACCOUNT", "CLOUDFLARE_GATEWAY_ID": "GATEWAY"}


class Documented(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    slug: str
    aliases: tuple[str, ...]
    protocol: str
    base_url: str
    variables: tuple[str, ...]
    auth: str
    default_model: str | None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.slug, *self.aliases)


DOCUMENTED = msgspec.json.decode(
    Path(__file__).with_name("providers.json").read_bytes(), type=tuple[Documented, ...]
)
EVERY = pytest.mark.parametrize("documented", DOCUMENTED, ids=lambda documented: documented.slug)
EVERY_NAME = pytest.mark.parametrize(
    ("name", "slug"), [(name, each.slug) for each in DOCUMENTED for name in each.names]
)
EVERY_VARIABLE = pytest.mark.parametrize(
    ("slug", "variable"), [(each.slug, name) for each in DOCUMENTED for name in each.variables]
)
BY_SLUG = {each.slug: each for each in DOCUMENTED}


def endpoint(folder: Path, name: str, text: str = "", **environment: str) -> Endpoint:
    return provider_endpoint(name, registry_of(folder, text, {**PLACES, **environment}))


@EVERY_NAME
def test_every_name_means_its_provider(tmp_path: Path, name: str, slug: str) -> None:
    for spelling in (name, name.upper(), name.replace("-", "_")):
        assert registry_of(tmp_path).get(spelling).name == slug


@EVERY
def test_protocol_default_model_and_variables(documented: Documented) -> None:
    row = load_catalogue().get(documented.slug)
    assert row.protocol == documented.protocol
    assert row.profile.default_model == documented.default_model
    assert row.company.api_key_env == documented.variables


@EVERY_VARIABLE
def test_one_variable_is_enough(tmp_path: Path, slug: str, variable: str) -> None:
    found = endpoint(tmp_path, slug, **{variable: KEY})
    assert found.base_url == BY_SLUG[slug].base_url
    assert found.auth == BY_SLUG[slug].auth
    assert KEY in "".join(found.auth_headers().values())


@EVERY
def test_one_line_of_configuration_is_enough(tmp_path: Path, documented: Documented) -> None:
    text = f'providers."{documented.slug}".api_key_env = "MY_KEY"\n'
    found = endpoint(tmp_path, documented.slug, text, MY_KEY=KEY)
    assert (found.protocol, found.base_url) == (documented.protocol, documented.base_url)
    assert KEY in "".join(found.auth_headers().values())


@EVERY
def test_the_first_variable_wins(tmp_path: Path, documented: Documented) -> None:
    keys = {name: f"{KEY}{number}" for number, name in enumerate(documented.variables)}
    if not keys:
        pytest.skip("no variable is taken for it")
    found = endpoint(tmp_path, documented.slug, **keys)
    assert found.key is not None
    assert found.key.reveal() == f"{KEY}0"


@EVERY
def test_without_a_key_nothing_is_sent_or_the_error_says_what_is_missing(
    tmp_path: Path, documented: Documented
) -> None:
    company = load_catalogue().get(documented.slug).company
    if company.key_optional:
        assert endpoint(tmp_path, documented.slug).auth_headers() == {}
        return
    if company.auth == "sigv4" or not documented.variables:
        pytest.skip("a signature or a login takes the place of a key")
    with pytest.raises(CredentialMissing) as caught:
        endpoint(tmp_path, documented.slug)
    assert all(name in caught.value.hint for name in documented.variables)


def test_siblings_are_mutual_and_read_the_same_variable() -> None:
    rows = {row.slug: row for row in load_catalogue().rows}
    for row in rows.values():
        for sibling in row.company.siblings:
            assert row.slug in rows[sibling].company.siblings
            assert row.company.api_key_env[0] in rows[sibling].company.api_key_env
