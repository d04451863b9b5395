"""Configurations of other programs, one module a shape: pure functions from their keys to koi's."""
