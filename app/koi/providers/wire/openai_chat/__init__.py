"""OpenAI Chat Completions and what is compatible with it."""
