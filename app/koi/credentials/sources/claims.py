"""What a token of ChatGPT says about its account, for showing and routing."""

from __future__ import annotations

import math

from koi.core.messages import JsonObject
from koi.credentials.sources import fields

_AUTH = "https://api.openai.com/auth"
_PROFILE = "https://api.openai.com/profile"


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
