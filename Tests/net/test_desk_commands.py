"""What a desk routes by from the command line: exported, imported, and explained in words."""

from __future__ import annotations

import copy
import json
import os
import re
import secrets
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from administration import configuration, queue
from console import Person
from desk import Desk
from support.stack import programs

SETTINGS = {"desk": {"settlingSeconds": 0}}
SKILL = {"id": 5, "name": "Français"}
NEED = {"skill": 5, "level": 2, "isFirm": False}


@pytest.fixture(scope="module")
def token(desk: Desk) -> str:
    """The desk with an operator's token."""
    file = desk.stack.directory / "keys" / "operator.token"
    token = secrets.token_urlsafe(32)
    file.write_text(token + "\n")
    settings = json.loads(desk.stack.configuration.read_text())
    settings["operator"] = {"tokenFile": str(file)}
    desk.stack.configuration.write_text(json.dumps(settings))
    desk.stack.stop_server()
    desk.stack.start_server()
    return token


def run(desk: Desk, *words: str, given: str | None = None, **environment: str):
    return subprocess.run(
        [str(programs() / "ventanilla"), *words, "--config", str(desk.stack.configuration)],
        input=given, text=True, capture_output=True, timeout=60,
        env={**os.environ, **environment},
    )


def exported(desk: Desk) -> dict:
    done = run(desk, "desk", "export")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def imported(desk: Desk, document: dict, *more: str):
    return run(desk, "desk", "import", "-", *more, given=json.dumps(document))


def test_what_is_exported_is_imported_on_record(desk: Desk, token: str):
    agent = desk.agent("ana")
    document = exported(desk)
    assert document["configuration"]["version"] == 0
    assert [entry["agent"] for entry in document["profiles"]] == [agent.person]
    document["configuration"] = configuration(skills=[SKILL], queues=[queue(needs=[NEED])])
    document["profiles"][0]["profile"]["skills"] = [{"skill": 5, "level": 3, "isFirm": False}]
    done = imported(desk, document)
    assert done.returncode == 0, done.stderr
    version = int(done.stdout.split()[-1])
    again = exported(desk)
    assert again["configuration"] == {**document["configuration"], "version": version}
    assert again["profiles"] == document["profiles"]
    # What was exported before is not in force any more.
    done = imported(desk, document, "--if-unchanged")
    assert done.returncode == 4 and "if-match" in done.stderr, done.stderr
    assert imported(desk, again, "--if-unchanged").returncode == 0
    # The database's own view, over a restart.
    desk.stack.stop_server()
    desk.stack.start_server()
    assert exported(desk)["profiles"] == document["profiles"]
    agent.socket.close()


# -- every member -----------------------------------------------------------------------------------


ROOT = Path(__file__).parents[2]
#: A document that says everything there is to say. That it leaves no member of the program out is judged
#: by reflection in ConfigurationDocumentTests.
EVERYTHING = json.loads((ROOT / "Tests/support/every_member.json").read_text())


def met(value: object, path: str = "") -> set[str]:
    """The paths of all members of a document."""
    if isinstance(value, dict):
        return set().union({path}, *(met(each, f"{path}.{name}") for name, each in value.items()))
    if isinstance(value, list):
        return set().union(*(met(each, f"{path}[]") for each in value))
    return {path}


def described(schema: dict, schemas: dict, path: str = "") -> set[str]:
    """The paths of all members that a schema names."""
    if "$ref" in schema:
        file, name = schema["$ref"].split("#/")
        found = schemas[file]
        for part in name.split("/"):
            found = found[part]
        return described(found, schemas if file == "" else {**schemas, "": schemas[file]}, path)
    paths = {path} if schema.get("type") != "array" else set()
    for part in schema.get("allOf", []) + schema.get("oneOf", []):
        paths |= described(part, schemas, path)
    for name, each in schema.get("properties", {}).items():
        paths |= described(each, schemas, f"{path}.{name}")
    if "items" in schema:
        paths |= described(schema["items"], schemas, f"{path}[]")
    return paths


def test_every_member_is_exported_as_it_was_imported(desk: Desk, token: str):
    agent = desk.agent("ana", presence="offline")
    before = exported(desk)
    everything = copy.deepcopy(EVERYTHING)
    everything["profiles"][0]["agent"] = agent.person
    done = imported(desk, everything)
    assert done.returncode == 0, done.stderr
    again = exported(desk)
    assert again["configuration"].pop("version") == int(done.stdout.split()[-1])
    del everything["configuration"]["version"]
    assert again["configuration"] == everything["configuration"]
    assert [each for each in again["profiles"] if each["agent"] == agent.person] == everything["profiles"]
    assert imported(desk, before).returncode == 0
    agent.socket.close()


def test_the_example_and_the_description_of_the_api_name_the_same_members():
    api = yaml.safe_load((ROOT / "Schemas/openapi.yaml").read_text())
    console = json.loads((ROOT / "Schemas/console.json").read_text())
    schemas = {"": api, "console.json": console}
    assert met(EVERYTHING) == described(api["components"]["schemas"]["configuration"], schemas)


@pytest.mark.parametrize(
    "change, field",
    [
        ({"entry": 9}, "configuration.entry"),
        ({"queues": [queue(needs=[NEED])]}, "configuration.queues[0].needs[0].skill"),
        ({"queues": [queue(overflow={"to": 1, "afterWait": 5})]},
         "configuration.queues[0].overflow.to"),
        ({"ageing": "long"}, "configuration.ageing"),
    ],
)
def test_what_is_wrong_is_told_by_its_field(desk: Desk, token: str, change: dict, field: str):
    before = exported(desk)
    done = imported(desk, {"configuration": configuration(**change)})
    assert done.returncode == 4
    assert done.stderr.startswith(f"ventanilla: {field}: "), done.stderr
    assert exported(desk) == before


def test_nobody_imports_without_the_token(desk: Desk, token: str):
    document = {"configuration": configuration()}
    done = run(desk, "desk", "import", "-", given=json.dumps(document),
               VENTANILLA_OPERATOR_TOKEN_FILE="")
    assert done.returncode == 2 and "operator.tokenFile" in done.stderr, done.stderr
    other = desk.stack.directory / "other.token"
    other.write_text("x" * 40)
    done = run(desk, "desk", "import", "-", given=json.dumps(document),
               VENTANILLA_OPERATOR_TOKEN_FILE=str(other))
    assert done.returncode == 4 and "authorization" in done.stderr, done.stderr
    for text in (done.stderr, desk.stack.log_of("ventanilla")):
        assert token not in text


def explained_over_who_declined(desk: Desk, busy: Person):
    """Ana has one conversation, Bruno none; he declines, and it is hers: the past says why not his."""
    def written(customer: str) -> int:
        desk.messenger.write(customer, "hello")
        return int(desk.stack.query("SELECT max(conversation) FROM conversations")[0][0])

    held = written("900100201")
    busy.pushed("offer.made", conversation=held)
    busy.request("offer.accept", conversation=held)
    free = desk.agent("bruno")
    conversation = written("900100202")
    free.pushed("offer.made", conversation=conversation)
    free.request("offer.decline", conversation=conversation, reason="busy")
    busy.pushed("offer.made", conversation=conversation)
    done = run(desk, "explain", str(conversation))
    assert (
        f"passed over: agent {free.person}, who had declined it, let it pass or passed it on\n" in done.stdout
    ), done.stdout
    free.socket.close()


def test_a_conversation_is_explained_in_words(desk: Desk, token: str):
    assert imported(desk, {"configuration": configuration(
        skills=[SKILL], queues=[queue(handing={"offer": {"timeout": 600_000}})])}).returncode == 0
    agent = desk.agent("ana")
    desk.messenger.write("900100200", "hello")
    offer = agent.pushed("offer.made")
    conversation = offer["conversation"]
    done = run(desk, "explain", str(conversation))
    assert done.returncode == 0, done.stderr
    assert "to queue 1 (Service): the customer wrote" in done.stdout
    assert f"offered to agent {agent.person} until" in done.stdout
    assert "1 conversation waited for the same, 1 agent on duty could serve it" in done.stdout
    assert f"now: it is offered to agent {agent.person}" in done.stdout
    agent.request("offer.accept", conversation=conversation)
    agent.request("conversation.close", conversation=conversation)
    done = run(desk, "explain", str(conversation))
    assert f"agent {agent.person} accepted" in done.stdout
    assert done.stdout.endswith("now: it is closed\n")
    explained_over_who_declined(desk, agent)
    done = run(desk, "explain", "123456789")
    assert done.returncode == 1 and "no conversation" in done.stderr
    agent.socket.close()


def test_what_waits_is_explained_by_its_queue_first(desk: Desk, token: str):
    """Nobody is there and the queue is closed: that is said once, before what keeps each agent from it;
    and what the customer was told is part of the past."""
    told = {
        "waiting": "You are number {position}; about {minutes} min.",
        "nobody": "Nobody is here now. You are number {position}.",
        "closed": {"opening": "We are closed until {opens}.", "unknown": "We are closed just now."},
        "positionStep": 1, "minutesStep": 1, "interval": 5_000, "usualPace": 120_000,
    }
    agent = desk.agent("ana", presence="offline")
    able = {"skills": [{"skill": 5, "level": 3, "isFirm": False}], "compartments": [], "barred": []}
    done = imported(desk, {
        "configuration": configuration(skills=[SKILL], queues=[queue(needs=[NEED], announcing=told)]),
        "profiles": [{"agent": agent.person, "profile": able}],
    })
    assert done.returncode == 0, done.stderr
    supervisor = desk.supervisor()
    supervisor.request("queue.close", queue=1)
    desk.messenger.write("900100203", "hello")
    conversation = supervisor.pushed("message.announced")["conversation"]
    done = run(desk, "explain", str(conversation))
    assert done.returncode == 0, done.stderr
    assert re.search(r"event \d+: told the customer: closed\n", done.stdout), done.stdout
    now = done.stdout[done.stdout.index("now: "):]
    assert re.match(
        r"now: it waits, \d+ conversations? before it in its line, \d+ in its queue\n"
        r"  it counts as waiting since \d{4}-\d\d-\d\dT[\d:]+Z\n"
        r"  its queue is closed: nobody is given it\n"
        r"  it asks for Français at level 2\n"
        r"  conversations of its page begin in queue 1 \(Service\)\n"
        r"judged by configuration \d+:\n"
        r"  agent \d+: ", now,
    ), now
    assert now.count("closed") == 1
    assert "is not on duty" in now, "what keeps each agent from it is told all the same"
    # Who could have it is named, in turn.
    agent.request("presence.set", presence="available")
    done = run(desk, "explain", str(conversation))
    assert f"\n  agent {agent.person}: could have it\n" in done.stdout, done.stdout
    assert done.stdout.endswith(
        f"\nnext in turn: agent {agent.person} (least loaded, then longest idle)\n"), done.stdout
    supervisor.request("queue.open", queue=1)
    agent.pushed("owner.changed", conversation=conversation)
    agent.socket.close()
    supervisor.socket.close()


def test_a_moment_of_the_past_is_reconstructed(desk: Desk, token: str):
    """Why nobody was given it then, from the ledger alone; what the ledger does not hold is named."""
    agent = desk.agent("ana", presence="offline")
    plain = {"skills": [], "compartments": [], "barred": []}
    done = imported(desk, {
        "configuration": configuration(queues=[queue()]),
        "profiles": [{"agent": agent.person, "profile": plain}],
    })
    assert done.returncode == 0, done.stderr
    # Whatever waits from before is given as well.
    supervisor = desk.supervisor()
    supervisor.request("agent.setCapacity", agent=agent.person, capacity=100)
    desk.messenger.write("900100205", "hello")
    conversation = int(desk.stack.query("SELECT max(conversation) FROM conversations")[0][0])
    then = desk.stack.query(
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')")[0][0]
    time.sleep(0.02)
    agent.request("presence.set", presence="available")
    agent.pushed("owner.changed", conversation=conversation)
    past = run(desk, "explain", str(conversation), "--at", then, VENTANILLA_OPERATOR_TOKEN_FILE="")
    assert past.returncode == 0, past.stderr
    words = past.stdout[past.stdout.index("reconstructed"):]
    assert re.match(
        r"reconstructed from the ledger, by the rules of this program:\n"
        r"then: it waits, \d+ conversations? before it in its line, \d+ in its queue\n", words,
    ), words
    assert f"\n  agent {agent.person}: is not on duty\n" in words, words
    assert "it was their turn" not in past.stdout and "not on record" not in past.stdout, past.stdout
    # What they are for is kept as it is now alone.
    able = {**plain, "compartments": [4]}
    done = imported(desk, {
        "configuration": configuration(queues=[queue()]),
        "profiles": [{"agent": agent.person, "profile": able}],
    })
    assert done.returncode == 0, done.stderr
    past = run(desk, "explain", str(conversation), "--at", then)
    assert f"not on record: what agent {agent.person} was for;" in past.stdout, past.stdout
    before = run(desk, "explain", str(conversation), "--at", "2020-01-01T00:00:00Z")
    assert before.stdout == "then: it was closed, or had not begun\n", before.stdout
    wrong = run(desk, "explain", str(conversation), "--at", "yesterday")
    assert wrong.returncode == 2 and "--at" in wrong.stderr, wrong.stderr
    agent.request("conversation.close", conversation=conversation)
    agent.socket.close()
    supervisor.socket.close()
