"""What waiting customers are told through the channel, who is given up, and the report of waits."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Iterator
from zoneinfo import ZoneInfo

import pytest

from administration import Administration, configuration, queue
from console import Console
from desk import Desk, until

SETTINGS = {"desk": {"capacity": 1, "settlingSeconds": 0}}
TOLD = {
    "waiting": "You are number {position}; about {minutes} min.",
    "nobody": "Nobody is here now. You are number {position}.",
    "positionStep": 1, "minutesStep": 1, "interval": 5_000, "usualPace": 120_000,
}


@pytest.fixture(scope="module")
def office(desk: Desk) -> Administration:
    desk.agent("ana", presence="offline").socket.close()
    administration = Administration(desk.person("sofia"))
    administration.set(queues=[queue(announcing=TOLD, abandonment=6_000)])
    return administration


@pytest.fixture(scope="module")
def supervisor(desk: Desk, office: Administration) -> Iterator[Console]:
    console = desk.supervisor()
    yield console
    console.socket.close()


def opened(desk: Desk, supervisor: Console, customer: str) -> int:
    supervisor.settle()
    seen = supervisor.seq
    desk.messenger.customer_writes(customer, "Good morning")
    return supervisor.until(
        lambda push: push["method"] == "conversation.opened" and push["params"]["seq"] > seen
    )["params"]["conversation"]


def texts(desk: Desk, customer: str) -> list[str]:
    return [each["text"] for each in desk.messenger.received(customer)]


def test_waiting_customers_are_told_through_the_channel(desk, office, supervisor):
    first, second = desk.customer(), desk.customer()
    conversation = opened(desk, supervisor, first)
    told = supervisor.pushed("message.announced", conversation=conversation)
    assert told["announcement"] == {"kind": "nobodyThere", "position": 1}
    assert told["text"] == "Nobody is here now. You are number 1."
    until(lambda: texts(desk, first) == [told["text"]], "the announcement to arrive")
    behind = opened(desk, supervisor, second)
    supervisor.pushed("message.announced", conversation=behind, announcement={"kind": "nobodyThere", "position": 2})
    # An agent comes: the first is given, and the second is told their new place once it is time.
    agent = desk.agent("ana")
    try:
        agent.pushed("owner.changed", conversation=conversation)
        rows = agent.transcript(conversation)
        assert [row["kind"] for row in rows] == ["text", "announcement"]
        assert "author" not in rows[1] and rows[1]["text"] == told["text"]
        told = supervisor.pushed("message.announced", conversation=behind,
                                 announcement={"kind": "waiting", "position": 1, "minutes": 2})
        assert told["text"] == "You are number 1; about 2 min."
        until(lambda: texts(desk, second)[-1:] == [told["text"]], "the second announcement")
        # Nothing of it is an answer.
        shown = desk.supervisor().snapshot["conversations"]
        assert {each["id"]: each["unread"] for each in shown}[behind] == 1
        # The second is silent for too long, and is given up.
        gone = supervisor.until(
            lambda push: push["method"] == "owner.changed" and push["params"]["conversation"] == behind
            and push["params"]["reason"] == "abandoned", 20)["params"]
        assert gone["to"] == {"kind": "nobody"}
        assert opened_again(desk, supervisor, second, behind)
        agent.request("message.send", conversation=conversation, text="Here I am")
        agent.request("conversation.close", conversation=conversation)
    finally:
        agent.request("presence.set", presence="offline")
        agent.socket.close()


def opened_again(desk: Desk, supervisor: Console, customer: str, conversation: int) -> bool:
    supervisor.settle()
    seen = supervisor.seq
    desk.messenger.customer_writes(customer, "Still there")
    back = supervisor.until(
        lambda push: push["method"] == "owner.changed" and push["params"]["seq"] > seen
        and push["params"]["conversation"] == conversation)["params"]
    return back["reason"] == "customerWrote"


def test_the_report_adds_up(desk, office):
    now = int(time.time() * 1_000)
    answer = office.read(f"reports/waits?from={now - 3_600_000}&to={now + 60_000}")
    assert answer.status == 200, answer.text
    report = answer.json
    assert report["to"] <= int(time.time() * 1_000)
    assert [each["queue"] for each in report["expected"]] == [1]
    began = sum(each["began"] for each in report["queues"])
    assert began == 3
    assert sum(each["abandoned"] for each in report["queues"]) >= 1
    assert sum(each["announcements"] for each in report["queues"]) >= 3
    assert sum(each["untilAnswered"]["count"] for each in report["queues"]) == 1


def test_a_closed_queue_says_so_and_when_it_opens(desk, office, supervisor):
    closed = {"opening": "We are closed until {opens}.", "unknown": "We are closed just now."}
    week = [{"day": day, "opens": "00:00", "closes": "24:00"} for day in range(1, 8)]
    office.set(queues=[queue(
        announcing={**TOLD, "closed": closed}, hours={"timeZone": "Asia/Kolkata", "weekly": week})])
    supervisor.pushed("queue.opened", queue=1)
    waiting = desk.stack.query("SELECT conversation FROM conversations WHERE owner = 'queue' ORDER BY waiting_since")
    agent = desk.agent("ana")
    try:
        # Who still waits from before is served first.
        for (left,) in waiting:
            agent.pushed("owner.changed", conversation=int(left))
            agent.request("conversation.close", conversation=int(left))
        opens = int(time.time() * 1_000) + 3_600_000
        supervisor.request("queue.close", queue=1, until=opens)
        early, late = desk.customer(), desk.customer()
        conversation = opened(desk, supervisor, early)
        # Ana is there and has room, and yet it would be a lie to tell a place and some minutes.
        told = supervisor.pushed("message.announced", conversation=conversation)
        assert told["announcement"] == {"kind": "closed", "opens": opens}
        clock = datetime.fromtimestamp(opens / 1_000, ZoneInfo("Asia/Kolkata"))
        assert told["text"] == f"We are closed until {clock:%Y-%m-%d %H:%M}."
        until(lambda: texts(desk, early) == [told["text"]], "the sentence to arrive")
        supervisor.request("queue.open", queue=1)
        agent.pushed("owner.changed", conversation=conversation)
        supervisor.request("queue.close", queue=1)
        behind = opened(desk, supervisor, late)
        told = supervisor.pushed("message.announced", conversation=behind)
        assert told["announcement"] == {"kind": "closed"}
        supervisor.request("queue.open", queue=1)
        told = supervisor.pushed("message.announced", conversation=behind,
                                 announcement={"kind": "waiting", "position": 1, "minutes": 2})
        until(lambda: texts(desk, late) == ["We are closed just now.", told["text"]], "place and wait anew")
        agent.request("conversation.close", conversation=conversation)
        agent.pushed("owner.changed", conversation=behind)
        agent.request("conversation.close", conversation=behind)
    finally:
        agent.request("presence.set", presence="offline")
        agent.socket.close()


@pytest.mark.parametrize("query, field", [
    ("", "from"), ("from=1", "to"), ("from=x&to=5", "from"), ("from=5&to=5", "from"),
    ("from=-1&to=5", "from"), ("from=1&to=2678400002", "to"), ("from=%zz&to=5", "query"),
])
def test_no_report_without_a_range(office, query, field):
    answer = office.read(f"reports/waits?{query}")
    assert (answer.status, answer.json["field"]) == (400, field)


def test_the_report_is_for_supervisors(desk):
    answer = Administration(desk.person("ana")).read("reports/waits?from=1&to=2")
    assert (answer.status, answer.json["code"]) == (403, "forbidden")


@pytest.mark.parametrize("change, code, field", [
    ({"waiting": "Your card 4111 1111 1111 1111"}, "guarded", "waiting"),
    ({"nobody": "IBAN GB82 WEST 1234 5698 7654 32"}, "guarded", "nobody"),
    ({"closed": {"opening": "a", "unknown": "Your card 4111 1111 1111 1111"}}, "guarded", "closed.unknown"),
    ({"waiting": "{wait}"}, "notFound", "waiting"),
    ({"interval": 4_999}, "outOfRange", "interval"),
])
def test_what_may_not_be_said_is_refused(office, change, code, field):
    wanted = configuration(queues=[queue(announcing={**TOLD, **change})])
    answer = office.put({"configuration": wanted})
    assert (answer.status, answer.json["code"]) == (422, code)
    assert answer.json["field"] == f"configuration.queues[0].announcing.{field}"
