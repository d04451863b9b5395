"""Signed requests: what is on the wire is what was signed, with whatever credentials there are."""

from __future__ import annotations

import re
import stat
import sys
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from koi.core.errors import CredentialMissing, ProviderError
from koi.core.messages import Message, ModelRequest, Text
from koi.core.secret import Secret
from koi.credentials.aws import AwsSigner
from koi.credentials.endpoint import Endpoint
from koi.credentials.settings import provider_endpoint
from koi.net.json_text import encode_json
from koi.providers.http_provider import HttpProvider
from koi.providers.wire.bedrock.build import build
from koi.providers.wire.request import WireOptions
from tests.configurations import keys_in, registry_of
from tests.net.raw_server import RawServer

ACCESS, SECRET, TOKEN = (
    "AKIATESTTESTTEST0001",
    "secret/key+of+tests/0123456789abcdefghij",
    "to/ken==",
)
KEYS = {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}
ARN = "arn:aws:bedrock:eu-north-1:123456789012:inference-profile/eu.anthropic.claude-x-v1:0"
FAILED = b"HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture(autouse=True)
def no_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore reads the environment of the process; it must not look for a cloud."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def signer(*, optional: bool = False) -> AwsSigner:
    return AwsSigner("bedrock", {"AWS_REGION": "eu-north-1"}, optional=optional)


async def asked(url: str, model: str, sign: AwsSigner) -> None:
    """Ask a server that refuses everything."""
    provider = HttpProvider(Endpoint("bedrock", "bedrock", url, auth="none", signer=sign))
    request = ModelRequest(model, (Message("user", (Text("Hi"),)),))
    with pytest.raises(ProviderError):
        async for _ in provider.stream(request):
            pass
    await provider.aclose()


def fields(head: bytes) -> tuple[str, dict[str, str]]:
    """The target and the headers of a request as it arrived."""
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines if line)
    return first.split(" ")[1], {name.lower(): value for name, value in headers.items()}


def expected_signature(target: str, headers: dict[str, str], model: str) -> str:
    """The signature of what arrived, by botocore."""
    body = encode_json(build(ModelRequest(model, (HI,)), WireOptions("bedrock")).body)
    names = re.search(r"SignedHeaders=([^,]+)", headers["authorization"])
    assert names
    request = AWSRequest("POST", f"http://{headers['host']}{target}", data=body)
    for name in names[1].split(";"):
        request.headers[name] = headers[name]
    request.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(Credentials(ACCESS, SECRET), "bedrock", "eu-north-1")
    return auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)


HI = Message("user", (Text("Hi"),))


@pytest.mark.parametrize(
    "model",
    ["anthropic.claude-x", "eu.amazon.nova-lite-v1:0", ARN, "odd ~!*'()@ü%25/..//x", "a?b#c&d=e+f"],
)
async def test_what_is_sent_is_what_was_signed(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**KEYS, "AWS_SESSION_TOKEN": TOKEN}.items():
        monkeypatch.setenv(name, value)
    async with RawServer([FAILED]).running() as server:
        await asked(server.url, model, signer())
    target, headers = fields(server.heads[0])
    assert target == build(ModelRequest(model, (HI,)), WireOptions("bedrock")).path
    assert headers["x-amz-security-token"] == TOKEN
    assert "SignedHeaders=host;x-amz-date;x-amz-security-token," in headers["authorization"]
    assert "/eu-north-1/bedrock/aws4_request" in headers["authorization"]
    signature = headers["authorization"].rpartition("Signature=")[2]
    assert signature == expected_signature(target, headers, model)


async def test_the_host_s_region_is_signed_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    found = signer()
    url = "https://bedrock.us-west-2.amazonaws.com/foundation-models"
    headers = await found.headers("GET", url, b"")
    assert "/us-west-2/bedrock/" in headers["Authorization"]
    assert "X-Amz-Security-Token" not in headers
    assert found.secrets == (Secret(SECRET),)
    assert await found.base_url("https://x.example") == "https://x.example"


async def test_credentials_come_from_a_command_of_the_profile(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command = tmp_path / "credentials"
    command.write_text(
        f"#!{sys.executable}\nimport json\nprint(json.dumps({{'Version': 1, "
        f"'AccessKeyId': '{ACCESS}', 'SecretAccessKey': '{SECRET}', 'SessionToken': '{TOKEN}'}}))"
    )
    command.chmod(stat.S_IRWXU)
    config = tmp_path / "config"
    config.write_text(f"[profile work]\ncredential_process = {command}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "work")
    headers = await signer().headers("GET", "https://x.example/", b"")
    assert headers["X-Amz-Security-Token"] == TOKEN
    assert f"Credential={ACCESS}/" in headers["Authorization"]


async def test_what_cannot_be_found_is_told_with_the_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CredentialMissing) as caught:
        await signer().headers("GET", "https://x.example/", b"")
    assert "AWS_BEARER_TOKEN_BEDROCK" in caught.value.hint
    monkeypatch.setenv("AWS_PROFILE", "absent")
    with pytest.raises(CredentialMissing, match="absent"):
        await signer().headers("GET", "https://x.example/", b"")


async def test_an_expired_login_says_how_to_log_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile sso]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\n"
        "[sso-session s]\nsso_start_url = https://x.example\nsso_region = eu-north-1\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "sso")
    with pytest.raises(CredentialMissing) as caught:
        await signer().headers("GET", "https://x.example/", b"")
    assert "aws sso login" in caught.value.hint


async def test_an_endpoint_of_one_s_own_may_go_unsigned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    assert await signer(optional=True).headers("GET", "https://x.example/", b"") == {}


@pytest.mark.parametrize("variable", ["AWS_BEARER_TOKEN_BEDROCK", "BEDROCK_API_KEY"])
def test_a_bearer_key_needs_no_botocore(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "botocore", None)
    environment = {variable: "bedrock-key-0123456789", "AWS_REGION": "eu-north-1", **KEYS}
    found = provider_endpoint("bedrock", registry_of(tmp_path, "", environment))
    assert found.signer is None
    assert found.auth_headers() == {"Authorization": "Bearer bedrock-key-0123456789"}
    assert found.base_url == "https://bedrock-runtime.eu-north-1.amazonaws.com"
    assert found.models_url == "https://bedrock.eu-north-1.amazonaws.com/foundation-models"


def test_a_configured_key_is_a_bearer(tmp_path: Path) -> None:
    text = '[providers.bedrock]\napi_key = "bedrock-key-0123456789"\n'
    found = provider_endpoint("bedrock", registry_of(tmp_path, text, KEYS))
    assert (found.signer, found.auth) == (None, "bearer")


def test_without_a_key_requests_are_signed(tmp_path: Path) -> None:
    found = provider_endpoint("bedrock", registry_of(tmp_path, "", KEYS))
    assert isinstance(found.signer, AwsSigner)
    assert (found.auth, found.auth_headers()) == ("none", {})


def test_signing_without_botocore_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "botocore", None)
    registry = registry_of(tmp_path, "", KEYS)
    with pytest.raises(CredentialMissing) as caught:
        provider_endpoint("bedrock", registry)
    assert "pip install 'koi-agent[bedrock]'" in caught.value.hint
    (finding,) = keys_in(registry).of("bedrock")
    assert (finding.state, finding.secret) == ("unreadable", None)
    assert "koi-agent[bedrock]" in finding.detail


def test_an_access_key_is_found(tmp_path: Path) -> None:
    (finding,) = keys_in(registry_of(tmp_path, "", KEYS)).of("bedrock")
    assert (finding.provider, finding.state, finding.label) == ("bedrock", "usable", "…0001")
    assert SECRET not in repr(finding)


@pytest.mark.parametrize(
    "environment",
    [
        {"AWS_REGION": "eu-north-1"},
        {"AWS_ACCESS_KEY_ID": ACCESS},
    ],
)
def test_half_a_key_or_a_region_is_no_finding(tmp_path: Path, environment: dict[str, str]) -> None:
    assert keys_in(registry_of(tmp_path, "", environment)).of("bedrock") == ()


def test_a_key_comes_before_an_access_key(tmp_path: Path) -> None:
    environment = {**KEYS, "AWS_BEARER_TOKEN_BEDROCK": "bedrock-key-0123456789"}
    registry = registry_of(tmp_path, "", environment)
    key, access = keys_in(registry).of("bedrock")
    assert (key.state, access.state) == ("usable", "shadowed")
    assert provider_endpoint("bedrock", registry).signer is None


def test_a_url_of_the_protocol_needs_no_key(tmp_path: Path) -> None:
    text = '[providers.gate]\nprotocol = "bedrock"\nbase_url = "http://127.0.0.1:4060"\n'
    found = provider_endpoint("gate", registry_of(tmp_path, text))
    assert isinstance(found.signer, AwsSigner)
    assert found.models_url is None
