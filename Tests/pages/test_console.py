"""The console against a server that misbehaves on request."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

MINUTE = 60_000
ME = {"kind": "agent", "id": 7}


def now() -> int:
    return int(time.time() * 1000)


def conversation(number: int, owner: dict = ME, **more) -> dict:
    base = {
        "id": number, "customer": number + 100, "queue": 1, "owner": owner, "waitingSince": now() - 5 * MINUTE,
        "openedAt": now() - 9 * MINUTE, "lastMessageAt": now() - MINUTE, "customerWroteAt": now() - MINUTE,
        "unread": 0, "handoffs": 2,
    }
    return {**base, **more}


def agent(number: int, name: str, **more) -> dict:
    return {"id": number, "name": name, "presence": "available", "connected": True, "capacity": 3, "load": 1, **more}


def message(number: int, text: str, kind: str = "text", **more) -> dict:
    return {"id": number, "kind": kind, "writtenAt": now() - MINUTE, "recordedAt": now() - MINUTE, "text": text, **more}


@pytest.fixture
def desk(fake):
    """One conversation with one message, held by Ana."""
    fake.snapshot = {"conversations": [conversation(1)], "agents": [agent(7, "Ana")], "jobs": []}
    fake.transcripts = {1: [message(50, "Good morning")]}
    return fake


@pytest.fixture
def page(desk, windows):
    tab = windows.person()()
    tab.goto(desk.address)
    expect(tab.locator("#connection")).to_have_text("Connected")
    return tab


def open_first(page) -> None:
    page.locator(".item").first.click()
    expect(page.locator("#messages")).to_contain_text("Good morning")


def received(fake, number: int, text: str, **more) -> None:
    fake.push(
        "message.received", conversation=1, message=number, kind="text", writtenAt=now(), text=text, **more
    )


def reconnects(page, desk, greetings: int = 2) -> None:
    """Waits until the console has greeted the desk so often: it shows "Connected" before it notices, too."""
    until = time.monotonic() + 15
    while len(desk.hellos) < greetings and time.monotonic() < until:
        time.sleep(0.02)
    assert len(desk.hellos) == greetings
    expect(page.locator("#connection")).to_have_text("Connected", timeout=15_000)


# -- what comes in --------------------------------------------------------------------------------


def test_pushes_appear_as_they_come(desk, page):
    open_first(page)
    received(desk, 60, "Are you there?")
    expect(page.locator("#messages .message").last).to_contain_text("Are you there?")
    expect(page.locator("#announcer")).to_contain_text("Customer 101: Are you there?")


def test_a_gap_is_never_papered_over(desk, page):
    open_first(page)
    lost = desk.event("message.received", conversation=1, message=60, kind="text", writtenAt=now(), text="lost one")
    desk.missed.append(lost)
    later = desk.event("message.received", conversation=1, message=61, kind="text", writtenAt=now(), text="later one")
    desk.missed.append(later)
    desk._do(desk._send_all(later))
    reconnects(page, desk)
    expect(page.locator("#messages .message")).to_have_count(3)
    assert desk.hellos[-1]["resume"] == {"epoch": 1, "seq": 100}
    texts = page.locator("#messages .text").all_inner_texts()
    assert texts == ["Good morning", "lost one", "later one"]


def test_a_gap_that_a_resume_does_not_fill_asks_for_a_snapshot(desk, page):
    desk.push("epoch.began", prev=104, seq=105)
    reconnects(page, desk)
    assert desk.hellos[-1] == {"resume": {"epoch": 1, "seq": 100}}
    desk.seq = 105
    desk.push("epoch.began")
    reconnects(page, desk, greetings=3)
    assert desk.hellos[-1] == {}


def test_a_reply_to_a_resume_with_a_snapshot_reads_the_transcript_again(desk, page):
    open_first(page)
    desk.resumes = False
    desk.transcripts[1].append(message(70, "while you were away"))
    desk.close(1013)
    reconnects(page, desk)
    expect(page.locator("#messages")).to_contain_text("while you were away")


def test_edits_deletions_and_reactions_change_the_message(desk, page):
    open_first(page)
    shown = page.locator('[data-message="50"]')
    desk.push("message.edited", conversation=1, message=50, text="Good evening")
    expect(shown.locator(".text")).to_have_text("Good evening")
    expect(shown.locator(".meta")).to_contain_text("edited")
    desk.push("message.reacted", conversation=1, message=50, removed=False, emoji="👍")
    expect(shown.locator(".reaction")).to_have_text("👍")
    desk.push("message.deleted", conversation=1, message=50)
    expect(shown).to_contain_text("The customer deleted this message.")
    expect(shown).not_to_contain_text("Good evening")


@pytest.mark.parametrize(
    "text",
    [
        "<script>window.broken = 1</script><img src=x onerror='window.broken = 1'>",
        "\u202edetrevni\u202c and \u2067\u05e9\u05dc\u05d5\u05dd\u2069",
        "Z\u0310\u0343\u0351a\u0328\u0322\u0335lgo " * 40,
        "👩‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿",
        "javascript:alert(1) https://bank.example/<b>login</b>",
        "w" * 20_000,
        "\n".join(["line"] * 3_000),
        "&lt;b&gt; {{7*7}} ${7*7} %00",
    ],
    ids=["markup", "bidi", "zalgo", "emoji", "addresses", "one long word", "many lines", "templates"],
)
def test_customer_text_is_only_ever_text(desk, page, text):
    open_first(page)
    received(desk, 60, text)
    shown = page.locator('[data-message="60"]')
    assert shown.locator(".text").evaluate("each => each.textContent") == text
    assert shown.locator(".text").evaluate("each => each.childElementCount") == 0
    assert page.evaluate("window.broken") is None
    assert page.locator("#page a").count() == 0
    # Nothing runs out of the page, and the reply box stays in reach.
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator("#reply")).to_be_in_viewport()
    assert shown.evaluate("each => each.getBoundingClientRect().height") < 420


def test_attachments_are_references(desk, page):
    open_first(page)
    attachments = [
        {"type": "image", "url": "https://cdn.example/<i>.png"},
        {"type": "location", "title": "Here", "latitude": 14.5, "longitude": 121.0},
    ]
    desk.push("message.received", conversation=1, message=60, kind="attachment", writtenAt=now(), attachments=attachments)
    shown = page.locator('[data-message="60"]')
    expect(shown.locator(".attachment")).to_have_count(2)
    expect(shown).to_contain_text("https://cdn.example/<i>.png")
    expect(shown).to_contain_text("14.5, 121")
    assert page.locator("#page img").count() == 0


def test_the_page_can_make_no_markup(page, windows):
    refused = page.evaluate(
        "() => { try { document.body.innerHTML = '<b>x</b>'; return false; } catch (error) { return error instanceof TypeError; } }"
    )
    assert refused
    # The browser says so itself; that is the point.
    windows.complaints.clear()


# -- replies --------------------------------------------------------------------------------------


def test_enter_sends_and_shift_enter_begins_a_line(desk, page):
    open_first(page)
    page.locator("#reply").press_sequentially("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    assert desk.requested("message.send") == []
    page.keyboard.press("Enter")
    expect(page.locator("#messages .kind-reply")).to_have_count(1)
    assert page.locator("#messages .kind-reply .text").inner_text() == "one\ntwo"
    assert desk.first_request("message.send")["params"] == {"conversation": 1, "text": "one\ntwo"}
    expect(page.locator("#reply")).to_have_value("")


def test_the_states_of_a_reply(desk, page):
    open_first(page)
    page.fill("#reply", "hello")
    page.keyboard.press("Enter")
    progress = page.locator("#messages .kind-reply .progress")
    expect(progress).to_have_text("Waiting to be sent")
    number = int(page.locator("#messages .kind-reply").get_attribute("data-message"))

    def change(state: str, **more) -> None:
        desk.push("job.changed", job=number, conversation=1, message=number, state=state, attempts=1, **more)

    for state, words in [("sending", "Sending"), ("unknown", "May have been sent; waiting for proof")]:
        change(state)
        expect(progress).to_have_text(words)
    change("unconfirmed")
    expect(progress).to_have_text("Unconfirmed")
    expect(page.locator(".trouble")).to_contain_text("Sending it again may say it twice")
    page.get_by_role("button", name="Send again").click()
    page.wait_for_timeout(200)
    assert desk.first_request("message.resend")["params"] == {"job": number}
    change("failed", failure="outsideWindow")
    expect(page.locator(".trouble")).to_contain_text("24 hours")
    change("sent")
    expect(progress).to_have_text("Sent")
    expect(page.locator(".trouble")).to_have_count(0)
    desk.push("message.delivered", conversation=1, upTo=now() + 10**12)
    expect(progress).to_have_text("Delivered")
    desk.push("message.read", conversation=1, upTo=now() + 10**12)
    expect(progress).to_have_text("Read")


@pytest.mark.parametrize(
    "marks, words",
    [
        ({}, ["Sent", "Sent"]),
        ({"deliveredUpTo": 2_000}, ["Delivered", "Sent"]),
        ({"deliveredUpTo": 3_000, "readUpTo": 2_000}, ["Read", "Delivered"]),
        # Who reads has it, whether or not the channel said so before.
        ({"readUpTo": 3_000}, ["Read", "Read"]),
    ],
)
def test_what_was_read_is_still_read_after_a_reload(desk, page, marks, words):
    base = 1_700_000_000_000
    desk.marks[1] = {name: base + moment for name, moment in marks.items()}
    for number, moment in ((51, 2_000), (52, 3_000)):
        desk.transcripts[1].append(
            {
                "id": number, "kind": "reply", "text": f"reply {number}", "author": 7,
                "writtenAt": base + moment, "recordedAt": base + moment, "job": {"id": number, "state": "sent"},
            }
        )
    page.reload()
    open_first(page)
    expect(page.locator("#messages .kind-reply .progress")).to_have_text(words)


def test_a_reply_whose_answer_is_lost_is_asked_again_under_its_id(desk, page):
    open_first(page)
    desk.answers["message.send"] = None
    page.fill("#reply", "only once")
    page.keyboard.press("Enter")
    expect(page.locator(".pending")).to_contain_text("Going to the desk")
    desk.first_requests("message.send", 1)
    desk.accepts_sockets = False
    desk.drop()
    expect(page.locator(".pending")).to_contain_text("Will be sent when connected again")
    del desk.answers["message.send"]
    desk.accepts_sockets = True
    reconnects(page, desk)
    expect(page.locator("#messages .kind-reply")).to_contain_text("only once")
    expect(page.locator(".pending")).to_have_count(0)
    ids = [request["id"] for request in desk.requested("message.send")]
    assert len(ids) == 2 and len(set(ids)) == 1


def test_a_reply_not_answered_survives_a_reload_of_the_page(desk, page):
    open_first(page)
    desk.answers["message.send"] = None
    page.fill("#reply", "still there")
    page.keyboard.press("Enter")
    expect(page.locator(".pending")).to_have_count(1)
    desk.first_requests("message.send", 1)
    del desk.answers["message.send"]
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    open_first(page)
    expect(page.locator("#messages .kind-reply")).to_contain_text("still there")
    ids = [request["id"] for request in desk.first_requests("message.send", 2)]
    assert len(ids) == 2 and len(set(ids)) == 1


def test_a_refused_reply_goes_back_to_the_box(desk, page):
    open_first(page)
    desk.answers["message.send"] = {"error": {"code": 4002, "message": "", "data": {"code": "notOwner"}}}
    page.fill("#reply", "too late")
    page.keyboard.press("Enter")
    expect(page.locator(".pending .trouble")).to_contain_text("You do not hold this conversation any more.")
    page.get_by_role("button", name="Back to the reply box").click()
    expect(page.locator("#reply")).to_have_value("too late")
    expect(page.locator(".pending")).to_have_count(0)


def guard(desk, *kinds: str) -> None:
    data = {"code": "guarded", "field": "params.text", "kinds": list(kinds)}
    desk.answers["message.send"] = {"error": {"code": 4013, "message": "", "data": data}}


def test_a_reply_that_may_not_go_out_stays_in_the_box(desk, page, shot):
    open_first(page)
    guard(desk, "card")
    page.fill("#reply", "Your card 4111 1111 1111 1111 is blocked.")
    page.keyboard.press("Enter")
    held = page.get_by_role("alert")
    expect(held).to_have_text("This looks like a card number. It cannot be sent to the customer.")
    expect(page.locator("#reply")).to_have_value("Your card 4111 1111 1111 1111 is blocked.")
    expect(page.locator("#reply")).to_be_focused()
    expect(page.locator("#reply")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".pending")).to_have_count(0)
    shot(page, "console-guarded")
    # As it is it may be tried again, and is refused again.
    guard(desk, "card", "iban")
    page.keyboard.press("Enter")
    expect(held).to_have_text("This looks like a card number and an IBAN. It cannot be sent to the customer.")
    assert len({request["id"] for request in desk.requested("message.send")}) == 2
    # Once it is changed it is another text.
    page.fill("#reply", "Your card is blocked.")
    expect(page.locator(".held")).to_be_hidden()
    expect(page.locator("#reply")).not_to_have_attribute("aria-invalid", "true")
    del desk.answers["message.send"]
    page.keyboard.press("Enter")
    expect(page.locator("#messages .kind-reply")).to_contain_text("Your card is blocked.")


def test_what_was_written_since_is_kept_below_what_came_back(desk, windows):
    desk.snapshot["conversations"].append(conversation(2))
    desk.answers["message.send"] = None
    tab = windows.person()()
    tab.goto(desk.address)
    tab.locator('[data-conversation="1"]').click()
    tab.fill("#reply", "GB29 NWBK 6016 1331 9268 19")
    tab.keyboard.press("Enter")
    tab.fill("#reply", "and then")
    tab.locator('[data-conversation="2"]').click()
    tab.fill("#reply", "to another")
    guard(desk, "iban")
    desk.drop()
    # It comes back to its own conversation; the one that is open is left alone.
    expect(tab.locator('[data-conversation="1"]')).to_contain_text("Draft")
    deadline = time.monotonic() + 15
    while tab.evaluate("JSON.parse(sessionStorage['ventanilla.outbox'] ?? '[]').length") > 0:
        assert time.monotonic() < deadline, "the reply was not given back"
        tab.wait_for_timeout(50)
    expect(tab.locator("#reply")).to_have_value("to another")
    expect(tab.locator(".held")).to_be_hidden()
    tab.locator('[data-conversation="1"]').click()
    expect(tab.locator("#reply")).to_have_value("GB29 NWBK 6016 1331 9268 19\nand then")
    expect(tab.locator(".held")).to_have_text("This looks like an IBAN. It cannot be sent to the customer.")


def test_the_length_is_counted(desk, page):
    open_first(page)
    page.fill("#reply", "x" * 1_999)
    expect(page.locator("#reply-counter")).to_have_text("1,999 / 1,999")
    expect(page.locator("#send")).to_be_enabled()
    page.fill("#reply", "x" * 2_000)
    expect(page.locator("#send")).to_be_disabled()
    page.locator("#reply").press("Enter")
    assert desk.requested("message.send") == []


def test_each_conversation_keeps_its_draft(desk, windows):
    desk.snapshot["conversations"].append(conversation(2))
    tab = windows.person()()
    tab.goto(desk.address)
    tab.locator('[data-conversation="1"]').click()
    tab.fill("#reply", "for one")
    tab.locator('[data-conversation="2"]').click()
    expect(tab.locator("#reply")).to_have_value("")
    expect(tab.locator('[data-conversation="1"]')).to_contain_text("Draft")
    tab.reload()
    tab.locator('[data-conversation="1"]').click()
    expect(tab.locator("#reply")).to_have_value("for one")


# -- conversations --------------------------------------------------------------------------------


def test_what_is_before_the_readers_eyes_is_marked_as_read(desk, page):
    page.bring_to_front()
    received(desk, 60, "one")
    item = page.locator('[data-conversation="1"]')
    expect(item.locator(".unread")).to_have_text("1")
    page.wait_for_timeout(1_000)
    assert desk.requested("conversation.read") == []
    item.click()
    expect(item.locator(".unread")).to_be_hidden()
    assert desk.first_request("conversation.read")["params"] == {"conversation": 1}


def test_closing(desk, page):
    open_first(page)
    page.keyboard.press("Alt+x")
    expect(page.locator(".banner")).to_contain_text("You closed this conversation")
    expect(page.locator(".item")).to_have_count(0)
    expect(page.locator("#reply")).to_be_hidden()


def test_a_draft_is_not_thrown_away_unasked(desk, page):
    open_first(page)
    page.fill("#reply", "half a thought")
    page.keyboard.press("Alt+x")
    expect(page.locator("dialog")).to_contain_text("thrown away")
    page.get_by_role("button", name="Keep it").click()
    assert desk.requested("conversation.close") == []
    expect(page.locator("#reply")).to_have_value("half a thought")


def test_older_messages_are_read_on_request(desk, windows):
    desk.transcripts[1] = [message(number, f"message {number}") for number in range(1, 81)]
    tab = windows.person()()
    tab.goto(desk.address)
    tab.locator(".item").click()
    expect(tab.locator("#messages .message")).to_have_count(50)
    expect(tab.locator("#messages .message").last).to_be_in_viewport()
    tab.locator("#older").click()
    expect(tab.locator("#messages .message")).to_have_count(80)
    expect(tab.locator("#older")).to_be_hidden()
    expect(tab.locator('[data-message="31"]')).to_be_in_viewport()


def test_going_offline_with_conversations_is_asked_first(desk, page):
    page.get_by_label("Offline").check(force=True)
    expect(page.locator("dialog")).to_contain_text("You hold 1 conversation.")
    page.get_by_role("button", name="Stay").click()
    expect(page.get_by_label("Available")).to_be_checked()
    assert desk.requested("presence.set") == []
    page.get_by_label("Away").check(force=True)
    expect(page.get_by_label("Away")).to_be_checked()
    assert desk.first_request("presence.set")["params"] == {"presence": "away"}


def test_a_refused_presence_is_told_and_taken_back(desk, page):
    desk.answers["presence.set"] = {"error": {"code": 4005, "message": "", "data": {"code": "wrongState"}}}
    page.get_by_label("Away").click(force=True)
    expect(page.locator(".toast")).to_contain_text("Your presence was not changed.")
    expect(page.get_by_label("Available")).to_be_checked()


# -- connection -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "words"),
    [(1013, "too slow"), (4408, "greeting"), (4409, "Another node"), (4503, "restarting"), (1000, "ended")],
)
def test_closes_after_which_the_console_comes_back(desk, page, code, words):
    # The socket is refused until the words were seen: a quick reconnect would hide them.
    desk.accepts_sockets = False
    desk.close(code)
    expect(page.locator("#trouble")).to_contain_text(words)
    desk.accepts_sockets = True
    # It may be trying just now, and then there is nothing to click.
    page.evaluate("document.querySelector('#connect-now')?.click()")
    reconnects(page, desk)
    assert desk.hellos[-1] == {"resume": {"epoch": 1, "seq": 100}}


@pytest.mark.parametrize(
    ("code", "title"), [(4400, "This page is out of date"), (4403, "Your account may not use this desk")]
)
def test_closes_after_which_it_does_not(desk, page, code, title):
    desk.close(code)
    expect(page.locator("h1")).to_have_text(title)
    page.wait_for_timeout(2_000)
    assert len(desk.hellos) == 1


def test_too_many_requests_waits_long(desk, page):
    desk.close(4429)
    expect(page.locator("#trouble")).to_contain_text("slow down")
    page.wait_for_timeout(2_000)
    assert len(desk.hellos) == 1


@pytest.mark.parametrize("end", ["told", "connected again"])
def test_an_interruption_is_shown_while_it_lasts(desk, page, end):
    desk.push_unnumbered("server.interrupted", interrupted=True)
    expect(page.locator("#connection")).to_have_text("Interrupted")
    expect(page.locator("#connection")).to_have_attribute("data-tone", "bad")
    expect(page.locator("#trouble")).to_contain_text("cannot store anything right now")
    # The socket is open: there is nothing to connect by hand.
    expect(page.locator("#connect-now")).to_be_hidden()
    if end == "told":
        desk.push_unnumbered("server.interrupted", interrupted=False)
        expect(page.locator("#connection")).to_have_text("Connected")
    else:
        desk.drop()
        reconnects(page, desk)
    expect(page.locator("#trouble")).to_be_hidden()


def test_a_session_that_ended_shows_nothing_any_more(desk, page):
    open_first(page)
    desk.ticket_status = 401
    desk.close(4401)
    expect(page.locator("h1")).to_have_text("You are signed out")
    assert "Good morning" not in page.content()
    page.get_by_role("link", name="Sign in").click()
    reconnects(page, desk)


def test_a_ticket_that_was_too_old_is_replaced_unseen(desk, page):
    desk.close(4401)
    page.wait_for_timeout(300)
    reconnects(page, desk)
    assert len(desk.hellos) == 2


def test_signing_out(desk, page):
    open_first(page)
    page.fill("#reply", "secret draft")
    page.locator("#sign-out").click()
    page.get_by_role("button", name="Sign out").last.click()
    expect(page.locator("h1")).to_have_text("You are signed out")
    kept = page.evaluate("JSON.stringify(sessionStorage)")
    assert "secret draft" not in kept


def test_no_desk_yet(desk, windows):
    desk.ticket_status = 503
    tab = windows.person()()
    tab.goto(desk.address)
    expect(tab.locator("h1")).to_have_text("Connecting to the desk")
    expect(tab.locator(".gate-reason")).to_contain_text("not available")
    expect(tab.get_by_role("button", name="Connect now")).to_be_visible()
    desk.ticket_status = 200
    expect(tab.locator("#connection")).to_have_text("Connected")


def test_another_person_in_the_same_tab_sees_nothing_of_the_first(desk, page):
    open_first(page)
    page.fill("#reply", "of Ana")
    desk.person = {"id": 8, "name": "Ben", "roles": ["agent"]}
    page.reload()
    reconnects(page, desk)
    assert "of Ana" not in page.evaluate("JSON.stringify(sessionStorage)")


# -- supervision ----------------------------------------------------------------------------------


@pytest.fixture
def supervisor(desk, windows):
    desk.person = {"id": 9, "name": "Eva", "roles": ["supervisor"]}
    waiting = [conversation(number, {"kind": "queue", "id": 1}, waitingSince=now() - number * MINUTE) for number in (2, 3)]
    desk.snapshot["conversations"] += waiting
    desk.snapshot["agents"].append(agent(8, "Ben", presence="away", load=0))
    tab = windows.person()()
    tab.goto(desk.address)
    expect(tab.locator("#connection")).to_have_text("Connected")
    return tab


def test_a_supervisor_sees_queue_and_agents(desk, supervisor):
    rows = supervisor.locator("#queue-table tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Customer 103")
    expect(rows.first).to_contain_text("3 min")
    expect(supervisor.locator("#agents-table tbody tr")).to_have_count(2)
    desk.push(
        "owner.changed", conversation=3, number=2, reason="assigned",
        **{"from": {"kind": "queue", "id": 1}, "to": {"kind": "agent", "id": 8}, "state": conversation(3, {"kind": "agent", "id": 8})},
    )
    expect(rows).to_have_count(1)
    expect(supervisor.locator('[data-agent="8"]')).to_contain_text("1 / 3")
    expect(supervisor.locator("#presence")).to_be_hidden()


def test_a_supervisor_changes_a_capacity(desk, supervisor):
    box = supervisor.get_by_label("Capacity of Ben")
    box.fill("5")
    box.press("Enter")
    expect(supervisor.locator('[data-agent="8"]')).to_contain_text("0 / 5")
    assert desk.first_request("agent.setCapacity")["params"] == {"agent": 8, "capacity": 5}
    desk.answers["agent.setCapacity"] = {"error": {"code": 4008, "message": "", "data": {"code": "forbidden"}}}
    box.fill("6")
    box.press("Enter")
    expect(supervisor.locator(".toast")).to_contain_text("You may not do this.")


# -- keyboard -------------------------------------------------------------------------------------


def test_the_keyboard_alone_is_enough(desk, windows):
    desk.snapshot["conversations"].append(conversation(2))
    desk.transcripts[2] = [message(51, "Second one")]
    tab = windows.person()()
    tab.goto(desk.address)
    expect(tab.locator(".item")).to_have_count(2)
    tab.keyboard.press("Tab")
    expect(tab.locator(".skip")).to_be_focused()
    tab.keyboard.press("Alt+l")
    expect(tab.locator(".item").first).to_be_focused()
    tab.keyboard.press("ArrowDown")
    expect(tab.locator(".item").nth(1)).to_be_focused()
    tab.keyboard.press("Enter")
    expect(tab.locator("#reply")).to_be_focused()
    expect(tab.locator("#messages")).to_contain_text("Second one")
    tab.keyboard.type("by keyboard")
    tab.keyboard.press("Enter")
    expect(tab.locator("#messages .kind-reply")).to_contain_text("by keyboard")
    tab.keyboard.press("Alt+n")
    expect(tab.locator("#messages")).to_contain_text("Good morning")
    tab.keyboard.press("Alt+p")
    tab.keyboard.press("ArrowRight")
    expect(tab.get_by_label("Away")).to_be_checked()
    tab.keyboard.press("F1")
    expect(tab.locator("dialog")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(tab.locator("dialog")).to_have_count(0)
    tab.keyboard.press("Alt+r")
    tab.keyboard.type("? is only a letter here")
    expect(tab.locator("dialog")).to_have_count(0)


def test_focus_stays_when_the_list_is_sorted_anew(desk, windows):
    desk.snapshot["conversations"].append(conversation(2, waitingSince=now()))
    desk.transcripts[2] = [message(51, "Thanks"), message(52, "Bye", "reply", author=7, job={"id": 52, "state": "sent"})]
    tab = windows.person()()
    tab.goto(desk.address)
    item = tab.locator('[data-conversation="1"]')
    item.focus()
    received(desk, 60, "more")
    desk.push("message.written", conversation=1, message=61, agent=7, job=61, text="from another tab")
    expect(item).to_contain_text("from another tab")
    expect(item).to_be_focused()


@pytest.mark.parametrize("width", [1280, 760, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_runs_out_of_the_window(desk, windows, shot, width, scheme):
    desk.transcripts[1].append(message(52, "A reply", "reply", author=7, job={"id": 52, "state": "unconfirmed"}))
    tab = windows.person(viewport={"width": width, "height": 720}, color_scheme=scheme)()
    tab.goto(desk.address)
    expect(tab.locator(".item")).to_have_count(1)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tab.locator(".item").click()
    expect(tab.locator("#messages .message")).to_have_count(2)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(tab.locator("#send")).to_be_in_viewport()
    shot(tab, f"console-{scheme}-{width}")
