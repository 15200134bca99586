"""What a supervisor sets about a conversation and an agent, and what they read of the past, against a
server that does as it is told."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from pages.conftest import REPOSITORY
from pages.test_console import agent, conversation, now
from pages.test_routing import PLAIN, office, opened, queued

__all__ = ["office"]


def manage(page, conversation: int):
    page.locator(f'[data-waiting="{conversation}"], [data-held="{conversation}"]').get_by_role("button").click()
    return page.locator("dialog")


def manage_agent(page, number: int):
    page.locator(f'#agents-table [data-agent="{number}"]').get_by_role("button", name="Manage").click()
    return page.locator("dialog")


NOON = 1_700_000_000_000
CHOICE = {"version": 4, "waiting": 1, "onDuty": 2, "ready": 2, "relaxed": 0}
OF = {"conversation": 1}
FRAUD, SERVICE, ANA, BEN = [{"kind": kind, "id": id} for kind, id in (("queue", 2), ("queue", 1), ("agent", 7), ("agent", 8))]
NOBODY, BOT = {"kind": "nobody"}, {"kind": "bot"}


def changed(before: dict, after: dict, reason: str, **more) -> dict:
    return {"kind": "owner.changed", **OF, "number": 2, "from": before, "to": after, "reason": reason, **more}


#: Every kind of event that a past may hold, and what is said of it.
PAST = [
    ({"kind": "conversation.opened", **OF, "customer": 3, "queue": 1}, ["Opened for Service."]),
    (
        {
            "kind": "offer.made", **OF, "agent": 8, "deadline": 0, "isTransfer": False,
            "choice": {**CHOICE, "runnerUp": 7},
        },
        [
            "Offered to Ben.",
            "Under rules version 4, 1 conversation waited for the same; 2 agents on duty could serve it, 2 with room; least loaded, then longest idle.",
            "Next was Ana.",
        ],
    ),
    ({"kind": "offer.made", **OF, "agent": 8, "deadline": 0, "isTransfer": True}, ["Offered to Ben, passed on by who has it."]),
    ({"kind": "offer.ended", **OF, "agent": 8, "end": "accepted"}, ["Ben accepted the offer."]),
    ({"kind": "offer.ended", **OF, "agent": 8, "end": "declined", "reason": "busy"}, ["Ben declined: too busy."]),
    ({"kind": "offer.ended", **OF, "agent": 8, "end": "timedOut"}, ["Ben let the offer pass."]),
    ({"kind": "offer.ended", **OF, "agent": 8, "end": "withdrawn"}, ["The offer to Ben was taken back."]),
    (
        changed(
            FRAUD, ANA, "assigned", choice={**CHOICE, "waiting": 3, "onDuty": 12, "ready": 11, "relaxed": 1},
            others={
                "unfit": 4, "ahead": 1, "passedOverCount": 10,
                "passedOver": [
                    {"agent": 8, "obstacle": {"kind": "declined"}},
                    {"agent": 12, "obstacle": {"kind": "reservedForAnother", "agent": 7}},
                ],
            },
        ),
        [
            "From Fraud to Ana: it was their turn.", "Less was asked for by then: step 1.",
            "Passed over: Ben (declined it, let it pass or passed it on).",
            "Passed over: Agent 12 (it is kept for Ana for a while).", "Passed over: 8 more agents.",
            "1 conversation came first, for nobody who had room.", "4 more agents on duty could not serve it.",
        ],
    ),
    (changed(NOBODY, SERVICE, "customerWrote"), ["From nobody to Service: the customer wrote."]),
    (changed(ANA, SERVICE, "disconnected"), ["From Ana to Service: the agent was gone for too long."]),
    (changed(ANA, SERVICE, "wentOffline"), ["From Ana to Service: the agent went offline."]),
    (changed(ANA, NOBODY, "closed"), ["From Ana to nobody: the agent closed it."]),
    (changed(SERVICE, NOBODY, "abandoned"), ["From Service to nobody: the customer had gone."]),
    (changed(FRAUD, BEN, "offerAccepted"), ["From Fraud to Ben: the offer was accepted."]),
    (changed(FRAUD, BEN, "taken"), ["From Fraud to Ben: taken from the list."]),
    (changed(ANA, BOT, "transferred"), ["From Ana to the chatbot: passed on by who had it."]),
    (changed(FRAUD, SERVICE, "overflowed"), ["From Fraud to Service: it waited too long, or too many did."]),
    (changed(ANA, SERVICE, "moved", by=10), ["From Ana to Service: a supervisor moved it, ordered by a supervisor."]),
    (
        changed(ANA, FRAUD, "movedOverLimit", by=9),
        ["From Ana to Fraud: a supervisor moved it, though the queue was full, ordered by Sofía."],
    ),
    (changed(BOT, SERVICE, "botAbsent"), ["From the chatbot to Service: no chatbot is there to answer."]),
    (changed(FRAUD, BEN, "assignedBySupervisor", by=9), ["From Fraud to Ben: a supervisor gave it to them, ordered by Sofía."]),
    (
        changed(FRAUD, BEN, "assignedOverCapacity", by=9),
        ["From Fraud to Ben: a supervisor gave it to them beyond their capacity, ordered by Sofía."],
    ),
    (
        changed(SERVICE, FRAUD, "escalated"),
        ["From Service to Fraud: a promise to the customer was near its end or past it."],
    ),
    ({"kind": "needs.relaxed", **OF, "steps": 2}, ["Asked for less after a wait, step 2."]),
    ({"kind": "needs.relaxed", **OF, "steps": 0}, ["Asked for all that its queue asks for."]),
    ({"kind": "needs.changed", **OF, "by": 9}, ["What it asks for was changed by Sofía."]),
    ({"kind": "priority.changed", **OF, "priority": 9, "by": 9}, ["Given priority 9 by Sofía."]),
    ({"kind": "priority.changed", **OF, "by": 0}, ["Given the priority of its queue by the operator."]),
    (
        {"kind": "priority.changed", **OF, "priority": 7},
        ["Given priority 7 because a promise to the customer was near its end or past it."],
    ),
    (
        {"kind": "target.warned", **OF, "promise": "firstResponse", "deadline": NOON, "callsSupervisor": True},
        [re.compile(r"First reply due soon, at 1[45] Nov 2023, \d\d:13:20; supervisors were called\.")],
    ),
    ({"kind": "target.warned", **OF, "promise": "reply", "callsSupervisor": False}, ["Reply due soon."]),
    (
        {"kind": "target.breached", **OF, "promise": "firstResponse", "callsSupervisor": True},
        ["First reply overdue; supervisors were called."],
    ),
    ({"kind": "target.breached", **OF, "promise": "reply", "callsSupervisor": False}, ["Reply overdue."]),
    ({"kind": "target.met", **OF, "promise": "firstResponse", "isLate": False}, ["First reply given in time."]),
    ({"kind": "target.met", **OF, "promise": "reply", "isLate": True}, ["Reply given late."]),
    (
        {"kind": "message.announced", **OF, "message": 5, "job": 5, "announcement": {"kind": "waiting", "position": 3, "minutes": 1}},
        ["The customer was told: place 3, about 1 minute."],
    ),
    (
        {"kind": "message.announced", **OF, "message": 5, "job": 5, "announcement": {"kind": "nobodyThere", "position": 1}},
        ["The customer was told: place 1, nobody is there."],
    ),
]


def explained(past: list[dict]) -> dict:
    return {
        "conversation": 1, "version": 4, "needs": [], "candidates": [], "omitted": 0,
        "past": [{"seq": 20 + place, "at": now(), **event} for place, event in enumerate(past)],
    }


def test_the_past_is_told_in_words(office, windows, shot):
    # What a newer desk may add is left out.
    events = [event for event, _ in PAST] + [{"kind": "something.newer", **OF}]
    office.answers["conversation.explain"] = explained(events)
    page = opened(office, windows)
    dialog = manage(page, 1)
    dialog.get_by_text(f"What happened ({len(PAST)})").click()
    entries = dialog.get_by_role("list", name="What happened").get_by_role("listitem")
    expect(entries).to_have_count(len(PAST))
    for place, (event, sentences) in enumerate(PAST):
        lines = entries.nth(place).locator("div")
        for words in sentences:
            expect(lines).to_contain_text(words)
        if not any("choice" in name for name in event):
            expect(lines).to_have_text(sentences[0])
    shot(page, "past")


def test_every_kind_of_the_past_is_told_of():
    """The kinds that the server reads back, by their names in the ledger and on the socket, are those of
    the schema and those above; so are the reasons of a handoff."""
    read = lambda path: (REPOSITORY / path).read_text()  # noqa: E731
    numbers = re.search(r"kindsOfRouting: \[Int64\] = \[([\d, ]+)\]", read("Sources/Store/Store+Routing.swift"))[1]
    migrations = "".join(file.read_text() for file in sorted((REPOSITORY / "Schemas/sql").glob("*.sql")))
    names = {int(number): name for number, name in re.findall(r"\((\d+), '(\w+)', '", migrations)}
    methods = dict(re.findall(r'case \.(\w+): "([\w.]+)"', read("Sources/Wire/Console/ConsolePush.swift")))
    emitted = {methods[names[int(number)]] for number in numbers.split(", ")}
    schema = json.loads(read("Schemas/console.json"))["$defs"]
    assert emitted == set(schema["pastEvent"]["properties"]["kind"]["enum"])
    assert emitted == {event["kind"] for event, _ in PAST}
    reasons = read("Sources/Desk/Conversation.swift").split("enum HandoffReason", 1)[1].split("\n}", 1)[0]
    assert set(re.findall(r"^    case (\w+)$", reasons, re.M)) == {event["reason"] for event, _ in PAST if event["kind"] == "owner.changed"}


def test_what_a_conversation_asks_for_is_set(office, windows, shot):
    office.snapshot["conversations"][1]["routing"] = {"needs": [{"skill": 6, "level": 2, "isFirm": False}], "compartment": 3}
    page = opened(office, windows)
    dialog = manage(page, 2)
    asks = dialog.get_by_role("group", name="Asks for")
    expect(asks.get_by_label("Level of Cards asked for")).to_have_value("2")
    expect(asks.get_by_label("Français always")).to_be_disabled()
    asks.get_by_label("Level of Français asked for").select_option("4")
    asks.get_by_label("Français always").check()
    shot(page, "asks")
    asks.get_by_role("button", name="Ask for this").click()
    expect(dialog).to_have_count(0)
    needs = [{"skill": 5, "level": 4, "isFirm": True}, {"skill": 6, "level": 2, "isFirm": False}]
    assert office.first_request("conversation.setNeeds")["params"] == {"conversation": 2, "needs": needs, "compartment": 3}


@pytest.mark.parametrize("number, params", [("14", {"compartment": 14}), (None, {})], ids=["a new one", "open"])
def test_a_compartment_is_set_or_opened(office, windows, number, params):
    office.snapshot["conversations"][1]["routing"] = {"compartment": 3}
    page = opened(office, windows)
    dialog = manage(page, 2)
    dialog.get_by_label("Compartment", exact=True).select_option("new" if number else "open to everybody")
    ask = dialog.get_by_role("button", name="Ask for this")
    if number:
        ask.click()
        expect(dialog).to_be_visible()
        assert office.requested("conversation.setNeeds") == [], "a number is missing"
        dialog.get_by_label("Number of the new compartment").fill(number)
    ask.click()
    expect(dialog).to_have_count(0)
    assert office.first_request("conversation.setNeeds")["params"] == {"conversation": 2, "needs": [], **params}


def test_a_dialog_with_a_missing_number_can_be_closed(office, windows):
    page = opened(office, windows)
    dialog = manage(page, 2)
    dialog.get_by_label("Compartment", exact=True).select_option("new")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    assert office.requested("conversation.setNeeds") == []


def test_a_customer_is_barred_from_their_conversation(office, windows):
    ana = office.snapshot["agents"][0]
    ana["profile"]["barred"] = [90]
    page = opened(office, windows)
    dialog = manage(page, 1)
    customer = office.snapshot["conversations"][0]["customer"]
    expect(dialog.get_by_label("Who must not serve this customer")).to_have_value("7")
    dialog.get_by_role("button", name="Bar").click()
    expect(dialog).to_have_count(0)
    profile = {**ana["profile"], "barred": sorted([customer, 90])}
    assert office.first_request("agent.setProfile")["params"] == {"agent": 7, "profile": profile}
    office.push("profile.changed", agent=7, by=9, profile=profile)
    expect(page.locator('#agents-table [data-agent="7"]')).to_contain_text("2 customers barred")
    dialog = manage(page, 1)
    expect(dialog.get_by_label("Who must not serve this customer").locator("option")).to_have_text(["Ben"])


def test_an_agents_compartments_and_barred_customers_are_changed(office, windows, shot):
    office.snapshot["agents"] = [
        agent(7, "Ana", profile={**PLAIN, "compartments": [3], "barred": [4, 11]}),
        agent(8, "Ben", profile={**PLAIN, "compartments": [1]}),
    ]
    page = opened(office, windows)
    expect(page.locator('#agents-table [data-agent="7"]')).to_contain_text("Compartment 3 · 2 customers barred")
    dialog = manage_agent(page, 7)
    seen = dialog.get_by_role("group", name="Compartments")
    expect(seen.get_by_label("Compartment 3", exact=True)).to_be_checked()
    seen.get_by_label("Compartment 1", exact=True).check()
    seen.get_by_label("Another compartment").fill("20")
    dialog.get_by_role("group", name="Must not serve").get_by_label("Customer 4", exact=True).uncheck()
    shot(page, "agent-profile")
    dialog.get_by_role("button", name="Change").click()
    expect(dialog).to_have_count(0)
    profile = {"skills": [], "compartments": [1, 3, 20], "barred": [11]}
    assert office.first_request("agent.setProfile")["params"] == {"agent": 7, "profile": profile}
    assert office.requested("agent.setPresence") == []


def test_compartments_go_by_their_names(office, windows):
    office.desk = {**office.desk, "compartments": [{"id": 1, "name": "VIP"}, {"id": 2, "name": "Staff"}]}
    office.snapshot["conversations"][1]["routing"] = {"compartment": 2}
    office.snapshot["agents"] = [agent(7, "Ana", profile={**PLAIN, "compartments": [1, 3]}), agent(8, "Ben")]
    office.answers["conversation.explain"] = {
        "conversation": 2, "version": 4, "needs": [], "position": 0, "omitted": 0, "candidates": [], "next": [7],
        "order": "leastShare",
    }
    page = opened(office, windows)
    # One without a name has only its number.
    expect(page.locator('#agents-table [data-agent="7"]')).to_contain_text("VIP · Compartment 3")
    dialog = manage(page, 2)
    choice = dialog.get_by_label("Compartment", exact=True)
    expect(choice.locator("option")).to_have_text(["open to everybody", "VIP", "Staff", "Compartment 3", "a new one"])
    expect(choice).to_have_value("2")
    expect(dialog).to_contain_text("It is for who may see into Staff.")
    expect(dialog).to_contain_text("Next in turn is Ana: least loaded by share of capacity, then longest idle.")
    choice.select_option("VIP")
    dialog.get_by_role("button", name="Ask for this").click()
    expect(dialog).to_have_count(0)
    assert office.first_request("conversation.setNeeds")["params"] == {"conversation": 2, "needs": [], "compartment": 1}
    seen = manage_agent(page, 7).get_by_role("group", name="Compartments")
    for name, is_seen in [("VIP", True), ("Staff", False), ("Compartment 3", True)]:
        expect(seen.get_by_label(name, exact=True)).to_be_checked(checked=is_seen)


def test_a_queue_with_the_number_of_a_person_is_not_theirs(office, windows):
    """A decline is told to who passes a conversation on, not to a supervisor whose number is the queue's."""
    office.person = {**office.person, "id": 2}
    page = opened(office, windows)
    office.push("offer.ended", conversation=3, agent=8, end="declined", reason="busy")
    office.push("message.received", conversation=3, message=900, kind="text", writtenAt=now(), text="Hello?")
    expect(page.locator('[data-waiting="3"]')).not_to_contain_text("offered to")
    expect(page.locator("#toasts .toast")).to_have_count(0)
    expect(page.locator("#announcer")).not_to_contain_text("Hello?")


def test_nothing_changed_is_nothing_ordered(office, windows):
    office.snapshot["agents"] = [agent(7, "Ana", profile={**PLAIN, "compartments": [3], "barred": [4]})]
    page = opened(office, windows)
    dialog = manage_agent(page, 7)
    dialog.get_by_role("button", name="Change").click()
    expect(dialog).to_have_count(0)
    # Whatever was ordered would have come before this.
    page.get_by_label("Capacity of Ana").fill("5")
    page.get_by_role("button", name="Set", exact=True).click()
    office.first_request("agent.setCapacity")
    assert office.requested("agent.setProfile") == []


def test_who_is_busy_may_be_handed_work(office, windows):
    """By a person: those whom the desk itself gives nothing, too."""
    office.snapshot["agents"] = [
        agent(7, "Ana"), agent(8, "Ben", presence="busy", load=0), agent(11, "Carla", presence="away"),
        agent(12, "Dora", presence="wrapUp"), agent(13, "Emil", connected=False),
        agent(14, "Fay", shiftEnd=now() - 1_000, shiftEnded=True), agent(15, "Gil", presence="offline"),
    ]
    page = opened(office, windows)
    dialog = manage(page, 2)
    people = dialog.get_by_label("Agent", exact=True)
    expect(people.locator("option")).to_have_text(["Ana (1 of 3)", "Ben (0 of 3, busy)"])
    people.select_option("8")
    dialog.get_by_role("button", name="Give").click()
    wanted = {"conversation": 2, "agent": 8, "overrideCapacity": False}
    assert office.first_request("conversation.assign")["params"] == wanted


@pytest.mark.parametrize("time", ["07:30", ""], ids=["until then", "until somebody opens it"])
def test_a_queue_is_closed_until(office, windows, time):
    page = opened(office, windows)
    page.get_by_role("button", name="Close Service", exact=True).click()
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("Empty: until somebody opens it.")
    dialog.get_by_label("Closed until").fill(time)
    dialog.get_by_role("button", name="Close it").click()
    expect(dialog).to_have_count(0)
    params = office.first_request("queue.close")["params"]
    if time:
        until = params.pop("until")
        assert page.evaluate("(until) => new Date(until).toTimeString().slice(0, 8)", until) == "07:30:00"
        assert now() - 10_000 < until <= now() + 24 * 3_600_000 + 10_000
    assert params == {"queue": 1}


def test_a_queue_that_is_not_to_be_closed_stays_open(office, windows):
    page = opened(office, windows)
    page.get_by_role("button", name="Close Service", exact=True).click()
    page.locator("dialog").get_by_role("button", name="Cancel").click()
    expect(page.locator("dialog")).to_have_count(0)
    # Whatever was ordered would have come before this.
    page.get_by_label("Capacity of Ana").fill("5")
    page.get_by_role("button", name="Set", exact=True).click()
    office.first_request("agent.setCapacity")
    assert office.requested("queue.close") == []
