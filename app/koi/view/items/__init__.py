"""The entries of a transcript: prompts, answers, reasoning, tool calls, notices."""
