"""Opening hours and targets on the live server: what calendars, supervisors and deadlines bring about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from administration import queue
from desk import until
from test_routing import SETTINGS, office, refused, shared  # noqa: F401  (settings, fixtures, a helper)

ALWAYS = {"timeZone": "Europe/Madrid", "weekly": [{"day": day, "opens": "00:00", "closes": "24:00"} for day in range(1, 8)]}


def later() -> dict:
    """Hours of one day a week, which is not today: closed now, and not for good."""
    day = (datetime.now(UTC) + timedelta(days=3)).isoweekday()
    return {"timeZone": "Etc/UTC", "weekly": [{"day": day, "opens": "09:00", "closes": "10:00"}]}


def service(console) -> dict:
    console.settle()
    notices = [each for each in console.notices if each["method"] == "service"]
    return notices[-1]["params"] if notices else {"queues": [], "promises": []}


def test_a_closed_queue_gives_nothing_until_it_opens(office):  # noqa: F811
    office.administration.set(queues=[queue(hours=later())])
    office.agent("ana")
    office.supervisor.pushed("queue.closed", queue=1)
    conversation = office.writes()
    assert office.owner(conversation)["to"]["kind"] == "queue"
    # Another configuration: the shell computes its hours and tells them.
    office.administration.set(queues=[queue(hours=ALWAYS)])
    assert office.supervisor.pushed("queue.opened", queue=1).get("by") is None
    until(lambda: office.owner(conversation)["to"]["kind"] == "agent", "the conversation with an agent")


def test_a_supervisor_closes_and_opens_a_queue(office):  # noqa: F811
    office.administration.set(queues=[queue()])
    ana = office.agent("ana")
    assert refused(ana, "queue.close", queue=1)[0] == "forbidden"
    assert refused(office.supervisor, "queue.close", queue=1, until=1) == ("outOfRange", "params.until")
    office.supervisor.request("queue.close", queue=1)
    office.supervisor.pushed("queue.closed", queue=1, by=office.supervisor.person)
    conversation = office.writes()
    assert office.owner(conversation)["to"]["kind"] == "queue"
    until(lambda: [each["isOpen"] for each in service(ana)["queues"]] == [False], "the notice that it is closed")
    office.supervisor.request("queue.open", queue=1)
    until(lambda: office.owner(conversation)["to"]["kind"] == "agent", "the conversation with an agent")


def test_a_target_is_warned_of_and_broken_at_its_moment(office):  # noqa: F811
    target = {"firstResponse": 2_000, "warning": 1_000, "onBreach": {"priority": 7, "callsSupervisor": True}}
    office.administration.set(queues=[queue(targets=[target])])
    ana = office.agent("ana")
    conversation = office.writes()
    began = office.owner(conversation)["at"]
    warned = ana.pushed("target.warned", conversation=conversation)
    breached = office.supervisor.pushed("target.breached", conversation=conversation)
    assert warned["kind"] == breached["kind"] == "firstResponse"
    assert breached["callsSupervisor"] is True
    assert 0 <= breached["at"] - began - 2_000 < 1_500
    assert office.supervisor.pushed("priority.changed", conversation=conversation)["priority"] == 7
    until(
        lambda: [each["stage"] for each in service(ana)["promises"]] == ["breached"], "the mark at the conversation")
    ana.request("message.send", conversation=conversation, text="Good morning")
    assert office.supervisor.pushed("target.met", conversation=conversation)["isLate"] is True
