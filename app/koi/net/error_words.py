"""Words in error answers that name the kind of the error better than its status does."""

from __future__ import annotations

import re

from koi.core.errors import ErrorKind

_PATTERNS: dict[ErrorKind, tuple[str, ...]] = {
    "context_overflow": (
        r"context_length_exceeded",
        r"exceed_context_size",
        r"too_many_prompt_tokens",
        r"request_too_large",
        r"prompt (is )?too long",
        r"maximum (context|prompt|input) length",
        r"exceeds? the (available |maximum |model'?s? )*context",
        r"input token count.*exceeds",
        r"exceeds? context limit",
        r"input is too long",
        r"input tokens exceeded",
        r"total length of all messages is too long",
        r"context window (is )?(full|exceeded)",
        r"maximum number of (input )?tokens allowed",
    ),
    "content_policy": (
        r"content_filter",
        r"content_policy",
        r"responsibleaipolicy",
        r"content management policy",
        r"usage policies",
        r"flagged (by|as|for|because)",
        r"safety system",
    ),
    "billing": (
        r"insufficient[_ ]quota",
        r"insufficient (balance|credits?|funds)",
        r"billing_(hard_limit_reached|not_active|error)",
        r"credit balance is too low",
        r"(out of|no|not enough|requires more) credits",
        r"payment required",
        r"quota exhausted",
        r"budget_exceeded",
        r"budget has been exceeded",
    ),
    "tools_unsupported": (
        r"does(n't| not) support (tool|function)",
        r"tools? (param )?requires? --",
        r"tool choice requires --",
        r"support (for )?tool use",
        r"(tools?|tool[_ ]us(e|ing)|(tool|function)[_ ]calling|tool_choice)\W? (is|are) "
        r"(not|un)[ -]?(currently )?supported",
        r"tools? not supported",
    ),
    "bad_request": (
        r"requires more (system )?memory",
        r"json\.exception\.|failed to parse (messages|tools|input|grammar)",
    ),
    "auth": (
        r"invalid[_ ]api[_ ]key",
        r"(incorrect|invalid|no|missing|wrong) api[ -]?key",
        r"api[ _]key (is )?(not valid|invalid|not found|expired)",
        r"api_key_invalid",
        r"authentication_error",
        r"authentication fail",
    ),
    "model_not_found": (
        r"model_not_(found|supported)",
        r"deploymentnotfound",
        r"deployment .*does not exist",
        r"model[^.]{0,120} (does not|doesn't|not) exist",
        r"model[^.]{0,120} (is |was )?not found",
        r"not found[^.]{0,40} model",
        r"(not a valid|invalid|unknown|unsupported|no such) model\b",
        r"not_found_error:? .*model",
        r"model identifier is invalid",
        r"on-demand throughput isn.t supported",
    ),
}
_RULES = tuple(
    (kind, re.compile("|".join(patterns), re.IGNORECASE)) for kind, patterns in _PATTERNS.items()
)


def kind_from_words(words: str) -> ErrorKind | None:
    """The kind that an error's type, code and message name; None when they name none."""
    for kind, pattern in _RULES:
        if pattern.search(words):
            return kind
    return None
