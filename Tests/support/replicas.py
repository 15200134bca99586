"""A stack whose database is a primary with a synchronous standby, both real; the server knows both by
one connection string, behind a host that nobody answers on."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass

from support.stack import READY_WITHIN, Stack, StackError


@dataclass
class ReplicatedStack(Stack):
    """Started parts over two PostgreSQL servers, `postgres` and `standby`."""

    databases = ("postgres", "standby")
    initdb_options = ("--wal-segsize=1",)

    def lose_postgres(self) -> None:
        """As if the primary's machine were gone: all its processes end at once."""
        self._signal_postgres(signal.SIGKILL)
        self._stop("postgres", signal.SIGKILL)

    def stop_standby(self) -> None:
        """It hears nothing more; commits on the primary wait for it."""
        self._stop("standby", signal.SIGINT)

    def start_standby(self) -> None:
        self._serve_postgres("standby")

    def promote_standby(self) -> None:
        """Makes the standby the primary, and waits until it is."""
        assert self.query("SELECT pg_promote()", server="standby") == [["t"]]

    def _start_postgres(self) -> None:
        super()._start_postgres()
        place, standby = self.directory / "postgres", self.directory / "standby"
        standby.mkdir(mode=0o700)
        if self._user is not None:
            os.chown(standby, self._user.pw_uid, self._user.pw_gid)
        source = f"host={place} user=ventanilla application_name=standby"
        self._run(
            "pg_basebackup",
            [
                self._postgres / "pg_basebackup", "-d", source, "-D", standby / "data",
                "--write-recovery-conf", "--checkpoint=fast", "--no-sync",
            ],
            as_postgres=True,
        )
        self.start_standby()
        # After the copy was taken: the standby, once promoted, waits for nobody.
        self.query("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        self.query("SELECT pg_reload_conf()")
        deadline = time.monotonic() + READY_WITHIN
        while self.query("SELECT sync_state FROM pg_stat_replication") != [["sync"]]:
            if time.monotonic() > deadline:
                raise StackError("the standby does not follow")
            time.sleep(0.02)
        self.database = (
            f"host=127.0.0.1,{standby},{place} port=1,5432,5432 user=ventanilla dbname=ventanilla"
            " target_session_attrs=read-write"
        )
