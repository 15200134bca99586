"""A primary with a synchronous standby under the live server: several hosts in the connection string,
commits whose wait for the standby is cancelled, and a failover."""

from __future__ import annotations

import concurrent.futures
import subprocess
import time
from typing import Iterator

import pytest

from console import Console, ask
from desk import Desk, is_ready, log_lines, until
from support.replicas import ReplicatedStack
from support.stack import programs


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with ReplicatedStack() as stack:
        yield Desk(stack)


def stored(desk: Desk, server: str) -> int:
    return int(desk.stack.query("SELECT count(*) FROM messages", server)[0][0])


def waiting_commits(desk: Desk) -> list[str]:
    """The sessions of the server's whose COMMIT waits for the standby."""
    rows = desk.stack.query(
        "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' ORDER BY pid"
    )
    return [pid for (pid,) in rows]


def unknown_commits(desk: Desk) -> float:
    return desk.figures().get('ventanilla_commits_total{outcome="unknown"}', 0)


def times_told(supervisor: Console, text: str) -> int:
    supervisor.settle()
    return len(supervisor.all("message.received", text=text))


def test_the_primary_is_found_behind_a_dead_host_and_a_standby(desk):
    assert desk.stack.query("SELECT pg_is_in_recovery()", "standby") == [["t"]]
    desk.messenger.write(desk.customer(), "to whoever may write")
    assert stored(desk, "postgres") == 1
    until(lambda: stored(desk, "standby") == 1, "the standby to show it")


def test_a_cancelled_wait_for_the_standby_is_not_believed(desk):
    """PostgreSQL then answers COMMIT and warns: the message is on one machine alone."""
    messenger, supervisor = desk.messenger, desk.supervisor()
    body = messenger.batch(messenger.text(desk.customer(), "on one machine alone"))
    before, unknown = stored(desk, "postgres"), unknown_commits(desk)
    desk.stack.pause_postgres("standby")
    try:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            posted, log = time.monotonic(), desk.stack.log_of("ventanilla")
            answer = pool.submit(messenger.post, body)
            (session,) = until(lambda: waiting_commits(desk), "a commit that waits")
            assert desk.stack.query(f"SELECT pg_cancel_backend({session})") == [["t"]]
            until(lambda: unknown_commits(desk) > unknown, "the outcome")
            lines = log_lines(desk.stack.log_of("ventanilla")[len(log):])
            assert "replicationUncertain" in [line.get("reason") for line in lines]
            # It is there for all to see, and nobody was told: neither Meta nor a console.
            assert stored(desk, "postgres") == before + 1
            assert not answer.done()
            assert times_told(supervisor, "on one machine alone") == 0
            assert not is_ready(desk.server)
            assert answer.result().status == 503
            assert time.monotonic() - posted < 5, "Meta waits no longer"
    finally:
        desk.stack.resume_postgres("standby")
    until(lambda: is_ready(desk.server), "the desk to be owned again")
    assert messenger.post(body).status == 200
    assert stored(desk, "postgres") == before + 1
    assert times_told(supervisor, "on one machine alone") == 1
    supervisor.socket.close()


def test_a_failover_loses_and_doubles_nothing(desk):
    messenger, stack = desk.messenger, desk.stack
    person, agent, supervisor = desk.person("ana"), desk.agent("ana"), desk.supervisor()
    customer, conversation = desk.given(agent)
    first = stack.process("ventanilla")
    texts = [f"before the failover {number}" for number in range(40)]
    bodies = [messenger.batch(messenger.text(desk.customer(), text)) for text in texts]
    late = [f"while it happened {number}" for number in range(4)]
    undecided = [messenger.batch(messenger.text(desk.customer(), text)) for text in late]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert {answer.status for answer in pool.map(messenger.post, bodies)} == {200}
        before = stored(desk, "postgres")
        stack.stop_standby()
        answers = [pool.submit(messenger.post, body) for body in undecided]
        until(lambda: waiting_commits(desk), "a commit that waits")
        reply = agent.begin("message.send", conversation=conversation, text="across the failover")
        # The machine of the primary is lost with what only it knows.
        assert stored(desk, "postgres") == before
        lost = time.monotonic()
        stack.lose_postgres()
        stack.start_standby()
        assert stored(desk, "standby") == before
        stack.promote_standby()
        until(lambda: is_ready(desk.server), "the desk to be owned on the new primary")
        took = time.monotonic() - lost
        statuses = [answer.result().status for answer in answers]
    assert set(statuses) <= {200, 503}
    assert took < 8, f"{took:.1f} s, of which the promotion needs less than one"
    # What was undecided is decided there: nobody sends the reply a second time.
    assert agent.answer(reply)["message"] > 0
    until(lambda: messenger.received(customer), "the reply at the customer")
    assert len(messenger.received(customer)) == 1
    # Meta repeats all of it, and it is there once.
    for body in bodies + undecided:
        assert messenger.post(body).status == 200
    assert stored(desk, "standby") == before + len(undecided) + 1
    for text in texts + late:
        assert times_told(supervisor, text) == 1, text
    ledger_is_sound(desk)
    # Everybody else goes on too: sessions of before, and new sign-ins.
    assert person.ticket_answer().status == 200
    assert desk.person("bruno").cookie
    assert stack.process("ventanilla") == first
    assert not stack.ended_within("ventanilla", 0)
    for console in (agent, supervisor):
        console.socket.close()


def ledger_is_sound(desk: Desk) -> None:
    verified = subprocess.run(
        [programs() / "ventanilla", "verify", "--config", desk.stack.configuration], text=True,
        capture_output=True, timeout=30,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "is sound" in verified.stdout


def test_it_starts_when_only_one_of_its_hosts_is_there(desk):
    desk.stack.stop_server()
    desk.stack.start_server()
    desk.messenger.write(desk.customer(), "after a start on the new primary")
    assert ask("GET", f"{desk.server}/desks/1/owner").status == 200
