"""Wire formats as pure functions: a request to JSON, and what comes back to events."""
