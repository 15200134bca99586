"""Consoles on the live server: feeds without gaps, people and their conversations, commands and what is
refused, and sockets that behave badly."""

from __future__ import annotations

import json
import signal
import threading
import time
import uuid
from typing import Iterator

import pytest

from console import Console, Person, RequestRefused
from desk import Desk, until
from socket_client import BINARY, TEXT, Closed
from support.stack import Stack

SETTINGS = {"desk": {"capacity": 100}}
#: Of a desk that nobody has used.
QUICK = {"desk": {"disconnectGraceSeconds": 1, "settlingSeconds": 0}}


@pytest.fixture
def fresh() -> Iterator[Desk]:
    """A desk that nobody has used."""
    with Stack(settings=QUICK) as stack:
        yield Desk(stack)


@pytest.fixture
def patient() -> Iterator[Desk]:
    """The same, with a grace that outlasts a restart on a busy machine or under a sanitizer."""
    with Stack(settings={"desk": {**QUICK["desk"], "disconnectGraceSeconds": 120}}) as stack:
        yield Desk(stack)


@pytest.fixture(scope="module")
def supervisor(desk: Desk) -> Iterator[Console]:
    console = desk.supervisor()
    yield console
    console.socket.close()


def refused(console: Console, method: str, **params) -> RequestRefused:
    with pytest.raises(RequestRefused) as found:
        console.request(method, **params)
    return found.value


def owner(supervisor: Console, conversation: int) -> dict:
    """Who holds it by the latest handoff that was told."""
    supervisor.settle()
    return supervisor.all("owner.changed", conversation=conversation)[-1]["to"]


# -- feeds ------------------------------------------------------------------------------------------


def test_a_feed_has_no_gap_over_reconnects_under_load(desk):
    messenger, customers = desk.messenger, [desk.customer() for _ in range(4)]
    person = desk.person("sofia")
    console = person.console()
    sent: list[str] = []

    def load() -> None:
        for batch in range(40):
            texts = [f"load {batch}.{number}" for number in range(10)]
            updates = [messenger.text(customers[n % 4], text) for n, text in enumerate(texts)]
            assert messenger.post(messenger.batch(*updates)).status == 200
            sent.extend(texts)

    writer = threading.Thread(target=load)
    writer.start()
    seen: list[str] = []

    def take() -> None:
        seen.extend(
            push["params"]["text"] for push in console.pushes
            if push["method"] == "message.received" and push["params"]["text"].startswith("load ")
        )

    while writer.is_alive():
        console.settle()
        take()
        point = (console.epoch, console.seq)
        console.socket.drop()
        console = person.console(resume=point)
        assert console.hello["mode"] == "resumed"
    writer.join()
    # Texts of what was missed are read back first: an answer may overtake them.
    console.pushed("message.received", text="load 39.9")
    take()
    assert len(sent) == 400
    assert seen == sent
    console.socket.close()


def test_missed_texts_are_waited_for(desk, supervisor):
    """After an outage the desk may work before the connections for reads do: the socket stays."""
    supervisor.settle()
    point = (supervisor.epoch, supervisor.seq)
    customer = desk.customer()
    desk.messenger.write(customer, "missed")
    person = desk.person("sofia")
    desk.stack.query("ALTER TABLE message_changes RENAME TO message_changes_away")
    try:
        console = person.console(resume=point)
        assert console.hello["mode"] == "resumed"
        desk.messenger.write(customer, "meanwhile")
        time.sleep(1)
    finally:
        desk.stack.query("ALTER TABLE message_changes_away RENAME TO message_changes")
    # In order, by the console's own check, and after what was missed what was pushed meanwhile.
    console.pushed("message.received", text="meanwhile")
    texts = [push["params"]["text"] for push in console.pushes if push["method"] == "message.received"]
    assert texts == ["missed", "meanwhile"]
    console.socket.close()


def test_a_place_that_is_not_known_is_answered_with_a_snapshot(desk, supervisor):
    supervisor.settle()
    person = desk.person("sofia")
    for point in [(supervisor.epoch + 1, supervisor.seq), (supervisor.epoch, supervisor.seq + 1_000)]:
        console = person.console(resume=point)
        assert console.hello["mode"] == "snapshot"
        assert console.hello["seq"] == supervisor.seq
        assert {"conversations", "agents", "jobs"} <= console.snapshot.keys()
        console.socket.close()


def test_a_restart_of_the_server_is_a_pause(patient):
    agent = patient.agent("ana")
    _, conversation = patient.given(agent, "before")
    agent.settle()
    point = (agent.epoch, agent.seq)
    person = patient.person("ana")
    for how in (signal.SIGTERM, signal.SIGKILL):
        agent.socket.drop()
        patient.stack.stop_server(how)
        patient.stack.start_server()
        agent = person.console(resume=point)
        assert agent.hello["mode"] == "resumed"
        agent.settle()
        point = (agent.epoch, agent.seq)
        # Within the grace the conversation stayed.
        agent.request("message.send", conversation=conversation, text=f"after {how}")
    agent.settle()
    texts = [message["text"] for message in agent.transcript(conversation)]
    assert texts == ["before", f"after {signal.SIGTERM}", f"after {signal.SIGKILL}"]
    agent.socket.close()


# -- people -----------------------------------------------------------------------------------------


def test_several_tabs_are_one_agent(fresh):
    person = fresh.person("ana")
    tabs = [person.console() for _ in range(3)]
    tabs[0].request("presence.set", presence="available")
    _, conversation = fresh.given(tabs[0], "to one agent")
    for tab in tabs[1:]:
        tab.pushed("presence.changed", presence="available")
        tab.pushed("owner.changed", conversation=conversation)
    supervisor = fresh.supervisor()
    (card,) = [agent for agent in supervisor.snapshot["agents"] if agent["id"] == tabs[0].person]
    assert (card["load"], card["capacity"], card["connected"]) == (1, 3, True)
    # One tab less, in order or not, is not an agent less.
    tabs[0].socket.close()
    tabs[1].socket.drop()
    tabs[2].request("message.send", conversation=conversation, text="still here")
    supervisor.settle()
    assert not supervisor.all("agent.disconnected")
    tabs[2].socket.drop()
    gone = supervisor.pushed("agent.disconnected", agent=card["id"])
    assert gone["deadline"] - gone["at"] == 1_000
    # Whoever stays away beyond the grace keeps nothing (promise P5).
    back = supervisor.pushed("owner.changed", conversation=conversation)
    back = supervisor.until(
        lambda push: push["method"] == "owner.changed" and push["params"]["to"]["kind"] == "queue"
    )["params"]
    assert back["at"] >= gone["deadline"]
    assert back["reason"] == "disconnected"
    supervisor.socket.close()


def test_who_comes_back_in_time_keeps_the_conversations(fresh):
    person = fresh.person("ana")
    agent = person.console()
    agent.request("presence.set", presence="available")
    _, conversation = fresh.given(agent, "kept")
    supervisor = fresh.supervisor()
    agent.settle()
    agent.socket.drop()
    supervisor.pushed("agent.disconnected")
    agent = person.console(resume=(agent.epoch, agent.seq))
    supervisor.pushed("agent.connected")
    time.sleep(1.5)
    supervisor.settle()
    assert not supervisor.all("owner.changed", conversation=conversation)
    agent.request("message.send", conversation=conversation, text="I am back")
    for console in (agent, supervisor):
        console.socket.close()


def test_work_goes_to_who_may_take_it_in_the_order_of_arrival(fresh):
    messenger, supervisor = fresh.messenger, fresh.supervisor()
    waiting = []
    for number in range(5):
        messenger.write(fresh.customer(), f"waits {number}")
        waiting.append(supervisor.pushed("message.received", text=f"waits {number}")["conversation"])
    ana = fresh.person("ana").console()
    supervisor.pushed("agent.entered", agent=ana.person)
    supervisor.request("agent.setCapacity", agent=ana.person, capacity=2)
    supervisor.settle()
    # Whoever has not said so takes no work.
    assert all(owner(supervisor, each)["kind"] == "queue" for each in waiting)
    ana.request("presence.set", presence="available")
    ana.settle()
    given = [change["conversation"] for change in ana.all("owner.changed")]
    assert given == waiting[:2]

    # A capacity may be lowered below the load: nothing is taken away, nothing is added.
    supervisor.request("agent.setCapacity", agent=ana.person, capacity=1)
    ana.request("conversation.close", conversation=waiting[0])
    ana.settle()
    assert len(ana.all("owner.changed")) == 3
    ana.request("conversation.close", conversation=waiting[1])
    ana.pushed("owner.changed", conversation=waiting[2])

    # The least loaded first, then the longest idle.
    bruno = fresh.person("bruno").console()
    bruno.request("presence.set", presence="available")
    bruno.pushed("owner.changed", conversation=waiting[3])
    bruno.pushed("owner.changed", conversation=waiting[4])
    ana.request("conversation.close", conversation=waiting[2])
    messenger.write(fresh.customer(), "for ana")
    supervisor.settle()
    last = supervisor.pushed("message.received", text="for ana")["conversation"]
    assert owner(supervisor, last) == {"kind": "agent", "id": ana.person}

    # Away keeps, offline gives back, to the front.
    bruno.request("presence.set", presence="away")
    messenger.write(fresh.customer(), "nobody is free")
    supervisor.settle()
    late = supervisor.pushed("message.received", text="nobody is free")["conversation"]
    assert owner(supervisor, late)["kind"] == "queue"
    assert owner(supervisor, waiting[3])["id"] == bruno.person
    bruno.request("presence.set", presence="offline")
    assert owner(supervisor, waiting[3])["kind"] == "queue"
    ana.request("conversation.close", conversation=last)
    assert owner(supervisor, waiting[3]) == {"kind": "agent", "id": ana.person}
    assert owner(supervisor, late)["kind"] == "queue"

    # Every change of owner continues the one before (promise P6).
    for conversation in [*waiting, last, late]:
        chain = supervisor.all("owner.changed", conversation=conversation)
        assert [change["number"] for change in chain] == list(range(1, len(chain) + 1))
        for before, after in zip(chain, chain[1:]):
            assert before["to"] == after["from"]
    for console in (ana, bruno, supervisor):
        console.socket.close()


# -- commands ---------------------------------------------------------------------------------------


def test_one_id_is_one_command(desk):
    agent = desk.agent("ana")
    customer, conversation = desk.given(agent)
    id = str(uuid.uuid4())
    params = {"conversation": conversation, "text": "said once"}
    first = agent.request("message.send", id=id, **params)
    assert agent.request("message.send", id=id, **params) == first
    # Two at once, from another tab, in capitals.
    tab = desk.person("ana").console()
    again = [(console, console.begin("message.send", id=id, **params)) for console in (agent, tab)]
    assert [console.answer(each) for console, each in again] == [first, first]
    with pytest.raises(RequestRefused) as reused:
        agent.request("message.send", id=id, conversation=conversation, text="something else")
    assert reused.value.name == "keyReused"
    agent.pushed("job.changed", message=first["message"], state="sent")
    assert [each["text"] for each in desk.messenger.received(customer)] == ["said once"]
    # A refusal is not kept: the same id is judged anew when things have changed.
    id = str(uuid.uuid4())
    with pytest.raises(RequestRefused):
        agent.request("message.send", id=id, conversation=conversation + 1_000_000, text="x")
    for console in (agent, tab):
        console.socket.close()


@pytest.mark.parametrize(
    "method, params, name, field",
    [
        ("no.such.method", {}, "unknownMethod", "method"),
        ("presence.set", {}, "invalidParameters", "presence"),
        ("presence.set", {"presence": "asleep"}, "invalidParameters", "presence"),
        ("presence.set", {"presence": 7}, "invalidParameters", "presence"),
        ("message.send", {"text": "x"}, "invalidParameters", "conversation"),
        ("message.send", {"conversation": 0, "text": "x"}, "invalidParameters", "conversation"),
        ("message.send", {"conversation": "1", "text": "x"}, "invalidParameters", "conversation"),
        ("message.send", {"conversation": 1.5, "text": "x"}, "invalidParameters", "conversation"),
        ("message.send", {"conversation": 10**30, "text": "x"}, "invalidParameters", "conversation"),
        ("message.send", {"conversation": 1}, "invalidParameters", "text"),
        ("message.send", {"conversation": 1, "text": ""}, "invalidParameters", "text"),
        ("message.send", {"conversation": 1, "text": " \n"}, "invalidParameters", "text"),
        ("message.send", {"conversation": 1, "text": "x" * 2_000}, "invalidParameters", "text"),
        ("message.send", {"conversation": 1, "text": "😀" * 1_000}, "invalidParameters", "text"),
        ("message.send", {"conversation": 999_999_999, "text": "x"}, "notFound", "conversation"),
        ("message.resend", {"job": -1}, "invalidParameters", "job"),
        ("message.resend", {"job": 999_999_999}, "notFound", "job"),
        ("conversation.read", {"conversation": 999_999_999}, "notFound", "conversation"),
        ("conversation.close", {"conversation": 999_999_999}, "notFound", "conversation"),
        ("transcript.read", {"conversation": 999_999_999}, "notOwner", "conversation"),
        ("transcript.read", {"conversation": 1, "limit": 0}, "invalidParameters", "limit"),
        ("transcript.read", {"conversation": 1, "limit": 101}, "invalidParameters", "limit"),
        ("agent.setCapacity", {"agent": 1, "capacity": 1}, "forbidden", "method"),
        ("hello", {}, "invalidRequest", "method"),
    ],
)
def test_an_error_names_its_field_and_changes_nothing(desk, method, params, name, field):
    agent = desk.person("carla").console()
    agent.settle()
    before, at = desk.figures(), agent.seq
    error = refused(agent, method, **params)
    assert (error.name, error.field) == (name, field if field == "method" else f"params.{field}")
    agent.settle()
    assert agent.seq == at
    counter = "ventanilla_console_commands_refused_total"
    assert desk.figures()[counter] >= before[counter] + 1
    agent.socket.close()


def test_a_supervisor_does_not_answer_and_knows_limits(desk, supervisor):
    assert refused(supervisor, "presence.set", presence="away").name == "forbidden"
    assert refused(supervisor, "message.send", conversation=1, text="x").name == "forbidden"
    ana = desk.person("ana").console()
    for capacity in (-1, 101):
        error = refused(supervisor, "agent.setCapacity", agent=ana.person, capacity=capacity)
        assert (error.name, error.field) == ("outOfRange", "params.capacity")
    error = refused(supervisor, "agent.setCapacity", agent=999_999, capacity=1)
    assert (error.name, error.field) == ("notFound", "params.agent")
    ana.socket.close()


def test_what_belongs_to_another_is_closed_to_an_agent(desk):
    ana, bruno = desk.agent("ana"), desk.person("bruno").console()
    _, conversation = desk.given(ana)
    for method, params in [
        ("message.send", {"text": "not mine"}), ("conversation.close", {}), ("conversation.read", {}),
        ("transcript.read", {}),
    ]:
        error = refused(bruno, method, conversation=conversation, **params)
        assert (error.name, error.field) == ("notOwner", "params.conversation")
    bruno.settle()
    assert not bruno.all("message.received")
    ana.request("conversation.close", conversation=conversation)
    error = refused(ana, "message.send", conversation=conversation, text="too late")
    assert (error.name, error.field) == ("conversationClosed", "params.conversation")
    for console in (ana, bruno):
        console.socket.close()


@pytest.mark.parametrize(
    "frame, code",
    [
        ("", -32700), ("{", -32700), ("\x00", -32700), ("[]", -32600), ("7", -32600),
        ('{"jsonrpc":"2.0","method":"ping"}', -32600),
        ('{"jsonrpc":"2.0","id":7,"method":"ping"}', -32600),
        ('{"jsonrpc":"2.0","id":"not a uuid","method":"ping"}', -32600),
        ('{"unknown":' + "[" * 5_000, -32700),
    ],
)
def test_a_frame_that_is_no_request_is_told_so(desk, frame, code):
    agent = desk.person("carla").console()
    agent.socket.send(frame)
    answer = json.loads(agent.socket.receive())
    while "error" not in answer:
        answer = json.loads(agent.socket.receive())
    assert answer["error"]["code"] == code
    assert answer["id"] is None
    agent.socket.close()


def test_texts_are_made_storable(desk):
    agent = desk.agent("ana")
    customer, conversation = desk.given(agent)
    id = str(uuid.uuid4())
    text = '"nul \\u0000 lone \\udc00 pair \\ud83d\\ude00 <script>"'
    agent.socket.send(
        f'{{"jsonrpc":"2.0","id":"{id}","method":"message.send",'
        f'"params":{{"conversation":{conversation},"text":{text}}}}}'
    )
    message = agent.answer(id)["message"]
    stored = "nul \ufffd lone \ufffd pair 😀 <script>"
    agent.pushed("job.changed", message=message, state="sent")
    assert agent.transcript(conversation)[-1]["text"] == stored
    assert desk.messenger.received(customer)[0]["text"] == stored
    agent.socket.close()


# -- sockets that behave badly -----------------------------------------------------------------------


def closed(socket) -> int | None:
    try:
        while True:
            socket.receive()
    except Closed as end:
        return end.code


HELLO = json.dumps({"jsonrpc": "2.0", "id": str(uuid.uuid4()), "method": "hello", "params": {}})


@pytest.mark.parametrize(
    "frames, code",
    [
        ([("x" * 65_537, TEXT, True)], 1009),
        # Over all fragments, none of which is too large.
        ([("x" * 30_000, TEXT, False), ("x" * 30_000, 0, False), ("x" * 30_000, 0, True)], 1009),
        ([("x", TEXT, False), *[("x", 0, False)] * 70], 1009),
        ([(b"\x00\x01", BINARY, True)], 1003),
        ([("not json", TEXT, True)], 4400),
        ([('{"jsonrpc":"2.0","id":"x","method":"hello"}', TEXT, True)], 4400),
        ([(HELLO.replace("hello", "presence.set"), TEXT, True)], 4400),
    ],
)
def test_a_bad_first_frame_ends_the_socket(desk, frames, code):
    socket = desk.person("carla").socket()
    try:
        for payload, opcode, final in frames:
            socket.send(payload, opcode, final)
    except OSError:
        pass
    assert closed(socket) == code


def test_text_that_is_not_utf8_ends_the_socket(desk):
    socket = desk.person("carla").socket()
    socket.send(b"\xff\xfe", TEXT)
    assert closed(socket) in (1007, 4400)


def test_a_command_before_the_answer_to_hello_waits(desk):
    socket = desk.person("carla").socket()
    ping = json.dumps({"jsonrpc": "2.0", "id": str(uuid.uuid4()), "method": "ping", "params": {}})
    socket.send(HELLO)
    socket.send(ping)
    seen = [json.loads(socket.receive()) for _ in range(2)]
    assert {json.loads(HELLO)["id"], json.loads(ping)["id"]} == {
        frame["id"] for frame in seen if "id" in frame
    } or any("method" in frame for frame in seen)
    socket.close()


def test_a_flood_of_commands_is_cut(desk):
    agent = desk.person("carla").console()
    try:
        for _ in range(1_000):
            agent.begin("no.such.method")
    except OSError:
        pass
    assert agent.closing().code in (4429, None)
    # The door is not closed for ever.
    desk.person("carla").console().socket.close()


def test_a_slow_reader_is_cut_and_resumes(desk):
    messenger, customer = desk.messenger, desk.customer()
    person = desk.person("sofia")
    slow = person.console(receive_buffer=4_096)
    text = "long " * 380
    batch = 200
    before = desk.figures().get("ventanilla_console_sockets", 0)
    for number in range(60):
        updates = [messenger.text(customer, f"{text}{number}.{n}") for n in range(batch)]
        assert messenger.post(messenger.batch(*updates)).status == 200
        if desk.figures()["ventanilla_console_sockets"] < before:
            break
    until(
        lambda: desk.figures()["ventanilla_console_sockets"] < before, "the slow reader to be cut",
        patience=20,
    )
    # What it got is a prefix of its feed, without a gap; then the socket ends.
    assert slow.closing().code in (1013, None)
    read = len(slow.all("message.received"))
    assert read < (number + 1) * batch
    # It missed more than is told one by one: a snapshot, and the feed from there.
    assert (number + 1) * batch - read > 512
    again = person.console(resume=(slow.epoch, slow.seq))
    assert again.hello["mode"] == "snapshot"
    messenger.write(customer, "after the snapshot")
    again.pushed("message.received", text="after the snapshot")
    again.socket.close()


def test_whoever_does_not_say_hello_is_cut(desk):
    socket = desk.person("carla").socket()
    assert closed(socket) == 4408
