"""One run: the whole product at work, faults in between, then quiet and evidence."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from evidence import Evidence, dump
from load import Load
from support.stack import Stack

#: Short, so that what a crash leaves open is settled while somebody waits for it.
DESK = {"disconnectGraceSeconds": 3, "confirmationWaitSeconds": 5, "settlingSeconds": 2}
CUSTOMERS = 24
#: As Meta: a few retries at once and then none; duplicates; disorder.
SANDBOX = {
    "batch_size": 8, "retries": 3, "retry_delay_ms": 100, "duplicate_every": 5,
    "order": "reversed", "delivered_after_ms": 50, "read_after_ms": 300,
}
# How long the desk may take until everything is answered and settled after the last fault. A send
# whose end a kill left unknown holds back the others of its conversation until the channel has been
# read back whole and its deadline has passed (promise P8). Servers that live for seconds never come to
# that: after many kills in a row most of what was ever ordered waits behind one such send in each
# conversation, and goes when the kills are over.

#: For everything that does not grow with the run: the last start, consoles that come back, webhooks
#: that are tried again; in seconds.
QUIET_WITHIN = 45
#: Between two calls by which the channel is read back, in seconds (`BackfillPauses.call`: the platform
#: allows two a second), and with what a call itself takes.
READ_BACK_CALL = 0.6 + 0.2
#: Messages that one of these calls reads (`ConversationsAPI.entriesPerPage`).
READ_BACK_PAGE = 100
#: Replies that are written, sent and settled in a second, one at a time in each of the conversations:
#: debug programs did 120 of them, and 55 on a machine with other work to do.
REPLIES_PER_SECOND = 30


class Run:
    """A desk at work. Use as a context manager."""

    def __init__(self, directory: Path, seed: int) -> None:
        self.directory = directory
        self.directory.mkdir(parents=True, exist_ok=True)
        self.stack = Stack(settings={"desk": DESK})
        self._seed = seed

    def __enter__(self) -> "Run":
        self.stack.__enter__()
        try:
            self.control("settings", SANDBOX)
            self.load = Load(
                self.stack.server, self.stack.sandbox, self.directory / "history.jsonl", self._seed)
            self.load.__enter__()
        except BaseException:
            self.stack.stop()
            raise
        return self

    def __exit__(self, *problem: object) -> None:
        self.load.__exit__()
        if problem[0] is not None:
            for name in ("ventanilla", "sandbox", "postgres"):
                shutil.copy(self.stack.directory / f"{name}.log", self.directory)
        self.stack.stop()

    # -- the sandbox ------------------------------------------------------------------------------

    def control(self, path: str, document: dict | None = None, method: str | None = None) -> dict:
        request = urllib.request.Request(
            f"{self.stack.sandbox}/control/{path}", method=method,
            data=None if document is None else json.dumps(document).encode(),
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def customers_write(self, messages: int, per_second: int) -> None:
        """Begins the customers' feed."""
        self.control("bulk", {
            "customers": CUSTOMERS, "messages": messages, "per_second": per_second,
            "text": f"Good morning {self._seed}",
        })

    def customers_stop(self) -> None:
        self.control("bulk", method="DELETE")

    # -- the tables -------------------------------------------------------------------------------

    def ask(self, query: str) -> list[str]:
        """The rows of a query, or none while the database is away."""
        done = subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", "-d", self.stack.database, "-c", query],
            capture_output=True, text=True, timeout=20,
        )
        return done.stdout.split() if done.returncode == 0 else []

    def last_event(self) -> int:
        """How far the ledger is; 0 while the database is away."""
        found = self.ask("SELECT last_event FROM desks")
        return int(found[0]) if found else 0

    def kill_backend(self) -> bool:
        """Ends the session that writes for the desk, in the middle of whatever it does. PostgreSQL
        then ends all others too and recovers."""
        found = self.ask("SELECT backend_pid FROM desks WHERE holder IS NOT NULL")
        return bool(found) and self._kill(int(found[0]))

    def kill_database(self) -> None:
        """Ends PostgreSQL without a word; its sessions end when they notice."""
        self.stack.signal("postgres", signal.SIGKILL)
        self.stack.ended_within("postgres", 10)

    # -- the server -------------------------------------------------------------------------------

    def start_doomed_server(self, call: str, number: int) -> None:
        """Starts the server so that a thread's Nth system call of a kind ends it before it is made."""
        self.stack.launch_server((
            "strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
            "-e", f"inject={call}:signal=KILL:when={number}",
        ))

    def kill_server(self) -> None:
        """Ends the server wherever it is. Under strace it is strace's child, and strace ends with it."""
        process = self.stack.process("ventanilla")
        children = Path(f"/proc/{process}/task/{process}/children")
        found = children.read_text().split() if children.exists() else []
        for doomed in [int(child) for child in found] or [process]:
            self._kill(doomed)
        self.stack.ended_within("ventanilla", 10)

    @staticmethod
    def _kill(process: int) -> bool:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    # -- quiet ------------------------------------------------------------------------------------

    def wait_for_quiet(self) -> None:
        """Until every message is answered, every job settled, and nothing moves any more."""
        self.customers_stop()
        self.load.calm_down()
        within = self.quiet_within()
        deadline = time.monotonic() + within
        since, before = time.monotonic(), ""
        while time.monotonic() < deadline:
            self.load.check()
            open_ends = self.open_ends()
            if open_ends != before:
                since, before = time.monotonic(), open_ends
            # Longer than anything that is still on its way by itself: delivery and read reports.
            if open_ends.startswith("quiet") and time.monotonic() - since > 2:
                return
            time.sleep(0.3)
        raise AssertionError(f"not quiet within {within:.0f} s: {self.open_ends()}")

    def quiet_within(self) -> float:
        """How long it may take from now, in seconds, by what is left to do."""
        wrote = int(self.control("statistics")["customers_wrote"])
        settled = int(self.ask("SELECT count(*) FROM jobs WHERE state = 'sent'")[0])
        pages = -(-(wrote + settled) // (CUSTOMERS * READ_BACK_PAGE))
        calls = 1 + CUSTOMERS * pages
        return (
            QUIET_WITHIN + calls * READ_BACK_CALL + DESK["confirmationWaitSeconds"]
            + (wrote - settled) / REPLIES_PER_SECOND
        )

    def open_ends(self) -> str:
        """What is not at rest yet, in words; `quiet` and how far the ledger is when nothing is."""
        figures = self.control("statistics")
        wrote = int(figures["customers_wrote"])
        told = self.ask(
            "SELECT (SELECT count(*) FROM messages WHERE kind = 'text')"
            " || ',' || (SELECT count(*) FROM jobs WHERE state IN ('queued', 'sending', 'unknown'))"
            # What an agent closed stays as it is until the customer writes again.
            " || ',' || (SELECT count(*) FROM conversations"
            "            JOIN activities USING (desk, conversation)"
            "            WHERE owner = 'queue' OR unread > 0 AND owner <> 'nobody')"
            " || ',' || (SELECT last_event FROM desks)"
        )
        if not told:
            return "the database is away"
        stored, unsettled, waiting, event = (int(part) for part in told[0].split(","))
        is_idle = self.load.is_idle and figures["events_waiting"] == 0
        if (stored, unsettled, waiting, is_idle) == (wrote, 0, 0, True):
            return f"quiet at {event}"
        return (
            f"{wrote - stored} messages not stored, {unsettled} jobs not settled, {waiting}"
            f" conversations waiting, consoles {'idle' if self.load.is_idle else 'busy'},"
            f" {figures['events_waiting']} webhooks waiting"
        )

    def evidence(self) -> Evidence:
        """Everything that the checker needs, kept in the run's directory."""
        dump(self.stack.database, self.directory / "tables")
        shutil.copy(self.stack.directory / "messenger.jsonl", self.directory)
        shutil.copy(self.stack.directory / "keys" / "wrapping.key", self.directory)
        return Evidence(self.directory)
