"""Anthropic."""

from __future__ import annotations

from tests.net.error_answers.case import Case, anthropic

CASES = (
    # https://docs.claude.com/en/api/errors
    Case(401, anthropic("authentication_error", "invalid x-api-key"), "auth"),
    Case(403, anthropic("permission_error", "Your API key does not have permission"), "auth"),
    Case(403, anthropic("forbidden", "Request not allowed"), "auth", "VPN"),
    Case(404, anthropic("not_found_error", "model: claude-9"), "model_not_found"),
    Case(
        413, anthropic("request_too_large", "Request exceeds the maximum size"), "context_overflow"
    ),
    Case(500, anthropic("api_error", "Internal server error"), "overloaded"),
    Case(529, anthropic("overloaded_error", "Overloaded"), "overloaded"),
    Case(
        429,
        anthropic(
            "rate_limit_error",
            "This request would exceed your organization's rate limit of 40,000 input tokens per "
            "minute.",
        ),
        "rate_limit",
        wait_s=17,
        headers={"retry-after": "17"},
    ),
    Case(
        429,
        anthropic("rate_limit_error", "This request would exceed your account's rate limit."),
        "rate_limit",
        wait_s=30,
        headers={
            "anthropic-ratelimit-input-tokens-remaining": "0",
            "anthropic-ratelimit-input-tokens-reset": "2015-10-21T07:28:30Z",
        },
    ),
    Case(
        429,
        anthropic("rate_limit_error", "Rate limited"),
        "rate_limit",
        wait_s=120,
        headers={
            "anthropic-ratelimit-unified-status": "rejected",
            "anthropic-ratelimit-unified-reset": "1445412600",
        },
    ),
    # https://support.claude.com/en/articles/8977456-how-do-i-pay-for-my-claude-api-usage
    Case(
        400,
        anthropic(
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & "
            "Billing to upgrade or purchase credits.",
        ),
        "billing",
        "top it up",
    ),
    # https://github.com/anthropics/claude-code/issues/38035
    Case(
        400,
        anthropic(
            "invalid_request_error",
            "You have reached your specified API usage limits. You will regain access on "
            "2015-10-22 at 00:00 UTC.",
        ),
        "billing",
        "spending limit",
        59520,
    ),
    # https://github.com/anthropics/claude-code/issues/29584
    Case(
        429,
        anthropic("rate_limit_error", "Extra usage is required for long context requests."),
        "billing",
        "subscription",
    ),
    # https://github.com/anthropics/claude-code/issues/19028
    Case(
        400,
        anthropic("invalid_request_error", "This organization has been disabled."),
        "auth",
        "owner",
    ),
    Case(
        400,
        anthropic(
            "invalid_request_error",
            "This credential is only authorized for use with Claude Code and cannot be used for "
            "other API requests.",
        ),
        "auth",
        "another program",
    ),
    Case(
        400,
        anthropic("invalid_request_error", "prompt is too long: 213462 tokens > 200000 maximum"),
        "context_overflow",
    ),
    Case(
        400,
        anthropic(
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000",
        ),
        "context_overflow",
    ),
    Case(
        400,
        anthropic("invalid_request_error", "Output blocked by content filtering policy"),
        "content_policy",
    ),
    Case(
        400,
        anthropic(
            "invalid_request_error", "messages.2: `tool_use` ids were found without `tool_result`"
        ),
        "bad_request",
    ),
)
