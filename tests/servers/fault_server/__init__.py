"""Servers of models that fail on purpose, byte by byte, in every wire format that koi speaks."""
