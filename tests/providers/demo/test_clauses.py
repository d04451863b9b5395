"""What people type becomes what they mean, and nothing that they may type breaks the parser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.providers.demo.clauses import parse
from koi.providers.demo.intents import (
    FindFiles,
    Intent,
    ListFiles,
    LongAnswer,
    ReadFile,
    Replace,
    RunCommand,
    RunTests,
    SearchText,
    Topic,
    Tour,
    Unknown,
    Wish,
    WriteFile,
)

PHRASES: list[tuple[str, Intent]] = [
    ("", Tour()),
    ("?!", Tour()),
    ("hi", Tour()),
    ("Hello there!", Tour()),
    ("help", Tour()),
    ("give me a tour please", Tour()),
    ("what can you do?", Tour()),
    ("who are you?", Topic("about")),
    ("are you a real AI?", Topic("about")),
    ("how do I connect a real model?", Topic("connect")),
    ("how do I quit?", Topic("keys")),
    ("what does this cost?", Topic("cost")),
    ("show markdown", Topic("markdown")),
    ("thanks!", Topic("thanks")),
    ("write a long answer", LongAnswer(1200)),
    ("write 500 words", LongAnswer(500)),
    ("write 999999 words", LongAnswer(20_000)),
    ("list the files", ListFiles()),
    ("List the files, please.", ListFiles()),
    ("can you please list the files for me?", ListFiles()),
    ("ls", ListFiles()),
    ("ls src", ListFiles("src")),
    ("what is in this folder?", ListFiles()),
    ("what's in src?", ListFiles("src")),
    ("show me the files in the src folder", ListFiles("src")),
    ("how many files are there?", ListFiles()),
    ("list all python files", FindFiles("**/*.py")),
    ("find *.md", FindFiles("**/*.md")),
    ("find src/*.md", FindFiles("src/*.md")),
    ("find files named main.py", FindFiles("**/main.py")),
    ("find main.py", FindFiles("**/main.py")),
    ("read README", ReadFile("README")),
    ("read the readme", ReadFile("readme")),
    ("please read app/main.py.", ReadFile("app/main.py")),
    ("read `a b.txt`", ReadFile("a b.txt")),
    ("cat ./x.txt", ReadFile("./x.txt")),
    ("show me a.txt", ReadFile("a.txt")),
    ("read @src/a.py", ReadFile("src/a.py")),
    ("what is in a.txt", ReadFile("a.txt")),
    ("explain app.py", ReadFile("app.py", "explain")),
    ("what does app.py do?", ReadFile("app.py", "explain")),
    ("count the lines of a.txt", ReadFile("a.txt", "count")),
    ("how many lines does a.txt have?", ReadFile("a.txt", "count")),
    ("read the first 20 lines of a.txt", ReadFile("a.txt", "read", 1, 20)),
    ("read lines 10-20 of a.txt", ReadFile("a.txt", "read", 10, 11)),
    ("search for TODO", SearchText("TODO")),
    ("find TODO", SearchText("TODO")),
    ("search for thanks", SearchText("thanks")),
    ('search for "foo bar" in src', SearchText("foo bar", "src")),
    ("search src for hello", SearchText("hello", "src")),
    ("search the code for hello", SearchText("hello")),
    ("find foo in a.txt", SearchText("foo", "a.txt")),
    ("where is parse_args used?", SearchText("parse_args")),
    ("find all usages of Foo", SearchText("Foo")),
    ("search for def main in python files", SearchText("def main", ".", "*.py")),
    ("search for foo and bar", SearchText("foo and bar")),
    ("search for regex fo+", SearchText("fo+", literal=False)),
    ("grep -rn hello src/", SearchText("hello", "src/")),
    ("run the tests", RunTests()),
    ("test", RunTests()),
    ("do the tests pass?", RunTests()),
    ("run pytest -q", RunCommand("pytest -q")),
    ("run `ls -l | wc -l`", RunCommand("ls -l | wc -l")),
    ("run echo thanks", RunCommand("echo thanks")),
    ("run the command echo hi", RunCommand("echo hi")),
    ("run app.py", RunCommand("python3 app.py")),
    ("$ pwd", RunCommand("pwd")),
    ("git status", RunCommand("git status")),
    ("replace foo by bar in a.txt", Replace("foo", "bar", "a.txt")),
    ("Replace foo with bar in the file a.txt.", Replace("foo", "bar", "a.txt")),
    ("in a.txt, replace foo by bar", Replace("foo", "bar", "a.txt")),
    ("rename foo to bar in a.txt please", Replace("foo", "bar", "a.txt")),
    ("replace all occurrences of foo by bar in a.txt", Replace("foo", "bar", "a.txt")),
    ("replace `x = 1` by `x = 2` in src/m.py", Replace("x = 1", "x = 2", "src/m.py")),
    (
        'replace "foo bar" with "baz in x" in \'a b.txt\'',
        Replace("foo bar", "baz in x", "a b.txt"),
    ),
    ("replace 'a by b' by 'c' in x.txt", Replace("a by b", "c", "x.txt")),
    ('replace "foo" by "" in a.txt', Replace("foo", "", "a.txt")),
    ("replace foo by bar", Replace("foo", "bar")),
    ("replace foo by bar everywhere", Replace("foo", "bar", everywhere=True)),
    ("replace foo by bar in all files", Replace("foo", "bar", everywhere=True)),
    ("create hello.txt with hello world", WriteFile("hello.txt", "hello world\n")),
    ('write a file notes.md containing "a  b"', WriteFile("notes.md", "a  b\n")),
    ("make a file called notes with hello", WriteFile("notes", "hello\n")),
    ("write hello to x.txt", WriteFile("x.txt", "hello\n")),
    ("create x.py", WriteFile("x.py", "")),
    ("create a.txt:\nline 1\nread me\n", WriteFile("a.txt", "line 1\nread me\n")),
    ("create a.txt with thanks", WriteFile("a.txt", "thanks\n")),
]

BEYOND_THE_SCRIPT = [
    "refactor the auth module",
    "fix the failing test in tests/test_auth.py",
    "what is the capital of France?",
    "explain quantum physics",
    "delete a.txt",
    "rename foo.txt to bar.txt",
    "create a file hello.py that prints hello",
    "make it faster",
    "go to the store",
    "run a quick check",
    "read it",
    "write a poem about the sea",
]


@pytest.mark.parametrize(("prompt", "intent"), PHRASES, ids=[phrase for phrase, _ in PHRASES])
def test_a_phrase_means_one_thing(prompt: str, intent: Intent) -> None:
    assert parse(prompt).intents == (intent,)


@pytest.mark.parametrize("prompt", BEYOND_THE_SCRIPT)
def test_what_the_script_does_not_know_is_not_guessed(prompt: str) -> None:
    assert parse(prompt) == Wish((Unknown(prompt),))


@pytest.mark.parametrize(
    ("prompt", "wish"),
    [
        ("list the files and read README", Wish((ListFiles(), ReadFile("README")))),
        (
            "list the files, read README and search for TODO",
            Wish((ListFiles(), ReadFile("README"), SearchText("TODO"))),
        ),
        ("read a.txt and b.txt", Wish((ReadFile("a.txt"), ReadFile("b.txt")))),
        ("list the files then read README", Wish((ListFiles(), ReadFile("README")), ordered=True)),
        (
            "replace foo by bar in a.txt and then run the tests",
            Wish((Replace("foo", "bar", "a.txt"), RunTests()), ordered=True),
        ),
        (
            "create a.txt with hello and read it",
            Wish((WriteFile("a.txt", "hello\n"), ReadFile("a.txt")), ordered=True),
        ),
        (
            "replace foo by bar in a.txt and b.txt",
            Wish((Replace("foo", "bar", "a.txt"), Replace("foo", "bar", "b.txt")), ordered=True),
        ),
    ],
)
def test_joined_requests_run_side_by_side_only_when_they_read(prompt: str, wish: Wish) -> None:
    assert parse(prompt) == wish


@given(st.text(max_size=300))
def test_no_text_breaks_the_parser(text: str) -> None:
    assert parse(text).intents


VOCABULARY = (
    "read write create replace by with in to and then , : . ; run the tests files a.txt `x y`"
    " 'q ` list find search for it all everywhere first 3 lines of * / \n $ ls \""
)
WORDS = st.sampled_from(VOCABULARY.split(" "))


@given(st.lists(WORDS, max_size=40))
def test_no_order_of_its_own_words_breaks_the_parser(words: list[str]) -> None:
    assert parse(" ".join(words)).intents


def test_a_long_prompt_is_answered_at_once() -> None:
    assert parse("read a by b in " * 50_000).intents
    assert parse("replace " + "a by b in " * 99).intents


def test_the_content_of_a_file_may_be_long() -> None:
    content = "a line, and then read it\n" * 5_000
    assert parse(f"create big.txt:\n{content}").intents == (WriteFile("big.txt", content),)
