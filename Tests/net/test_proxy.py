"""Behind a reverse proxy that is trusted: places are counted by the addresses that it forwards."""

from __future__ import annotations

import contextlib
import socket
from typing import Iterator

import pytest

from console import SUBPROTOCOL, Person, ask
from desk import Desk, until
from socket_client import Refused, Socket

#: The tests stand where the proxy does.
SETTINGS = {"listen": {"trustedProxies": ["127.0.0.1"]}}

#: Places of one address (`connectionsPerAddress`).
PLACES = 1_000
REFUSED = "ventanilla_socket_upgrades_refused_total"


@contextlib.contextmanager
def connections(port: int, count: int) -> Iterator[None]:
    with contextlib.ExitStack() as held:
        for _ in range(count):
            held.enter_context(socket.create_connection(("127.0.0.1", port)))
        yield


def forwarded(person: Person, ticket: str, address: str) -> Socket:
    protocols = f"{SUBPROTOCOL}, ticket.{ticket}"
    headers = {
        "Origin": person.server, "Sec-WebSocket-Protocol": protocols, "X-Forwarded-For": address,
    }
    return Socket(person.port, "/desks/1/console", person.headers(**headers))


def test_connections_of_the_proxy_are_not_one_clients(desk: Desk):
    person = desk.person("ana")
    with connections(person.port, PLACES + 10):
        assert ask("GET", f"{desk.server}/livez").status == 200
        desk.messenger.write(desk.customer(), "through the proxy")
        person.console().socket.close()


def test_sockets_are_counted_by_the_forwarded_address(desk: Desk):
    """They wait for their hello, for ten seconds each: long enough to open one more."""
    person = desk.person("ana")
    tickets = [person.ticket() for _ in range(PLACES + 2)]
    before = desk.figures().get(REFUSED, 0)
    with contextlib.ExitStack() as held:
        for ticket in tickets[:PLACES]:
            held.callback(forwarded(person, ticket, "203.0.113.9").drop)
        with pytest.raises(Refused) as refused:
            forwarded(person, tickets[PLACES], "198.51.100.1, 203.0.113.9")
        assert refused.value.status == 429
        forwarded(person, tickets[PLACES + 1], "203.0.113.8").close()
        assert desk.figures()[REFUSED] == before + 1
    # What they held is given back.
    until(lambda: desk.figures()["ventanilla_console_sockets"] == 0, "the sockets to end")
    forwarded(person, person.ticket(), "203.0.113.9").close()
