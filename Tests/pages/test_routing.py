"""Offers, lists, transfers and supervisors' orders, against a server that does as it is told."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from pages.test_console import ME, MINUTE, agent, conversation, message, now

DESK = {
    "version": 4,
    "ageing": 300_000,
    "queues": [
        {"id": 1, "name": "Service", "priority": 0, "handing": "push", "needs": []},
        {"id": 2, "name": "Fraud", "priority": 3, "handing": "offer", "kind": 1, "needs": [{"skill": 5, "level": 2, "isFirm": False}]},
        {"id": 3, "name": "Letters", "priority": 0, "handing": "pull", "limit": 1, "needs": []},
    ],
    "skills": [{"id": 5, "name": "Français"}, {"id": 6, "name": "Cards"}],
    "kinds": [{"id": 1, "name": "Case", "weight": 2, "channels": [{"channel": "whatsApp", "weight": 4}]}],
    "grades": [{"id": 1, "name": "Trainee", "weights": [{"kind": 1, "weight": 3}, {"kind": 1, "weight": 2, "channel": "instagram"}]}],
}
SOFIA = {"id": 9, "name": "Sofía", "roles": ["supervisor"]}
PLAIN = {"skills": [], "compartments": [], "barred": []}


def queued(number: int, queue: int, **more) -> dict:
    return conversation(number, owner={"kind": "queue", "id": queue}, queue=queue, **more)


def offered(number: int = 2, seconds: int = 30, to: int = 7, is_transfer: bool = False, **more) -> dict:
    offer = {"agent": to, "deadline": now() + seconds * 1_000, "isTransfer": is_transfer}
    return queued(number, 2, routing={"offer": offer}, **more)


def opened(fake, windows, **options):
    page = windows.person(**options)()
    page.goto(fake.address)
    expect(page.locator("#connection")).to_have_text("Connected")
    return page


@pytest.fixture
def desk(fake):
    """Ana has one conversation; nothing is offered to her."""
    fake.desk = DESK
    fake.snapshot = {"conversations": [conversation(1)], "agents": [agent(7, "Ana", profile=PLAIN)], "jobs": []}
    fake.transcripts = {1: [message(50, "Good morning")]}
    return fake


@pytest.fixture
def office(fake):
    """A supervisor's desk: three who wait, one of them offered to Ben, and one with Ana."""
    fake.desk, fake.person = DESK, SOFIA
    fake.snapshot = {
        "conversations": [
            conversation(1), queued(2, 1, waitingSince=now() - 25 * MINUTE), offered(3, to=8),
            queued(4, 3, routing={"priority": 7}),
        ],
        "agents": [
            agent(7, "Ana", profile={**PLAIN, "grade": 1, "queues": [1, 2], "skills": [{"skill": 5, "level": 3, "isFirm": False}]}),
            agent(8, "Ben", load=2, capacity=2, profile=PLAIN),
        ],
        "jobs": [],
    }
    return fake


# -- offers -----------------------------------------------------------------------------------------


def test_an_offer_is_shown_without_a_word_and_accepted_by_key(desk, windows, shot):
    page = opened(desk, windows)
    waiting = offered()
    desk.snapshot["conversations"].append(waiting)
    desk.push("offer.made", conversation=2, **waiting["routing"]["offer"], state=waiting)
    offer = page.locator('[data-offer="2"]')
    expect(offer).to_contain_text("Offered to you: Fraud")
    expect(offer).to_contain_text("asks for Français 2")
    expect(offer.locator(".offer-left")).to_contain_text("s left")
    expect(page.locator("#announcer")).to_contain_text("Offered to you: Fraud")
    expect(page.locator("#presence .load")).to_have_text("3 of 3")
    assert [each["params"]["conversation"] for each in desk.requested("transcript.read")] == [1]
    shot(page, "offer")
    page.keyboard.press("Alt+a")
    expect(page.locator('[data-conversation="2"]')).to_be_visible()
    expect(page.locator("#offers")).to_be_hidden()
    assert desk.first_request("offer.accept")["params"] == {"conversation": 2}


def test_another_channel_than_messenger_is_named(desk, windows, shot):
    desk.snapshot["conversations"] += [offered(2, channel="whatsApp"), conversation(3, channel="instagram")]
    page = opened(desk, windows)
    expect(page.locator('[data-offer="2"] .offer-facts')).to_contain_text(re.compile(r"^WhatsApp · Waiting "))
    row = page.locator('[data-conversation="3"]')
    expect(row.locator(".item-name")).to_contain_text(re.compile(r"^Customer \d+ · Instagram$"))
    expect(row).to_have_attribute("aria-label", re.compile(r"^Customer \d+ · Instagram, "))
    shot(page, "channels")
    row.click()
    expect(page.locator(".transcript-name")).to_have_text(re.compile(r"^Customer \d+ · Instagram$"))
    expect(page.locator('[data-conversation="1"] .item-name')).to_have_text(re.compile(r"^Customer \d+$"))


def test_an_offer_is_declined_with_a_reason(desk, windows):
    desk.snapshot["conversations"].append(offered())
    page = opened(desk, windows)
    page.get_by_label("Why you decline").select_option("notMyField")
    expect(page.locator("#offers")).to_be_hidden()
    assert desk.first_request("offer.decline")["params"] == {"conversation": 2, "reason": "notMyField"}
    expect(page.locator('[data-conversation="2"]')).to_have_count(0)


def test_an_offer_that_passes_is_told(desk, windows):
    desk.snapshot["conversations"].append(offered(seconds=20))
    page = opened(desk, windows)
    expect(page.locator(".offer-left")).to_have_text(re.compile(r"^1\d s left$"))
    desk.push("offer.ended", conversation=2, agent=7, end="timedOut")
    desk.push("presence.changed", agent=7, presence="away", by=9)
    expect(page.locator("#offers")).to_be_hidden()
    expect(page.locator("#toasts")).to_contain_text("passed without an answer")
    expect(page.locator("#toasts")).to_contain_text("A supervisor set your presence to away.")


def test_a_refused_acceptance_says_why(desk, windows):
    desk.snapshot["conversations"].append(offered())
    desk.answers["offer.accept"] = {"error": {"code": 4013, "message": "x", "data": {"code": "offerEnded"}}}
    page = opened(desk, windows)
    page.locator("#offers .primary").click()
    expect(page.locator(".toast")).to_contain_text("The offer does not stand any more.")


# -- lists ------------------------------------------------------------------------------------------


def test_who_waits_in_a_list_can_be_taken(desk, windows, shot):
    page = opened(desk, windows)
    desk.push_unnumbered("takeable", conversations=[
        {"id": 6, "queue": 3, "waitingSince": now() - 7 * MINUTE}, {"id": 9, "queue": 3, "waitingSince": now()},
    ])
    rows = page.locator("[data-takeable]")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Letters")
    expect(rows.first).to_contain_text("7 min")
    shot(page, "takeable")
    rows.first.get_by_role("button", name="Take").click()
    assert desk.first_request("conversation.take")["params"] == {"conversation": 6}
    desk.push_unnumbered("takeable", conversations=[])
    expect(page.locator("#takeable")).to_be_hidden()


# -- transfers --------------------------------------------------------------------------------------


def test_a_conversation_is_passed_to_a_colleague_who_is_asked_first(desk, windows, shot):
    desk.colleagues = [{"id": 8, "name": "Ben"}, {"id": 12, "name": "Carla"}]
    page = opened(desk, windows)
    page.locator(".item").click()
    page.keyboard.press("Alt+t")
    dialog = page.locator("dialog")
    dialog.get_by_label("Colleague", exact=True).select_option("Carla")
    shot(page, "transfer")
    dialog.get_by_role("button", name="Pass on").click()
    expect(page.locator("#toasts")).to_contain_text("Your colleague is asked.")
    to = {"kind": "agent", "id": 12, "warm": True}
    assert desk.first_request("conversation.transfer")["params"] == {"conversation": 1, "to": to}
    state = {**desk.snapshot["conversations"][0], "routing": {"offer": {"agent": 12, "deadline": now() + 60_000, "isTransfer": True}}}
    desk.push("offer.made", conversation=1, **state["routing"]["offer"], state=state)
    expect(page.locator(".banner")).to_contain_text("It is yours until they accept")
    expect(page.locator("#transfer-conversation")).to_be_disabled()
    desk.push("offer.ended", conversation=1, agent=12, end="declined", reason="busy")
    expect(page.locator("#toasts")).to_contain_text("it stays with you")
    expect(page.locator("#transfer-conversation")).to_be_enabled()


def test_a_conversation_is_passed_to_a_queue(desk, windows):
    page = opened(desk, windows)
    page.locator(".item").click()
    page.locator("#transfer-conversation").click()
    # No bot answers here, so none is offered.
    expect(page.locator("dialog").get_by_role("radio")).to_have_count(1)
    page.get_by_label("A queue", exact=True).check()
    page.get_by_label("Queue", exact=True).select_option("Fraud")
    page.get_by_role("button", name="Pass on", exact=True).click()
    page.wait_for_timeout(100)
    to = {"kind": "queue", "id": 2}
    assert desk.first_request("conversation.transfer")["params"] == {"conversation": 1, "to": to}
    desk.push("owner.changed", conversation=1, number=3, reason="transferred", by=7, **{"from": ME, "to": to})
    expect(page.locator(".banner")).to_have_text("You passed this conversation on.")


def test_who_passes_into_a_full_queue_is_told_why(desk, windows):
    refusal = {"code": 4016, "message": "x", "data": {"code": "noRoom", "field": "params.to"}}
    desk.answers["conversation.transfer"] = {"error": refusal}
    page = opened(desk, windows)
    page.locator(".item").click()
    page.locator("#transfer-conversation").click()
    page.get_by_label("A queue", exact=True).check()
    page.get_by_label("Queue", exact=True).select_option("Letters")
    page.get_by_role("button", name="Pass on", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("The conversation was not passed on. The queue is full.")


# -- supervision ------------------------------------------------------------------------------------


def test_a_supervisor_sees_expected_waits_and_who_has_gone(office, windows):
    line = {"queue": 2, "day": 1, "began": 9, "abandoned": 3, "announcements": 4}
    office.waits = {"expected": [{"queue": 2, "wait": 420_000}], "queues": [line, {**line, "abandoned": 1}]}
    page = opened(office, windows)
    fraud = page.locator('#queues-table [data-queue="2"] td')
    expect(fraud.nth(4)).to_have_text("7 min")
    expect(fraud.nth(5)).to_have_text("4")
    service = page.locator('#queues-table [data-queue="1"] td')
    expect(service.nth(4)).to_have_text("")


def is_in_sight(page, title):
    """Whether every column of a panel is, without a scroll to the side."""
    return page.locator(f'[aria-labelledby="{title}"]').evaluate("panel => panel.scrollWidth <= panel.clientWidth")


def test_a_supervisor_sees_what_nobody_could_serve(office, windows, shot):
    page = opened(office, windows)
    marks = page.locator("#queues-table .unserved:visible")
    expect(marks).to_have_count(0)
    fraud = page.locator('#queues-table [data-queue="2"] .unserved')
    for told, words in [
        ({"isWhole": True, "waiting": 3}, "nobody could serve it: 3 in vain"),
        ({"isWhole": True, "waiting": 0}, "nobody could serve it"),
        ({"isWhole": False, "waiting": 1}, "1 waits in vain: nobody could serve them"),
    ]:
        office.push_unnumbered("service", queues=[], promises=[], unserved=[{"queue": 2, **told}])
        expect(fraud).to_have_text(words)
        expect(marks).to_have_count(1)
    assert is_in_sight(page, "queues-title")
    shot(page, "unserved")
    office.push_unnumbered("service", queues=[], promises=[])
    expect(marks).to_have_count(0)


def test_what_the_desk_wrote_is_told_apart(desk, windows):
    page = opened(desk, windows)
    page.locator('[data-conversation="1"]').click()
    desk.push("message.announced", conversation=1, message=30, job=30, text="You are number 2.",
              announcement={"kind": "waiting", "position": 2, "minutes": 3})
    shown = page.locator(".message.kind-announcement")
    expect(shown).to_contain_text("You are number 2.")
    expect(shown).to_contain_text("Told by the desk")
    desk.push("job.changed", job=30, conversation=1, message=30, state="failed", failure="refused", attempts=1)
    expect(shown.get_by_role("button", name="Send again")).to_have_count(0)


def test_a_supervisor_sees_queues_agents_and_offers(office, windows, shot):
    page = opened(office, windows)
    rows = page.locator("#queue-table tbody tr")
    expect(rows).to_have_count(3)
    # A level of priority is worth five minutes of waiting.
    assert [row.get_attribute("data-waiting") for row in rows.all()] == ["4", "2", "3"]
    expect(page.locator(".tiles")).to_contain_text("25 minlongest wait")
    expect(rows.nth(2)).to_contain_text("Fraud, offered to Ben")
    fraud = page.locator('#queues-table [data-queue="2"]')
    expect(fraud).to_contain_text("offered")
    full = page.locator('#queues-table [data-queue="3"] td').nth(2)
    expect(full).to_have_text("1 of 1")
    expect(full).to_have_attribute("title", re.compile("^Full: people put no more into it"))
    expect(page.locator('#agents-table [data-agent="7"]')).to_contain_text("Trainee · Service, Fraud · Français 3")
    expect(page.locator("#held-table tbody tr")).to_have_count(1)
    for panel in ("queues-title", "queue-title", "agents-title", "held-title"):
        assert is_in_sight(page, panel), panel
    shot(page, "supervision-routing")
    dark = opened(office, windows, color_scheme="dark")
    shot(dark, "supervision-routing-dark")
    # A heavy case takes more of a trainee.
    office.push("offer.made", conversation=2, agent=7, deadline=now() + 9_000, isTransfer=False,
                state=offered(2, to=7))
    expect(page.locator('#agents-table [data-agent="7"] .load')).to_have_text("4 / 3")
    office.push("offer.ended", conversation=2, agent=7, end="timedOut")
    expect(page.locator('#agents-table [data-agent="7"] .load')).to_have_text("1 / 3")
    # What comes by another channel takes something else of them.
    for channel, weight in (("instagram", 2), ("whatsApp", 3)):
        office.push("offer.made", conversation=2, agent=7, deadline=now() + 9_000, isTransfer=False,
                    state={**offered(2, to=7), "channel": channel})
        expect(page.locator('#agents-table [data-agent="7"] .load')).to_have_text(f"{1 + weight} / 3")
        office.push("offer.ended", conversation=2, agent=7, end="timedOut")
        expect(page.locator('#agents-table [data-agent="7"] .load')).to_have_text("1 / 3")


def test_why_is_told_in_words(office, windows, shot):
    office.answers["conversation.explain"] = {
        "conversation": 2, "version": 4, "entry": 3, "needs": [{"skill": 5, "level": 2, "isFirm": True}],
        "position": 1, "omitted": 3,
        "candidates": [
            {"agent": 7, "obstacle": {"kind": "noRoom", "load": 3, "capacity": 3, "weight": 2}},
            {"agent": 8, "obstacle": {"kind": "lacks", "skill": 5, "level": 2}},
        ],
    }
    page = opened(office, windows)
    page.locator('[data-waiting="2"]').get_by_role("button").click()
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("It waits in Service. 1 conversation that waits for the same comes first.")
    expect(dialog).to_contain_text("It asks for Français 2 (always). Conversations of its page begin in Letters. The rules are version 4.")
    expect(dialog).to_contain_text("Ana has 3 of 3 units; this takes 2")
    expect(dialog).to_contain_text("Ben lacks Français at level 2")
    expect(dialog).to_contain_text("and 3 agents more")
    shot(page, "why")


@pytest.mark.parametrize(
    "withheld, sentences",
    [
        (["queueIsClosed"], ["Its queue is closed: nobody is given it."]),
        (["isPulled"], ["Agents take from its queue themselves."]),
        (["queueIsClosed", "isPulled"], ["Its queue is closed: nobody is given it.", "Agents take from its queue themselves."]),
        (["nobodyCould"],
         ["As things are, nobody who works here could be given it out of this queue, however long it waits."]),
        (None, []),
    ],
)
def test_what_concerns_the_whole_queue_is_told_first_and_once(office, windows, withheld, sentences):
    office.answers["conversation.explain"] = {
        "conversation": 2, "version": 4, "needs": [], "position": 1, "queuePosition": 3, "rank": 1_700_000_000_000,
        "omitted": 0, "candidates": [{"agent": 8}, {"agent": 7, "obstacle": {"kind": "notOnDuty"}}], "next": [8, 7],
        **({"withheld": withheld} if withheld else {}),
    }
    page = opened(office, windows)
    page.locator('[data-waiting="2"]').get_by_role("button").click()
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("In its queue 3 conversations come first. It counts as waiting since 1")
    expect(dialog).to_contain_text("Next in turn is Ben, then Ana: least loaded, then longest idle.")
    expect(dialog.locator(".withheld")).to_have_text(sentences)
    if sentences:
        expect(dialog.locator(".why p").first).to_have_text(sentences[0])
    expect(dialog.get_by_role("list", name="Agents").get_by_role("listitem")).to_have_text(
        [f"Ben nothing {'else ' if withheld else ''}stands in the way", "Ana is not there for work"]
    )


ORDERS = [
    ("2", lambda dialog: (dialog.get_by_label("Agent", exact=True).select_option("8"),
                          dialog.get_by_label("even beyond their capacity").check(),
                          dialog.get_by_role("button", name="Give").click()),
     "conversation.assign", {"conversation": 2, "agent": 8, "overrideCapacity": True}),
    ("2", lambda dialog: (dialog.get_by_label("Queue", exact=True).select_option("Fraud"),
                          dialog.get_by_role("button", name="Move").click()),
     "conversation.move", {"conversation": 2, "queue": 2}),
    ("2", lambda dialog: (dialog.get_by_label("Queue", exact=True).select_option("Letters (at most 1 waiting)"),
                          dialog.get_by_label("even if it is full").check(),
                          dialog.get_by_role("button", name="Move").click()),
     "conversation.move", {"conversation": 2, "queue": 3, "overrideLimit": True}),
    ("4", lambda dialog: (dialog.get_by_label("Priority", exact=True).select_option("9"),
                          dialog.get_by_role("button", name="Set").click()),
     "conversation.setPriority", {"conversation": 4, "priority": 9}),
    ("4", lambda dialog: (dialog.get_by_label("Priority", exact=True).select_option(index=0),
                          dialog.get_by_role("button", name="Set").click()),
     "conversation.setPriority", {"conversation": 4, "priority": None}),
]


@pytest.mark.parametrize("which, act, method, params", ORDERS, ids=[order[2] for order in ORDERS])
def test_orders_about_a_conversation(office, windows, which, act, method, params):
    page = opened(office, windows)
    page.locator(f'[data-waiting="{which}"]').get_by_role("button").click()
    act(page.locator("dialog"))
    page.wait_for_timeout(150)
    assert office.first_request(method)["params"] == params
    assert len(office.requested(method)) == 1


def test_enter_orders_nothing(office, windows):
    page = opened(office, windows)
    page.locator('[data-waiting="2"]').get_by_role("button").click()
    page.get_by_label("even beyond their capacity").focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_have_count(0)
    assert office.requested("conversation.assign") == []


def test_taking_a_conversation_back(office, windows):
    page = opened(office, windows)
    page.locator('[data-held="1"]').get_by_role("button").click()
    page.get_by_role("button", name="Take back").click()
    page.wait_for_timeout(150)
    assert office.first_request("conversation.move")["params"] == {"conversation": 1, "queue": 1}


def test_an_agents_work_is_changed(office, windows, shot):
    page = opened(office, windows)
    page.locator('#agents-table [data-agent="7"]').get_by_role("button", name="Manage").click()
    dialog = page.locator("dialog")
    dialog.get_by_label("Fraud").uncheck()
    dialog.get_by_label("Letters").check()
    dialog.get_by_label("Level of Cards").select_option("4")
    dialog.get_by_label("Presence").select_option("away")
    shot(page, "agent")
    dialog.get_by_role("button", name="Change").click()
    page.wait_for_timeout(150)
    skills = [{"skill": 5, "level": 3, "isFirm": False}, {"skill": 6, "level": 4, "isFirm": False}]
    profile = {"skills": skills, "compartments": [], "barred": [], "grade": 1, "queues": [1, 3]}
    assert office.first_request("agent.setProfile")["params"] == {"agent": 7, "profile": profile}
    assert office.first_request("agent.setPresence")["params"] == {"agent": 7, "presence": "away"}
    office.push("profile.changed", agent=7, by=9, profile=profile)
    expect(page.locator('#agents-table [data-agent="7"]')).to_contain_text("Service, Letters · Français 3 · Cards 4")


def test_names_change_while_the_page_is_open(office, windows):
    page = opened(office, windows)
    queues = [{**DESK["queues"][0], "name": "Front desk"}, *DESK["queues"][1:]]
    office.push_unnumbered("desk.changed", desk={**DESK, "version": 5, "queues": queues})
    expect(page.locator('#queues-table [data-queue="1"]')).to_contain_text("Front desk")
