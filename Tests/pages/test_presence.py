"""Presence beyond available and away, and the report of worked time, in the pages."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from pages.test_console import agent, conversation, message, now
from pages.test_routing import DESK, PLAIN, SOFIA, opened

REASONS = [{"id": 1, "name": "Lunch"}, {"id": 2, "name": "Training"}]


@pytest.fixture
def desk(fake):
    fake.desk = {**DESK, "awayReasons": REASONS}
    fake.snapshot = {"conversations": [conversation(1)], "agents": [agent(7, "Ana", profile=PLAIN)], "jobs": []}
    fake.transcripts = {1: [message(50, "Good morning")]}
    return fake


def test_away_has_a_reason(desk, windows, shot):
    page = opened(desk, windows)
    reason = page.get_by_label("Reason", exact=True)
    expect(reason).to_be_hidden()
    page.get_by_label("Away").check(force=True)
    expect(reason).to_be_visible()
    reason.select_option("Lunch")
    shot(page, "reason")
    wanted = {"presence": "away", "awayReason": 1}
    assert desk.latest_params("presence.set", wanted) == wanted
    desk.push("presence.changed", agent=7, presence="away", awayReason=2)
    expect(reason).to_have_value("2")
    desk.push("presence.changed", agent=7, presence="busy")
    expect(page.get_by_label("Busy")).to_be_checked()
    expect(reason).to_be_hidden()


def test_a_wrap_up_counts_down_is_extended_and_done(desk, windows, shot):
    page = opened(desk, windows)
    box = page.locator("#wrap-up")
    expect(box).to_be_hidden()
    desk.push("presence.changed", agent=7, presence="wrapUp")
    desk.push("wrapUp.changed", agent=7, until=now() + 90_000)
    expect(box).to_contain_text("Writing up, 1:")
    shot(page, "wrap-up")
    page.get_by_role("button", name="Longer").click()
    assert desk.first_request("wrapUp.extend")["params"] == {}
    desk.push("wrapUp.changed", agent=7, until=now() + 190_000)
    expect(box).to_contain_text("Writing up, 3:")
    page.keyboard.press("Alt+d")
    expect(box).to_be_hidden()
    assert desk.first_request("presence.set")["params"] == {"presence": "available"}


def test_the_end_of_the_shift_is_set_and_taken_back(desk, windows):
    page = opened(desk, windows)
    page.get_by_role("button", name="Shift end").click()
    page.get_by_label("Shift ends at").fill("17:30")
    page.get_by_role("button", name="Set", exact=True).click()
    end = desk.first_request("shift.setEnd")["params"]["shiftEnd"]
    assert 0 < end - now() <= 24 * 3_600_000
    desk.push("shiftEnd.changed", agent=7, shiftEnd=end)
    expect(page.locator("#shift-end")).to_contain_text("Shift ends")
    desk.push("shift.ended", agent=7)
    expect(page.locator("#shift-end")).to_contain_text("Shift over")
    expect(page.locator("#toasts")).to_contain_text("Your shift is over")
    page.locator("#shift-end").click()
    page.get_by_role("button", name="Take it back").click()
    assert desk.latest_params("shift.setEnd", {"shiftEnd": None}) == {"shiftEnd": None}


def test_a_supervisor_sees_and_sets_it_all(fake, windows, shot):
    fake.desk, fake.person = {**DESK, "awayReasons": REASONS}, SOFIA
    fake.snapshot = {
        "conversations": [],
        "agents": [
            agent(7, "Ana", profile=PLAIN, presence="away", awayReason=1, presenceSince=now() - 120_000),
            agent(8, "Ben", profile=PLAIN, presence="wrapUp", wrapUp={"until": now() + 65_000, "latest": now() + 90_000},
                  shiftEnd=now() + 60_000),
        ],
        "jobs": [],
    }
    page = opened(fake, windows)
    ana, ben = (page.locator(f'#agents-table [data-agent="{number}"]') for number in (7, 8))
    expect(ana).to_contain_text("Away, Lunch")
    expect(ana.locator(".presence-since")).to_have_text("2 min")
    expect(ben).to_contain_text("Writing up, 1:0")
    expect(ben).to_contain_text("Shift ends")
    ana.get_by_role("button", name="Manage").click()
    dialog = page.locator("dialog")
    dialog.get_by_label("Reason").select_option("Training")
    dialog.get_by_label("Shift ends at").fill("18:00")
    shot(page, "attendance")
    dialog.get_by_role("button", name="Change").click()
    assert fake.first_request("agent.setPresence")["params"] == {"agent": 7, "presence": "away", "awayReason": 2}
    assert fake.first_request("agent.setShiftEnd")["params"]["agent"] == 7


def test_worked_time_is_read_and_shown(fake, windows, shot):
    fake.desk, fake.person = {**DESK, "awayReasons": REASONS}, SOFIA
    fake.snapshot = {"conversations": [], "agents": [agent(7, "Ana", profile=PLAIN)], "jobs": []}
    hour = 3_600_000
    shares = [
        {"presence": "available", "time": 6 * hour}, {"presence": "busy", "time": hour},
        {"presence": "wrapUp", "time": hour}, {"presence": "away", "awayReason": 1, "time": hour // 2},
        {"presence": "away", "time": 5_000},
    ]
    report = {"from": 1, "to": 2, "agents": [
        {"agent": 7, "name": "Ana", "onDuty": 8 * hour, "held": 6 * hour, "presences": shares}]}
    page = opened(fake, windows)
    page.route("**/api/reports/worked-time?*", lambda route: route.fulfill(json=report))
    page.locator("#worked-time").get_by_role("button", name="Show").click()
    row = page.locator("#worked-time-table tbody tr")
    expect(row).to_contain_text("Ana")
    for text in ["8:00 h", "6:00 h", "75 %", "1:00 h", "Lunch 0:30 h", "away 5 s"]:
        expect(row).to_contain_text(text)
    shot(page, "worked-time")
    page.unroute("**/api/reports/worked-time?*")
    page.route("**/api/reports/worked-time?*", lambda route: route.fulfill(status=503, json={}))
    page.locator("#worked-time").get_by_role("button", name="Show").click()
    expect(page.locator("#worked-time")).to_contain_text("could not be read")
