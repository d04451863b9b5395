"""The one HTTP client and what it reads: policy, timers, error bodies, event streams."""
