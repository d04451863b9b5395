"""The chat: one widget for the whole transcript."""
