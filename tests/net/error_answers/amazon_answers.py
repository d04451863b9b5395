"""Amazon Bedrock."""

from __future__ import annotations

from tests.net.error_answers.case import DATE, Case

CASES = (
    # https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
    Case(
        429,
        {"message": "Too many tokens, please wait before trying again."},
        "rate_limit",
        headers={"x-amzn-errortype": "ThrottlingException"},
    ),
    Case(
        429,
        {"message": "Too many tokens per day, please wait before trying again."},
        "rate_limit",
        "day's allowance",
        headers={"x-amzn-errortype": "ThrottlingException"},
    ),
    # https://github.com/anthropics/claude-code/issues/536
    Case(
        403,
        {"message": "You don't have access to the model with the specified model ID."},
        "model_not_found",
        "no access",
        headers={"x-amzn-errortype": "AccessDeniedException"},
    ),
    Case(
        404,
        {"message": "Model use case details have not been submitted for this account."},
        "model_not_found",
        "no access",
    ),
    Case(
        403,
        {
            "message": "User: arn:aws:iam::1:user/u is not authorized to perform: "
            "bedrock:InvokeModel"
        },
        "auth",
        headers={"x-amzn-errortype": "AccessDeniedException"},
    ),
    Case(
        400,
        {"message": "Input is too long for requested model."},
        "context_overflow",
        headers={"x-amzn-errortype": "ValidationException"},
    ),
    # https://github.com/charmbracelet/crush/issues/946
    Case(
        400,
        {"message": "The maximum tokens you requested exceeds the model limit of 32768"},
        "bad_request",
        headers={"x-amzn-errortype": "ValidationException"},
    ),
    Case(
        404,
        {"message": "This model version has reached the end of its life."},
        "model_not_found",
        "retired",
        headers={"x-amzn-errortype": "ResourceNotFoundException"},
    ),
    Case(
        503,
        {"message": "Bedrock is unable to process your request."},
        "overloaded",
        headers={"x-amzn-errortype": "ServiceUnavailableException", "date": DATE},
    ),
)
