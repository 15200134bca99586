"""What a supervisor sets about a conversation and an agent, and what they read of the past, against a
server that does as it is told."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from pages.test_console import agent, conversation, now
from pages.test_routing import PLAIN, office, opened, queued

__all__ = ["office"]


def manage(page, conversation: int):
    page.locator(f'[data-waiting="{conversation}"], [data-held="{conversation}"]').get_by_role("button").click()
    return page.locator("dialog")


def manage_agent(page, number: int):
    page.locator(f'#agents-table [data-agent="{number}"]').get_by_role("button", name="Manage").click()
    return page.locator("dialog")


PAST = [
    {"kind": "conversation.opened", "conversation": 1, "customer": 3, "queue": 1},
    {
        "kind": "offer.made", "conversation": 1, "agent": 8, "deadline": 0, "isTransfer": False,
        "choice": {"version": 4, "waiting": 1, "onDuty": 2, "ready": 2, "relaxed": 0, "runnerUp": 7},
    },
    {"kind": "offer.ended", "conversation": 1, "agent": 8, "end": "declined", "reason": "busy"},
    {
        "kind": "owner.changed", "conversation": 1, "number": 2, "reason": "assigned",
        "from": {"kind": "queue", "id": 2}, "to": {"kind": "agent", "id": 7},
        "choice": {"version": 4, "waiting": 3, "onDuty": 12, "ready": 11, "relaxed": 1},
        "others": {
            "unfit": 4, "ahead": 1, "passedOverCount": 10,
            "passedOver": [
                {"agent": 8, "obstacle": {"kind": "declined"}},
                {"agent": 12, "obstacle": {"kind": "reservedForAnother", "agent": 7}},
            ],
        },
    },
    {"kind": "priority.changed", "conversation": 1, "priority": 9, "by": 9},
    {
        "kind": "owner.changed", "conversation": 1, "number": 3, "reason": "moved", "by": 10,
        "from": {"kind": "agent", "id": 7}, "to": {"kind": "queue", "id": 1},
    },
    {"kind": "something.newer", "conversation": 1},
]
TOLD = [
    "Opened for Service.",
    "Offered to Ben.", "Under rules version 4, 1 conversation waited for the same; 2 agents on duty could serve it, 2 with room.",
    "Next was Ana.", "Ben declined: too busy.", "From Fraud to Ana: it was their turn.",
    "Less was asked for by then: step 1.", "Passed over: Ben (declined it, let it pass or passed it on).",
    "Passed over: Agent 12 (it is kept for Ana for a while).", "Passed over: 8 more agents.",
    "1 conversation came first, for nobody who had room.", "4 more agents on duty could not serve it.",
    "Given priority 9 by Sofía.", "From Ana to Service: a supervisor moved it, ordered by a supervisor.",
]


def test_the_past_is_told_in_words(office, windows, shot):
    office.answers["conversation.explain"] = {
        "conversation": 1, "version": 4, "needs": [], "candidates": [], "omitted": 0,
        "past": [{"seq": 20 + place, "at": now(), **event} for place, event in enumerate(PAST)],
    }
    page = opened(office, windows)
    dialog = manage(page, 1)
    dialog.get_by_text("What happened (6)").click()
    past = dialog.get_by_role("list", name="What happened")
    for words in TOLD:
        expect(past).to_contain_text(words)
    shot(page, "past")


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
