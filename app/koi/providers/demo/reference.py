"""How the demo model is named; apart, because asking for its name must not load its script."""

from __future__ import annotations

from koi.core.references import ModelReference

DEMO = ModelReference("demo", "koi")
