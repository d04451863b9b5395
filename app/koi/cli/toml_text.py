"""Values of the configuration as TOML, on one line, for people."""

from __future__ import annotations


def toml_text(value: object) -> str:
    """A value as TOML writes it, on one line."""
    import tomlkit

    match value:
        case {} if not value:
            return "{}"
        case dict():
            return f"{{ {', '.join(f'{key} = {toml_text(item)}' for key, item in value.items())} }}"
        case list():
            return f"[{', '.join(toml_text(item) for item in value)}]"
        case _:
            return tomlkit.item(value).as_string()
