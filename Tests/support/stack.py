"""The whole product on free ports of this machine: a private PostgreSQL, the sandbox, the server.

Every process is a child of the test run and is stopped by its own id. Programs come from the folder
in VENTANILLA_BIN (default: the debug build).
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = "100000000000001"

#: How long a part may take until it answers, and until it has stopped; in seconds.
READY_WITHIN = 60
STOPPED_WITHIN = 20


class StackError(Exception):
    """A part did not start; the message holds the end of its log."""


def programs() -> Path:
    return Path(os.environ.get("VENTANILLA_BIN", REPOSITORY / ".build" / "debug"))


def free_port() -> int:
    """A port that stays free while its server is down: the system gives none of these to a client."""
    lowest_of_clients = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(min(15_000, lowest_of_clients - 5_000), lowest_of_clients)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@dataclass
class Stack:
    """Started parts and their addresses. Use as a context manager."""

    #: Settings that differ from the standard ones: `{"desk": {"capacity": 1}}`.
    settings: dict = field(default_factory=dict)
    directory: Path = field(init=False)
    server: str = field(init=False)
    sandbox: str = field(init=False)
    database: str = field(init=False)
    configuration: Path = field(init=False)
    #: More words for initdb.
    initdb_options = ()
    #: Parts that are PostgreSQL servers.
    databases = ("postgres",)

    def __enter__(self) -> "Stack":
        # Under /tmp: a socket's path must be short, and PostgreSQL's user must be able to enter.
        self.directory = Path(tempfile.mkdtemp(prefix="ventanilla-"))
        self.directory.chmod(0o755)
        self._running: dict[str, subprocess.Popen] = {}
        self._server_port = free_port()
        self._sandbox_port = free_port()
        # One host name for both: cookies and redirects are those of ops/run.
        self.server = f"http://localhost:{self._server_port}"
        self.sandbox = f"http://localhost:{self._sandbox_port}"
        try:
            self._start_postgres()
            self._write_configuration()
            self._run("migrate", [programs() / "ventanilla", "migrate", "--config", self.configuration])
            self.start_sandbox()
            self.start_server()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- parts ------------------------------------------------------------------------------------

    def start_server(self) -> None:
        self.launch_server()
        self._wait("ventanilla", f"{self.server}/readyz")

    def launch_server(self, under: tuple[str, ...] = ()) -> None:
        """Starts the server, under another program if one is named, and does not wait for it."""
        self._start(
            "ventanilla", [*under, programs() / "ventanilla", "serve", "--config", self.configuration]
        )

    def ended_within(self, name: str, seconds: float) -> bool:
        """Whether the part ends by itself within this time."""
        try:
            self._running[name].wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def process(self, name: str) -> int:
        """The process id of a part."""
        return self._running[name].pid

    def stop_server(self, how: int = signal.SIGTERM) -> int | None:
        return self._stop("ventanilla", how)

    def start_node(self, name: str) -> str:
        """Starts one more node of the same desk; its address. It may have to stand by."""
        port = free_port()
        settings = json.loads(self.configuration.read_text())
        settings["node"]["name"] = name
        settings["listen"].update(port=port, origins=[f"http://localhost:{port}"])
        file = self.directory / f"{name}.json"
        file.write_text(json.dumps(settings, indent=2))
        self._start(name, [programs() / "ventanilla", "serve", "--config", file])
        address = f"http://localhost:{port}"
        self._wait(name, f"{address}/livez")
        return address

    def stop_node(self, name: str, how: int = signal.SIGTERM) -> int | None:
        return self._stop(name, how)

    def start_postgres(self) -> None:
        self._serve_postgres("postgres")

    def _serve_postgres(self, name: str, *options: str) -> None:
        """Starts the PostgreSQL whose data are in the folder of this name, and waits for it."""
        place = self.directory / name
        command = [
            self._postgres / "postgres", "-D", place / "data", "-k", place,
            "-c", "listen_addresses=", *options,
        ]
        self._start(name, command, as_postgres=True)
        deadline = time.monotonic() + READY_WITHIN
        ready = [self._postgres / "pg_isready", "-q", "-h", place, "-U", "ventanilla"]
        while subprocess.run(ready, check=False).returncode != 0:
            if self._running[name].poll() is not None and self._is_beside_another(name):
                # After a kill: processes of before are still ending, and it refuses to start.
                self._start(name, command, as_postgres=True)
            self._check_alive(name, deadline)
            time.sleep(0.05)

    def _is_beside_another(self, name: str) -> bool:
        end = self.log_of(name)[-1000:]
        return "is still in use" in end or "lock file" in end

    def kill_postgres(self) -> None:
        """As if the machine had lost power; its children end when they notice."""
        self._stop("postgres", signal.SIGQUIT)

    def pause_postgres(self, name: str = "postgres") -> None:
        self._signal_postgres(signal.SIGSTOP, name)

    def resume_postgres(self, name: str = "postgres") -> None:
        self._signal_postgres(signal.SIGCONT, name)

    def signal(self, name: str, how: int) -> None:
        self._running[name].send_signal(how)

    def ended(self, name: str) -> int:
        """Waits for a part that was told to end; its code."""
        return self._running.pop(name).wait(STOPPED_WITHIN)

    def query(
        self, sql: str, server: str = "postgres", database: str = "ventanilla"
    ) -> list[list[str]]:
        """Rows of a statement, as text."""
        done = self._run(
            "psql",
            [self._postgres / "psql", "-XAtq", "-F", "\t", "-h", self.directory / server,
             "-U", "ventanilla", "-c", sql, database],
        )
        return [line.split("\t") for line in done.splitlines()]

    def start_sandbox(self) -> None:
        keys = self.directory / "keys"
        self._start(
            "sandbox",
            [
                programs() / "sandbox", "--port", self._sandbox_port,
                "--log", self.directory / "messenger.jsonl",
                "--callback", f"http://127.0.0.1:{self._server_port}/desks/1/webhooks/meta",
                "--page", PAGE,
                "--app-secret-file", keys / "app.secret",
                "--verify-token-file", keys / "verify.token",
                "--page-token-file", keys / "page.token",
                "--client-id", "ventanilla",
                "--client-secret-file", keys / "client.secret",
                "--issuer", f"{self.sandbox}/openid",
                "--bank-client-key-file", keys / "bank.key",
            ],
        )
        self._wait("sandbox", f"{self.sandbox}/")

    def stop(self) -> None:
        for name in self.databases:
            if name in self._running and self._running[name].poll() is None:
                self.resume_postgres(name)
        for name in [name for name in self._running if name not in self.databases]:
            self._stop(name, signal.SIGTERM)
        for name in self.databases:
            self._stop(name, signal.SIGINT)
        shutil.rmtree(self.directory, ignore_errors=True)

    def log_of(self, name: str) -> str:
        return (self.directory / f"{name}.log").read_text(errors="replace")

    def prepare_data(self) -> None:
        """For stacks whose database is a special one: called before it is started first."""

    # -- how --------------------------------------------------------------------------------------

    def _start_postgres(self) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        if not found:
            raise StackError("PostgreSQL is not installed")
        self._postgres, place = found[-1], self.directory / "postgres"
        place.mkdir(mode=0o700)
        self._user = None
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            self._user = pwd.getpwnam("postgres")
            os.chown(place, self._user.pw_uid, self._user.pw_gid)
        self._run(
            "initdb",
            [
                self._postgres / "initdb", "-D", place / "data", "-U", "ventanilla", "--auth-local=trust",
                "--no-instructions", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8",
                *self.initdb_options,
            ],
            as_postgres=True,
        )
        self.prepare_data()
        self.start_postgres()
        self._run("createdb", [self._postgres / "createdb", "-h", place, "-U", "ventanilla", "ventanilla"])
        self.database = f"host={place} user=ventanilla dbname=ventanilla"

    def _write_configuration(self) -> None:
        keys = self.directory / "keys"
        keys.mkdir(mode=0o700)
        for name in ["wrapping.key", "app.secret", "verify.token", "page.token", "client.secret"]:
            file = keys / name
            file.touch(mode=0o600)
            # As ops/run makes them: 32 random bytes in base64.
            file.write_bytes(base64.b64encode(secrets.token_bytes(32)))
        bank_key = keys / "bank.key"
        self._run(
            "openssl",
            ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", bank_key],
        )
        bank_key.chmod(0o600)
        configuration = {
            "node": {"name": "test"},
            "listen": {"address": "127.0.0.1", "port": self._server_port, "publicURL": self.server},
            "database": {"connection": self.database},
            "keys": {"wrappingFiles": [str(keys / "wrapping.key")]},
            "desk": {"number": 1},
            "messenger": {
                "graphURL": f"http://127.0.0.1:{self._sandbox_port}/v25.0",
                "pages": [PAGE],
                "pageTokenFile": str(keys / "page.token"),
                "appSecretFiles": [str(keys / "app.secret")],
                "verifyTokenFile": str(keys / "verify.token"),
            },
            "signIn": {
                "issuer": f"{self.sandbox}/openid",
                "clientID": "ventanilla",
                "clientSecretFile": str(keys / "client.secret"),
                "rolesClaim": "roles",
            },
            "bank": {
                "baseURL": f"http://127.0.0.1:{self._sandbox_port}/bank/open-banking/v3.1/aisp",
                "tokenURL": f"http://127.0.0.1:{self._sandbox_port}/bank/token",
                "clientID": "ventanilla",
                "keyFile": str(bank_key),
            },
            "console": {"directory": str(REPOSITORY / "Sources" / "Console")},
            "schemas": {"directory": str(REPOSITORY / "Schemas" / "sql")},
        }
        for section, members in self.settings.items():
            configuration[section].update(members)
        self.configuration = self.directory / "ventanilla.json"
        self.configuration.write_text(json.dumps(configuration, indent=2))

    def _signal_postgres(self, how: int, name: str = "postgres") -> None:
        # Its sessions are processes of their own: children of the first.
        first = self._running[name].pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        for process in [first, *map(int, children)]:
            # A session may have ended since.
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, how)

    def _options(self, as_postgres: bool) -> dict:
        if not as_postgres or self._user is None:
            return {}
        user = self._user
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": "/"}

    def _run(self, name: str, command: list, as_postgres: bool = False) -> str:
        words = [str(word) for word in command]
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
            **self._options(as_postgres),
        )
        if done.returncode != 0:
            raise StackError(f"{name} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-4000:]}")
        return done.stdout

    def _start(self, name: str, command: list, as_postgres: bool = False) -> None:
        log = open(self.directory / f"{name}.log", "ab")
        with log:
            self._running[name] = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                **self._options(as_postgres),
            )

    def _wait(self, name: str, address: str) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while True:
            try:
                with urllib.request.urlopen(address, timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                self._check_alive(name, deadline)
                time.sleep(0.05)

    def _check_alive(self, name: str, deadline: float) -> None:
        ended = self._running[name].poll()
        if ended is not None:
            raise StackError(f"{name} ended with {ended}:\n{self.log_of(name)[-4000:]}")
        if time.monotonic() > deadline:
            raise StackError(f"{name} did not answer within {READY_WITHIN} s:\n{self.log_of(name)[-4000:]}")

    def _stop(self, name: str, how: int) -> int | None:
        """Ends a part; the code it ended with."""
        process = self._running.pop(name, None)
        if process is None:
            return None
        if process.poll() is None:
            process.send_signal(how)
            # One that a test has paused could not end.
            process.send_signal(signal.SIGCONT)
        try:
            return process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
