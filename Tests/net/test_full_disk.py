"""PostgreSQL on a disk that is really full, under the live server: what was acknowledged is stored,
nothing else is acknowledged, everybody is told, and with space work goes on by itself."""

from __future__ import annotations

import concurrent.futures
import contextlib
import itertools
import time
from typing import Iterator

import pytest

from console import Console, ask
from desk import Desk, figures, is_ready, log_lines, until
from support.small_disk import SmallDiskStack, refusal

#: Sealed, a text of this length fills a quarter of a page of 8 KiB: few of them need a new page.
TEXT = " ".join(["The same words again."] * 80)
#: Posters at once.
POSTERS = 8


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    reason = refusal()
    if reason is not None:
        pytest.skip(reason)
    with SmallDiskStack() as stack:
        yield Desk(stack)


class Posts:
    """Messages of one customer each, posted one after the other by a few, and what became of them."""

    def __init__(self, desk: Desk, word: str) -> None:
        self.desk = desk
        self.word = word
        self.bodies: dict[str, dict] = {}
        self.answers: dict[str, int] = {}
        self.slowest = 0.0
        self._numbers = itertools.count()
        self._is_over = False

    @contextlib.contextmanager
    def going_on(self) -> Iterator[None]:
        """Posts until the block ends, whatever the answers are."""
        with concurrent.futures.ThreadPoolExecutor(POSTERS) as pool:
            posters = [pool.submit(self._post) for _ in range(POSTERS)]
            try:
                yield
            finally:
                self._is_over = True
            for poster in posters:
                poster.result()

    def _post(self) -> None:
        messenger = self.desk.messenger
        while not self._is_over:
            number = next(self._numbers)
            mid = f"m_{self.word}_{number:05d}"
            body = messenger.batch(messenger.text(f"78{number:014d}", TEXT, mid=mid))
            self.bodies[mid] = body
            begun = time.monotonic()
            self.answers[mid] = messenger.post(body).status
            self.slowest = max(self.slowest, time.monotonic() - begun)

    @property
    def refused(self) -> bool:
        return 503 in list(self.answers.values())

    @property
    def accepted(self) -> int:
        return list(self.answers.values()).count(200)

    def repeat(self, accepted: bool) -> None:
        """Posts once more what was answered 200, or what was not; now all must be."""
        for mid, status in self.answers.items():
            if (status == 200) == accepted:
                assert self.desk.messenger.post(self.bodies[mid]).status == 200


def stored(desk: Desk) -> int:
    return int(desk.stack.query("SELECT count(*) FROM messages")[0][0])


def ledger_is_whole(desk: Desk) -> bool:
    rows = desk.stack.query(
        "SELECT count(*) = max(number), max(number) = (SELECT last_event FROM desks) FROM events"
    )
    return rows == [["t", "t"]]


def test_a_full_disk_of_tables(desk):
    agent, supervisor = desk.agent("ana"), desk.supervisor()
    customer, conversation = desk.given(agent)
    before = stored(desk)
    posts = Posts(desk, "tables")
    desk.stack.fill("base")
    with posts.going_on():
        until(lambda: posts.refused, "the disk to be full")
        # PostgreSQL answers, and the desk is not ready all the same: it cannot store.
        until(lambda: not is_ready(desk.server), "the outage to be told")
        assert desk.stack.query("SELECT 1") == [["1"]]
        assert ask("GET", f"{desk.server}/livez").status == 200
        codes = {line.get("sqlState") for line in log_lines(desk.stack.log_of("ventanilla"))}
        assert "53100" in codes
        for console in (agent, supervisor):
            until(lambda: True in console.interruptions(), "the interruption")
        # Asked again with pauses, not in a loop. What is sent now is undecided until there is space.
        reply = agent.begin("message.send", conversation=conversation, text="as soon as it goes")
        tries, begun = attempts(desk), time.monotonic()
        until(lambda: attempts(desk) > tries, "another try")
        time.sleep(1)
        assert attempts(desk) - tries <= 1 + 4 * (time.monotonic() - begun)
        desk.stack.free("base")
        until(lambda: is_ready(desk.server), "the desk to be owned again")
        assert agent.answer(reply)["message"] > 0
        until(lambda: False in supervisor.interruptions(), "the end of the interruption")
    assert set(posts.answers.values()) == {200, 503}
    assert posts.slowest < 5, "Meta waits no longer"
    assert stored(desk) >= before + posts.accepted + 1
    posts.repeat(accepted=False)
    posts.repeat(accepted=True)
    assert stored(desk) == before + len(posts.answers) + 1
    everyone_was_told_once(desk, supervisor, posts)
    assert ledger_is_whole(desk)
    until(lambda: desk.messenger.received(customer), "the reply at the customer")
    agent.socket.close()
    supervisor.socket.close()


def test_a_full_disk_of_wal(desk):
    supervisor = desk.supervisor()
    before = stored(desk)
    posts = Posts(desk, "wal")
    desk.stack.fill("pg_wal")
    with posts.going_on():
        until(lambda: has_read(supervisor) and posts.refused, "the disk to be full", patience=180)
        until(lambda: not is_ready(desk.server), "the outage to be told")
        assert "PANIC" in desk.stack.log_of("postgres")
        until(lambda: True in supervisor.interruptions(), "the interruption")
        desk.stack.free("pg_wal")
        if desk.stack.has_ended("postgres"):
            # It needs space to recover, too; whoever looks after it starts it again.
            desk.stack.start_postgres()
        until(lambda: is_ready(desk.server), "the desk to be owned again")
    assert set(posts.answers.values()) == {200, 503}
    assert posts.slowest < 5, "Meta waits no longer"
    assert stored(desk) >= before + posts.accepted
    posts.repeat(accepted=True)
    posts.repeat(accepted=False)
    assert stored(desk) == before + len(posts.answers)
    everyone_was_told_once(desk, supervisor, posts)
    assert ledger_is_whole(desk)
    supervisor.socket.close()


def has_read(console: Console) -> bool:
    """Reads what was pushed meanwhile: whoever reads nothing while a disk fills is cut off."""
    console.settle()
    return True


def attempts(desk: Desk) -> float:
    """Commits that did not end well."""
    return figures(desk.server).get('ventanilla_commits_total{outcome="unavailable"}', 0)


def everyone_was_told_once(desk: Desk, supervisor: Console, posts: Posts) -> None:
    supervisor.settle()
    seen = [
        push["params"]["conversation"] for push in supervisor.pushes
        if push["method"] == "message.received" and push["params"]["text"] == TEXT
    ]
    assert len(seen) == len(posts.answers)
