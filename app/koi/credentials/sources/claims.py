"""What a token says about itself: for showing and routing, so nothing is verified."""

from __future__ import annotations

import base64
import binascii
import math

from koi.core.messages import JsonObject
from koi.credentials.sources import fields
from koi.credentials.sources.foreign_file import Unreadable, parse_object

_AUTH = "https://api.openai.com/auth"
_PROFILE = "https://api.openai.com/profile"


def claims_of(token: str) -> JsonObject:
    """The claims of a JSON web token, empty for anything else."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        return parse_object(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, Unreadable):
        return {}


def expiry(claims: JsonObject) -> float | None:
    """When it ends, in time.time() seconds."""
    found = claims.get("exp")
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found) if abs(found) < 1e12 and math.isfinite(found) else None


def account_id(claims: JsonObject) -> str:
    """The ChatGPT account, "" when it is not named."""
    named = fields.words(fields.table(claims, _AUTH), "chatgpt_account_id")
    if named := named or fields.words(claims, "chatgpt_account_id"):
        return named
    teams = claims.get("organizations")
    first = teams[0] if isinstance(teams, list) and teams else None
    return fields.words(first, "id") if isinstance(first, dict) else ""


def person(claims: JsonObject) -> str:
    """The e-mail address and the plan, as far as they are named."""
    mail = fields.words(claims, "email") or fields.words(fields.table(claims, _PROFILE), "email")
    plan = fields.words(fields.table(claims, _AUTH), "chatgpt_plan_type")
    if mail and plan:
        return f"{mail} ({plan})"
    return mail or plan
