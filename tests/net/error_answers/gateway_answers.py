"""OpenRouter, Hugging Face, LiteLLM and GitHub Copilot."""

from __future__ import annotations

from tests.net.error_answers.case import Case, openai

CASES = (
    # https://github.com/astrio-labs/forall/issues/76
    Case(
        402,
        openai(
            "This request requires more credits, or fewer max_tokens. You requested up to 64000.",
            402,
        ),
        "billing",
        "max_output_tokens",
    ),
    # https://github.com/anomalyco/opencode/issues/12219
    Case(
        402,
        openai(
            "Prompt tokens limit exceeded: 230799 > 91442. To increase, visit "
            "https://openrouter.ai/settings/keys and create a key with a higher monthly limit",
            402,
        ),
        "billing",
        "spending limit",
    ),
    # https://github.com/Gitlawb/openclaude/issues/936
    Case(
        429,
        openai(
            "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model "
            "requests per day",
            429,
            metadata={
                "headers": {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1445472000000"}
            },
        ),
        "rate_limit",
        "day's allowance",
        59520,
    ),
    Case(
        429,
        openai(
            "Provider returned error",
            429,
            metadata={
                "raw": "google/gemini-2.0-flash-exp:free is temporarily rate-limited upstream."
            },
        ),
        "rate_limit",
    ),
    Case(401, openai("No auth credentials found", 401), "auth"),
    Case(401, openai("User not found.", 401), "auth"),
    # One key of LiteLLM may lack a model that another one has.
    Case(
        403,
        openai(
            "key not allowed to access model. This key can only access models=['mock-text']. "
            "Tried to access via-openai",
            "403",
        ),
        "auth",
    ),
    Case(404, openai("No endpoints found for x/y.", 404), "model_not_found"),
    # https://github.com/ShamanicArts/Flow.Launcher.Plugin.AI-Assistant/issues/2
    Case(
        404,
        openai(
            "No endpoints found matching your data policy. Enable prompt training here: https://o",
            404,
        ),
        "model_not_found",
        "privacy",
    ),
    Case(
        404,
        openai("No allowed providers are available for the selected model.", 404),
        "model_not_found",
        "privacy",
    ),
    Case(
        404, openai("No endpoints found that support tool use.", 404), "tools_unsupported", "prompt"
    ),
    Case(400, openai("x/y is not a valid model ID", 400), "model_not_found"),
    Case(
        400,
        openai(
            "This endpoint's maximum context length is 200000 tokens. However, you requested about",
            400,
        ),
        "context_overflow",
    ),
    Case(
        403,
        openai("Your input was flagged by moderation", 403, metadata={"reasons": []}),
        "content_policy",
    ),
    # https://github.com/huggingface/agents-course/issues/386
    Case(
        402,
        {"error": "You have exceeded your monthly included credits for Inference Providers."},
        "billing",
    ),
    Case(
        503,
        {"error": "Model x/y is currently loading", "estimated_time": 20.0},
        "overloaded",
        "loading",
        20,
    ),
    # https://docs.litellm.ai/docs/proxy/users
    Case(400, openai("Budget has been exceeded! Current cost: 2.0, Max budget: 1.0"), "billing"),
    Case(
        429,
        openai("slow down", "429", "throttling_error"),
        "rate_limit",
        wait_s=7,
        headers={"llm_provider-retry-after": "7"},
    ),
    # https://github.com/microsoft/copilot-intellij-feedback/issues/94
    Case(
        400,
        openai(
            "prompt token count of 138898 exceeds the limit of 64000",
            "model_max_prompt_tokens_exceeded",
        ),
        "context_overflow",
    ),
    # https://github.com/jjleng/copilot-more/issues/35
    Case(
        400,
        openai("prompt token count of 93854 exceeds the limit of 90000", ""),
        "context_overflow",
    ),
    # https://github.com/github/copilot-cli/issues/793
    Case(
        429,
        {"message": "Sorry, you have exceeded your Copilot token usage.", "code": "rate_limited"},
        "rate_limit",
    ),
    # https://github.com/microsoft/vscode-copilot-release/issues/2902
    Case(
        429,
        openai("Sorry, your request was rate-limited. Please wait 32 minutes before trying again."),
        "rate_limit",
        wait_s=1920,
    ),
    Case(402, openai("You have no quota", "quota_exceeded"), "billing"),
    Case(
        400,
        openai("The requested model is not supported.", "model_not_supported"),
        "model_not_found",
    ),
    Case(403, {"message": "You have exceeded a secondary rate limit."}, "rate_limit"),
)
