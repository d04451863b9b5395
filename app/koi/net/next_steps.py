"""What a person can do about an error answer: by its kind, and where its words allow more."""

from __future__ import annotations

import functools
import re

from koi.core.errors import ErrorKind

_BY_KIND: dict[ErrorKind, str] = {
    "auth": "The key was refused. koi providers says which one it is, and where it comes from.",
    "billing": "The account has no credit left: top it up, or use another provider.",
    "rate_limit": "Wait a little, use another key, or another model.",
    "overloaded": "The provider has trouble: try again, or use another model.",
    "timeout": "The provider took too long: try again, or use another model.",
    "context_overflow": "Start a new session, or send less: the request does not fit the model.",
    "tools_unsupported": 'Use a model that can call tools, or set tools = "prompt" for it.',
    "model_not_found": "Check the model's name; `koi models` lists what the provider offers.",
    "content_policy": "The provider's content rules refuse this: put it in other words.",
    "bad_request": "The provider does not accept the request in this form.",
    "network_policy": "Check HTTPS_PROXY, or ask whoever runs the proxy to allow the provider.",
}

_BY_WORDS: tuple[tuple[ErrorKind, str, str], ...] = (
    (
        "auth",
        r"unsupported_country|(country|region|territory|location) (is )?not (supported|available)"
        r"|not (supported|available) in your (country|region)|unavailable for legal reasons",
        "The provider does not serve the country that this network is in: use another provider, or "
        "check which way a VPN or proxy goes.",
    ),
    (
        "auth",
        r"forbidden[^.]{0,20} request not allowed",
        "The provider turns this network away, not the key: a VPN, or a country without service.",
    ),
    (
        "auth",
        r"(account|organization)[^.]{0,50} (disabled|deactivated)|access_terminated",
        "The account is closed to requests: its owner has to ask the provider why.",
    ),
    (
        "auth",
        r"only authorized for use with",
        "This login belongs to another program: use an API key of the provider instead.",
    ),
    (
        "auth",
        r"reported as leaked",
        "The provider has blocked this key because it was published: make a new one.",
    ),
    (
        "auth",
        r"api[ _]key (is )?expired|token (has |is )?expired",
        "The key has ended: make a new one, then koi connect.",
    ),
    (
        "auth",
        r"has not been used in project|service_disabled",
        "Turn the API on for the key's project; the provider's answer has the address.",
    ),
    (
        "auth",
        r"invalid (username|account)|insufficient (permissions|scopes?)|missing scopes",
        "The key lacks a permission: make one that may use models.",
    ),
    (
        "billing",
        r"specified api usage limits|monthly spending limit|credit limit exceeded|settings/keys",
        "A spending limit of the account was reached: raise it at the provider, or use another "
        "provider.",
    ),
    (
        "billing",
        r"free quota tier|free_tier|free (tier|quota|allocated)|trial key",
        "The free allowance does not cover this: turn billing on at the provider, or use another "
        "model.",
    ),
    (
        "billing",
        r"usage_not_included|extra usage|usage credits|has expired|billing cycle",
        "The subscription does not cover this: see its plan at the provider, or use an API key.",
    ),
    (
        "billing",
        r"fewer max_tokens",
        "Set max_output_tokens lower for this provider, or add credits.",
    ),
    (
        "rate_limit",
        r"usage_limit_reached|usage limit",
        "The plan's allowance is used up until then: use another model or provider meanwhile.",
    ),
    (
        "rate_limit",
        r"per[-_ ]?day|\b[TR]PD\b|daily",
        "The day's allowance is used up: use another model or key until it is renewed.",
    ),
    (
        "context_overflow",
        r"request too large for|tokens per min|tokens_limit_reached",
        "One request is larger than the plan allows a minute: send less, or use a larger plan.",
    ),
    (
        "context_overflow",
        r"exceed_context_size|available context size|loaded with context length|n_keep",
        "Start the server with a larger context (llama.cpp: -c, LM Studio: context length), or "
        "send less.",
    ),
    (
        "model_not_found",
        r"must be verified",
        "Verify the organization at https://platform.openai.com/settings/organization/general, "
        "or use another model.",
    ),
    (
        "bad_request",
        r"must be verified",
        "Verify the organization at https://platform.openai.com/settings/organization/general, "
        "or use another model.",
    ),
    (
        "model_not_found",
        r"try pulling it first",
        "ollama pull MODEL fetches it; koi models ollama lists what is there.",
    ),
    (
        "model_not_found",
        r"data policy|allowed providers|guardrail restrictions",
        "The account's privacy settings exclude everybody who serves it: "
        "https://openrouter.ai/settings/privacy.",
    ),
    (
        "model_not_found",
        r"decommission|end of its life|no longer|retired",
        "The provider has retired this model: koi models lists those that are left.",
    ),
    (
        "model_not_found",
        r"access to (the |this )?model|model_terms_required|model_permission|include access"
        r"|model access is denied|use[- ]case",
        "The account has no access to this model: ask for it at the provider, or use another one.",
    ),
    (
        "overloaded",
        r"loading model|currently loading|model is loading",
        "The server is still loading the model: try again in a moment.",
    ),
    (
        "overloaded",
        r"runner process has terminated|cuda ?(malloc|error)|out of memory",
        "The server ran out of memory: use a smaller model, or a smaller context.",
    ),
    (
        "bad_request",
        r"requires more (system )?memory",
        "The model is too large for this machine: use a smaller one.",
    ),
)


def next_step(kind: ErrorKind, status: int | None, words: str) -> str:
    """What to do about an error of this kind, whose type, code and message are `words`."""
    for of_kind, pattern, step in _rules():
        if of_kind == kind and pattern.search(words):
            return step
    if kind == "bad_request" and status in (404, 405):
        return "Nothing answers at this address: check base_url and protocol."
    return _BY_KIND.get(kind, "")


@functools.cache
def _rules() -> tuple[tuple[ErrorKind, re.Pattern[str], str], ...]:
    """Compiled with the first error."""
    return tuple((kind, re.compile(words, re.IGNORECASE), step) for kind, words, step in _BY_WORDS)
