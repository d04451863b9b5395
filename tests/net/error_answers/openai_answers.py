"""OpenAI, ChatGPT and Azure."""

from __future__ import annotations

from tests.net.error_answers.case import Case, openai

_VERIFY = (
    "Please go to: https://platform.openai.com/settings/organization/general and click on Verify "
    "Organization."
)

OPENAI = (
    # https://platform.openai.com/docs/guides/error-codes
    Case(
        401, openai("Incorrect API key provided: sk-x.", "invalid_api_key"), "auth", "koi providers"
    ),
    Case(
        429, openai("You exceeded your current quota", "insufficient_quota"), "billing", "top it up"
    ),
    Case(
        429,
        openai(
            "Your account is not active, please check your billing details.", "billing_not_active"
        ),
        "billing",
    ),
    Case(
        403,
        openai("Your account is not active, please check your billing details on our website."),
        "billing",
    ),
    Case(
        400,
        openai("Billing hard limit has been reached", "billing_hard_limit_reached"),
        "billing",
    ),
    Case(
        403,
        openai(
            "Country, region, or territory not supported",
            "unsupported_country_region_territory",
            "request_forbidden",
        ),
        "auth",
        "country",
    ),  # https://github.com/home-assistant/core/issues/120072
    Case(
        401,
        openai(
            "The OpenAI account associated with this API key has been deactivated.",
            "account_deactivated",
        ),
        "auth",
        "owner",
    ),
    Case(
        401,
        openai(
            "You have insufficient permissions for this operation. Missing scopes: model.request."
        ),
        "auth",
        "permission",
    ),
    Case(
        500,
        openai("The server had an error while processing your request.", None, "server_error"),
        "overloaded",
    ),
    Case(503, openai("The engine is currently overloaded, please try again later"), "overloaded"),
    Case(503, openai("Slow down", "slow_down"), "overloaded"),
    # https://github.com/semanser/codel/issues/72
    Case(
        429,
        openai(
            "Rate limit reached for gpt-4o in organization X on tokens per min (TPM): Limit 30000, "
            "Used 14567, Requested 24754. Please try again in 18.642s.",
            "rate_limit_exceeded",
            "tokens",
        ),
        "rate_limit",
        wait_s=18.642,
    ),
    Case(
        429,
        openai("Rate limit reached for requests", "rate_limit_exceeded", "requests"),
        "rate_limit",
        wait_s=1.4,
        headers={"retry-after": "2", "retry-after-ms": "1400"},
    ),
    # https://platform.openai.com/docs/guides/rate-limits
    Case(
        429,
        openai("Rate limit reached", "rate_limit_exceeded"),
        "rate_limit",
        wait_s=360,
        headers={"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s"},
    ),
    # https://github.com/vanderschaarlab/climb/issues/1
    Case(
        429,
        openai(
            "Request too large for gpt-4o in organization org-V on tokens per min (TPM): Limit "
            "30000, Requested 30601. The input or output tokens must be reduced in order to run "
            "successfully.",
            "rate_limit_exceeded",
            "tokens",
        ),
        "context_overflow",
        "larger than the plan",
    ),
    # https://github.com/openai/openai-go/issues/565
    Case(
        404,
        openai(
            f"Your organization must be verified to use the model `gpt-5`. {_VERIFY}",
            "model_not_found",
        ),
        "model_not_found",
        "Verify the organization",
    ),
    # https://github.com/danny-avila/LibreChat/issues/6926
    Case(
        400,
        openai(
            f"Your organization must be verified to stream this model. {_VERIFY}",
            "unsupported_value",
        ),
        "bad_request",
        "Verify the organization",
    ),
    Case(
        403,
        openai("Project `proj_x` does not have access to model `gpt-5`", "model_not_found"),
        "model_not_found",
        "no access",
    ),
    Case(
        404,
        openai("The model `gtp-5` does not exist", "model_not_found"),
        "model_not_found",
        "koi models",
    ),
    Case(
        400,
        openai("This model's maximum context length is 8192 tokens.", "context_length_exceeded"),
        "context_overflow",
    ),
    Case(
        400,
        openai("Your input exceeds the context window of this model. Please adjust your input."),
        "context_overflow",
    ),
    # https://community.openai.com/t/string-above-max-length/
    Case(
        400,
        openai("Invalid 'messages[1].content': string too long.", "string_above_max_length"),
        "context_overflow",
    ),
    Case(
        400,
        openai(
            "Unsupported parameter: 'max_tokens' is not supported with this model.",
            "unsupported_parameter",
        ),
        "bad_request",
    ),
    Case(
        400,
        openai(
            "Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
            "invalid_prompt",
        ),
        "content_policy",
        "other words",
    ),
    # https://github.com/router-for-me/CLIProxyAPI/issues/1666
    Case(
        429,
        openai(
            "The usage limit has been reached",
            None,
            "usage_limit_reached",
            plan_type="plus",
            resets_at=1772180859,
            resets_in_seconds=529498,
        ),
        "rate_limit",
        "allowance",
        529498,
    ),
    # The same without its seconds: a time of the clock.
    Case(
        429,
        openai(
            "The usage limit has been reached", None, "usage_limit_reached", resets_at=1445412600
        ),
        "rate_limit",
        "allowance",
        120,
    ),
    # https://github.com/justrach/codegraff2/issues/90
    Case(
        429, openai("To use Codex, upgrade", None, "usage_not_included"), "billing", "subscription"
    ),
    # https://github.com/openai/codex/issues/14266
    Case(
        400,
        {"detail": "The 'gpt-5.4' model is not supported when using Codex with a ChatGPT account."},
        "model_not_found",
    ),
    Case(401, {"detail": "Could not parse your authentication token."}, "auth"),
)
AZURE = (
    # https://github.com/alex-wolf-ps/dbchatprov2/issues/2
    Case(
        429,
        openai(
            "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version "
            "2024-05-01-preview have exceeded token rate limit of your current OpenAI S0 pricing "
            "tier. Please retry after 86400 seconds.",
            "429",
        ),
        "rate_limit",
        wait_s=86400,
    ),
    Case(
        429,
        openai("Rate limit is exceeded. Try again in 9 seconds.", "RateLimitReached"),
        "rate_limit",
        wait_s=9,
    ),
    # https://learn.microsoft.com/azure/ai-foundry/openai/how-to/quota
    Case(
        404,
        openai("The API deployment for this resource does not exist.", "DeploymentNotFound"),
        "model_not_found",
    ),
    Case(
        401,
        openai("Access denied due to invalid subscription key or wrong API endpoint.", "401"),
        "auth",
    ),
    Case(
        400,
        openai(
            "The response was filtered due to the prompt triggering Azure OpenAI's content "
            "management policy.",
            "content_filter",
        ),
        "content_policy",
    ),
    Case(408, openai("The operation was timeout.", "Timeout"), "timeout"),
)
CASES = (*OPENAI, *AZURE)
