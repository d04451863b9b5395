"""A text that streams ends up as the same lines as one that is rendered at once."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from koi.view.line import Face, Line, cells
from koi.view.markdown.document import Document, render

PIECES = [
    "para with **bold** and *it* `code` text",
    "日本語の文章です。とても長いので折り返します。",
    "👩‍👩‍👧 e\u0301 👍🏽 family 🇩🇪",
    "# Head",
    "## Head two #",
    "---",
    "***",
    "===",
    "| a | b |",
    "|---|:-:|",
    "| 1 | `x|y` |",
    "```python",
    "```",
    "~~~",
    "def f(x): return '''doc 👩‍👩‍👧",
    "'''",
    "```js",
    "/* comment",
    "*/",
    "> quote",
    ">> deep",
    "> - in",
    "- item",
    "* star",
    "+ plus",
    "1. one",
    "2) two",
    "10. ten",
    "    indented",
    "\tcode",
    "- [ ] todo",
    "- [x] done",
    "",
    "",
    "",
    "<div>",
    "</div>",
    "<!-- c",
    "-->",
    "[link](http://x.y/z)",
    "[ref]: http://e.x",
    "[ref]",
    "a  ",
    "b\\",
    "unclosed **bold and `code",
    "word" * 60,
    "x " * 300,
    "https://a.b/c?d=e&f",
    "&amp; &lt; &#x202e;",
    "* a *b* c",
]
lines_of_text = st.lists(
    st.tuples(st.sampled_from([0, 0, 0, 2, 3, 4, 6]), st.sampled_from(PIECES)).map(
        lambda pair: " " * pair[0] + pair[1]
    ),
    max_size=25,
)
documents = st.tuples(lines_of_text, st.sampled_from(["", "\n", "\n\n"])).map(
    lambda pair: "\n".join(pair[0]) + pair[1]
)
free_text = st.text(alphabet="ab *_`#>-+|[]()\n\t0.1é日👍\u0301\\&;:<>=~", max_size=300)

TOUR = (
    "# A title\n\nSome *words*, **more** and `code` with a [link](https://example.com/x) in a line "
    "that is long enough to wrap.\n\n- one\n  - two\n    1. three\n\n> quoted\n> lines\n\n"
    "| name | value |\n|:-----|------:|\n| a | 1 |\n| bb | 22 |\n\n```python\n"
    "def f(x: int) -> int:\n    '''Doc\n    string.'''\n    return x + 1  # done\n```\n\n"
    "Title\n=====\n\n- [x] done\n- [ ] not done\n\n---\n\nThe end."
)


def streamed(source: str, width: int, seed: int) -> list[Line]:
    """The lines after the text came in random pieces, looked at in between."""
    chance = random.Random(seed)
    document = Document(cell_len)
    biggest = chance.choice([1, 4, 12, 60, 500])
    position = 0
    while position < len(source):
        step = chance.randint(1, biggest)
        document.append(source[position : position + step])
        position += step
        if chance.random() < 0.5:
            other = width if chance.random() < 0.9 else chance.choice([20, 50, 133])
            height = document.height(other)
            for index in range(max(0, height - 5), height):
                document.line(index)
    document.finish()
    document.height(width)
    while document.recolour():
        pass
    return document.lines(width)


@settings(max_examples=150, deadline=None)
@given(st.one_of(documents, free_text), st.sampled_from([20, 40, 80, 120]), st.integers())
def test_streaming_equals_rendering_at_once(source: str, width: int, seed: int) -> None:
    assert streamed(source, width, seed) == render(source, width, cell_len)


@settings(max_examples=150, deadline=None)
@given(st.one_of(documents, free_text), st.sampled_from([40, 80, 120]))
def test_no_line_is_wider_than_the_width(source: str, width: int) -> None:
    assert all(cells(line.spans, cell_len) <= width for line in render(source, width, cell_len))


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="abc é日👍\n", max_size=200))
def test_no_character_of_plain_text_is_lost(source: str) -> None:
    shown = "".join(line.text[line.gutter :] for line in render(source, 30, cell_len))
    assert "".join(shown.split()) == "".join(source.split())


@pytest.mark.parametrize("seed", range(10))
def test_a_tour_through_markdown_streams_like_it_renders(seed: int) -> None:
    assert streamed(TOUR, 60, seed) == render(TOUR, 60, cell_len)


def shown(source: str, width: int = 40) -> list[str]:
    return [line.text.rstrip() for line in render(source, width, cell_len)]


def test_the_tour_looks_as_expected() -> None:
    assert shown(TOUR, 60) == [
        "A title",
        "",
        "Some words, more and code with a link",
        "(https://example.com/x) in a line that is long enough to",
        "wrap.",
        "",
        "• one",
        "  ◦ two",
        "    1. three",
        "",
        "▌ quoted lines",
        "",
        "name │ value",
        "─────┼──────",
        "a    │     1",
        "bb   │    22",
        "",
        "def f(x: int) -> int:",
        "    '''Doc",
        "    string.'''",
        "    return x + 1  # done",
        "",
        "Title",
        "",
        "• ☑ done",
        "• ☐ not done",
        "",
        "─" * 60,
        "",
        "The end.",
    ]


def test_code_is_highlighted_while_it_streams() -> None:
    document = Document(cell_len)
    document.append("```python\nreturn x")
    document.height(40)
    kinds = {face.kind for text, face in document.line(0).spans if text == "return"}
    assert kinds == {"tok:k"}


def test_a_construct_over_many_lines_gets_its_colour() -> None:
    source = "```python\nx = '''\n" + "words\n" * 100 + "'''\nreturn x\n```"
    lines = render(source, 40, cell_len)
    assert all(line.spans[0][1].kind.startswith("tok:s") for line in lines[1:101])
    assert lines[-1].spans[0] == ("return", Face("tok:k"))


def test_long_code_is_shown_plain_first_and_coloured_in_slices() -> None:
    document = Document(cell_len)
    document.append("```python\n" + "return 1\n" * 500 + "```\n")
    document.finish()
    height = document.height(40)
    assert document.line(400).spans[0][1].kind == "tok:"
    slices = 0
    while document.recolour():
        slices += 1
        assert document.height(40) == height
    assert slices >= 5
    assert document.line(400).spans[0][1].kind == "tok:k"


def test_marks_alone_are_not_shown_before_they_are_clear() -> None:
    document = Document(cell_len)
    document.append("text\n\n--")
    assert document.height(40) == 1
    document.append("-\n")
    assert document.height(40) == 3


def test_entities_cannot_smuggle_control_characters() -> None:
    text = "\n".join(shown("a&#x202e;b &#27;[31m &#x9b;c"))
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "\x9b" not in text


def test_only_web_links_are_clickable() -> None:
    lines = render("[a](https://x.y) [b](file:///etc/passwd) [c](javascript:1)", 80, cell_len)
    targets = {face.href for line in lines for _, face in line.spans if face.href}
    assert targets == {"https://x.y"}


@pytest.mark.parametrize(
    "source",
    [
        "```json\n" + '{"key": "value", ' * 400,
        "word" * 2000,
        "some *words* in a row that go on `and` on " * 300,
        "> " + "quoted words " * 300,
        "日本語の文章です。" * 300,
    ],
    ids=["fence", "one word", "prose", "quote", "wide"],
)
def test_long_unfinished_lines_stream_like_they_render(source: str) -> None:
    assert streamed(source, 80, 3) == render(source, 80, cell_len)
