"""Servers of one's own: LM Studio, vLLM, SGLang, llama.cpp, Ollama."""

from __future__ import annotations

from tests.net.error_answers.case import Case, openai

CASES = (
    # https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/546
    Case(
        400,
        {
            "error": "Trying to keep the first 111490 tokens when context the overflows. However, "
            "the "
            "model is loaded with context length of only 32768 tokens, which is not enough."
        },
        "context_overflow",
        "larger context",
    ),
    # https://github.com/Gitlawb/openclaude/issues/353
    Case(
        400,
        {
            "error": "The number of tokens to keep from the initial prompt is greater than the "
            "context length (n_keep: 13055>= n_ctx: 4096)."
        },
        "context_overflow",
        "larger context",
    ),
    # https://github.com/anomalyco/opencode/issues/11141
    Case(
        400,
        {"error": "Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)"},
        "context_overflow",
        "larger context",
    ),
    # https://github.com/Gabesarch/grounded-rl/issues/16
    Case(
        400,
        {
            "object": "error",
            "message": "The decoder prompt (length 10127) is longer than the maximum model length "
            "of 8192.",
            "type": "BadRequestError",
            "code": 400,
        },
        "context_overflow",
    ),
    # https://github.com/sgl-project/sglang/blob/main/python/sglang/srt/managers/tokenizer_manager.py
    Case(
        400,
        openai(
            "The input (40000 tokens) is longer than the model's context length (32768 tokens)."
        ),
        "context_overflow",
    ),
    # https://github.com/huggingface/text-generation-inference/blob/main/router/src/validation.rs
    Case(
        422,
        {
            "error": "Input validation error: `inputs` must have less than 4096 tokens. Given: "
            "5000",
            "error_type": "validation",
        },
        "context_overflow",
    ),
    # https://github.com/run-llama/llama_index/issues/15180
    Case(
        400,
        {"detail": "Input length 1024 exceeds maximum allowed token size 512"},
        "context_overflow",
    ),
    # https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
    Case(
        400,
        openai(
            "request (2009 tokens) exceeds the available context size (512 tokens), try "
            "increasing it",
            400,
            "exceed_context_size_error",
        ),
        "context_overflow",
        "-c",
    ),
    Case(503, openai("Loading model", 503, "unavailable_error"), "overloaded", "loading"),
    Case(
        500, openai("tools param requires --jinja flag", 500, "server_error"), "tools_unsupported"
    ),
    # https://github.com/ollama/ollama/blob/main/docs/api/errors.mdx
    Case(
        404,
        {"error": "model 'x' not found, try pulling it first"},
        "model_not_found",
        "ollama pull",
    ),
    Case(
        400,
        {"error": "registry.ollama.ai/library/gemma3 does not support tools"},
        "tools_unsupported",
    ),
    Case(
        500,
        {"error": "model requires more system memory (9.0 GiB) than is available (8.0 GiB)"},
        "bad_request",
        "smaller one",
    ),
    Case(500, {"error": "llama runner process has terminated: CUDA error"}, "overloaded", "memory"),
    Case(
        503,
        {"error": "server busy, please try again.  maximum pending requests exceeded"},
        "overloaded",
    ),
    Case(
        400,
        {"error": "prompt too long; exceeded max context length by 9 tokens"},
        "context_overflow",
    ),
    Case(404, "404 page not found", "bad_request", "base_url"),
    Case(405, {"detail": "Method Not Allowed"}, "bad_request", "base_url"),
    Case(401, {"error": "Unauthorized"}, "auth"),
)
