"""Whose ChatGPT account a login is, as its tokens tell."""

from __future__ import annotations

import re

from koi.core.messages import JsonObject
from koi.core.secret import Secret
from koi.credentials.oauth.claims import claim, claims_of
from koi.credentials.oauth.server_text import cleaned
from koi.credentials.oauth.token_server import Reply
from koi.credentials.stores.token_record import TokenRecord

_AUTH = "https://api.openai.com/auth"
_PROFILE = "https://api.openai.com/profile"
_ID = re.compile(r"[\w.:-]{1,100}", re.ASCII)


def facts_of(*tokens: Secret | None) -> JsonObject:
    """Account id, address and plan, from the first token that says each. Nothing when none does."""
    facts: JsonObject = {}
    for each in tokens:
        claims = claims_of(each)
        said = {
            "account_id": _account_id(claims),
            "account": cleaned(claim(claims, "email") or claim(claims, _PROFILE, "email")),
            "plan": cleaned(claim(claims, _AUTH, "chatgpt_plan_type")),
        }
        facts = {name: text for name, text in said.items() if text} | facts
    return facts


def facts_in(reply: Reply, record: TokenRecord) -> JsonObject:
    """The same, from a reply with tokens."""
    return facts_of(record.id_token, record.access_token)


def _account_id(claims: JsonObject) -> str:
    organizations = claims.get("organizations")
    first = organizations[0] if isinstance(organizations, list) and organizations else {}
    found = (
        claim(claims, _AUTH, "chatgpt_account_id")
        or claim(claims, "chatgpt_account_id")
        or claim(first if isinstance(first, dict) else {}, "id")
    )
    return found if _ID.fullmatch(found) else ""
