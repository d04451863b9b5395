"""koi: a full-screen terminal coding agent for every model its user already has."""

__version__ = "0.1.0"
