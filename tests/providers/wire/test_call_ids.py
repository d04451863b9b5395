"""Ids of tool calls fit every provider, and never collide."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.messages import Message, ToolCall, ToolResult
from koi.providers.wire.call_ids import NINE, SHORT, WORDS, CallIdForm, call_ids

FORMS = [WORDS, SHORT, NINE]
IDENTITIES = st.lists(
    st.one_of(
        st.text(max_size=80),
        st.text(alphabet="ab1_-:. é", max_size=12),
        st.from_regex(r"[a-zA-Z0-9]{9}", fullmatch=True),
        st.from_regex(r"(toolu_|call_|functions\.bash:)[a-z0-9]{1,60}", fullmatch=True),
    ),
    max_size=12,
)


def calls(*identities: str) -> tuple[Message, ...]:
    """One call for each id, each answered."""
    return tuple(
        message
        for identity in identities
        for message in (
            Message("assistant", (ToolCall(identity, "ls", {}),)),
            Message("user", (ToolResult(identity, "a"),)),
        )
    )


@pytest.mark.parametrize("form", FORMS)
@given(identities=IDENTITIES)
def test_every_id_fits_and_no_two_become_one(form: CallIdForm, identities: list[str]) -> None:
    mapped = call_ids(calls(*identities), form)
    assert set(mapped) == set(identities)
    assert all(re.fullmatch(form.pattern, identity) for identity in mapped.values())
    assert len(set(mapped.values())) == len(mapped)


@pytest.mark.parametrize("form", FORMS)
@given(identities=IDENTITIES)
def test_ids_that_fit_stay_as_they_are(form: CallIdForm, identities: list[str]) -> None:
    mapped = call_ids(calls(*identities), form)
    assert all(
        mapped[identity] == identity
        for identity in identities
        if re.fullmatch(form.pattern, identity)
    )


@pytest.mark.parametrize("form", FORMS)
@given(identities=IDENTITIES, later=IDENTITIES)
def test_more_messages_do_not_change_earlier_ids(
    form: CallIdForm, identities: list[str], later: list[str]
) -> None:
    before = call_ids(calls(*identities), form)
    after = call_ids(calls(*identities, *later), form)
    assert {identity: after[identity] for identity in before} == before


@pytest.mark.parametrize("form", FORMS)
def test_an_id_that_equals_the_digest_of_another_does_not_collide(form: CallIdForm) -> None:
    digest = call_ids(calls("not fitting é"), form)["not fitting é"]
    mapped = call_ids(calls("not fitting é", digest), form)
    assert mapped[digest] == digest
    assert mapped["not fitting é"] != digest


def test_ids_that_differ_only_in_refused_characters_stay_different() -> None:
    mapped = call_ids(calls("call.1", "call:1", "call_1"), WORDS)
    assert len(set(mapped.values())) == 3
