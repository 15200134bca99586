"""Wrap-up, busy, reasons and the end of a shift on the live server, and the report of worked time."""

from __future__ import annotations

import csv
import io
import time
from typing import Iterator

import pytest

from administration import Administration, queue
from console import Console, Person, RequestRefused, ask
from desk import Desk

SETTINGS = {"desk": {"capacity": 2, "disconnectGraceSeconds": 20, "settlingSeconds": 0}}
LUNCH = {"id": 1, "name": "Lunch"}
PLANNED = [queue(wrapUp={"time": 1_500, "maximum": 4_000})]


@pytest.fixture(scope="module")
def office(desk: Desk) -> Administration:
    return Administration(desk.person("sofia"))


@pytest.fixture(scope="module")
def sofia(desk: Desk) -> Iterator[Console]:
    console = desk.person("sofia").console()
    yield console
    console.socket.close()


@pytest.fixture(scope="module")
def planned(desk: Desk, office: Administration) -> None:
    desk.agent("ana", presence="offline").socket.close()
    office.set(queues=PLANNED, awayReasons=[LUNCH])


@pytest.fixture
def ana(desk: Desk, planned: None) -> Iterator[Console]:
    """Ana is available and holds nothing."""
    console = desk.agent("ana")
    yield console
    again = desk.person("ana").console()
    for conversation in again.snapshot["conversations"]:
        again.request("conversation.close", conversation=conversation["id"])
    again.request("shift.setEnd", shiftEnd=None)
    again.request("presence.set", presence="offline")
    again.socket.close()
    console.socket.close()


def writes(desk: Desk, sofia: Console) -> int:
    sofia.settle()
    seen = sofia.seq
    desk.messenger.write(desk.customer(), "Good morning")
    return sofia.until(
        lambda push: push["method"] == "conversation.opened" and push["params"]["seq"] > seen
    )["params"]["conversation"]


def refused(console: Console, method: str, **params) -> tuple[str, str]:
    with pytest.raises(RequestRefused) as found:
        console.request(method, **params)
    return found.value.name, found.value.field


def test_who_closes_writes_up_and_is_given_nothing_until_the_deadline(desk, ana, sofia):
    first = writes(desk, sofia)
    ana.pushed("owner.changed", conversation=first)
    ana.request("conversation.close", conversation=first)
    began = ana.pushed("presence.changed", presence="wrapUp")
    until = ana.pushed("wrapUp.changed", agent=ana.person)["until"]
    assert until == began["at"] + 1_500
    second = writes(desk, sofia)
    ana.request("wrapUp.extend")
    assert ana.pushed("wrapUp.changed", until=until + 1_500)
    given = ana.pushed("owner.changed", conversation=second)
    assert given["at"] >= until + 1_500
    back = ana.until(
        lambda push: push["method"] == "presence.changed" and push["params"]["seq"] > began["seq"]
    )["params"]
    assert back["presence"] == "available" and back["at"] >= until + 1_500
    assert refused(ana, "wrapUp.extend")[0] == "wrongState"


def test_done_ends_the_wrap_up(desk, ana, sofia):
    first = writes(desk, sofia)
    ana.pushed("owner.changed", conversation=first)
    ana.request("conversation.close", conversation=first)
    ana.request("presence.set", presence="available")
    second = writes(desk, sofia)
    ana.pushed("owner.changed", conversation=second)


def test_a_reason_is_told_and_shown_to_the_supervisor(desk, ana, sofia):
    ana.request("presence.set", presence="away", awayReason=1)
    assert sofia.pushed("presence.changed", agent=ana.person, presence="away", awayReason=1)
    card = next(each for each in desk.person("sofia").console().snapshot["agents"] if each["id"] == ana.person)
    assert (card["presence"], card["awayReason"]) == ("away", 1)
    assert refused(ana, "presence.set", presence="away", awayReason=9) == ("notFound", "params.reason")
    assert refused(ana, "presence.set", presence="wrapUp")[0] == "outOfRange"
    sofia.request("agent.setPresence", agent=ana.person, presence="busy")
    assert ana.pushed("presence.changed", presence="busy")["by"] == sofia.person


def test_a_shift_that_ends_drains(desk, ana, sofia):
    first = writes(desk, sofia)
    ana.pushed("owner.changed", conversation=first)
    end = int(time.time() * 1_000) + 600
    sofia.request("agent.setShiftEnd", agent=ana.person, shiftEnd=end)
    assert ana.pushed("shift.ended", agent=ana.person)["at"] >= end
    second = writes(desk, sofia)
    ana.request("conversation.close", conversation=first)
    assert ana.pushed("presence.changed", presence="offline")["at"] >= end
    ana.settle()
    assert not ana.all("owner.changed", conversation=second)
    ana.request("presence.set", presence="available")
    ana.pushed("owner.changed", conversation=second)


def test_what_was_worked_is_reported_to_supervisors_alone(desk, office, ana):
    now = int(time.time() * 1_000)
    path = f"reports/worked-time?from={now - 3_600_000}&to={now + 60_000}"
    report = office.read(path)
    assert report.status == 200
    line = next(each for each in report.json["agents"] if each["agent"] == ana.person)
    by_presence = {share["presence"]: share["time"] for share in line["presences"]}
    assert line["onDuty"] == sum(by_presence.get(each, 0) for each in ["available", "busy", "wrapUp"])
    assert 0 < line["held"] <= line["onDuty"]
    assert by_presence["wrapUp"] >= 3_000
    lines = office.read(path + f"&format=csv&agent={ana.person}")
    assert lines.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(lines.text)))
    assert {row["agent"] for row in rows} == {str(ana.person)}
    assert any(row["time"] == "away" and row["awayReason"] == "1" for row in rows)
    assert Administration(Person(desk.server)).read(path).status == 401
    assert Administration(desk.person("ana")).read(path).status == 403
    assert ask("POST", f"{office.address}/{path}", headers=office.person.headers()).status == 405


@pytest.mark.parametrize("query, field", [
    ("", "from"), ("from=1", "to"), ("from=x&to=9", "from"), ("from=5&to=5", "from"),
    ("from=1&to=9999999999999", "to"), ("from=1&to=9&agent=-1", "agent"), ("from=1&to=9&format=xml", "format"),
])
def test_a_report_that_cannot_be_is_refused(office, query, field):
    answer = office.read(f"reports/worked-time?{query}")
    assert (answer.status, answer.json["code"], answer.json["field"]) == (400, "invalidRequest", field)
