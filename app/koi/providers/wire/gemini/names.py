"""What the name of a Gemini model says: its path, and what its generation wants."""

from __future__ import annotations

import re
from urllib.parse import quote

PREFIXES = ("models/", "tunedModels/")
_RESOURCES = ("publishers/", "projects/", "endpoints/")
"""Full names of Vertex AI: paths of their own after …/v1."""
_GENERATION = re.compile(r"gemini-(\d+)(?:\.(\d+))?\b")
_LATEST = re.compile(r"gemini-(?:pro|flash|flash-lite)-latest\b")
_NOT_FOR_THOUGHTS = re.compile(r"-(?:lite|image|tts|audio|live|embedding|robotics|computer)\b")


def model_path(model: str) -> str:
    """The path of a model given with or without `models/`, percent-encoded: /models/NAME."""
    if model.startswith(_RESOURCES):
        return f"/{quote(model, safe='/')}"
    prefix = next((prefix for prefix in PREFIXES if model.startswith(prefix)), "")
    return f"/{prefix or PREFIXES[0]}{quote(model.removeprefix(prefix), safe='')}"


def resource_name(model: str) -> str:
    """The model as a field of a body names it: models/NAME."""
    return model if model.startswith((*PREFIXES, *_RESOURCES)) else f"{PREFIXES[0]}{model}"


def shows_thoughts(model: str) -> bool:
    """True for models that think by default; the others refuse to be asked for their thoughts.

    https://ai.google.dev/gemini-api/docs/thinking
    """
    name = _bare(model)
    return _generation(name) >= (2, 5) and not _NOT_FOR_THOUGHTS.search(name)


def is_third_generation(model: str) -> bool:
    """True from Gemini 3 on: calls without signature are refused, results may hold images.

    https://ai.google.dev/gemini-api/docs/gemini-3
    """
    return _generation(_bare(model)) >= (3, 0)


def _bare(model: str) -> str:
    return model.lower().rsplit("/", 1)[-1]


def _generation(name: str) -> tuple[int, int]:
    """The version of a Gemini model, (0, 0) for other models."""
    if _LATEST.match(name):
        return (3, 0)
    found = _GENERATION.match(name)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)
