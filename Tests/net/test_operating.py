"""What an operator sees and does: health, figures, logs, configuration, ending, and a second node."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from console import Person, ask
from desk import Desk, is_ready, log_lines, until
from support.stack import Stack, free_port, programs

SETTINGS = {"desk": {"settlingSeconds": 0, "confirmationWaitSeconds": 5}}

#: In everything a customer or an agent writes here: it must show up in no log, figure or error.
CANARY = "canary-7319"


def test_health(desk):
    for path in ("livez", "readyz", "desks/1/owner"):
        answer = ask("GET", f"{desk.server}/{path}")
        assert answer.status == 200
        assert answer.headers["cache-control"] == "no-store"
    assert ask("GET", f"{desk.server}/desks/2/owner").status == 404


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/nothing", 404), ("GET", "//livez", 404), ("GET", "/livez/", 404),
        ("GET", "/console/../livez", 404), ("GET", "/console/%2e%2e/livez", 404),
        ("POST", "/", 405), ("DELETE", "/console/style.css", 405),
    ],
)
def test_paths_are_exact(desk, method, path, status):
    answer = ask(method, desk.server + path)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_figures_are_as_prometheus_wants_them(desk):
    agent = desk.agent("ana")
    _, conversation = desk.given(agent)
    message = agent.request("message.send", conversation=conversation, text="hello")["message"]
    agent.pushed("job.changed", message=message, state="sent")
    agent.socket.close()
    answer = ask("GET", f"{desk.server}/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    if shutil.which("promtool") is None:
        pytest.skip("promtool (Debian package prometheus) is not installed")
    judged = subprocess.run(
        ["promtool", "check", "metrics"], input=answer.body, capture_output=True, timeout=30
    )
    assert (judged.returncode, judged.stdout + judged.stderr) == (0, b"")


def test_nothing_of_people_is_in_logs_and_figures(desk):
    messenger = desk.messenger
    person = desk.person("ana")
    agent = person.console()
    agent.request("presence.set", presence="available")
    customer, conversation = desk.given(agent, f"my card {CANARY}")
    mid = f"m_{CANARY}_mid"
    messenger.write(customer, f"again {CANARY}", mid=mid)
    for effect in ("accept_then_drop", "error"):
        messenger.fault("send", effect, recipient=customer, message=f"error {CANARY}", code=100,
                        status=400)
        agent.request("message.send", conversation=conversation, text=f"reply {CANARY}")
    # Bad input everywhere.
    messenger.post(f'{{"object":"{CANARY}"}}'.encode())
    messenger.post(f'{{"object":"page","entry":[{{"id":"{CANARY}","messaging":[{{}}]}}]}}'.encode())
    ask("POST", messenger.callback, CANARY.encode(), {"X-Hub-Signature-256": CANARY})
    ask("GET", f"{messenger.callback}?hub.mode=subscribe&hub.verify_token={CANARY}")
    ask("GET", f"{desk.server}/{CANARY}?{CANARY}")
    ask("GET", f"{desk.server}/desks/1/sign-in/callback?state={CANARY}&code={CANARY}")
    ask("POST", f"{desk.server}/desks/1/ws-ticket", b"", {"Cookie": f"ventanilla={CANARY}"})
    agent.socket.send(CANARY)
    agent.socket.send(json.dumps({"jsonrpc": "2.0", "id": CANARY, "method": CANARY}))
    # And an outage with all of it under way.
    desk.stack.kill_postgres()
    messenger.post(messenger.batch(messenger.text(customer, f"lost {CANARY}")))
    desk.stack.start_postgres()
    until(lambda: is_ready(desk.server), "the desk to be owned again")
    ticket = person.ticket()
    desk.stack.stop_server(signal.SIGTERM)
    log = desk.stack.log_of("ventanilla")
    desk.stack.start_server()
    figures = ask("GET", f"{desk.server}/metrics").text
    lines = log_lines(log)
    assert len(lines) > 5
    for line in lines:
        assert {"time", "level", "logger", "message"} <= line.keys()
    keys = desk.stack.directory / "keys"
    secrets = [file.read_text() for file in keys.iterdir()]
    for secret in [CANARY, customer, mid, ticket, person.cookie.split("=", 1)[1], *secrets]:
        assert secret not in log
        assert secret not in figures


def test_certificates_are_read_before_anybody_is_served(desk):
    messages = [line["message"] for line in log_lines(desk.stack.log_of("ventanilla"))]
    assert messages.index("read the trusted certificates") < messages.index("listening")


# -- configuration ----------------------------------------------------------------------------------


def check(desk: Desk, change=None, command: str = "serve", **environment: str):
    settings = json.loads(desk.stack.configuration.read_text())
    if change is not None:
        change(settings)
    file = desk.stack.directory / "changed.json"
    file.write_text(json.dumps(settings))
    words = ["serve", "--check-config"] if command == "serve" else [command]
    return subprocess.run(
        [str(programs() / "ventanilla"), *words, "--config", str(file)], text=True,
        capture_output=True, timeout=30, env={**os.environ, **environment},
    )


@pytest.mark.parametrize("command", ["serve", "check-config"])
def test_a_good_configuration_is_shown_without_secrets(desk, command):
    done = check(desk, command=command)
    assert done.returncode == 0, done.stderr
    assert "database.connection = •••" in done.stdout
    assert f"listen.publicURL = {desk.server}" in done.stdout
    assert "listen.trustedProxies = \n" in done.stdout
    for file in (desk.stack.directory / "keys").iterdir():
        assert file.read_text() not in done.stdout


def test_trusted_proxies_are_shown(desk):
    done = check(desk, put("listen", "trustedProxies", ["127.0.0.1", "2001:db8::1"]))
    assert "listen.trustedProxies = 127.0.0.1,2001:db8::1\n" in done.stdout


def test_the_environment_wins(desk):
    done = check(desk, VENTANILLA_DESK_CAPACITY="7")
    assert "desk.capacity = 7" in done.stdout
    done = check(desk, VENTANILLA_DESK_CAPACITY="many")
    assert done.returncode == 2
    assert "desk.capacity" in done.stderr


def put(section: str, name: str, value):
    return lambda settings: settings.setdefault(section, {}).update({name: value})


def drop(section: str, name: str):
    return lambda settings: settings[section].pop(name)


@pytest.mark.parametrize(
    "change, setting",
    [
        (put("desk", "capacty", 3), "desk.capacty"), (put("desks", "number", 1), "desks.number"),
        (lambda settings: settings.update(desk=7), "desk"),
        (put("desk", "number", 0), "desk.number"), (put("desk", "number", "one"), "desk.number"),
        (put("listen", "port", 70_000), "listen.port"),
        (put("listen", "publicURL", "http://desk.bank.example"), "listen.publicURL"),
        (put("listen", "publicURL", "desk.bank.example"), "listen.publicURL"),
        (drop("listen", "publicURL"), "listen.publicURL"),
        (put("listen", "trustedProxies", "10.0.0.2"), "listen.trustedProxies"),
        (put("listen", "trustedProxies", ["10.0.0.0/8"]), "listen.trustedProxies"),
        (put("listen", "trustedProxies", ["::1", "proxy"]), "listen.trustedProxies"),
        (drop("messenger", "pages"), "messenger.pages"),
        (drop("database", "connection"), "database.connection"),
        (put("keys", "wrappingFiles", []), "keys.wrappingFiles"),
        (put("keys", "wrappingFiles", ["/nowhere"]), "keys.wrappingFiles"),
        (put("messenger", "appSecretFiles", ["/nowhere"]), "messenger.appSecretFiles"),
        (put("messenger", "appSecretFiles", []), "messenger.appSecretFiles"),
        (put("messenger", "verifyTokenFile", "/nowhere"), "messenger.verifyTokenFile"),
        (put("messenger", "pageTokenFile", "/dev/null"), "messenger.pageTokenFile"),
        (put("signIn", "clientSecretFile", "/nowhere"), "signIn.clientSecretFile"),
        (put("console", "directory", "/nowhere"), "console.directory"),
        (put("log", "level", "loud"), "log.level"),
    ],
)
def test_a_bad_configuration_is_named(desk, change, setting):
    done = check(desk, change)
    assert done.returncode == 2, done.stderr
    assert re.search(rf"(^|[ :]){re.escape(setting)}[ :]", done.stderr), done.stderr
    assert done.stderr.count("\n") == 1


def test_a_file_that_is_none_is_named(desk):
    done = subprocess.run(
        [str(programs() / "ventanilla"), "check-config", "--config", "/nowhere.json"],
        text=True, capture_output=True, timeout=30,
    )
    assert done.returncode == 2
    assert "/nowhere.json" in done.stderr


SECRETS = [
    ("keys", "wrappingFiles", "wrapping.key"), ("messenger", "pageTokenFile", "page.token"),
    ("messenger", "appSecretFiles", "app.secret"), ("messenger", "verifyTokenFile", "verify.token"),
    ("signIn", "clientSecretFile", "client.secret"), ("operator", "tokenFile", "operator.token"),
    ("bank", "keyFile", "bank.key"), ("bank", "certificateKeyFile", "bank.key"),
]


def named(section: str, name: str, file: str):
    """Changes one setting of a secret's file to this name."""
    value = [file] if name.endswith("Files") else file

    def change(settings: dict) -> None:
        put(section, name, value)(settings)
        if name == "certificateKeyFile":
            put("bank", "certificateFile", "/nowhere.pem")(settings)

    return change


@pytest.fixture
def credentials(desk, tmp_path):
    """What the service manager puts there, all of it in one folder."""
    for section, name, file in SECRETS:
        value = json.loads(desk.stack.configuration.read_text()).get(section, {}).get(name)
        found = value[0] if isinstance(value, list) else value
        credential = tmp_path / file
        if not credential.exists():
            credential.write_bytes(Path(found).read_bytes() if found else b"x" * 32)
            credential.chmod(0o400)
    return str(tmp_path)


@pytest.mark.parametrize("section, name, file", SECRETS)
def test_a_secret_may_be_a_credential(desk, credentials, section, name, file):
    change = named(section, name, file)
    done = check(desk, change, CREDENTIALS_DIRECTORY=credentials)
    assert done.returncode == 0, done.stderr
    refused = check(desk, change, CREDENTIALS_DIRECTORY="")
    assert refused.returncode == 2
    assert f"{section}.{name}: '{file}' is no absolute path" in refused.stderr
    beside = named(section, name, f"../{Path(credentials).name}/{file}")
    refused = check(desk, beside, CREDENTIALS_DIRECTORY=credentials)
    assert refused.returncode == 2
    assert f"{section}.{name}: '../" in refused.stderr


# -- the schema -------------------------------------------------------------------------------------


def serve_on(desk: Desk, database: str) -> subprocess.CompletedProcess[str]:
    """What becomes of a server that is started on a database of this name."""
    settings = json.loads(desk.stack.configuration.read_text())
    connection = settings["database"]["connection"]
    settings["database"]["connection"] = connection.replace("dbname=ventanilla", f"dbname={database}")
    settings["listen"]["port"] = free_port()
    file = desk.stack.directory / f"{database}.json"
    file.write_text(json.dumps(settings))
    return subprocess.run(
        [str(programs() / "ventanilla"), "serve", "--config", str(file)], text=True,
        capture_output=True, timeout=30,
    )


def test_a_server_refuses_a_database_that_was_never_migrated(desk):
    desk.stack.query("CREATE DATABASE bare")
    done = serve_on(desk, "bare")
    assert done.returncode not in (0, -signal.SIGTERM)
    assert done.stderr.count("\n") == 1, done.stderr
    assert "the database is at version 0 and must be migrated first" in done.stderr
    # It changed nothing either.
    assert desk.stack.query("SELECT count(*) FROM pg_class WHERE relname = 'desks'", database="bare") == [["0"]]


def test_a_server_refuses_a_database_of_a_newer_one(desk):
    desk.stack.query("CREATE DATABASE newer TEMPLATE template0")
    settings = json.loads(desk.stack.configuration.read_text())
    ours = Path(settings["schemas"]["directory"])
    folder = desk.stack.directory / "newer"
    shutil.copytree(ours, folder)
    version = len(list(ours.glob("*.sql"))) + 1
    (folder / f"{version:04d}_newer.sql").write_text("CREATE TABLE newer ();")

    def migrate(settings: dict) -> None:
        connection = settings["database"]["connection"]
        settings["database"]["connection"] = connection.replace("dbname=ventanilla", "dbname=newer")
        settings["schemas"]["directory"] = str(folder)

    migrated = check(desk, migrate, command="migrate")
    assert migrated.returncode == 0, migrated.stderr
    done = serve_on(desk, "newer")
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1, done.stderr
    assert f"migrated to version {version}, which this program does not know" in done.stderr


# -- ending -----------------------------------------------------------------------------------------


def test_a_drain_finishes_what_was_begun(desk):
    agent = desk.agent("ana")
    customer, conversation = desk.given(agent)
    desk.messenger.control("POST", "settings", {"send_latency_ms": 1_500})
    message = agent.request("message.send", conversation=conversation, text="on the way")["message"]
    agent.pushed("job.changed", message=message, state="sending")
    time.sleep(0.2)
    desk.stack.signal("ventanilla", signal.SIGTERM)
    closing = agent.closing()
    assert closing.code == 4503
    (notice,) = [each for each in agent.notices if each["method"] == "server.draining"]
    assert notice["params"]["reconnectAfterMs"] > 0
    # While posts are out it answers, and says that it is leaving.
    for path, status in [("livez", 200), ("readyz", 503), ("desks/1/owner", 503)]:
        assert ask("GET", f"{desk.server}/{path}").status == status
    refused = desk.messenger.post(desk.messenger.batch(desk.messenger.text(customer, "too late")))
    assert refused.status == 503
    assert "retry-after" in refused.headers
    assert desk.stack.ended("ventanilla") == 0
    desk.messenger.control("POST", "settings", {"send_latency_ms": 0})
    (lease,) = desk.stack.query("SELECT holder IS NULL FROM desks WHERE desk = 1")
    assert lease == ["t"], "the lease was given back"
    (state,) = desk.stack.query(f"SELECT state FROM jobs WHERE message = {message}")
    assert state == ["sent"]
    desk.stack.start_server()
    assert [each["text"] for each in desk.messenger.received(customer)] == ["on the way"]


# -- two nodes --------------------------------------------------------------------------------------


def test_a_second_node_takes_over_from_one_that_was_killed():
    with Stack(settings=SETTINGS) as stack:
        desk = Desk(stack)
        agent = desk.agent("ana")
        customer, conversation = desk.given(agent, "before")
        second = stack.start_node("second")
        assert ask("GET", f"{second}/desks/1/owner").status == 503
        assert ask("GET", f"{second}/readyz").status == 503
        callback = f"{second}/desks/1/webhooks/meta"
        early = desk.messenger.post(desk.messenger.batch(desk.messenger.text(customer, "x")), callback)
        assert early.status == 503
        cookie = desk.person("ana").cookie
        stack.stop_server(signal.SIGKILL)
        until(lambda: ask("GET", f"{second}/desks/1/owner").status == 200, "the takeover")
        # The first node's session is good here, and the feed goes on.
        person = Person(second, cookie)
        person.ticket_answer(origin=desk.server)
        back = person.console(resume=(agent.epoch, agent.seq))
        assert back.hello["mode"] == "resumed"
        text = desk.messenger.batch(desk.messenger.text(customer, "after"))
        assert desk.messenger.post(text, callback).status == 200
        back.pushed("message.received", text="after")
        assert [each["text"] for each in back.transcript(conversation)] == ["before", "after"]
        back.socket.close()


def test_an_owner_that_was_asleep_is_fenced():
    with Stack(settings=SETTINGS) as stack:
        desk = Desk(stack)
        agent = desk.agent("ana")
        customer, conversation = desk.given(agent, "before")
        second = stack.start_node("second")
        callback = f"{second}/desks/1/webhooks/meta"
        stack.signal("ventanilla", signal.SIGSTOP)
        until(lambda: ask("GET", f"{second}/desks/1/owner").status == 200, "the takeover")
        texts = [f"while asleep {number}" for number in range(3)]
        updates = [desk.messenger.text(customer, text) for text in texts]
        assert desk.messenger.post(desk.messenger.batch(*updates), callback).status == 200
        stack.signal("ventanilla", signal.SIGCONT)
        # It learns that it owns nothing any more; its consoles are sent away.
        assert agent.closing().code == 4409
        until(lambda: ask("GET", f"{stack.server}/desks/1/owner").status == 503, "the fence")
        answer = desk.messenger.post(desk.messenger.batch(desk.messenger.text(customer, "to the old")))
        assert answer.status == 503
        # What was taken by the new owner is there once, whoever is told of it again.
        assert desk.messenger.post(desk.messenger.batch(*updates), callback).status == 200
        supervisor = Person.sign_in(stack.server, "sofia")
        there = Person(second, supervisor.cookie)
        console = there.console()
        shown = [each["text"] for each in console.transcript(conversation)]
        assert shown == ["before", *texts]
        rows = stack.query("SELECT count(*), max(number) FROM events WHERE desk = 1")
        assert rows[0][0] == rows[0][1], "the ledger has no gap"
        console.socket.close()
