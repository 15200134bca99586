"""What an agent writes, on its way to the customer: once, in order, and never again by itself when it
may have left (promise P8)."""

from __future__ import annotations

import signal
import time
from typing import Iterator

import pytest

from console import Console, RequestRefused
from desk import Desk, until
from support.stack import PAGE, Stack

#: The shortest wait for an echo that the settings allow.
SETTINGS = {"desk": {"confirmationWaitSeconds": 5, "settlingSeconds": 0, "capacity": 100}}


@pytest.fixture(scope="module")
def agent(desk: Desk) -> Iterator[Console]:
    console = desk.agent("ana")
    yield console
    console.socket.close()


@pytest.fixture(autouse=True)
def calm(desk: Desk) -> Iterator[None]:
    yield
    desk.messenger.control("DELETE", "send-faults")
    desk.messenger.control(
        "POST", "settings",
        {"hold": [], "drop": [], "send_latency_ms": 0, "retries": 3, "duplicate_every": 0},
    )


def reply(agent: Console, conversation: int, text: str) -> int:
    """Sends a text; the message's id, which its job has too."""
    return agent.request("message.send", conversation=conversation, text=text)["message"]


def job(agent: Console, message: int, state: str) -> dict:
    return agent.pushed("job.changed", message=message, state=state)


def states(agent: Console, message: int) -> list[str]:
    return [change["state"] for change in agent.all("job.changed", message=message)]


def texts(desk: Desk, customer: str) -> list[str]:
    return [message["text"] for message in desk.messenger.received(customer)]


def test_a_reply_reaches_the_customer_once(desk, agent):
    customer, conversation = desk.given(agent)
    text = "Yes, from 9:00 to 13:00 — “até já” 😀\nline two"
    message = reply(agent, conversation, text)
    sent = job(agent, message, "sent")
    (received,) = desk.messenger.received(customer)
    assert received["text"] == text
    # The mark by which the echo proves the send; nothing of the desk's inside is told by it.
    assert received["metadata"] == f"ventanilla:1:{sent['job']}"
    agent.pushed("message.delivered", conversation=conversation)
    agent.pushed("message.read", conversation=conversation)
    shown = agent.transcript(conversation)
    assert [entry["kind"] for entry in shown] == ["text", "reply"]
    assert shown[1]["job"]["state"] == "sent"
    # The echo of our own message is no message of another app.
    assert not agent.all("message.elsewhere", conversation=conversation)


def test_who_comes_later_sees_what_was_delivered_and_read(desk, agent):
    customer, conversation = desk.given(agent)
    message = reply(agent, conversation, "on record")
    job(agent, message, "sent")

    def marks(console: Console) -> tuple[int | None, int | None]:
        shown = console.request("transcript.read", conversation=conversation)
        return shown.get("deliveredUpTo"), shown.get("readUpTo")

    # The sandbox reports both by itself, of now: these are later.
    now = int(time.time() * 1_000)
    delivered, read = now + 200_000, now + 100_000
    for kind, watermark in [("read", read), ("read", read - 1), ("delivery", delivered)]:
        update = {"sender": {"id": customer}, "recipient": {"id": PAGE}, "timestamp": now}
        answer = desk.messenger.post(desk.messenger.batch({**update, kind: {"watermark": watermark}}))
        assert answer.status == 200, answer.text
    agent.pushed("message.delivered", conversation=conversation, upTo=delivered)
    agent.pushed("message.read", conversation=conversation, upTo=read)
    second = desk.person("ana").console()
    assert marks(second) == (delivered, read)
    second.socket.close()
    # Who takes it over has heard no report.
    bruno = desk.agent("bruno")
    to = {"kind": "agent", "id": bruno.person}
    agent.request("conversation.transfer", conversation=conversation, to=to)
    bruno.pushed("owner.changed", conversation=conversation)
    assert marks(bruno) == (delivered, read)
    bruno.request("conversation.close", conversation=conversation)
    bruno.request("presence.set", presence="offline")
    bruno.socket.close()
    # Nothing was told of another conversation's replies.
    _, other = desk.given(agent)
    shown = agent.request("transcript.read", conversation=other)
    assert "readUpTo" not in shown


@pytest.mark.parametrize(
    "error, failure",
    [
        ({"status": 400, "code": 10, "subcode": 2018278}, "outsideWindow"),
        ({"status": 400, "code": 10, "subcode": 2018065}, "outsideWindow"),
        ({"status": 400, "code": 551, "subcode": 1545041}, "customerUnavailable"),
        ({"status": 400, "code": 100, "subcode": 2018001}, "customerUnavailable"),
        ({"status": 400, "code": 10, "subcode": 2018300}, "anotherAppInControl"),
        ({"status": 400, "code": 100, "subcode": 2018109}, "refused"),
        ({"status": 400, "code": 100}, "refused"),
        ({"status": 400, "code": 987654}, "refused"),
    ],
)
def test_a_refusal_is_shown_with_its_reason(desk, agent, error, failure):
    customer, conversation = desk.given(agent)
    desk.messenger.fault("send", "error", recipient=customer, **error)
    message = reply(agent, conversation, "refused at first")
    assert job(agent, message, "failed")["failure"] == failure
    # It does not hold up what comes after it, and is sent again only by a person.
    after = reply(agent, conversation, "the next")
    job(agent, after, "sent")
    assert texts(desk, customer) == ["the next"]
    agent.request("message.resend", job=message)
    job(agent, message, "sent")
    assert texts(desk, customer) == ["the next", "refused at first"]
    with pytest.raises(RequestRefused) as refused:
        agent.request("message.resend", job=message)
    assert (refused.value.name, refused.value.field) == ("wrongState", "params.job")


def test_what_waits_to_be_sent_is_limited(desk, agent):
    customer, conversation = desk.given(agent)
    # The first is taken, but neither its answer nor its echo comes.
    desk.messenger.control("POST", "settings", {"hold": ["echo"], "send_latency_ms": 8_000})
    ids = [
        agent.begin("message.send", conversation=conversation, text=f"number {number}")
        for number in range(100)
    ]
    written = [agent.answer(id)["message"] for id in ids]
    with pytest.raises(RequestRefused) as refused:
        reply(agent, conversation, "one too many")
    assert (refused.value.name, refused.value.field) == ("tooManyUnsettled", "params.conversation")
    agent.settle()
    assert len(agent.all("message.written", conversation=conversation)) == 100
    # One that has gone makes room.
    desk.messenger.control("POST", "settings", {"hold": [], "send_latency_ms": 0})
    desk.messenger.control("POST", "release", {})
    job(agent, written[0], "sent")
    written.append(reply(agent, conversation, "after all"))
    job(agent, written[-1], "sent")
    # The sandbox shows a customer's last hundred messages.
    assert texts(desk, customer) == [f"number {number}" for number in range(1, 100)] + ["after all"]


def test_what_was_surely_not_taken_is_tried_again(desk, agent):
    customer, conversation = desk.given(agent)
    desk.messenger.fault("send", "error", recipient=customer, status=400, code=10, subcode=2018108)
    message = reply(agent, conversation, "later")
    job(agent, message, "sending")
    again = agent.until(
        lambda push: push["method"] == "job.changed"
        and push["params"]["message"] == message and push["params"]["state"] == "queued"
    )["params"]
    assert again["attempts"] == 1
    assert texts(desk, customer) == []


def test_a_channel_that_is_down_is_tried_until_it_is_up(desk, agent):
    customer, conversation = desk.given(agent)
    desk.stack._stop("sandbox", signal.SIGTERM)
    message = reply(agent, conversation, "into the void")
    agent.pushed("job.changed", message=message, state="queued", attempts=1)
    desk.stack.start_sandbox()
    job(agent, message, "sent")
    assert texts(desk, customer) == ["into the void"]


@pytest.mark.parametrize("effect", ["accept_then_drop", "accept_then_error", "accept_then_no_answer"])
def test_the_echo_tells_what_the_answer_did_not(desk, agent, effect):
    customer, conversation = desk.given(agent)
    desk.messenger.fault("send", effect, recipient=customer)
    message = reply(agent, conversation, f"answer lost: {effect}")
    job(agent, message, "sent")
    assert texts(desk, customer) == [f"answer lost: {effect}"]
    assert "queued" not in states(agent, message)


def test_without_an_echo_a_person_decides(desk, agent):
    desk.messenger.control("POST", "settings", {"drop": ["echo"]})
    effects = {
        "accept_then_drop": {}, "drop": {},
        "error": {"status": 500, "code": 2}, "accept_then_error": {"status": 503, "code": 1},
    }
    written = []
    for effect, more in effects.items():
        customer, conversation = desk.given(agent, f"for {effect}")
        desk.messenger.fault("send", effect, recipient=customer, **more)
        written.append((effect, customer, conversation, reply(agent, conversation, "perhaps")))
        # The line of a conversation waits for what is unknown.
        reply(agent, conversation, "behind it")
    for effect, customer, conversation, message in written:
        unknown = job(agent, message, "unknown")
        assert unknown["deadline"] - unknown["at"] == 5_000
        unconfirmed = job(agent, message, "unconfirmed")
        assert unconfirmed["at"] >= unknown["deadline"]
        behind = agent.pushed("message.written", conversation=conversation, text="behind it")
        job(agent, behind["message"], "sent")
        left = ["perhaps"] if effect.startswith("accept") else []
        assert texts(desk, customer) == [*left, "behind it"], effect
        assert states(agent, message) == ["sending", "unknown", "unconfirmed"]
        agent.request("message.resend", job=message)
        job(agent, message, "sent")
        assert texts(desk, customer) == [*left, "behind it", "perhaps"]


def test_a_late_echo_still_counts(desk, agent):
    desk.messenger.control("POST", "settings", {"hold": ["echo"]})
    customer, conversation = desk.given(agent)
    desk.messenger.fault("send", "accept_then_drop", recipient=customer)
    message = reply(agent, conversation, "the echo is late")
    job(agent, message, "unconfirmed")
    desk.messenger.control("POST", "release", {})
    job(agent, message, "sent")
    assert texts(desk, customer) == ["the echo is late"]


def test_one_conversation_is_a_line(desk, agent):
    desk.messenger.control("POST", "settings", {"send_latency_ms": 60})
    first, second = desk.given(agent, "one"), desk.given(agent, "two")
    ids = [
        agent.begin("message.send", conversation=conversation, text=f"number {number}")
        for number in range(6) for _, conversation in (first, second)
    ]
    messages = [agent.answer(id)["message"] for id in ids]
    for message in messages:
        job(agent, message, "sent")
    for (customer, conversation), mine in [(first, messages[::2]), (second, messages[1::2])]:
        assert texts(desk, customer) == [f"number {number}" for number in range(6)]
        changes = [
            (change["message"], change["state"])
            for change in agent.all("job.changed", conversation=conversation)
        ]
        assert changes == [(message, state) for message in mine for state in ("sending", "sent")]
    # Conversations do not wait for each other.
    beginnings = [
        push["params"]["seq"] for message in messages[:2]
        for push in agent.pushes
        if push["method"] == "job.changed" and push["params"]["message"] == message
    ]
    assert max(beginnings[0], beginnings[2]) < min(beginnings[1], beginnings[3])


def test_another_app_writes(desk, agent):
    customer, conversation = desk.given(agent)
    messenger = desk.messenger
    echo = messenger.text(customer, "from the page's inbox")
    echo["sender"], echo["recipient"] = echo["recipient"], echo["sender"]
    echo["message"].update(is_echo=True, app_id=263902037430900)
    assert messenger.post(messenger.batch(echo)).status == 200
    agent.pushed("message.elsewhere", conversation=conversation, text="from the page's inbox")
    # A mark of ours that names nothing of ours is another app's too, and reconciles nothing.
    forged = messenger.text(customer, "with a forged mark")
    forged["sender"], forged["recipient"] = forged["recipient"], forged["sender"]
    forged["message"].update(is_echo=True, metadata="ventanilla:1:999999999")
    assert messenger.post(messenger.batch(forged)).status == 200
    agent.pushed("message.elsewhere", conversation=conversation, text="with a forged mark")


def test_what_was_under_way_at_a_kill_is_not_sent_twice(desk, agent):
    customer, conversation = desk.given(agent)
    desk.messenger.control("POST", "settings", {"send_latency_ms": 1_500})
    message = reply(agent, conversation, "under way")
    job(agent, message, "sending")
    # The post is out: its answer will find nobody.
    until(lambda: desk.figures()["ventanilla_sends_posted_total"], "the post")
    time.sleep(0.3)
    desk.stack.stop_server(signal.SIGKILL)
    until(lambda: texts(desk, customer), "the channel to take it")
    desk.stack.start_server()
    back = desk.person("ana").console()
    until(
        lambda: back.transcript(conversation)[-1]["job"]["state"] == "sent",
        "the send to be reconciled",
    )
    assert texts(desk, customer) == ["under way"]
    back.socket.close()


def test_an_outage_is_read_back(desk):
    messenger = desk.messenger
    agent = desk.agent("ana")
    customer, conversation = desk.given(agent, "before the outage")
    held, held_conversation = desk.given(agent, "before the hold")
    messenger.control("POST", "settings", {"retries": 0})
    desk.stack.stop_server(signal.SIGKILL)
    # The channel's API tells whole seconds, webhooks milliseconds.
    time.sleep(1.1)
    lost = [messenger.customer_writes(customer, f"lost {number}") for number in range(3)]
    newcomer = desk.customer()
    messenger.customer_writes(newcomer, "lost and new")
    until(
        lambda: messenger.control("GET", "statistics")["events_given_up"] >= 4, "Meta to give up"
    )
    # Of another thread the webhooks are late, not lost.
    messenger.control("POST", "settings", {"hold": ["message"]})
    late = messenger.customer_writes(held, "late")
    desk.stack.start_server()

    back = desk.agent("ana")
    expected = ["before the outage", "lost 0", "lost 1", "lost 2"]
    until(
        lambda: [entry["text"] for entry in back.transcript(conversation)] == expected,
        "the thread to be read back",
    )
    until(lambda: len(back.transcript(held_conversation)) == 2, "the other thread to be read back")
    messenger.control("POST", "release", {})
    messenger.post(messenger.batch(messenger.text(customer, "lost 1", mid=lost[1])))
    messenger.post(messenger.batch(messenger.text(held, "late", mid=late)))
    back.settle()
    assert [entry["text"] for entry in back.transcript(conversation)] == expected
    assert [entry["text"] for entry in back.transcript(held_conversation)] == [
        "before the hold", "late",
    ]
    # Who wrote for the first time during the outage has a conversation too.
    supervisor = desk.supervisor()
    waiting = [
        entry["text"] for found in supervisor.snapshot["conversations"]
        for entry in supervisor.transcript(found["id"])
    ]
    assert waiting.count("lost and new") == 1
    back.socket.close()
    supervisor.socket.close()


@pytest.mark.parametrize(
    "error, state, failure",
    [
        ({"status": 400, "code": 613}, "queued", None),
        ({"status": 429, "code": 4}, "queued", None),
        ({"status": 400, "code": 190}, "failed", "pageNotPermitted"),
        ({"status": 403, "code": 10}, "failed", "pageNotPermitted"),
    ],
)
def test_trouble_of_the_page_stops_all_its_sends(error, state, failure):
    with Stack(settings=SETTINGS) as stack:
        desk = Desk(stack)
        agent = desk.agent("ana")
        first, conversation = desk.given(agent, "first")
        second, other = desk.given(agent, "second")
        desk.messenger.fault("send", "error", recipient=first, **error)
        message = reply(agent, conversation, "this one finds out")
        job(agent, message, "sending")
        ended = agent.until(
            lambda push: push["method"] == "job.changed"
            and push["params"]["message"] == message and push["params"]["state"] == state
        )["params"]
        assert ended.get("failure") == failure
        reply(agent, other, "this one waits")
        time.sleep(0.5)
        agent.settle()
        assert texts(desk, second) == []
        assert desk.figures()["ventanilla_sends_posted_total"] == 1
        agent.socket.close()
