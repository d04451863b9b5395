"""Where Bedrock is: the region by the rules of AWS, and the addresses that follow from it."""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from koi.catalogue.registry import checked_base_url
from koi.core.errors import ConfigurationError

FALLBACK = "us-east-1"
ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"
_REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
_PROFILE_VARIABLES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_HOST = re.compile(
    r"(?P<before>.*\.)?bedrock(?P<runtime>-runtime)?(?P<fips>-fips)?\."
    r"(?P<region>[a-z0-9-]+)\.(?P<domain>(?:vpce\.)?amazonaws\.com(?:\.cn)?|api\.aws)"
)


def runtime_url(environment: Mapping[str, str]) -> str:
    """The base URL of Bedrock's runtime. Raises ConfigurationError for what is no region or URL.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    if own := environment.get(ENDPOINT_VARIABLE, "").strip():
        return checked_base_url(own, ENDPOINT_VARIABLE)
    region = find_region(environment)
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://bedrock-runtime.{region}.{domain}"


def models_url(base_url: str) -> str | None:
    """Where the models are listed: not at the runtime. None for addresses that are not AWS's."""
    found = _HOST.fullmatch(urlsplit(base_url).hostname or "")
    if found is None or found["before"]:
        return None
    host = f"bedrock{found['fips'] or ''}.{found['region']}.{found['domain']}"
    return f"https://{host}/foundation-models"


def is_aws(url: str) -> bool:
    """True for the hosts of Bedrock itself."""
    return _HOST.fullmatch(urlsplit(url).hostname or "") is not None


def region_of(url: str, environment: Mapping[str, str]) -> str:
    """The region that a request to `url` is signed for. Raises ConfigurationError."""
    found = _HOST.fullmatch(urlsplit(url).hostname or "")
    return found["region"] if found else find_region(environment)


def find_region(environment: Mapping[str, str]) -> str:
    """AWS_REGION, AWS_DEFAULT_REGION, the profile's region, us-east-1. Raises ConfigurationError.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
    """
    for variable in _REGION_VARIABLES:
        if value := environment.get(variable, "").strip():
            return _checked(value, variable)
    file = _config_file(environment)
    value = _region_in(file, _first(environment, _PROFILE_VARIABLES) or "default")
    return _checked(value, str(file)) if value else FALLBACK


def _region_in(file: Path, profile: str) -> str:
    parser = configparser.RawConfigParser(strict=False, default_section="")
    try:
        parser.read_string(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise ConfigurationError(
            f"the configuration of AWS cannot be read: {str(error).splitlines()[0]}",
            where=str(file),
            hint="Mend it, or set AWS_REGION and AWS_CONFIG_FILE.",
        ) from error
    names = [f"profile {profile}", profile] if profile == "default" else [f"profile {profile}"]
    found = (parser.get(name, "region", fallback="").strip() for name in names)
    return next((region for region in found if region), "")


def _config_file(environment: Mapping[str, str]) -> Path:
    named = environment.get("AWS_CONFIG_FILE", "").strip() or "~/.aws/config"
    home = environment.get("HOME") or os.path.expanduser("~")
    return Path(home, named[2:]) if named.startswith("~/") else Path(named)


def _first(environment: Mapping[str, str], variables: tuple[str, ...]) -> str:
    return next((value for name in variables if (value := environment.get(name, "").strip())), "")


def _checked(region: str, where: str) -> str:
    if _REGION.fullmatch(region):
        return region
    raise ConfigurationError(
        f"'{region}' is not a region of AWS", where=where, hint="Write it like eu-north-1."
    )
