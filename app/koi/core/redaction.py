"""Takes keys and tokens out of text that koi keeps or shows: the log, failures, reports.

Two nets: the secrets that this process has made are known by their value; all others are known by
their shape, or by the name that stands before them. Both take time in proportion to the text.
"""

from __future__ import annotations

import re

from koi.core.secret import known_values

REDACTED = "[redacted]"

_START = r"(?<![A-Za-z0-9])"
_QUOTE = r"""(?:\\{0,4}["']|%22|&quot;)"""
_IS = rf"(?:{_QUOTE}?\s{{0,8}}(?:[:=]|%3A|%3D)\s{{0,8}})"
_REST = r"""[^"'\\\r\n]+"""
_WORD = r"""[^\s"'\\,&<>(){}\[\]]+"""
_NAMES = r"""(?:
    token | secret | password | passwd | passphrase | signature | credentials?
  | api[-_]?key | apikey | (?:access|private|secret|subscription)[-_]?key | [a-z0-9][-_]key
  | code[-_]?verifier | device[-_]?code | device[-_]?auth[-_]?id | user[-_ ]?code
  | authorization[-_]?code | authorization
)"""
_PLAIN_WORD = r"(?<=:\s)[a-z]{1,12}(?![^\s.,;:)])"
"""A sentence goes on there, as in "api_key: unknown key"."""
_SHAPES = re.compile(
    rf"""(?P<before>
        {_START}(?:proxy-)?authorization {_IS} (?:b?{_QUOTE})? (?:[\w-]{{1,32}}\s{{1,8}})?
      | {_NAMES} {_IS} (?:(?:bearer|basic|token)\s{{1,8}})? (?!{_PLAIN_WORD})
      | user[-_ ]?code\s (?:is\s)?
      | \(b?["'][\w-]{{0,64}}(?:{_NAMES}|cookie)["'],\s{{0,8}}
      | (?:[?&;]|%3F|%26)(?:code|state|key|sig|nonce)(?:=|%3D)
      | {_START}code {_IS} (?={_QUOTE}?[^\s"'\\,&]{{0,128}}\d)
            (?={_QUOTE}?[^\s"'\\,&]{{10}})
      | {_START}bearer\s{{1,8}}(?=[^\s"']{{8}})
      | {_START}basic\s{{1,8}}(?=[^\s"']{{0,128}}[\d=+/])(?=[^\s"']{{8}})
    )(?:(?P<quote>b?{_QUOTE}){_REST} | {_WORD})
    | (?P<cookie>cookie {_IS} (?:b?{_QUOTE})?){_REST}
    | (?P<address>[a-z]://[^\s/:@"']{{0,256}}:)[^\s/@"']{{1,512}}(?=@)
    | {_START}(?:
        (?:sk|pk|rk|gsk|xai|gh[opsur]|github_pat|glpat|hf|nvapi|pplx|tvly|csk|fw|xox[abps])[-_]
            [\w-]{{8,}}
      | (?:rt|ac)_[\w-]{{16,}} | (?:AKIA|ASIA)[A-Z0-9]{{12,}} | AIza[\w-]{{12,}}
      | ya29\.[\w.-]{{8,}} | ABSK[\w+/=-]{{16,}} | eyJ[\w-]{{10,}}(?:\.[\w-]*)*
      | tid=[^\s"'\\,]+
    )""",
    re.IGNORECASE | re.VERBOSE,
)


_LONG_RUN = re.compile(
    r"(?<![A-Za-z0-9])(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{24,}(?![A-Za-z0-9])"
)
"""Letters and digits without end: keys of vendors that give theirs no beginning of its own."""


def redact(text: str) -> str:
    """`text` without what is, or looks like, a key or a token."""
    return _SHAPES.sub(_replaced, without_known(text))


def without_known(text: str) -> str:
    """`text` without the secrets that this process has made, however they are written."""
    for value in known_values():
        for form in _forms(value):
            if form in text:
                text = text.replace(form, REDACTED)
    return text


def without_key(name: str) -> str:
    """A name that a person typed, as an error may repeat it: not when a key was typed instead."""
    cleaned = redact(name)
    return REDACTED if cleaned == name and _LONG_RUN.search(name) else cleaned


def _forms(value: str) -> tuple[str, ...]:
    """A value as it is, and as it looks in addresses, in JSON, and in a Python text."""
    if value.isascii() and value.replace("-", "").replace("_", "").isalnum():
        return (value,)
    import json
    from urllib.parse import quote

    return (value, quote(value, safe=""), json.dumps(value)[1:-1], repr(value)[1:-1])


def _replaced(match: re.Match[str]) -> str:
    groups = match.groupdict("")
    return f"{groups['cookie'] or groups['address'] or groups['before']}{groups['quote']}{REDACTED}"
