"""A whole prompt to a wish: politeness off, talk recognised, requests joined by "and" split."""

from __future__ import annotations

import re

import msgspec

from koi.providers.demo.changes import replacing, writing
from koi.providers.demo.intents import (
    FindFiles,
    Intent,
    ListFiles,
    LongAnswer,
    ReadFile,
    Replace,
    SearchText,
    Topic,
    TopicName,
    Tour,
    Unknown,
    Wish,
    WriteFile,
)
from koi.providers.demo.phrases import LIMIT, LOOKING, matched, running
from koi.providers.demo.words import quoted_spans, without_full_stop

LONGEST_ANSWER = 20_000
"""Words; enough to see how a very long answer behaves."""

_POLITE_START = re.compile(
    r"\A(?:(?:please|pls|koi|hey|hi|hello|ok|okay|now|well|so|just|also|and|then|first"
    r"|(?:can|could|would|will)\s+you|i\s+want\s+you\s+to|i(?:'d|\s+would)\s+like\s+(?:you\s+)?to"
    r"|help\s+me(?:\s+to)?|let's|let\s+us|go\s+ahead\s+and|try\s+to|i\s+want\s+to)\b[\s,:!]*)+",
    re.IGNORECASE,
)
_POLITE_END = re.compile(
    r"(?:[\s,]+(?:please|pls|thanks|thank\s+you|for\s+me))+[\s.!?]*\Z", re.IGNORECASE
)
_JOINT = re.compile(
    r"\s*[,;]?\s+(?P<then>and\s+then|then|after\s+that|afterwards)\s+"
    r"|\s*[,;]?\s+and(?:\s+also)?\s+|\s*;\s+|\.\s+|\s*\n\s*|,\s+",
    re.IGNORECASE,
)
_TOUR = (
    r"\W*|(?:hi|hello|hey|hallo|moin|yo|good\s+(?:morning|evening|afternoon|day))(?:\W+\w+){0,2}"
    r"|(?:give\s+me\s+(?:a|the)\s+|take\s+(?:a|the)\s+|start\s+(?:a|the)\s+|show\s+me\s+(?:a|the)\s+"
    r"|the\s+|a\s+)?(?:guided\s+|short\s+)?(?:tour|demo|demonstration)"
    r"|help|/?help|\?|start|begin|what\s+(?:can|do)\s+you\s+do|what\s+can\s+i\s+(?:do|type|ask)"
    r"|show\s+me\s+(?:around|what\s+you\s+can(?:\s+do)?|how\s+(?:this|koi)\s+works)"
    r"|how\s+does\s+(?:this|it|koi)\s+work|what\s+is\s+(?:this|koi)|koi|tutorial"
)
_TOPICS: tuple[tuple[TopicName, str], ...] = (
    (
        "about",
        r"(?:who|what)\s+are\s+you|are\s+you\s+(?:an?\s+)?(?:real|ai|human|bot|llm|model|there)\b.*"
        r"|(?:which|what)\s+model\s+(?:are\s+you|is\s+this)|is\s+this\s+(?:an?\s+)?(?:real\s+)?(?:ai"
        r"|model|llm)",
    ),
    (
        "connect",
        r"(?:how\s+(?:do|can|to)\s+.{0,40}?)?(?:connect|use|add|set\s+up|configure|get|choose|switch"
        r"\s+to)\s+(?:to\s+)?(?:a\s+|an\s+|my\s+|the\s+)?(?:real|other|another|better|ai|own|api)\s*"
        r"(?:model|provider|ai|llm|key|one)?s?|connect|how\s+do\s+i\s+connect|(?:set\s*up|api\s+keys?)",
    ),
    (
        "keys",
        r"(?:(?:what|which)\s+(?:are\s+the\s+)?)?(?:keys|shortcuts|key\s*bindings)(?:\s.{0,30})?"
        r"|how\s+(?:do|can)\s+i\s+(?:quit|exit|leave|stop|scroll|copy).{0,30}",
    ),
    (
        "cost",
        r"(?:what|how\s+much)\s+(?:does|did|do)\s+(?:this|it|that|you)\s+cost|(?:the\s+)?costs?",
    ),
    (
        "markdown",
        r"(?:show|write|print|render|display|give)(?:\s+me)?(?:\s+(?:some|a|an))*\s+"
        r"(?:markdown|tables?|code(?:\s+block)?|formatting|example)(?:\s+(?:demo|example|sample|please"
        r"|table|answer|block)s?)?|markdown",
    ),
    (
        "thanks",
        r"(?:thanks?|thank\s+you|thx|great|cool|nice|wow|perfect|bye|goodbye)(?:\W+\w+){0,3}",
    ),
)
_LONG = (
    r"(?:(?:write|show|give|print|stream|send|tell)(?:\s+me)?(?:\s+(?:a|an|the|some))?\s+)?"
    r"(?:(?:very\s+|really\s+)?long(?:er)?\s+(?:answer|text|reply|response|story|markdown|message"
    r"|output|essay|poem)|lorem\s+ipsum|(?P<count>\d{1,6})\s+(?:words|tokens))"
    r"(?:\s.{0,60})?"
)
_READ_ONLY = (ListFiles, ReadFile, SearchText, FindFiles)


def parse(prompt: str) -> Wish:
    """What the prompt asks for; never raises, and says Unknown rather than guess."""
    text = prompt.strip()
    if len(text) <= LIMIT and (talk := _talk(text)):
        return Wish((talk,))
    requests, ordered = _split(text, depth=4)
    if not requests:
        return Wish((Unknown(text),))
    intents = tuple(_resolve(requests))
    if len(intents) == 1 and isinstance(intents[0], Unknown):
        return Wish((Unknown(text),))
    reads = all(isinstance(intent, _READ_ONLY) for intent in intents)
    return Wish(intents, ordered or not reads)


def _talk(text: str) -> Intent | None:
    for candidate in (text, _POLITE_START.sub("", text)):
        plain = without_full_stop(_POLITE_END.sub("", candidate))
        if matched(_TOUR, plain):
            return Tour()
        for name, pattern in _TOPICS:
            if matched(pattern, plain):
                return Topic(name)
        if found := matched(_LONG, plain):
            count = int(found["count"]) if found["count"] else 1_200
            return LongAnswer(max(20, min(count, LONGEST_ANSWER)))
    return None


def _split(text: str, depth: int) -> tuple[tuple[Intent, ...], bool]:
    """All requests in the text, and whether they were put in an order; empty when unknown."""
    whole_file = writing(_POLITE_START.sub("", text.strip())) if re.search(r":\s*\n", text) else ()
    if whole_file:
        return whole_file, True
    if depth and len(text) <= LIMIT:
        spans = quoted_spans(text)
        joints = [
            joint
            for joint in _JOINT.finditer(text)
            if not any(start <= joint.start() < end for start, end in spans)
        ]
        for joint in joints[:6]:
            first = _clause(text[: joint.start()])
            if not first:
                continue
            others, ordered = _split(text[joint.end() :], depth - 1)
            if others:
                return first + others, ordered or bool(joint["then"])
    return _clause(text), False


def _clause(text: str) -> tuple[Intent, ...]:
    exact = _POLITE_START.sub("", text.strip())
    if not exact:
        return ()
    if found := writing(exact):
        return found
    if len(exact) > LIMIT:
        return ()
    polite = _POLITE_END.sub("", exact)
    for candidate in dict.fromkeys((polite, exact)):
        if found := replacing(candidate) or running(exact):
            return found
        for phrases in LOOKING:
            if found := phrases(candidate):
                return found
        talk = _talk(candidate)
        if isinstance(talk, Topic | LongAnswer):
            return (talk,)
    return _about_it(polite)


def _about_it(text: str) -> tuple[Intent, ...]:
    """ "read it", "show me the file": the file that the request before it named."""
    if matched(
        r"(?:read|show|print|open|display|cat)(?:\s+me)?\s+(?:it|that|the\s+file|the\s+result)"
        r"(?:\s+again|\s+to\s+me|\s+back)?",
        without_full_stop(text),
    ):
        return (ReadFile(""),)
    return ()


def _resolve(intents: tuple[Intent, ...]) -> list[Intent]:
    resolved: list[Intent] = []
    last = ""
    for intent in intents:
        match intent:
            case ReadFile(path="") if last:
                resolved.append(msgspec.structs.replace(intent, path=last))
            case ReadFile(path=""):
                resolved.append(Unknown("read it"))
            case ReadFile(path=path) | WriteFile(path=path) | Replace(path=path):
                last = path or last
                resolved.append(intent)
            case _:
                resolved.append(intent)
    return resolved
