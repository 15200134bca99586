"""What a desk routes by, read and changed through the administration API while the desk works."""

from __future__ import annotations

import base64
import json
from typing import Iterator

import pytest

from administration import Administration, configuration, queue
from console import Console, Person, ask
from desk import Desk

SKILL = {"id": 5, "name": "Français"}
NEED = {"skill": 5, "level": 2, "isFirm": False}


@pytest.fixture(scope="module")
def ana(desk: Desk) -> Iterator[Console]:
    console = desk.agent("ana")
    yield console
    console.socket.close()


@pytest.fixture(scope="module")
def office(desk: Desk) -> Administration:
    return Administration(desk.person("sofia"))


@pytest.fixture
def plain(office: Administration, ana: Console) -> Administration:
    """The desk routes as a new one does, and everybody is for everything."""
    office.set(profiles=[{"agent": ana.person, "profile": {"skills": [], "compartments": [], "barred": []}}])
    return office


# -- who may ----------------------------------------------------------------------------------------


def test_only_supervisors_get_in(desk, plain):
    stranger, agent = Administration(Person(desk.server)), Administration(desk.person("ana"))
    document = {"configuration": configuration()}
    for answer in [stranger.read(), stranger.put(document), stranger.read("conversations/1/explanation")]:
        assert (answer.status, answer.json["code"]) == (401, "notSignedIn")
    for answer in [agent.read(), agent.put(document), agent.read("conversations/1/explanation")]:
        assert (answer.status, answer.json["code"]) == (403, "forbidden")
    forged = plain.person.headers(**{"Content-Type": "application/json"})
    answer = ask("PUT", f"{plain.address}/configuration", json.dumps(document).encode(), forged)
    assert (answer.status, answer.json["field"]) == (403, "x-ventanilla")
    # A token that nobody configured opens nothing, not even beside a supervisor's cookie.
    answer = plain.read(Authorization="Bearer " + base64.b64encode(b"x" * 32).decode())
    assert (answer.status, answer.json["field"]) == (401, "authorization")


@pytest.mark.parametrize("path", ["configuration/", "Configuration", "conversations//explanation",
                                  "conversations/01/explanation", "conversations/-1/explanation",
                                  "conversations/x/explanation", "", "conversations/1"])
def test_other_paths_are_not_there(plain, path):
    assert plain.read(path).status == 404


def test_other_methods_are_told_which_there_are(plain):
    for method, path, allowed in [("POST", "configuration", "GET, PUT"),
                                  ("DELETE", "conversations/1/explanation", "GET")]:
        answer = ask(method, f"{plain.address}/{path}", headers=plain.person.headers())
        assert (answer.status, answer.headers["allow"]) == (405, allowed)


# -- what is refused --------------------------------------------------------------------------------


NINE_TO_FIVE = {"day": 1, "opens": "09:00", "closes": "17:00"}

REFUSED = [
    ({"queues": [queue(), queue(id=2, needs=[NEED])], "skills": [SKILL]}, "unservable",
     "configuration.queues[1]"),
    ({"queues": [queue(relaxations=[{"after": 9_000, "lowering": 1}, {"after": 9_000, "lowering": 2}])]},
     "neverEnds", "configuration.queues[0].relaxations[1].after"),
    ({"queues": [queue(overflow={"to": 2, "afterWait": 1_000}), queue(id=2, overflow={"to": 1, "atLength": 3})]},
     "circular", "configuration.queues[0].overflow.to"),
    ({"queues": [queue(), queue()]}, "duplicated", "configuration.queues[1].id"),
    ({"queues": [queue(name="")]}, "outOfRange", "configuration.queues[0].name"),
    ({"queues": [queue(name="two\u0000")]}, "outOfRange", "configuration.queues[0].name"),
    ({"queues": [queue(id=0)]}, "outOfRange", "configuration.queues[0].id"),
    ({"queues": [queue(handing={"offer": {"timeout": 10}})]}, "outOfRange",
     "configuration.queues[0].handing.timeout"),
    ({"queues": [queue(hours={"timeZone": "Moon/Tycho", "weekly": [NINE_TO_FIVE]})]}, "notFound",
     "configuration.queues[0].hours.timeZone"),
    ({"queues": [queue(hours={"timeZone": "Europe/Madrid", "weekly": []})]}, "neverOpens",
     "configuration.queues[0].hours"),
    # The week is empty, and the only day with hours of its own is long gone.
    ({"queues": [queue(), queue(id=2, hours={"timeZone": "Europe/Madrid", "weekly": [], "holidays": [
        {"date": "2020-01-01", "periods": [{"opens": "09:00", "closes": "10:00"}]}]})]}, "neverOpens",
     "configuration.queues[1].hours"),
    ({"kinds": [{"id": 1, "name": "case", "weight": 100}], "queues": [queue(), queue(id=2, kind=1)]}, "unservable",
     "configuration.queues[1].kind"),
    ({"queues": [queue(hours={"timeZone": "Europe/Madrid", "weekly": [NINE_TO_FIVE, NINE_TO_FIVE]})]},
     "overlapping", "configuration.queues[0].hours.weekly[1]"),
    ({"queues": [queue(targets=[{"reply": 1_000, "warning": 2_000}])]}, "outOfRange",
     "configuration.queues[0].targets[0].warning"),
    ({"entry": 9}, "notFound", "configuration.entry"),
    ({"entries": [{"page": "5", "queue": 9}]}, "notFound", "configuration.entries[0].queue"),
    ({"entries": [{"queue": 1}]}, "outOfRange", "configuration.entries[0]"),
    ({"queues": [queue(limit=0)]}, "outOfRange", "configuration.queues[0].limit"),
    ({"kinds": [{"id": 1, "name": "Case", "weight": 1, "channels": [{"channel": "whatsApp", "weight": 0}]}]},
     "outOfRange", "configuration.kinds[0].channels[0].weight"),
    ({"ageing": -1}, "outOfRange", "configuration.ageing"),
]


@pytest.mark.parametrize("changes, code, field", REFUSED, ids=[row[2] + " " + row[1] for row in REFUSED])
def test_a_configuration_that_could_not_work_is_refused(plain, ana, changes, code, field):
    before = plain.read()
    answer = plain.put({"configuration": configuration(**changes)})
    assert (answer.status, answer.json["code"], answer.json["field"]) == (422, code, field)
    assert answer.headers["content-type"] == "application/problem+json"
    assert plain.read().json == before.json


@pytest.mark.parametrize("profiles, code, field", [
    ([{"agent": 999, "profile": {"skills": [], "compartments": [], "barred": []}}], "notFound", "profiles[0].agent"),
    ([{"agent": 0, "profile": {"skills": [], "compartments": [], "barred": [], "queues": [8]}}], "notFound",
     "profiles[0].profile.queues[0]"),
])
def test_a_profile_that_names_nothing_is_refused(plain, ana, profiles, code, field):
    for profile in profiles:
        profile["agent"] = profile["agent"] or ana.person
    answer = plain.put({"configuration": configuration(), "profiles": profiles})
    assert (answer.status, answer.json["code"], answer.json["field"]) == (422, code, field)


@pytest.mark.parametrize("body, field", [
    (b"", None), (b"[]", None), (b"{", None), (b"{}", "configuration"),
    (json.dumps({"configuration": {**configuration(), "queues": {}}}).encode(), "configuration.queues"),
    (json.dumps({"configuration": configuration(queues=[queue(priority="high")])}).encode(),
     "configuration.queues[0].priority"),
    (json.dumps({"configuration": configuration(entries=[{"channel": "smoke", "queue": 1}])}).encode(),
     "configuration.entries[0].channel"),
    (json.dumps({"configuration": configuration(), "profiles": [{"agent": 1.5}]}).encode(), "profiles[0].agent"),
])
def test_a_body_that_is_no_configuration_names_the_field(plain, body, field):
    answer = plain.put(body)
    assert (answer.status, answer.json["code"]) == (400, "invalidRequest")
    assert answer.json.get("field") == field


def test_a_body_has_a_limit(plain):
    assert plain.put(b" " * (1_024 * 1_024 + 1)).status == 413


# -- what is changed --------------------------------------------------------------------------------


def test_a_change_based_on_an_older_version_is_refused(plain):
    first = plain.read()
    document, tag = first.json, first.headers["etag"]
    assert tag == f'"{document["configuration"]["version"]}"'
    document["configuration"]["missedOffers"] = 3
    changed = plain.put(document, match=tag)
    assert changed.status == 204 and changed.headers["etag"] != tag
    late = plain.put(document, match=tag)
    assert (late.status, late.json["code"], late.json["field"]) == (409, "changedMeanwhile", "if-match")
    assert plain.put(document, match="*").status == 204
    assert plain.put(document, match="12").json["field"] == "if-match"


def test_what_was_read_can_be_put_again(plain, ana):
    document = plain.read().json
    document["configuration"]["skills"] = [SKILL]
    document["configuration"]["queues"].append(queue(id=2, name="Français", needs=[NEED]))
    for profile in document["profiles"]:
        if profile["agent"] == ana.person:
            profile["profile"]["skills"] = [{"skill": 5, "level": 3, "isFirm": False}]
    assert plain.put(document).status == 204
    again = plain.read().json
    again["configuration"]["version"] = document["configuration"]["version"]
    assert again == document


def test_consoles_are_told_what_is_in_force(desk, plain, ana):
    supervisor = desk.supervisor()
    version = plain.set(queues=[queue(name="Front desk"), queue(id=2, name="Lists", handing={"pull": {}})])
    supervisor.pushed("configuration.changed", seq=version, by=supervisor.person)
    for console in [ana, supervisor]:
        console.settle()
        notice = [each for each in console.notices if each["method"] == "desk.changed"][-1]["params"]["desk"]
        assert notice["version"] == version
        assert [(each["id"], each["name"], each["handing"]) for each in notice["queues"]] == [
            (1, "Front desk", "push"), (2, "Lists", "pull"),
        ]
    assert desk.supervisor().hello["desk"] == notice


def test_a_restart_keeps_it(desk, plain, ana):
    version = plain.set(queues=[queue(name="Kept")], missedOffers=4)
    desk.stack.stop_server()
    desk.stack.start_server()
    document = plain.read().json["configuration"]
    assert (document["version"], document["queues"][0]["name"], document["missedOffers"]) == (version, "Kept", 4)
