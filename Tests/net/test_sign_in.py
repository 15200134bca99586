"""Sign-in, sessions, tickets and the doors of the socket."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import re
import subprocess
import sys
import time
import urllib.parse
from typing import Iterator

import pytest

from console import SUBPROTOCOL, Answer, Console, Person, ask
from desk import Desk, is_ready, until
from socket_client import Closed, Refused, Socket
from support.stack import STOPPED_WITHIN, Stack, free_port


def begin(desk: Desk) -> tuple[str, dict[str, str]]:
    """Where the browser is sent, and the query of it."""
    answer = ask("GET", f"{desk.server}/desks/1/sign-in")
    assert answer.status == 302
    location = answer.headers["location"]
    return location, dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))


def come_back(desk: Desk, location: str, name: str = "ana") -> str:
    """Where the provider sends the browser."""
    return ask("GET", f"{location}&login_hint={name}").headers["location"]


def changed(address: str, **query: str | None) -> str:
    parts = urllib.parse.urlsplit(address)
    pairs = dict(urllib.parse.parse_qsl(parts.query))
    pairs.update({name: value for name, value in query.items() if value is not None})
    for name in [name for name, value in query.items() if value is None]:
        pairs.pop(name)
    return urllib.parse.urlunsplit(parts._replace(query=urllib.parse.urlencode(pairs)))


def refusal(answer: Answer, status: int, field: str | None) -> None:
    assert answer.status == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["code"] == "signInFailed"
    assert answer.json.get("field") == field
    assert not answer.cookies


def test_the_request_asks_for_a_code_with_proof(desk):
    _, first = begin(desk)
    _, second = begin(desk)
    assert first["response_type"] == "code"
    assert first["code_challenge_method"] == "S256"
    assert first["redirect_uri"] == f"{desk.server}/desks/1/sign-in/callback"
    assert "openid" in first["scope"].split()
    for name in ("state", "nonce", "code_challenge"):
        assert len(base64.urlsafe_b64decode(first[name] + "==")) == 32
        assert first[name] != second[name]


def test_a_session_is_a_cookie_that_scripts_cannot_read(desk):
    location, _ = begin(desk)
    done = ask("GET", come_back(desk, location))
    assert (done.status, done.headers["location"]) == (302, "/")
    (cookie,) = done.cookies
    parts = [part.strip() for part in cookie.split(";")]
    # On loopback over http alone; over https its name begins with __Host- and it is Secure.
    assert re.fullmatch(r"ventanilla=[A-Za-z0-9_-]{43}", parts[0])
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(parts)
    assert not any(part.lower().startswith("domain") for part in parts)
    person = Person(desk.server, parts[0])
    shown = ask("GET", f"{desk.server}/desks/1/session", headers=person.headers())
    assert shown.status == 200
    assert shown.headers["cache-control"] == "no-store"
    assert shown.json["person"]["name"] == "Ana Morales"
    assert shown.json["person"]["roles"] == ["agent"]


@pytest.mark.parametrize(
    "change, field",
    [
        ({"state": None}, "state"), ({"state": "guessed"}, "state"), ({"state": "A" * 43}, "state"),
        ({"code": None}, "code"), ({"code": "guessed"}, "code"),
    ],
)
def test_a_wrong_way_back_is_refused(desk, change, field):
    location, _ = begin(desk)
    before = desk.figures().get("ventanilla_sign_ins_failed_total", 0)
    answer = ask("GET", changed(come_back(desk, location), **change))
    refusal(answer, 400 if field == "state" else 403, field)
    assert desk.figures()["ventanilla_sign_ins_failed_total"] == before + 1


def test_a_way_back_is_good_once(desk):
    location, _ = begin(desk)
    back = come_back(desk, location)
    assert ask("GET", back).status == 302
    refusal(ask("GET", back), 400, "state")


def test_the_code_of_another_sign_in_is_refused(desk):
    first, second = begin(desk)[0], begin(desk)[0]
    codes = [
        dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(come_back(desk, location)).query))["code"]
        for location in (first, second)
    ]
    # PKCE: the code was asked for with the challenge of another verifier.
    refusal(ask("GET", changed(come_back(desk, first), code=codes[1])), 403, "code")


def test_the_provider_says_no(desk):
    location, query = begin(desk)
    back = f"{query['redirect_uri']}?error=access_denied&state={query['state']}"
    refusal(ask("GET", back), 403, "code")
    # The state is used up by that.
    refusal(ask("GET", changed(come_back(desk, location))), 400, "state")


@pytest.mark.parametrize(
    "effect, field",
    [
        ("wrong_issuer", "iss"), ("wrong_audience", "aud"), ("wrong_nonce", "nonce"),
        ("missing_nonce", "nonce"), ("expired", "exp"), ("missing_roles", "roles"),
        ("unsigned", "alg"), ("unknown_key", "kid"), ("wrong_signature", "signature"),
    ],
)
def test_a_token_that_fails_a_check_is_refused(desk, effect, field):
    location, _ = begin(desk)
    back = come_back(desk, location)
    desk.messenger.fault("token", effect)
    refusal(ask("GET", back), 403, field)
    # Nothing of it stays: the next sign-in works.
    assert desk.person("ana").cookie


@pytest.mark.parametrize("cookie", [None, "ventanilla=", "ventanilla=x", f"ventanilla={'A' * 43}"])
def test_without_a_session_there_is_nothing(desk, cookie):
    nobody = Person(desk.server, cookie)
    assert ask("GET", f"{desk.server}/desks/1/session", headers=nobody.headers()).status == 401
    assert nobody.ticket_answer().status == 401
    # Whoever has none is signed out already.
    assert nobody.sign_out().status in (204, 401)


def test_two_cookies_of_the_name_are_none(desk):
    first, second = desk.person("ana"), desk.person("bruno")
    both = Person(desk.server, f"{first.cookie}; {second.cookie}")
    assert both.ticket_answer().status == 401


def test_what_changes_something_needs_our_header(desk):
    person = desk.person("ana")
    for path in ("sign-out", "ws-ticket"):
        answer = ask(
            "POST", f"{desk.server}/desks/1/{path}", b"", person.headers(Origin=desk.server)
        )
        assert (answer.status, answer.json["field"]) == (403, "x-ventanilla")
    assert person.ticket()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://localhost"])
def test_a_ticket_is_for_our_pages_alone(desk, origin):
    person = desk.person("ana")
    headers = person.headers(**{"X-Ventanilla": "1", "Origin": origin})
    answer = ask("POST", f"{desk.server}/desks/1/ws-ticket", b"", headers)
    assert (answer.status, answer.json["field"]) == (403, "origin")


def test_signing_out_closes_every_socket_of_the_session_at_once(desk):
    person, other = desk.person("carla"), desk.person("carla")
    mine = [person.console(), person.console()]
    elsewhere = other.console()
    begun = time.monotonic()
    answer = person.sign_out()
    assert answer.status == 204
    assert "Max-Age=0" in answer.cookies[0]
    for console in mine:
        assert console.closing().code == 4401
    assert time.monotonic() - begun < 5, "a check by the clock would come half a minute later"
    assert person.ticket_answer().status == 401
    # Another session of the same person goes on.
    elsewhere.settle()
    elsewhere.socket.close()


def test_a_ticket_ends_with_its_session(desk):
    person = desk.person("carla")
    ticket = person.ticket()
    assert person.sign_out().status == 204
    assert closed_code(person, ticket) == 4401


def closed_code(person: Person, ticket: str) -> int | None:
    """The code with which a socket with this ticket is closed, hello or not."""
    socket = person.socket(ticket)
    try:
        while True:
            socket.receive()
    except Closed as closed:
        return closed.code


def test_a_ticket_is_good_once(desk):
    person = desk.person("carla")
    ticket = person.ticket()
    first = Console(person.socket(ticket))
    assert closed_code(person, ticket) == 4401
    first.settle()
    first.socket.close()


def test_a_ticket_is_of_its_session(desk):
    person, other = desk.person("carla"), desk.person("bruno")
    assert closed_code(other, person.ticket()) == 4401
    assert closed_code(Person(desk.server), person.ticket()) == 4401


def test_an_old_ticket_is_no_ticket(desk):
    person = desk.person("carla")
    ticket = person.ticket()
    desk.stack.query("UPDATE tickets SET expires_at = now() - interval '1 second'")
    assert closed_code(person, ticket) == 4401


def test_a_ticket_is_good_for_thirty_seconds(desk):
    person = desk.person("carla")
    answer = person.ticket_answer()
    assert answer.json["expiresInSeconds"] == 30
    # The promise is what the database holds: it is judged when the ticket is used.
    digest = hashlib.sha256(base64.urlsafe_b64decode(answer.json["ticket"] + "=")).hexdigest()
    rows = desk.stack.query(
        "SELECT extract(epoch FROM expires_at - now()) FROM tickets"
        f" WHERE ticket = decode('{digest}', 'hex')"
    )
    assert len(rows) == 1
    # What passed since counts against it, a slow machine's time included.
    assert 15 < float(rows[0][0]) <= 30


@pytest.mark.parametrize("ticket", ["x", "A" * 43, "%00", "!"])
def test_a_guessed_ticket_is_no_ticket(desk, ticket):
    assert closed_code(desk.person("carla"), ticket) == 4401


@pytest.mark.parametrize(
    "origin, protocols, path, status",
    [
        ("https://evil.example", "both", "/desks/1/console", 403),
        (None, "both", "/desks/1/console", 403),
        ("null", "both", "/desks/1/console", 403),
        ("ours", None, "/desks/1/console", 400),
        ("ours", "ours", "/desks/1/console", 400),
        ("ours", "ticket", "/desks/1/console", 400),
        ("ours", "two tickets", "/desks/1/console", 400),
        ("ours", "another", "/desks/1/console", 400),
        ("ours", "both", "/desks/2/console", 404),
        ("ours", "both", "/desks/1/console/", 404),
        ("ours", "both", "/", 404),
    ],
)
def test_a_socket_is_refused_before_it_opens(desk, origin, protocols, path, status):
    person = desk.person("carla")
    ticket = person.ticket()
    offered = {
        None: None, "both": f"{SUBPROTOCOL}, ticket.{ticket}", "ours": SUBPROTOCOL,
        "ticket": f"ticket.{ticket}", "two tickets": f"{SUBPROTOCOL}, ticket.{ticket}, ticket.x",
        "another": f"chat, ticket.{ticket}",
    }[protocols]
    headers = person.headers()
    if origin is not None:
        headers["Origin"] = desk.server if origin == "ours" else origin
    if offered is not None:
        headers["Sec-WebSocket-Protocol"] = offered
    with pytest.raises(Refused) as refused:
        Socket(person.port, path, headers)
    assert refused.value.status == status
    if protocols == "both":
        # The ticket was not burnt by it.
        Console(person.socket(ticket)).socket.close()


def test_the_ticket_is_not_told_back(desk):
    person = desk.person("carla")
    socket = person.socket()
    assert f"sec-websocket-protocol: {SUBPROTOCOL}\r\n" in socket.head.lower() + "\r\n"
    assert "ticket." not in socket.head
    socket.close()


@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate", "permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        "x-webkit-deflate-frame",
    ],
)
def test_compression_is_not_taken_up(desk, offer):
    person = desk.person("carla")
    headers = {"Origin": desk.server, "Sec-WebSocket-Extensions": offer,
               "Sec-WebSocket-Protocol": f"{SUBPROTOCOL}, ticket.{person.ticket()}"}
    socket = Socket(person.port, "/desks/1/console", person.headers(**headers))
    assert "sec-websocket-extensions" not in socket.head.lower()
    # Frames come as they are: the reader knows no compressed ones.
    Console(socket).socket.close()


#: A head of this size, in bytes, is taken; one of 17,000 is refused (HTTPServerTests).
LARGE_HEAD = 15 * 1_024


def test_a_large_head_is_taken(desk):
    answer = ask("GET", f"{desk.server}/livez", headers={"X-Padding": "x" * LARGE_HEAD})
    assert answer.status == 200
    person = desk.person("carla")
    headers = {"Origin": desk.server, "X-Padding": "x" * (LARGE_HEAD - 1_000),
               "Sec-WebSocket-Protocol": f"{SUBPROTOCOL}, ticket.{person.ticket()}"}
    Console(Socket(person.port, "/desks/1/console", person.headers(**headers))).socket.close()


# -- a provider that nobody of ours wrote -----------------------------------------------------------


@pytest.fixture(scope="module")
def foreign_provider() -> Iterator[str]:
    if importlib.util.find_spec("oidc_provider_mock") is None:
        pytest.skip("oidc-provider-mock is not installed")
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "oidc_provider_mock", "--port", str(port),
            "--user-claims",
            '{"sub": "greta", "name": "Greta Ruiz", "roles": ["agent", "supervisor"]}',
            "--user-claims", '{"sub": "hugo", "name": "Hugo Sanz", "roles": ["janitor"]}',
        ],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, "the provider ended"
        try:
            return ask("GET", f"{address}/.well-known/openid-configuration").status == 200
        except OSError:
            return False

    until(answers, "the provider")
    try:
        yield address
    finally:
        process.terminate()
        process.wait(STOPPED_WITHIN)


def sign_in_there(desk: Desk, subject: str, public: str = "") -> Answer:
    location, _ = begin(desk)
    form = urllib.parse.urlencode({"sub": subject}).encode()
    agreed = ask("POST", location, form, {"Content-Type": "application/x-www-form-urlencoded"})
    assert agreed.status == 302, agreed.text
    return ask("GET", agreed.headers["location"].replace(public or desk.server, desk.server))


def test_over_https_the_cookie_is_bound_to_the_host(foreign_provider):
    public = "https://desk.bank.example"
    changes = {"signIn": {"issuer": foreign_provider}, "listen": {"publicURL": public}}
    with Stack(settings=changes) as stack:
        desk = Desk(stack)
        _, query = begin(desk)
        assert query["redirect_uri"] == f"{public}/desks/1/sign-in/callback"
        (cookie,) = sign_in_there(desk, "greta", public).cookies
        parts = [part.strip() for part in cookie.split(";")]
        assert parts[0].startswith("__Host-ventanilla=")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(parts)
        person = Person(desk.server, parts[0])
        assert person.ticket_answer(origin=public).status == 200
        # The plain name, which a page of a neighbouring host could set, is not read.
        plain = Person(desk.server, parts[0].removeprefix("__Host-"))
        assert plain.ticket_answer(origin=public).status == 401


def test_another_provider_works_in_its_place(foreign_provider):
    with Stack(settings={"signIn": {"issuer": foreign_provider}}) as stack:
        desk = Desk(stack)
        done = sign_in_there(desk, "greta")
        assert done.status == 302, done.text
        console = Person(desk.server, done.cookies[0].split(";")[0]).console()
        assert console.hello["person"]["name"] == "Greta Ruiz"
        assert console.hello["person"]["roles"] == ["agent", "supervisor"]
        console.request("presence.set", presence="available")
        console.socket.close()
        refusal(sign_in_there(desk, "hugo"), 403, "roles")


# -- outages of the database ----------------------------------------------------------------------


def test_nobody_is_refused_once_the_database_is_back(desk):
    """However long it was away: connections that it ended are not used, and those that wait for their
    next attempt do not make anybody wait."""
    person = desk.person("ana")
    for seconds_away in (0.0, 2.5):
        desk.stack.kill_postgres()
        until(lambda: not is_ready(desk.server), "the outage to be noticed")
        assert person.ticket_answer().status == 503
        time.sleep(seconds_away)
        desk.stack.start_postgres()
        until(lambda: is_ready(desk.server), "the desk to be owned again")
        begun = time.monotonic()
        answers = [person.ticket_answer().status for _ in range(10)]
        for name in ["ana", "bruno"] * 5:
            answers.append(desk.person(name).ticket_answer().status)
        assert answers == [200] * 20
        assert time.monotonic() - begun < 5
