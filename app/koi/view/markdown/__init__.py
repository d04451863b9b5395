"""Markdown that grows: text goes in as it streams, wrapped lines come out, once."""
