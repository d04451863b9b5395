"""Ollama's own protocol: /api/chat, /api/embed, and what it says of its models."""
