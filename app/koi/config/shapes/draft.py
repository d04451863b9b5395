"""A configuration while its foreign keys are replaced by koi's own, each remembering its source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from koi.config.mistakes import Mistake, dotted, nearest, wrong_value

KEY_FIELDS = ("api_key", "api_key_env")
NO_COUNTERPART = "has no counterpart in koi, left out"
Path = tuple[str, ...]


def _unknown_name(name: str) -> str | None:
    return None


@dataclass(slots=True)
class Draft:
    """`table` is what koi reads in the end; keys are taken out of it and put into it."""

    table: dict[str, object]
    where: str
    """The file, for messages."""
    strict: bool = True
    """True for koi's own file, where a key that nobody knows is an error and not just left out."""
    slug: Callable[[str], str | None] = _unknown_name
    """The catalogue's name for a provider or one of its aliases, None for others."""
    sources: dict[str, str] = field(default_factory=dict)
    """Dotted key → the key that it was translated from."""
    mistakes: list[Mistake] = field(default_factory=list)

    def name(self, provider: str) -> str:
        """The name that koi uses for a provider."""
        return self.slug(provider) or provider

    def take(self, path: Path) -> object:
        """Remove the value at `path` and return it, None when there is none."""
        table = self._table_of(path)
        return None if table is None else table.pop(path[-1], None)

    def take_text(self, path: Path) -> str | None:
        """As `take`, for text; anything else is a mistake."""
        return self.as_text(self.take(path), path)

    def as_text(self, value: object, path: Path) -> str | None:
        """`value` when it is text, without space around it; anything else is a mistake."""
        if value is None:
            return None
        if isinstance(value, str):
            return value.strip() or None
        self.wrong_type(path, value, str)
        return None

    def wrong_type(self, path: Path, value: object, expected: object) -> None:
        """A mistake when `value` is not of a type."""
        if (wrong := wrong_value(value, expected)) is not None:
            self.mistakes.append(Mistake(self.where, show(path), *wrong))

    def put(self, path: Path, value: object, source: Path) -> None:
        """Set koi's `path` to what `source` said; None is nothing.

        A mistake that names both when the configuration says it in koi's own words too.
        """
        if value is None:
            return
        twins = [path]
        if path[0] == "providers" and path[-1] in KEY_FIELDS:
            twins = [(*path[:-1], twin) for twin in KEY_FIELDS]
        for twin in twins:
            if self.has(twin):
                self._refuse_twin(source, twin)
                return
        table = self._table_of(path, make=True)
        if table is not None:
            table[path[-1]] = value
            self.sources[dotted(path)] = show(source)

    def has(self, path: Path) -> bool:
        """True when something is set at `path`."""
        value: object = self.table
        for part in path:
            if not isinstance(value, Mapping) or part not in value:
                return False
            value = value[part]
        return True

    def mistake(self, source: Path, message: str, hint: str = "") -> None:
        """An error at a foreign key."""
        self.mistakes.append(Mistake(self.where, show(source), message, hint))

    def note(self, source: Path, message: str = NO_COUNTERPART, hint: str = "") -> None:
        """Something that a person should know of a foreign key."""
        self.mistakes.append(Mistake(self.where, show(source), message, hint, "warning"))

    def unknown(self, source: Path, known: Iterable[str]) -> None:
        """A foreign key that means nothing here."""
        if not self.strict:
            self.note(source)
            return
        near = nearest(source[-1], known)
        hint = f"Did you mean {near}?" if near else f"Known: {', '.join(known)}."
        self.mistake(source, "unknown key", hint)

    def _refuse_twin(self, source: Path, twin: Path) -> None:
        other = self.sources.get(dotted(twin), dotted(twin))
        self.mistake(source, f"says the same as {other}", "Keep one of the two.")

    def _table_of(self, path: Path, *, make: bool = False) -> dict[str, object] | None:
        """The table that holds the last part of `path`, copied so that no caller's data changes."""
        table = self.table
        for part in path[:-1]:
            inner = table.get(part)
            if inner is None and make:
                inner = {}
            if not isinstance(inner, dict):
                return None
            copied = dict(inner)
            table[part] = copied
            table = copied
        return table


def show(path: Path) -> str:
    """A foreign key for people: list positions stay as they are."""
    return ".".join(part if "[" in part else dotted((part,)) for part in path)
