"""Gemini and Vertex AI."""

from __future__ import annotations

from tests.net.error_answers.case import Case, google, quota, retry_info

_QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more "
    "information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits."
)

CASES = (
    Case(
        400,
        google(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
        "auth",
    ),
    # https://github.com/continuedev/continue/issues/11336
    Case(
        400,
        google(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."),
        "auth",
        "make a new one",
    ),
    Case(
        403,
        google(
            403,
            "PERMISSION_DENIED",
            "Your API key was reported as leaked. Please use another API key.",
        ),
        "auth",
        "published",
    ),
    Case(
        403,
        google(
            403,
            "PERMISSION_DENIED",
            "Generative Language API has not been used in project 1 before or it is disabled.",
        ),
        "auth",
        "Turn the API on",
    ),
    # https://github.com/poenl/gemini-api/issues/4
    Case(
        400,
        google(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
        "auth",
        "country",
    ),
    # https://github.com/google-gemini/gemini-cli/issues/8437
    Case(
        429,
        google(
            429,
            "RESOURCE_EXHAUSTED",
            _QUOTA,
            quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"),
            retry_info("34.4s"),
        ),
        "rate_limit",
        wait_s=34.4,
    ),
    # The day's quota: Pacific midnight is at 07:00 UTC in October, and RetryInfo says seconds.
    Case(
        429,
        google(
            429,
            "RESOURCE_EXHAUSTED",
            _QUOTA,
            quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
            retry_info("47s"),
        ),
        "rate_limit",
        wait_s=84720,
    ),
    # https://github.com/continuedev/continue/issues/10062
    Case(
        429,
        google(
            429,
            "RESOURCE_EXHAUSTED",
            f"{_QUOTA} * Quota exceeded for metric: generativelanguage.googleapis.com/"
            "generate_content_free_tier_requests, limit: 0, model: gemini-2.5-pro\nPlease retry in "
            "20.04466179s.",
        ),
        "billing",
        "free allowance",
        20.04466179,
    ),
    # https://github.com/ai-christianson/RA.Aid/issues/182
    Case(
        429,
        google(429, "RESOURCE_EXHAUSTED", "Gemini 2.5 Pro Preview doesn't have a free quota tier."),
        "billing",
        "free allowance",
    ),
    Case(
        429,
        google(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."),
        "billing",
    ),
    Case(
        403,
        google(403, "PERMISSION_DENIED", "This API method requires billing to be enabled."),
        "billing",
    ),
    # https://github.com/google-gemini/gemini-cli/issues/14811
    Case(
        429,
        google(429, "RESOURCE_EXHAUSTED", "Resource exhausted. Please try again later."),
        "rate_limit",
    ),
    # https://github.com/google-gemini/gemini-cli/issues/27548
    Case(
        429,
        google(
            429,
            "RESOURCE_EXHAUSTED",
            "No capacity available for model gemini-3-flash on the server",
        ),
        "overloaded",
    ),
    Case(
        503,
        google(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
        "overloaded",
    ),
    Case(499, google(499, "CANCELLED", "The operation was cancelled."), "overloaded"),
    Case(
        504,
        google(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
        "timeout",
    ),
    Case(
        400,
        google(
            400,
            "INVALID_ARGUMENT",
            "The input token count (1250074) exceeds the maximum number of tokens allowed "
            "(1048576).",
        ),
        "context_overflow",
    ),
    Case(
        404,
        google(404, "NOT_FOUND", "models/gemini-9 is not found for API version v1beta"),
        "model_not_found",
    ),
)
