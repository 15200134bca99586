"""Offers, lists, transfers and supervisors' orders on the live server, under configurations that are put
into force while it runs."""

from __future__ import annotations

import uuid
from typing import Iterator

import pytest

from administration import Administration, queue
from console import Console, RequestRefused
from desk import Desk, until
from support.stack import PAGE

SETTINGS = {"desk": {"capacity": 2, "disconnectGraceSeconds": 20, "settlingSeconds": 0}}
PLAIN = {"skills": [], "compartments": [], "barred": []}
OFFER = {"offer": {"timeout": 20_000}}


class Office:
    """One desk with a supervisor, and agents who come and go."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.person = desk.person("sofia")
        self.supervisor = self.person.console()
        self.administration = Administration(self.person)
        self.consoles: dict[str, Console] = {}

    def agent(self, name: str) -> Console:
        self.consoles[name] = self.desk.agent(name)
        return self.consoles[name]

    def writes(self) -> int:
        """A new customer writes; the conversation."""
        self.supervisor.settle()
        seen = self.supervisor.seq
        self.desk.messenger.write(self.desk.customer(), "Good morning")
        return self.supervisor.until(
            lambda push: push["method"] == "conversation.opened" and push["params"]["seq"] > seen
        )["params"]["conversation"]

    def owner(self, conversation: int) -> dict:
        self.supervisor.settle()
        return self.supervisor.all("owner.changed", conversation=conversation)[-1]

    def leave(self) -> None:
        """Nobody is there, and nothing is open any more."""
        for console in self.consoles.values():
            console.request("presence.set", presence="offline")
            console.socket.close()
        self.consoles.clear()
        cleaner = self.desk.agent("carla")
        for conversation in self.desk.supervisor().snapshot["conversations"]:
            order = {"conversation": conversation["id"], "agent": cleaner.person, "overrideCapacity": True}
            try:
                self.supervisor.request("conversation.assign", **order)
            except RequestRefused as already:
                # It came to them by itself.
                assert already.name == "wrongState"
            cleaner.request("conversation.close", conversation=conversation["id"])
        cleaner.request("presence.set", presence="offline")
        cleaner.socket.close()
        self.administration.set(profiles=[])


@pytest.fixture(scope="module")
def shared(desk: Desk) -> Iterator[Office]:
    for name in ["ana", "bruno", "carla"]:
        console = desk.agent(name, presence="offline")
        console.socket.close()
    office = Office(desk)
    yield office
    office.supervisor.socket.close()


@pytest.fixture
def office(shared: Office) -> Iterator[Office]:
    yield shared
    shared.leave()


def refused(console: Console, method: str, **params) -> tuple[str, str]:
    with pytest.raises(RequestRefused) as found:
        console.request(method, **params)
    return found.value.name, found.value.field


def texts(console: Console) -> list[str]:
    return [push["params"]["text"] for push in console.pushes if "text" in push["params"]]


# -- offers -----------------------------------------------------------------------------------------


def test_an_offer_is_told_without_text_and_accepted(office):
    office.administration.set(queues=[queue(handing=OFFER)])
    ana = office.agent("ana")
    conversation = office.writes()
    made = ana.pushed("offer.made", conversation=conversation, agent=ana.person)
    assert made["state"]["routing"]["offer"] == {
        "agent": ana.person, "deadline": made["deadline"], "isTransfer": False,
    }
    assert 0 < made["deadline"] - made["at"] <= 20_000
    assert made["choice"]["ready"] == 1
    # What the customer wrote is not for them yet, nor is what they write meanwhile.
    assert refused(ana, "transcript.read", conversation=conversation) == ("notOwner", "params.conversation")
    ana.settle()
    assert texts(ana) == []
    ana.request("offer.accept", conversation=conversation)
    ana.pushed("offer.ended", conversation=conversation, end="accepted")
    assert ana.pushed("owner.changed", conversation=conversation)["reason"] == "offerAccepted"
    assert [message["text"] for message in ana.transcript(conversation)] == ["Good morning"]
    assert refused(ana, "offer.accept", conversation=conversation) == ("offerEnded", "params.conversation")


def test_a_declined_offer_goes_to_the_next_and_nobody_else_may_answer_it(office):
    office.administration.set(queues=[queue(handing=OFFER)])
    ana, bruno = office.agent("ana"), office.agent("bruno")
    conversation = office.writes()
    first = office.supervisor.pushed("offer.made", conversation=conversation)["agent"]
    mine, other = (ana, bruno) if first == ana.person else (bruno, ana)
    assert refused(other, "offer.accept", conversation=conversation)[0] == "offerEnded"
    mine.request("offer.decline", conversation=conversation, reason="busy")
    ended = mine.pushed("offer.ended", conversation=conversation)
    assert (ended["end"], ended["reason"]) == ("declined", "busy")
    other.pushed("offer.made", conversation=conversation, agent=other.person)
    other.request("offer.accept", conversation=conversation)


def test_an_offer_that_nobody_answers_ends_and_sets_the_agent_away(office):
    office.administration.set(queues=[queue(handing={"offer": {"timeout": 1_000}})], missedOffers=1)
    ana = office.agent("ana")
    conversation = office.writes()
    assert ana.pushed("offer.ended", conversation=conversation)["end"] == "timedOut"
    assert ana.pushed("presence.changed", presence="away")["agent"] == ana.person
    assert office.owner(conversation)["to"]["kind"] == "queue"


def test_an_offer_survives_a_reconnect(office):
    office.administration.set(queues=[queue(handing=OFFER)])
    ana = office.agent("ana")
    person = office.desk.person("ana")
    conversation = office.writes()
    ana.pushed("offer.made", conversation=conversation)
    # Another tab sees it; when the first is gone the agent is still there, and the offer stands.
    tab = person.console()
    seen = [each for each in tab.snapshot["conversations"] if each["id"] == conversation]
    assert seen[0]["routing"]["offer"]["agent"] == ana.person
    assert tab.snapshot["agents"][0]["load"] == 1
    ana.socket.close()
    resumed = person.console(resume=(tab.epoch, tab.seq))
    tab.socket.close()
    assert resumed.hello["mode"] == "resumed"
    resumed.request("offer.accept", conversation=conversation)
    assert resumed.pushed("owner.changed", conversation=conversation)["to"]["id"] == resumed.person
    office.consoles["ana"] = resumed


def test_who_disconnects_keeps_no_offer(office):
    office.administration.set(queues=[queue(handing=OFFER)])
    ana = office.agent("ana")
    conversation = office.writes()
    ana.pushed("offer.made", conversation=conversation)
    ana.socket.close()
    assert office.supervisor.pushed("offer.ended", conversation=conversation)["end"] == "withdrawn"
    office.agent("ana")
    assert office.supervisor.pushed("offer.made", conversation=conversation)["agent"] == ana.person


# -- lists ------------------------------------------------------------------------------------------


def listed(console: Console) -> list[int]:
    console.settle()
    notices = [each for each in console.notices if each["method"] == "takeable"]
    return [each["id"] for each in notices[-1]["params"]["conversations"]] if notices else []


def test_agents_take_from_the_lists_of_their_queues(office):
    skills = [{"id": 5, "name": "Français"}]
    need = {"skill": 5, "level": 2, "isFirm": False}
    ana, bruno = office.agent("ana"), office.agent("bruno")
    able = {**PLAIN, "skills": [{"skill": 5, "level": 2, "isFirm": False}]}
    office.administration.set(
        skills=skills, queues=[queue(handing={"pull": {}}, needs=[need])],
        profiles=[{"agent": ana.person, "profile": able}],
    )
    first, second = office.writes(), office.writes()
    until(lambda: listed(ana) == [first, second], "the list")
    notice = [each for each in ana.notices if each["method"] == "takeable"][-1]["params"]["conversations"][0]
    assert set(notice) == {"id", "queue", "waitingSince"}
    assert office.owner(first)["to"]["kind"] == "queue"
    assert listed(bruno) == []
    assert refused(bruno, "conversation.take", conversation=first) == ("notEligible", "params.conversation")
    office.supervisor.request("conversation.setPriority", conversation=second, priority=1)
    until(lambda: listed(ana) == [second, first], "the list in its new order")
    ana.request("conversation.take", conversation=second)
    assert ana.pushed("owner.changed", conversation=second)["reason"] == "taken"
    until(lambda: listed(ana) == [first], "the list without what was taken")
    assert refused(ana, "conversation.take", conversation=second)[0] == "wrongState"
    office.administration.set(profiles=[{"agent": ana.person, "profile": PLAIN}])


# -- transfers --------------------------------------------------------------------------------------


def test_a_warm_transfer_stays_with_its_sender_until_it_is_accepted(office):
    ana = office.agent("ana")
    conversation = office.writes()
    ana.pushed("owner.changed", conversation=conversation)
    bruno = office.agent("bruno")
    colleagues = ana.request("colleagues.read")["colleagues"]
    assert colleagues == [{"id": bruno.person, "name": "Bruno Castro"}]
    to = {"kind": "agent", "id": bruno.person, "warm": True}
    ana.request("conversation.transfer", conversation=conversation, to=to)
    made = bruno.pushed("offer.made", conversation=conversation)
    assert made["isTransfer"] and made["state"]["owner"] == {"kind": "agent", "id": ana.person}
    assert refused(bruno, "transcript.read", conversation=conversation)[0] == "notOwner"
    assert ana.transcript(conversation)
    bruno.request("offer.decline", conversation=conversation, reason="conflictOfInterest")
    assert ana.pushed("offer.ended", conversation=conversation)["reason"] == "conflictOfInterest"
    ana.request("conversation.transfer", conversation=conversation, to=to)
    bruno.until(lambda push: len(bruno.all("offer.made", conversation=conversation)) == 2)
    bruno.request("offer.accept", conversation=conversation)
    assert bruno.pushed("owner.changed", conversation=conversation)["from"]["id"] == ana.person
    assert bruno.transcript(conversation)
    assert refused(ana, "transcript.read", conversation=conversation)[0] == "notOwner"


def test_transfers_that_cannot_be(office):
    ana = office.agent("ana")
    conversation = office.writes()
    ana.pushed("owner.changed", conversation=conversation)

    def transfer(**to) -> tuple[str, str]:
        return refused(ana, "conversation.transfer", conversation=conversation, to=to)

    assert transfer(kind="agent", id=ana.person) == ("notEligible", "params.to")
    assert transfer(kind="agent", id=9_999)[0] == "notFound"
    assert transfer(kind="queue", id=77) == ("notFound", "params.to")
    assert transfer(kind="moon") == ("invalidParameters", "params.to.kind")


# -- supervisors ------------------------------------------------------------------------------------

ORDERS = [
    ("conversation.move", {"conversation": 1, "queue": 1}),
    ("conversation.assign", {"conversation": 1, "agent": 1}),
    ("conversation.setPriority", {"conversation": 1, "priority": 1}),
    ("conversation.setNeeds", {"conversation": 1, "needs": []}),
    ("conversation.explain", {"conversation": 1}),
    ("agent.setCapacity", {"agent": 1, "capacity": 1}),
    ("agent.setPresence", {"agent": 1, "presence": "away"}),
    ("agent.setProfile", {"agent": 1, "profile": PLAIN}),
]


def test_only_supervisors_order(office):
    ana = office.agent("ana")
    for method, params in ORDERS:
        assert refused(ana, method, **params) == ("forbidden", "method"), method
    for method, params in [
        ("offer.accept", {"conversation": 1}), ("offer.decline", {"conversation": 1, "reason": "busy"}),
        ("conversation.take", {"conversation": 1}), ("colleagues.read", {}),
        ("conversation.transfer", {"conversation": 1, "to": {"kind": "bot"}}),
    ]:
        assert refused(office.supervisor, method, **params) == ("forbidden", "method"), method


def test_a_supervisor_gives_beyond_capacity_only_when_that_is_said(office):
    ana = office.agent("ana")
    held = [office.writes(), office.writes()]
    for conversation in held:
        ana.pushed("owner.changed", conversation=conversation)
    third = office.writes()
    order = {"conversation": third, "agent": ana.person}
    assert refused(office.supervisor, "conversation.assign", **order) == ("noRoom", "params.agent")
    key = str(uuid.uuid4())
    office.supervisor.request("conversation.assign", id=key, overrideCapacity=True, **order)
    handoff = ana.pushed("owner.changed", conversation=third)
    assert (handoff["reason"], handoff["by"]) == ("assignedOverCapacity", office.supervisor.person)
    # Said again under its key it is answered and not done again; with other parameters refused.
    office.supervisor.request("conversation.assign", id=key, overrideCapacity=True, **order)
    assert len(office.supervisor.all("owner.changed", conversation=third)) == 2
    with pytest.raises(RequestRefused, match="keyReused"):
        office.supervisor.request("conversation.assign", id=key, **order)


def test_nothing_is_passed_on_to_a_bot_that_is_not_there(office):
    ana = office.agent("ana")
    held = office.writes()
    ana.pushed("owner.changed", conversation=held)
    order = {"conversation": held, "to": {"kind": "bot"}}
    assert refused(ana, "conversation.transfer", **order) == ("noBot", "params.to")
    assert office.owner(held)["to"] == {"kind": "agent", "id": ana.person}


def test_nobody_fills_a_full_queue_but_a_supervisor_who_says_so(office):
    office.administration.set(queues=[queue(), queue(id=2, name="Letters", handing={"pull": {}}, limit=1)])
    ana = office.agent("ana")
    first, second = office.writes(), office.writes()
    for conversation in (first, second):
        ana.pushed("owner.changed", conversation=conversation)
    to = {"kind": "queue", "id": 2}
    ana.request("conversation.transfer", conversation=first, to=to)
    assert refused(ana, "conversation.transfer", conversation=second, to=to) == ("noRoom", "params.to")
    order = {"conversation": second, "queue": 2}
    assert refused(office.supervisor, "conversation.move", **order) == ("noRoom", "params.queue")
    office.supervisor.request("conversation.move", overrideLimit=True, **order)
    moved = office.supervisor.pushed("owner.changed", conversation=second, reason="movedOverLimit")
    assert (moved["to"], moved["by"]) == (to, office.supervisor.person)


def test_a_supervisor_takes_back_and_says_who_goes_first(office):
    ana = office.agent("ana")
    office.supervisor.request("agent.setCapacity", agent=ana.person, capacity=1)
    held, waiting, urgent = office.writes(), office.writes(), office.writes()
    ana.pushed("owner.changed", conversation=held)
    office.supervisor.request("conversation.setPriority", conversation=urgent, priority=10)
    assert office.supervisor.pushed("priority.changed", conversation=urgent)["priority"] == 10
    office.supervisor.request("conversation.move", conversation=held, queue=1)
    assert ana.pushed("owner.changed", conversation=urgent)["to"]["id"] == ana.person
    moved = office.supervisor.pushed("owner.changed", conversation=held, reason="moved")
    assert moved["by"] == office.supervisor.person
    assert office.owner(waiting)["to"]["kind"] == "queue"
    assert refused(office.supervisor, "conversation.move", conversation=waiting, queue=9) == (
        "notFound", "params.queue",
    )
    office.supervisor.request("agent.setCapacity", agent=ana.person, capacity=2)


def test_a_supervisor_sets_presence_and_needs_and_is_told_why(office):
    office.administration.set(skills=[{"id": 5, "name": "Français"}])
    ana = office.agent("ana")
    office.supervisor.request("agent.setPresence", agent=ana.person, presence="away")
    assert ana.pushed("presence.changed", presence="away", by=office.supervisor.person)
    conversation = office.writes()
    office.supervisor.request(
        "conversation.setNeeds", conversation=conversation, needs=[{"skill": 5, "level": 3, "isFirm": True}],
    )
    office.supervisor.pushed("needs.changed", conversation=conversation)
    ana.request("presence.set", presence="available")
    why = office.supervisor.request("conversation.explain", conversation=conversation)
    assert why["needs"] == [{"skill": 5, "level": 3, "isFirm": True}]
    mine = next(each for each in why["candidates"] if each["agent"] == ana.person)
    assert mine["obstacle"] == {"kind": "lacks", "skill": 5, "level": 3}
    assert [each["kind"] for each in why["past"]] == ["conversation.opened", "owner.changed", "needs.changed"]
    read = office.administration.read(f"conversations/{conversation}/explanation")
    assert (read.status, read.json) == (200, why)
    profile = {**PLAIN, "skills": [{"skill": 5, "level": 5, "isFirm": False}]}
    office.supervisor.request("agent.setProfile", agent=ana.person, profile=profile)
    assert ana.pushed("profile.changed", agent=ana.person)["profile"] == profile
    given = ana.pushed("owner.changed", conversation=conversation)
    assert given["to"]["id"] == ana.person and "others" not in given, "whom it was not given to is for supervisors"
    past = office.supervisor.request("conversation.explain", conversation=conversation)["past"]
    assert past[-1]["others"] == {"unfit": 0, "ahead": 0, "passedOverCount": 0, "passedOver": []}
    assert office.administration.read("conversations/999999/explanation").status == 404
    assert refused(office.supervisor, "conversation.explain", conversation=999_999)[0] == "notFound"
    office.supervisor.request("agent.setProfile", agent=ana.person, profile=PLAIN)


# -- pages and channels ----------------------------------------------------------------------------


def test_a_conversation_begins_where_its_page_says(office):
    letters = queue(id=2, name="Letters", handing={"pull": {}})
    office.administration.set(queues=[queue(), letters], entries=[{"page": PAGE, "queue": 2}])
    conversation = office.writes()
    assert office.owner(conversation)["to"] == {"kind": "queue", "id": 2}
    why = office.supervisor.request("conversation.explain", conversation=conversation)
    assert why["entry"] == 2
    other = [{"page": "1", "queue": 2}, {"channel": "whatsApp", "queue": 2}]
    office.administration.set(queues=[queue(), letters], entries=other)
    assert office.owner(office.writes())["to"] == {"kind": "queue", "id": 1}
    assert office.owner(conversation)["to"] == {"kind": "queue", "id": 2}, "it has begun"
    assert office.administration.read().json["configuration"]["entries"] == other


def test_what_a_channel_weighs_takes_so_much_of_an_agent(office):
    kind = {"id": 3, "name": "Case", "weight": 1, "channels": [{"channel": "messenger", "weight": 2}]}
    office.administration.set(kinds=[kind], queues=[queue(kind=3)])
    ana = office.agent("ana")
    first, second = office.writes(), office.writes()
    ana.pushed("owner.changed", conversation=first)
    assert office.owner(second)["to"]["kind"] == "queue", "two units are all that there are"
    why = office.supervisor.request("conversation.explain", conversation=second)
    mine = next(each for each in why["candidates"] if each["agent"] == ana.person)
    assert mine["obstacle"] == {"kind": "noRoom", "load": 2, "capacity": 2, "weight": 2}


# -- effects of a configuration ---------------------------------------------------------------------


def test_a_change_takes_effect_while_the_desk_runs(office):
    skills = [{"id": 5, "name": "Français"}]
    ana = office.agent("ana")
    able = {**PLAIN, "skills": [{"skill": 5, "level": 1, "isFirm": False}]}
    office.administration.set(
        skills=skills, profiles=[{"agent": ana.person, "profile": able}],
        queues=[queue(needs=[{"skill": 5, "level": 1, "isFirm": False}])],
    )
    bruno = office.agent("bruno")
    ana.request("presence.set", presence="away")
    conversation = office.writes()
    assert office.owner(conversation)["to"]["kind"] == "queue"
    office.administration.set(profiles=[{"agent": ana.person, "profile": PLAIN}])
    assert bruno.pushed("owner.changed", conversation=conversation)["to"]["id"] == bruno.person


def test_less_is_asked_for_after_a_wait(office):
    skills = [{"id": 5, "name": "Français"}]
    ana = office.agent("ana")
    able = {**PLAIN, "skills": [{"skill": 5, "level": 1, "isFirm": False}]}
    office.administration.set(
        skills=skills, profiles=[{"agent": ana.person, "profile": able}],
        queues=[queue(needs=[{"skill": 5, "level": 2, "isFirm": False}], relaxations=[{"after": 1_000, "lowering": 1}])],
    )
    conversation = office.writes()
    assert office.supervisor.pushed("needs.relaxed", conversation=conversation)["steps"] == 1
    assert ana.pushed("owner.changed", conversation=conversation)["choice"]["relaxed"] == 1
    office.administration.set(profiles=[{"agent": ana.person, "profile": PLAIN}])


def test_who_waits_too_long_overflows(office):
    ana = office.agent("ana")
    other = {**PLAIN, "queues": [2]}
    # The first queue needs somebody, who is not there.
    bruno = next(each for each in office.desk.supervisor().snapshot["agents"] if each["name"] == "Bruno Castro")
    office.administration.set(
        profiles=[{"agent": ana.person, "profile": other}, {"agent": bruno["id"], "profile": PLAIN}],
        queues=[queue(overflow={"to": 2, "afterWait": 1_000}), queue(id=2, name="Everybody")],
    )
    conversation = office.writes()
    handoff = ana.pushed("owner.changed", conversation=conversation)
    assert handoff["from"] == {"kind": "queue", "id": 2}
    assert office.supervisor.pushed("owner.changed", conversation=conversation, reason="overflowed")
    ana.request("conversation.close", conversation=conversation)
    office.administration.set(profiles=[{"agent": ana.person, "profile": PLAIN}])


# -- what nobody could serve ------------------------------------------------------------------------


def test_what_nobody_could_serve_is_told_to_supervisors(office):
    office.administration.set(
        kinds=[{"id": 1, "name": "case", "weight": 2}], queues=[queue(), queue(id=2, name="Cases", kind=1)])
    ana = office.agent("ana")
    ana.request("presence.set", presence="away")
    conversation = office.writes()
    office.supervisor.request("conversation.move", conversation=conversation, queue=2)

    def told() -> list:
        office.supervisor.settle()
        notices = [each["params"] for each in office.supervisor.notices if each["method"] == "service"]
        return notices[-1].get("unserved", []) if notices else []

    assert told() == []
    people = [each["agent"] for each in office.administration.read().json["profiles"]]
    for person in people:
        office.supervisor.request("agent.setCapacity", agent=person, capacity=1)
    until(lambda: told() == [{"queue": 2, "isWhole": True, "waiting": 1}], "that nobody could serve it")
    why = office.supervisor.request("conversation.explain", conversation=conversation)
    assert why["withheld"] == ["nobodyCould"]
    for person in people:
        office.supervisor.request("agent.setCapacity", agent=person, capacity=SETTINGS["desk"]["capacity"])
    until(lambda: told() == [], "that somebody could")
