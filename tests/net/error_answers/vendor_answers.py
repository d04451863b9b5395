"""Vendors of models with an API like OpenAI's."""

from __future__ import annotations

from tests.net.error_answers.case import Case, openai

CASES = (
    # https://github.com/continuedev/continue/issues/10920
    Case(
        429,
        openai(
            "Rate limit reached for model `llama-3.3-70b-versatile` in organization `org_0` "
            "service "
            "tier `on_demand` on tokens per day (TPD): Limit 100000, Used 97050, Requested 3619. "
            "Please try again in 9m38.016s.",
            "rate_limit_exceeded",
            "tokens",
        ),
        "rate_limit",
        "day's allowance",
        578.016,
    ),
    # https://github.com/continuedev/continue/issues/10218
    Case(
        413,
        openai(
            "Request too large for model `llama-3.3-70b-versatile` on tokens per minute (TPM): "
            "Limit 12000, Requested 14137, please reduce your message size and try again.",
            "rate_limit_exceeded",
            "tokens",
        ),
        "context_overflow",
        "larger than the plan",
    ),
    # https://console.groq.com/docs/errors
    Case(498, openai("Flex tier capacity exceeded", "capacity_exceeded"), "overloaded"),
    # https://github.com/ItzCrazyKns/Vane/issues/771
    Case(
        400,
        openai(
            "The model `x` has been decommissioned and is no longer supported.",
            "model_decommissioned",
        ),
        "model_not_found",
        "retired",
    ),
    Case(
        400,
        openai("The model `x` requires terms acceptance.", "model_terms_required"),
        "model_not_found",
        "no access",
    ),
    # https://github.com/continuedev/continue/issues/10373
    Case(
        429,
        {
            "code": "Some resource has been exhausted",
            "error": "Your team 16f has either used all available credits or reached its monthly "
            "spending limit.",
        },
        "billing",
        "spending limit",
    ),
    # https://github.com/Wei-Shaw/sub2api/issues/4069
    Case(
        403,
        {"code": "x", "error": "You have run out of credits or need a Grok subscription."},
        "billing",
    ),
    Case(400, {"code": "invalid-argument", "error": "Incorrect API key provided: xa***"}, "auth"),
    Case(
        400,
        {
            "code": "invalid-argument",
            "error": "This model's maximum prompt length is 131072 but the request contains "
            "537812 tokens.",
        },
        "context_overflow",
    ),
    Case(403, {"code": "x", "error": "Content violates usage guidelines."}, "content_policy"),
    # https://github.com/cline/cline/issues/9085
    Case(
        429,
        {
            "object": "error",
            "message": "Rate limit exceeded",
            "type": "rate_limited",
            "code": "1300",
        },
        "rate_limit",
    ),
    # https://github.com/continuedev/continue/issues/6185
    Case(
        429,
        {
            "object": "error",
            "message": "Service tier capacity exceeded for this model.",
            "type": "invalid_request_error",
            "code": None,
        },
        "overloaded",
    ),
    Case(401, {"detail": "Invalid API Key"}, "auth"),
    Case(
        422,
        {"detail": [{"loc": ["body", "top_k"], "msg": "Extra inputs are not permitted"}]},
        "bad_request",
    ),
    Case(
        400,
        {
            "object": "error",
            "message": "Prompt contains 300000 tokens and 0 draft tokens, too large for model with "
            "131072 maximum context length",
        },
        "context_overflow",
    ),
    # https://api-docs.deepseek.com/quick_start/error_codes
    Case(402, openai("Insufficient Balance", "invalid_request_error"), "billing"),
    Case(422, openai("Invalid Parameters", "invalid_request_error"), "bad_request"),
    Case(429, openai("Rate Limit Reached"), "rate_limit"),
    # https://docs.z.ai/api-reference/api-code
    Case(
        429,
        openai("Insufficient balance or no resource package. Please recharge.", "1113"),
        "billing",
    ),
    Case(429, openai("The API has reached the limit of today", "1304"), "rate_limit"),
    Case(
        429, openai("Your GLM Coding Plan package has expired", "1309"), "billing", "subscription"
    ),
    Case(
        429,
        openai("The current subscription plan does not yet include access to GLM-5", "1311"),
        "model_not_found",
    ),
    Case(400, openai("Prompt exceeds max length", "1261"), "context_overflow"),
    Case(400, openai("Unknown Model, please check the model code.", "1211"), "model_not_found"),
    Case(
        400,
        openai(
            "System detected potentially unsafe or sensitive content in input or generation.",
            "1301",
        ),
        "content_policy",
    ),
    # https://forum.moonshot.ai/t/429-insufficient-balance/244
    Case(
        429,
        openai(
            "Your account is suspended due to insufficient balance, please recharge your account",
            None,
            "exceeded_current_quota_error",
        ),
        "billing",
    ),
    # https://forum.moonshot.ai/t/error-code-429-were-receiving-too-many-requests-at-the-moment/191
    Case(
        429,
        openai(
            "We're receiving too many requests at the moment.", None, "rate_limit_reached_error"
        ),
        "rate_limit",
    ),
    Case(
        429,
        openai("The engine is currently overloaded", None, "engine_overloaded_error"),
        "overloaded",
    ),
    # https://forum.moonshot.ai/t/quota-exceeded-please-upgrade-your-plan-or-retry-later/421
    Case(
        403,
        openai(
            "Access terminated. Review our Community Guidelines.", None, "access_terminated_error"
        ),
        "auth",
        "owner",
    ),
    Case(
        400,
        openai(
            "Invalid request: Your request exceeded model token limit: 262144",
            None,
            "invalid_request_error",
        ),
        "context_overflow",
    ),
    Case(
        400,
        openai(
            "The request was rejected because it was considered high risk", None, "content_filter"
        ),
        "content_policy",
    ),
    # https://docs.cohere.com/reference/errors
    Case(
        429,
        {"message": "You are using a Trial key, which is limited to 10 API calls / minute."},
        "rate_limit",
    ),
    Case(
        429,
        {"message": "You are using a Trial key, which is limited to 1000 API calls / month."},
        "billing",
        "free allowance",
    ),
    Case(401, {"message": "invalid api token"}, "auth"),
    # https://github.com/cohere-ai/sandbox-topically/issues/4
    Case(
        400,
        {
            "message": "too many tokens: total number of tokens (prompt and prediction) cannot "
            "exceed 2048"
        },
        "context_overflow",
    ),
    # https://github.com/modelscope/modelscope/issues/1691
    Case(
        429,
        openai("insufficient balance (1008)", None, "insufficient_balance_error", http_code="429"),
        "billing",
    ),
    # https://github.com/MiniMax-AI/MiniMax-M2/issues/119
    Case(400, openai("invalid params, context window exceeds limit (2013)"), "context_overflow"),
    # https://github.com/tencentmusic/supersonic/issues/1572
    Case(
        400,
        openai("Access denied, please make sure your account is in good standing.", "Arrearage"),
        "billing",
    ),
    # https://github.com/QwenLM/qwen-code/issues/98
    Case(
        400,
        openai(
            "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 204800]"
        ),
        "context_overflow",
    ),
    Case(
        400,
        openai("Input data may contain inappropriate content.", "data_inspection_failed"),
        "content_policy",
    ),
    Case(
        403,
        openai("The free tier of the model has been exhausted.", "AllocationQuota.FreeTierOnly"),
        "billing",
        "free allowance",
    ),
    # https://github.com/pollinations/pollinations/issues/12136
    Case(
        412,
        openai(
            "Account x is suspended, possibly due to reaching the monthly spending limit or "
            "failure "
            "to pay past invoices.",
            "PRECONDITION_FAILED",
        ),
        "billing",
    ),
    # https://docs.together.ai/docs/error-codes
    Case(402, openai("Credit limit exceeded", "credit_limit"), "billing", "spending limit"),
    Case(400, openai("Unable to access non-serverless model x"), "model_not_found"),
    Case(
        422,
        openai(
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: "
            "9000"
        ),
        "context_overflow",
    ),
    # https://github.com/cline/cline/issues/5140
    Case(
        400,
        {
            "message": "Please reduce the length of the messages or completion. Current length is "
            "42328 while limit is 40000",
            "type": "invalid_request_error",
            "code": "context_length_exceeded",
        },
        "context_overflow",
    ),
    # https://github.com/nminaya/grammar-nazi-bot/issues/957
    Case(
        429,
        {
            "message": "Requests per minute limit exceeded - too many requests sent.",
            "type": "too_many_requests_error",
            "code": "request_quota_exceeded",
        },
        "rate_limit",
        wait_s=33.5,
        headers={
            "x-ratelimit-remaining-requests-day": "0",
            "x-ratelimit-reset-requests-day": "33.5",
        },
    ),
    Case(429, openai("We're experiencing high traffic right now!", "queue_exceeded"), "overloaded"),
    # https://novita.ai/docs/api-reference/basic-error-code
    Case(
        403,
        {"code": 403, "reason": "NOT_ENOUGH_BALANCE", "message": "not enough balance"},
        "billing",
    ),
    Case(
        400,
        openai("The total length of all messages is too long.", 400, "too_many_prompt_tokens"),
        "context_overflow",
    ),
)
