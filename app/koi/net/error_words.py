"""Words in error answers that name the kind of the error better than its status does.

The first kind whose words are there wins: a request that is larger than a limit per minute does not
pass however long one waits, and an empty account is no wrong key, whatever the status says.
"""

from __future__ import annotations

import functools
import re

from koi.core.errors import ErrorKind

_PATTERNS: tuple[tuple[ErrorKind, tuple[str, ...]], ...] = (
    (
        "context_overflow",
        (
            r"context[_ ]length[_ ]exceeded",
            r"exceed_context_size",
            r"too_many_prompt_tokens",
            r"max_prompt_tokens_exceeded",
            r"tokens_limit_reached",
            r"request_too_large",
            r"string_above_max_length",
            r"request too large for",
            r"prompt (is )?too long",
            r"prompt exceeds max(imum)? (context )?length",
            r"prompt token count of \d+ exceeds",
            r"maximum (context|prompt|input) length",
            r"exceeds? the (available |maximum |model'?s? )*context",
            r"(greater|longer|larger) than the (maximum |model'?s? |available )*"
            r"(context|model|input) (length|window|size)",
            r"loaded with context length of only",
            r"n_keep[^.]{0,20} >= n_ctx",
            r"too long to fit into the model",
            r"longer than the maximum model length",
            r"context window exceeds limit",
            r"context (window|size|length) (is |has been )?(full|exceeded)",
            r"exceeded model token limit",
            r"input token count.*exceeds",
            r"exceeds? context limit",
            r"input is too long",
            r"input tokens exceed",
            r"(inputs|prompt)\W? tokens \+ \W?max_(new_)?tokens\W? must be",
            r"range of input length should be",
            r"too many (input |prompt )?tokens:? (total|in the prompt)",
            r"tokens in request more than max tokens allowed",
            r"total length of all messages is too long",
            r"reduce the length of (the |your )?(messages|prompt|input)",
            r"maximum number of (input )?tokens allowed",
            r"inputs\W? must have less than \d+ tokens",
            r"input length \d+ exceeds",
        ),
    ),
    (
        "content_policy",
        (
            r"content_filter",
            r"content_policy",
            r"content filtering policy",
            r"responsibleaipolicy",
            r"content management policy",
            r"usage (polic(y|ies)|guidelines)",
            r"flagged (by|as|for|because)",
            r"safety system",
            r"data_?inspection_?failed",
            r"inappropriate content",
            r"considered high risk",
            r"(unsafe or|contains?) sensitive",
        ),
    ),
    (
        "billing",
        (
            r"insufficient[_ ](quota|balance|credits?|funds)",
            r"(balance|credits?) (is |are )?(insufficient|exhausted|depleted)",
            r"not[_ ]enough[_ ]balance",
            r"billing_(hard_limit_reached|not_active|error|disabled)",
            r"account is not active[^*]{0,40} billing|billing (is |has been )?disabled",
            r"requires billing to be enabled",
            r"exceeded_current_quota_error",
            r"credit balance is too low",
            r"credit limit exceeded",
            r"(out of|no|not enough|requires more) credits",
            r"all available credits|monthly (spending limit|included credits)",
            r"specified api usage limits",
            r"(extra usage is|usage credits are) required",
            r"usage_not_included",
            r"usage limit for this billing cycle",
            r"payment required",
            r"arrearage|overdue payment",
            r"past invoices",
            r"(plan|package)[^.]{0,20} has expired",
            r"(quota|free tier|free quota)[^.]{0,40} exhausted",
            r"free (allocated )?quota exceeded",
            r"free quota tier|free_tier[^*]{0,60}, limit: 0\b",
            r"trial key[^.]{0,80}/ month",
            r"budget_exceeded",
            r"budget has been exceeded",
        ),
    ),
    (
        "tools_unsupported",
        (
            r"does(n't| not) support (tool|function)",
            r"tools? (param )?requires? --",
            r"tool choice requires --",
            r"support (for )?tool use",
            r"(tools?|tool[_ ]us(e|ing)|(tool|function)[_ ]calling|tool_choice)\W? (is|are) "
            r"(not|un)[ -]?(currently )?supported",
            r"tools? not supported",
        ),
    ),
    (
        "overloaded",
        (
            r"overloaded",
            r"capacity exceeded",
            r"(at|over|no) capacity\b",
            r"experiencing (high|heavy) (traffic|demand|load)",
        ),
    ),
    (
        "rate_limit",
        (
            r"rate[-_ ]limit(s|ed)?[-_ ](is |was |has been )?(reached|exceeded|hit|error)",
            r"rate[-_ ]limited",
            r"exceeded [^.]{0,40}rate limit",
            r"too[_ ]many[_ ]requests",
        ),
    ),
    (
        "bad_request",
        (
            r"requires more (system )?memory",
            r"json\.exception\.|failed to parse (messages|tools|input|grammar)",
        ),
    ),
    ("auth", (r"key_model_access_denied", r"key (is )?not allowed to access (this )?model")),
    (
        "model_not_found",
        (
            r"access to (the |this )?model",
            r"model access is denied",
            r"use[- ]case (form|details)",
            r"model_(not_found|not_supported|decommissioned|terms_required)",
            r"model_permission_blocked",
            r"non-serverless model",
            r"plan does not[^.]{0,20} include access",
            r"end of its life",
            r"no (endpoints|allowed providers)( are)? (found (for|matching)|available)",
        ),
    ),
    (
        "auth",
        (
            r"invalid[_ ]api[_ ]?key",
            r"(incorrect|invalid|no|missing|wrong) (api|authentication)[ -]?(key|token)?\b",
            r"api[ _]key (is )?(not valid|invalid|not found|expired)",
            r"api[ _]key was reported as leaked",
            r"api_key_invalid",
            r"authentication_error",
            r"authentication fail",
            r"(account|organization)[^.]{0,50} (disabled|deactivated)",
            r"only authorized for use with",
            r"unsupported_country",
            r"(country|region|territory|location) (is )?not (supported|available)",
            r"not (supported|available) in your (country|region)",
        ),
    ),
    (
        "model_not_found",
        (
            r"deploymentnotfound",
            r"deployment .*does not exist",
            r"model[^.]{0,120} (does not|doesn't|not) exist",
            r"model[^.]{0,120} (is |was )?not found",
            r"not found[^.]{0,40} model",
            r"(not a valid|invalid|unknown|unsupported|no such) model\b",
            r"not_found_error:? .*model",
            r"model identifier is invalid",
            r"model is not supported",
            r"model[^.]{0,80} is (not (available|accessible|enabled)|no longer)",
            r"on-demand throughput isn.t supported",
        ),
    ),
)


def kind_from_words(words: str) -> ErrorKind | None:
    """The kind that an error's type, code and message name; None when they name none."""
    for kind, pattern in _rules():
        if pattern.search(words):
            return kind
    return None


@functools.cache
def _rules() -> tuple[tuple[ErrorKind, re.Pattern[str]], ...]:
    """Compiled with the first error: that takes longer than to start without it."""
    return tuple(
        (kind, re.compile("|".join(patterns), re.IGNORECASE)) for kind, patterns in _PATTERNS
    )
