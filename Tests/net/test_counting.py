"""Whatever comes in is counted, each offence under a name of its own."""

from __future__ import annotations

import pytest

from console import RequestRefused, ask
from desk import Desk
from socket_client import Closed


def twice(desk: Desk, message: dict) -> None:
    for _ in range(2):
        assert desk.messenger.post(desk.messenger.batch(message)).status == 200


def update(desk: Desk, **said) -> dict:
    """Something about a customer whom nobody has seen yet."""
    text = desk.messenger.text(desk.customer(), "")
    del text["message"]
    return {**text, **said}


def refused_command(desk: Desk) -> None:
    agent = desk.agent("ana")
    with pytest.raises(RequestRefused):
        agent.request("message.send", conversation=999_999_999, text="x")
    agent.socket.close()


def closed_socket(desk: Desk, frames: list[str], ticket: str | None = None) -> None:
    socket = desk.person("ana").socket(ticket)
    for frame in frames:
        socket.send(frame)
    with pytest.raises(Closed):
        socket.receive()


def flood(desk: Desk) -> None:
    agent = desk.person("carla").console()
    try:
        for _ in range(1_000):
            agent.begin("no.such.method")
    except OSError:
        pass
    assert agent.closing().code in (4429, None)


ELEMENTS = "ventanilla_webhook_elements_total"
ANSWERED = "ventanilla_http_requests_refused_total"
CLOSED = "ventanilla_console_closes_total"
WITHOUT_SESSION = {"X-Ventanilla": "1"}


@pytest.mark.parametrize(
    "series, offend",
    [
        (f'{ELEMENTS}{{kind="text"}}',
         lambda desk: desk.messenger.write(desk.customer(), "hello")),
        (f'{ELEMENTS}{{kind="other"}}', lambda desk: desk.messenger.post(
            desk.messenger.batch(update(desk, policy_enforcement={"action": "warning"})))),
        (f'{ELEMENTS}{{kind="foreignPage"}}', lambda desk: desk.messenger.post(
            desk.messenger.batch(desk.messenger.text(desk.customer(), "x"), page="999"))),
        (f'{ELEMENTS}{{kind="unreadable"}}', lambda desk: desk.messenger.post(
            desk.messenger.batch(update(desk, message=7)))),
        (f'{ANSWERED}{{status="403"}}', lambda desk: ask(
            "GET", f"{desk.messenger.callback}?hub.mode=subscribe&hub.verify_token=guess")),
        (f'{ANSWERED}{{status="401"}}', lambda desk: ask(
            "POST", f"{desk.server}/desks/1/ws-ticket", b"",
            {**WITHOUT_SESSION, "Origin": desk.server})),
        (f'{ANSWERED}{{status="403"}}', lambda desk: ask(
            "POST", f"{desk.server}/desks/1/ws-ticket", b"",
            {**WITHOUT_SESSION, "Origin": "https://evil.example"})),
        (f'{ANSWERED}{{status="403"}}', lambda desk: ask(
            "POST", f"{desk.server}/desks/1/sign-out", b"")),
        (f'{ANSWERED}{{status="401"}}', lambda desk: ask(
            "GET", f"{desk.server}/desks/1/session")),
        (f'{ANSWERED}{{status="404"}}', lambda desk: ask("GET", f"{desk.server}/nothing")),
        (f'{ANSWERED}{{status="405"}}', lambda desk: ask("POST", f"{desk.server}/")),
        (f'{ANSWERED}{{status="400"}}', lambda desk: ask(
            "GET", f"{desk.server}/", b"", {"Transfer-Encoding": "chunked"})),
        (f'{CLOSED}{{code="4400"}}', lambda desk: closed_socket(desk, ["no hello"])),
        (f'{CLOSED}{{code="4401"}}', lambda desk: closed_socket(desk, [], ticket="Z3Vlc3M")),
        (f'{CLOSED}{{code="4408"}}', lambda desk: closed_socket(desk, [])),
        (f'{CLOSED}{{code="4429"}}', flood),
        ("ventanilla_inputs_repeated_total", lambda desk: twice(
            desk, desk.messenger.text(desk.customer(), "again"))),
        ('ventanilla_inputs_rejected_total{code="notFound"}', refused_command),
    ],
)
def test_what_is_refused_is_counted(desk, series, offend):
    before = desk.figures().get(series, 0)
    offend(desk)
    assert desk.figures()[series] == before + 1
