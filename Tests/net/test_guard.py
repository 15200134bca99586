"""What may not be said to a customer is held back before anything of it is stored (promise P11)."""

from __future__ import annotations

import uuid
from typing import Iterator

import pytest

from console import Console, RequestRefused
from desk import Desk, log_lines

SETTINGS = {"desk": {"settlingSeconds": 0, "capacity": 100}}
CARD = "4111 1111 1111 1111"
IBAN = "DE89 3704 0044 0532 0130 00"


@pytest.fixture(scope="module")
def agent(desk: Desk) -> Iterator[Console]:
    console = desk.agent("ana")
    yield console
    console.socket.close()


def held(agent: Console, conversation: int, text: str, id: str | None = None) -> dict:
    """The error's data of a reply that must be held back."""
    with pytest.raises(RequestRefused) as refused:
        agent.request("message.send", id, conversation=conversation, text=text)
    assert refused.value.code == 4013
    return refused.value.data


def counted(desk: Desk) -> dict[str, float]:
    figures = desk.figures()
    return {
        kind: figures.get(f'ventanilla_replies_guarded_total{{kind="{kind}"}}', 0.0)
        for kind in ("card", "iban")
    }


@pytest.mark.parametrize(
    "text, kinds",
    [
        (f"Your card {CARD} is blocked.", ["card"]),
        ("4111\u200b1111\u00a01111\n1111", ["card"]),
        ("３７８２８２２４６３１０００５", ["card"]),
        (f"Please pay to {IBAN.lower()}", ["iban"]),
        (f"{CARD}, {IBAN}, {CARD}", ["card", "iban"]),
    ],
)
def test_a_number_is_held_back(desk, agent, text, kinds):
    customer, conversation = desk.given(agent)
    agent.settle()
    before, seen = counted(desk), agent.seq
    data = held(agent, conversation, text)
    assert data == {"code": "guarded", "field": "params.text", "kinds": kinds}
    agent.settle()
    assert agent.seq == seen
    assert [entry["kind"] for entry in agent.transcript(conversation)] == ["text"]
    after = counted(desk)
    assert {kind for kind in after if after[kind] == before[kind] + 1} == set(kinds)
    assert sum(after.values()) == sum(before.values()) + len(kinds)
    assert desk.messenger.received(customer) == []


def test_nothing_is_kept_of_it_not_even_its_key(desk, agent):
    customer, conversation = desk.given(agent)
    id = str(uuid.uuid4())
    first = held(agent, conversation, CARD, id)
    assert held(agent, conversation, CARD, id) == first
    message = agent.request("message.send", id, conversation=conversation, text="on 22.11.2026")
    agent.pushed("job.changed", message=message["message"], state="sent")
    assert [each["text"] for each in desk.messenger.received(customer)] == ["on 22.11.2026"]


def test_it_does_not_matter_whose_the_conversation_is(desk, agent):
    """The verdict needs no look at the desk, and tells nothing of it."""
    assert held(agent, 999_999_999, CARD)["kinds"] == ["card"]


def test_the_log_tells_of_it_without_its_text(desk, agent):
    _, conversation = desk.given(agent)
    held(agent, conversation, f"{CARD} {IBAN}")
    log = desk.stack.log_of("ventanilla")
    (line,) = [
        line for line in log_lines(log)
        if line["message"] == "a reply was held back by the guard"
        and line.get("conversation") == str(conversation)
    ]
    assert line["kinds"] == "card iban"
    for part in ("4111", "1111", "3704", "0044"):
        assert part not in log.replace(str(conversation), "")
