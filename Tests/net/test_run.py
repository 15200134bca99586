"""`ops/run`, as it is typed: it says one address, ends with Ctrl-C and leaves nothing behind but what was
stored, which is there at the next start."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Iterator

import pytest

from console import Person, ask
from desk import until
from support.stack import REPOSITORY, free_port, programs

#: The one line on standard output.
LINE = re.compile(
    r"Ventanilla: (http://localhost:\d+) \(agents and supervisors\) · "
    r"write as a customer: (http://localhost:\d+)\n"
)
#: How long a start may take with programs that are built, and an end; in seconds.
STARTED_WITHIN = 60
ENDED_WITHIN = 30

ORDINARY = "nobody"


class Run:
    """`ops/run` in a terminal of its own, for one user of this machine."""

    def __init__(self, state: Path, user: pwd.struct_passwd | None) -> None:
        self.state = state
        self._ports = {"VENTANILLA_PORT": str(free_port()), "SANDBOX_PORT": str(free_port())}
        self._as = [] if user is None else [
            "setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups",
            "--inh-caps=-all", "env", f"HOME={state}",
        ]
        self._seen: set[int] = set()
        self.output, self.progress = state.parent / "output", state.parent / "progress"

    def start(self) -> None:
        """Starts it and waits for the line."""
        with open(self.output, "wb") as output, open(self.progress, "wb") as progress:
            self._script = subprocess.Popen(
                # Ctrl-C is ignored by whoever is started in the background, and so by its children.
                ["env", "--default-signal=INT", *self._as, str(REPOSITORY / "ops/run")],
                stdin=subprocess.DEVNULL, stdout=output, stderr=progress, start_new_session=True,
                env={**os.environ, **self._ports, "VENTANILLA_STATE": str(self.state),
                     "VENTANILLA_BINARIES": str(programs())},
            )
        until(self._has_spoken, "the address", patience=STARTED_WITHIN)
        line = LINE.fullmatch(self.output.read_text())
        assert line, self.output.read_text()
        self.server, self.sandbox = line.groups()

    def _has_spoken(self) -> bool:
        assert self._script.poll() is None, self.progress.read_text()
        return self.output.read_text().endswith("\n")

    def parts(self) -> set[int]:
        """The processes that it started, theirs too."""
        found, news = set(), [self._script.pid]
        while news:
            process = news.pop()
            with contextlib.suppress(OSError):
                children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
                news += map(int, children)
                found.update(map(int, children))
        self._seen |= found
        return found

    def interrupt(self) -> int:
        """Ctrl-C: the terminal tells the whole group of it. The code it ends with."""
        os.killpg(self._script.pid, signal.SIGINT)
        return self._script.wait(ENDED_WITHIN)

    def stop(self) -> None:
        """For a test that failed."""
        if self._script.poll() is None:
            self.parts()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.interrupt()
        for process in [self._script.pid, *self._seen]:
            if is_alive(process):
                os.kill(process, signal.SIGKILL)


@pytest.fixture(params=["ourselves", ORDINARY])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    user = None if request.param == "ourselves" else pwd.getpwnam(request.param)
    # Under /tmp: a socket's path must be short, and PostgreSQL's user must be able to enter.
    folder = Path(tempfile.mkdtemp(prefix="ventanilla-run-", dir="/tmp"))
    folder.chmod(0o755)
    state = folder / "state"
    state.mkdir(mode=0o755)
    if user is not None:
        if os.geteuid() != 0:
            pytest.skip("only root can be somebody else")
        os.chown(state, user.pw_uid, user.pw_gid)
        reaches = subprocess.run(
            ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups",
             "test", "-x", str(programs() / "ventanilla"), "-a", "-r", str(REPOSITORY / "ops/run")],
            check=False,
        )
        if reaches.returncode != 0:
            pytest.skip(f"{request.param} cannot enter this folder")
    run = Run(state, user)
    try:
        yield run
    finally:
        run.stop()
        shutil.rmtree(folder, ignore_errors=True)


def is_alive(process: int) -> bool:
    """Whether it runs: one that has ended may wait for whoever collects it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def texts_of(run: Run) -> list[str]:
    """Every message that a supervisor can see."""
    console = Person.sign_in(run.server, "sofia").console()
    try:
        return [
            message["text"]
            for conversation in console.snapshot["conversations"]
            for message in console.transcript(conversation["id"])
        ]
    finally:
        console.socket.close()


def test_it_starts_ends_and_keeps_what_was_stored(run):
    run.start()
    answer = ask(
        "POST", f"{run.sandbox}/control/customers/7700000000000001/messages",
        b'{"text": "kept over night"}',
    )
    assert answer.status == 200, answer.text
    until(lambda: texts_of(run) == ["kept over night"], "the message")
    parts = run.parts()
    # The sandbox, the server, and PostgreSQL with processes of its own.
    assert len(parts) > 3
    assert run.interrupt() == 0
    assert [part for part in parts if is_alive(part)] == []
    assert run.progress.read_text().endswith("stopping\nstopped\n")
    run.start()
    assert texts_of(run) == ["kept over night"]
    again = run.parts()
    assert run.interrupt() == 0
    assert [part for part in again if is_alive(part)] == []
