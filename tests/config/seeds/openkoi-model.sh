openkoi --model anthropic/claude-sonnet-4-5 "Fix the bug"
