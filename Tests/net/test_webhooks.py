"""Meta's webhooks through the live server: who is let in, what is stored, and what an outage of the
database does to it."""

from __future__ import annotations

import concurrent.futures
import json
import time
import urllib.parse
from pathlib import Path

import pytest

from console import Console, ask
from desk import Desk, Messenger, until
from support.stack import PAGE, Stack


@pytest.fixture(scope="module")
def supervisor(desk: Desk) -> Console:
    return desk.supervisor()


def grown(before: dict, after: dict, name: str) -> float:
    """By how much a series grew; without labels, all that the name has."""

    def total(figures: dict) -> float:
        return sum(
            value for series, value in figures.items()
            if series == name or series.startswith(f"{name}{{")
        )

    return total(after) - total(before)


# -- the handshake --------------------------------------------------------------------------------


def handshake(desk: Desk, **changed: str | None):
    query = {
        "hub.mode": "subscribe", "hub.verify_token": desk.messenger.verify_token,
        "hub.challenge": "1158201444",
    }
    query.update({name.replace("_", ".", 1): value for name, value in changed.items()})
    kept = {name: value for name, value in query.items() if value is not None}
    return ask("GET", f"{desk.messenger.callback}?{urllib.parse.urlencode(kept)}")


def test_the_handshake_answers_the_challenge(desk):
    answer = handshake(desk)
    assert (answer.status, answer.text) == (200, "1158201444")


@pytest.mark.parametrize(
    "changed, field",
    [
        ({"hub_verify_token": "guessed"}, "hub.verify_token"),
        ({"hub_verify_token": None}, "hub.verify_token"),
        ({"hub_verify_token": ""}, "hub.verify_token"),
        ({"hub_mode": None}, "hub.mode"),
        ({"hub_mode": "unsubscribe"}, "hub.mode"),
        ({"hub_challenge": None}, "hub.challenge"),
        ({"hub_challenge": "a\r\nb"}, "hub.challenge"),
        ({"hub_challenge": "1" * 257}, "hub.challenge"),
    ],
)
def test_the_handshake_refuses(desk, changed, field):
    answer = handshake(desk, **changed)
    assert answer.status == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["field"] == field


# -- the signature --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header, status",
    [
        (None, 401),
        ("", 403),
        ("sha256=", 403),
        ("sha256=zz", 403),
        ("sha1=" + "0" * 40, 403),
        ("sha256=" + "0" * 64, 403),
        ("wrong secret", 403),
        ("another body", 403),
        ("right twice", 403),
        ("legacy alone", 401),
    ],
)
def test_what_is_not_signed_is_refused(desk, supervisor, header, status):
    messenger = desk.messenger
    customer = desk.customer()
    body = json.dumps(messenger.batch(messenger.text(customer, "forged"))).encode()
    headers = {"X-Hub-Signature-256": header}
    if header is None:
        headers = {}
    elif header == "wrong secret":
        headers = {"X-Hub-Signature-256": messenger.signature(body, b"guessed")}
    elif header == "another body":
        headers = {"X-Hub-Signature-256": messenger.signature(body + b" ")}
    elif header == "right twice":
        right = messenger.signature(body)
        headers = {"X-Hub-Signature-256": f"{right}, {right}"}
    elif header == "legacy alone":
        # SHA-1 with the right secret: Meta still sends it, it proves nothing any more.
        headers = {"X-Hub-Signature": "sha1=" + "0" * 40}
    before = desk.figures()
    answer = ask("POST", messenger.callback, body, headers)
    assert answer.status == status
    assert answer.json["field"] == "x-hub-signature-256"
    after = desk.figures()
    reason = "unsigned" if status == 401 else "signature"
    assert grown(before, after, f'ventanilla_webhook_refused_total{{reason="{reason}"}}') == 1
    assert grown(before, after, "ventanilla_webhook_elements_total") == 0
    supervisor.settle()
    assert not supervisor.all("message.received", text="forged")


def test_two_secrets_are_good_while_one_is_rotated(tmp_path):
    new = tmp_path / "new.secret"
    new.write_bytes(b"the new secret")
    with Stack() as stack:
        configuration = json.loads(stack.configuration.read_text())
        configuration["messenger"]["appSecretFiles"].insert(0, str(new))
        stack.configuration.write_text(json.dumps(configuration))
        stack.stop_server()
        stack.start_server()
        messenger = Messenger(stack)
        for secret, status in [(messenger.secret, 200), (b"the new secret", 200), (b"a third", 403)]:
            body = json.dumps(messenger.batch(messenger.text("1", "hello"))).encode()
            header = {"X-Hub-Signature-256": messenger.signature(body, secret)}
            assert ask("POST", messenger.callback, body, header).status == status


# -- the body -------------------------------------------------------------------------------------


def test_a_body_over_the_limit_is_refused_before_it_is_read(desk):
    body = b" " * (3 * 1_024 * 1_024 + 1)
    answer = desk.messenger.post(body)
    assert answer.status == 413
    # At the limit the body itself is judged.
    assert desk.messenger.post(body[:-1]).status == 400


@pytest.mark.parametrize(
    "body, field",
    [
        (b"", ""), (b"{", ""), (b"[]", ""), (b'{"object":"page"}', "entry"),
        (b'{"object":"page","entry":{}}', "entry"), (b'{"object":7,"entry":[]}', "object"),
        (b'{"object":"page","entry":[]} x', ""), (b'\xff{"object":"page","entry":[]}', ""),
    ],
)
def test_a_body_that_is_no_webhook_is_refused(desk, body, field):
    before = desk.figures()
    answer = desk.messenger.post(body)
    assert answer.status == 400
    assert answer.json.get("field", "") == field
    assert grown(before, desk.figures(), 'ventanilla_webhook_refused_total{reason="body"}') == 1


def test_a_thousand_updates_and_no_more(desk, supervisor):
    messenger = desk.messenger
    customers = [desk.customer() for _ in range(10)]
    updates = [messenger.text(customers[n % 10], f"of a thousand {n}") for n in range(1_000)]
    assert messenger.post(messenger.batch(*updates)).status == 200
    supervisor.settle()
    texts = [p["text"] for p in supervisor.all("message.received") if "of a thousand" in p["text"]]
    assert texts == [f"of a thousand {n}" for n in range(1_000)]
    refused = messenger.post(messenger.batch(*updates, messenger.text(customers[0], "one more")))
    assert refused.status == 400
    supervisor.settle()
    assert not supervisor.all("message.received", text="one more")


def test_one_message_is_stored_once(desk, supervisor):
    messenger = desk.messenger
    customer = desk.customer()
    body = messenger.batch(messenger.text(customer, "said once", mid="m_once"))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: messenger.post(body), range(24)))
    assert {answer.status for answer in answers} == {200}
    # Meta repeats a message in another envelope.
    repeated = messenger.batch(messenger.text(customer, "said once", mid="m_once"))
    repeated["entry"][0]["time"] += 5_000
    assert messenger.post(repeated).status == 200
    supervisor.settle()
    assert len(supervisor.all("message.received", text="said once")) == 1


def test_the_transcript_is_in_the_order_of_writing(desk, supervisor):
    messenger = desk.messenger
    customer = desk.customer()
    now = int(time.time() * 1_000)
    for text, at in [("third", now), ("first", now - 2_000), ("second", now - 1_000)]:
        messenger.write(customer, text, at=at)
    messenger.write(customer, "fourth, in seconds", at=now // 1_000 + 1)
    messenger.write(customer, "fifth, as text", at=str(now + 2_000))
    supervisor.settle()
    conversation = supervisor.pushed("message.received", text="third")["conversation"]
    texts = [message["text"] for message in supervisor.transcript(conversation)]
    assert texts == ["first", "second", "third", "fourth, in seconds", "fifth, as text"]


@pytest.mark.parametrize("at", [0, None, "yesterday", -5, 10**30])
def test_without_a_time_a_message_is_written_when_it_comes(desk, supervisor, at):
    update = desk.messenger.text(desk.customer(), f"at {at}")
    update["timestamp"] = at
    if at is None:
        del update["timestamp"]
    before = int(time.time() * 1_000)
    assert desk.messenger.post(desk.messenger.batch(update)).status == 200
    supervisor.settle()
    written = supervisor.pushed("message.received", text=f"at {at}")["writtenAt"]
    assert before <= written <= int(time.time() * 1_000)


def test_a_bad_element_costs_no_other(desk, supervisor):
    messenger = desk.messenger
    good = [messenger.text(desk.customer(), f"beside bad ones {n}") for n in range(3)]
    bad = [
        {}, {"sender": 7}, {"sender": {"id": desk.customer()}, "message": "not an object"},
        {"message": {"mid": "m_nobody", "text": "from nobody"}},
        messenger.text(desk.customer(), "x", mid="m" * 5_000),
    ]
    deep = json.dumps(messenger.text(desk.customer(), "deep")).replace('"deep"', "[" * 40 + "]" * 40)
    parts = [json.dumps(part) for part in (good[0], *bad)] + [deep]
    parts += [json.dumps(good[1]), "null", "17", '"text"', json.dumps(good[2])]
    body = f'{{"object":"page","entry":[{{"id":"{PAGE}","time":1,"messaging":[{",".join(parts)}]}}]}}'
    answer = messenger.post(body.encode())
    assert answer.status == 200, answer.text
    supervisor.settle()
    for number in range(3):
        assert len(supervisor.all("message.received", text=f"beside bad ones {number}")) == 1


def test_texts_are_made_storable(desk, supervisor):
    messenger = desk.messenger
    customer = desk.customer()
    update = json.dumps(messenger.text(customer, "TEXT"))
    update = update.replace("TEXT", "nul \\u0000 lone \\ud83d pair \\ud83d\\ude00 <b>&amp;")
    body = f'{{"object":"page","entry":[{{"id":"{PAGE}","time":1,"messaging":[{update}]}}]}}'
    assert messenger.post(body.encode()).status == 200
    supervisor.settle()
    shown = supervisor.pushed("message.received", text="nul \ufffd lone \ufffd pair 😀 <b>&amp;")
    assert supervisor.transcript(shown["conversation"])[0]["text"] == shown["text"]


def test_pages_of_others_are_set_aside(desk, supervisor):
    messenger = desk.messenger
    foreign = messenger.batch(messenger.text("1", "for another bank"), page="424242424242")
    both = messenger.batch(messenger.text(desk.customer(), "for this bank"))
    both["entry"] = foreign["entry"] + both["entry"]
    assert messenger.post(both).status == 200
    supervisor.settle()
    assert supervisor.all("message.received", text="for this bank")
    assert not supervisor.all("message.received", text="for another bank")
    assert supervisor.all("event.kept", kind="foreign_page")


# -- bodies of real shape -------------------------------------------------------------------------

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY.parent / "shared/fixtures/messenger"


def documented_effects() -> tuple[list[str], list[tuple[str, int, str, list[str]]]]:
    """The desk's pages, and each body's status, field and effects."""
    pages, rows = [], []
    table = REPOSITORY / "Tests/WireTests/fixture-effects.tsv"
    for line in table.read_text().splitlines():
        columns = line.split("\t")
        if columns[0] == "#pages":
            pages = columns[1].split(" ")
        elif len(columns) == 4 and columns[0] != "file":
            name, status, field, effects = columns
            rows.append((name, int(status), field, [] if effects == "-" else effects.split(" ")))
    return pages, rows


def renamed(body: bytes, number: int, pages: list[str]) -> bytes:
    """The same bytes with people and message ids of its own: many bodies share them, and each row of
    the table is for a desk that has seen nothing."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return body
    names = set()

    def collect(value, name=""):
        if isinstance(value, dict):
            for key, member in value.items():
                if name in ("sender", "recipient", "from") and key == "id":
                    names.add(str(member))
                elif key in ("mid", "mids", "user_ref"):
                    names.update(map(str, member if isinstance(member, list) else [member]))
                collect(member, key)
        elif isinstance(value, list):
            for member in value:
                collect(member, name)

    collect(document)
    for name in sorted(names - set(pages), key=len, reverse=True):
        quoted = json.dumps(name).encode()
        body = body.replace(quoted, json.dumps(f"{name}{number:03d}").encode())
    return body


def shown(effect: str, is_known: bool) -> tuple[str, dict]:
    """The push, and what it must say, by which a supervisor sees an effect on a thread that is known
    or not."""
    name, _, kind = effect.partition(":")
    match name:
        case "received":
            return "message.received", {"kind": kind}
        case "elsewhere":
            return "message.elsewhere", {}
        case "reacted" | "unreacted":
            return "message.reacted", {"removed": name == "unreacted"}
        case "edited" | "deleted":
            return f"message.{name}", {}
        case "noted" | "kept":
            return "event.kept", {"kind": kind}
        # Reports of a thread that is not known are kept without a conversation.
        case "delivered" | "read":
            return (f"message.{name}" if is_known else "event.kept"), {}
    raise AssertionError(f"the table names an effect that no console shows: {effect}")


@pytest.mark.skipif(not FIXTURES.exists(), reason="../shared/fixtures/messenger is not here")
def test_bodies_of_real_shape_have_their_documented_effect():
    pages, rows = documented_effects()
    wrong = []
    with Stack(settings={"messenger": {"pages": pages}}) as stack:
        desk = Desk(stack)
        supervisor = desk.supervisor()
        for number, (name, status, field, effects) in enumerate(rows):
            body = renamed((FIXTURES / name).read_bytes(), number, pages)
            before, first = desk.figures(), len(supervisor.pushes)
            answer = desk.messenger.post(body)
            supervisor.settle()
            after = desk.figures()
            told = [
                (push["method"], push["params"]) for push in supervisor.pushes[first:]
                if push["method"].startswith(("message.", "event."))
            ]
            expected = [
                shown(effect, effects[0].startswith("received")) for effect in effects
                if effect != "repeated"
            ]
            faults = []
            if answer.status != status:
                faults.append(f"status {answer.status}")
            if status != 200 and answer.json.get("field", "-") != field:
                faults.append(f"field {answer.json.get('field')}")
            if len(told) != len(expected) or not all(
                method == wanted and said.items() >= must.items()
                for (method, said), (wanted, must) in zip(told, expected)
            ):
                faults.append(f"told {told} instead of {expected}")
            if grown(before, after, "ventanilla_webhook_elements_total") != len(effects):
                faults.append("the count of elements")
            for method, said in told:
                if method == "message.received":
                    rows_shown = supervisor.transcript(said["conversation"])
                    if said["message"] not in [row["id"] for row in rows_shown]:
                        faults.append("not in the transcript")
            if faults:
                wrong.append(f"{name}: {'; '.join(faults)}")
        # What was sent once more is answered the same and told to nobody.
        first = len(supervisor.pushes)
        for number, (name, status, _, _) in enumerate(rows):
            body = renamed((FIXTURES / name).read_bytes(), number, pages)
            if desk.messenger.post(body).status != status:
                wrong.append(f"{name}: another status when it came again")
        supervisor.settle()
        again = [push for push in supervisor.pushes[first:] if push["method"] != "epoch.began"]
        assert not again
    assert not wrong, "\n".join(wrong)


# -- outages of the database ----------------------------------------------------------------------


def test_a_paused_database_costs_time_and_nothing_else(desk, supervisor):
    messenger = desk.messenger
    customer = desk.customer()
    body = messenger.batch(messenger.text(customer, "while paused"))
    told = supervisor.interruptions()
    desk.stack.pause_postgres()
    try:
        begun = time.monotonic()
        answer = messenger.post(body)
        took = time.monotonic() - begun
        until(lambda: supervisor.interruptions() == told + [True], "the interruption to be told")
    finally:
        desk.stack.resume_postgres()
    assert answer.status == 503
    assert took < 5, "Meta waits no longer"
    assert int(answer.headers["retry-after"]) >= 1
    # Meta tries again; whether the first attempt was stored meanwhile is not known, and all the same.
    until(lambda: messenger.post(body).status == 200, "the database to be used again")
    messenger.write(customer, "after the pause")
    supervisor.pushed("message.received", text="after the pause")
    assert len(supervisor.all("message.received", text="while paused")) == 1
    conversation = supervisor.pushed("message.received", text="while paused")["conversation"]
    texts = [message["text"] for message in supervisor.transcript(conversation)]
    assert texts == ["while paused", "after the pause"]
    # Once each, however often the database was asked for meanwhile.
    assert supervisor.interruptions() == told + [True, False]


def test_a_killed_database_costs_time_and_nothing_else(desk, supervisor):
    messenger = desk.messenger
    customers = [desk.customer() for _ in range(8)]
    bodies = [messenger.batch(messenger.text(customer, "around a kill")) for customer in customers]
    told = supervisor.interruptions()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        early = [pool.submit(messenger.post, body) for body in bodies[:4]]
        desk.stack.kill_postgres()
        away = messenger.post(bodies[4])
        assert away.status == 503
        assert int(away.headers["retry-after"]) >= 1
        until(lambda: supervisor.interruptions() == told + [True], "the interruption to be told")
        assert {answer.result().status for answer in early} <= {200, 503}
        desk.stack.start_postgres()
    for body in bodies:
        until(lambda: messenger.post(body).status == 200, "the database to be used again")
    # The console's feed goes on over the reload; its own checks find a gap or a repetition.
    for customer in customers:
        messenger.write(customer, f"after the kill {customer}")
        supervisor.pushed("message.received", text=f"after the kill {customer}")
    assert len(supervisor.all("message.received", text="around a kill")) == 8
    assert supervisor.interruptions() == told + [True, False]
