"""People of the desk as their consoles see it: sign-in, ticket, socket, commands, and a feed whose
order is checked at every push."""

from __future__ import annotations

import http.client
import json
import time
import urllib.parse
import uuid
from typing import Any, Callable

from socket_client import PATIENCE, Closed, Socket

SUBPROTOCOL = "ventanilla.console.v1"


class Answer:
    """An HTTP answer."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.cookies = [value for name, value in response.getheaders() if name.lower() == "set-cookie"]
        self.body = response.read()

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None,
    patience: float = PATIENCE,
) -> Answer:
    """One request on a connection of its own; redirects are not followed."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=patience)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target or "/", body, headers or {})
        return Answer(connection.getresponse())
    finally:
        connection.close()


class RequestRefused(Exception):
    """A command was answered with an error."""

    def __init__(self, error: dict) -> None:
        super().__init__(json.dumps(error))
        self.code = error["code"]
        self.data = error.get("data", {})
        self.name = self.data.get("code")
        self.field = self.data.get("field")


class Person:
    """One browser: a cookie and the sockets opened with it."""

    def __init__(self, server: str, cookie: str | None = None) -> None:
        self.server = server
        self.cookie = cookie

    @property
    def port(self) -> int:
        return urllib.parse.urlsplit(self.server).port

    @classmethod
    def sign_in(cls, server: str, name: str) -> "Person":
        """The whole way through the identity provider, as a browser goes it."""
        begun = ask("GET", f"{server}/desks/1/sign-in")
        assert begun.status == 302, begun.text
        back = ask("GET", f"{begun.headers['location']}&login_hint={name}")
        assert back.status == 302, back.text
        done = ask("GET", back.headers["location"])
        assert done.status == 302, done.text
        assert len(done.cookies) == 1
        return cls(server, done.cookies[0].split(";")[0])

    def headers(self, **more: str) -> dict[str, str]:
        return {**({"Cookie": self.cookie} if self.cookie else {}), **more}

    def ticket_answer(self, origin: str | None = None) -> Answer:
        headers = {"X-Ventanilla": "1", "Origin": origin or self.server}
        return ask("POST", f"{self.server}/desks/1/ws-ticket", b"", self.headers(**headers))

    def ticket(self) -> str:
        answer = self.ticket_answer()
        assert answer.status == 200, answer.text
        return answer.json["ticket"]

    def socket(self, ticket: str | None = None, **options: Any) -> Socket:
        """An open socket that has not said hello."""
        protocols = f"{SUBPROTOCOL}, ticket.{ticket or self.ticket()}"
        headers = self.headers(**{"Origin": self.server, "Sec-WebSocket-Protocol": protocols})
        return Socket(self.port, "/desks/1/console", headers, **options)

    def console(self, resume: tuple[int, int] | None = None, **options: Any) -> "Console":
        return Console(self.socket(**options), resume)

    def sign_out(self) -> Answer:
        return ask(
            "POST", f"{self.server}/desks/1/sign-out", b"", self.headers(**{"X-Ventanilla": "1"})
        )


class Console:
    """A socket after hello. Every numbered push must follow the one before it (promise P9)."""

    def __init__(self, socket: Socket, resume: tuple[int, int] | None = None) -> None:
        self.socket = socket
        self.pushes: list[dict] = []
        self.notices: list[dict] = []
        self._answers: dict[str, dict] = {}
        self.seq = self.epoch = 0
        point = {"resume": {"epoch": resume[0], "seq": resume[1]}} if resume else {}
        self.hello = self.request("hello", **point)
        self.epoch = self.hello["epoch"]
        self.seq = self.hello["seq"]
        if resume and self.hello["mode"] == "resumed":
            # What was missed comes with the epochs of then.
            self.epoch, self.seq = resume
        self.person = self.hello["person"]["id"]
        self.snapshot = self.hello.get("snapshot")

    def begin(self, method: str, id: str | None = None, **params: Any) -> str:
        """Sends a request and does not wait."""
        id = id or str(uuid.uuid4())
        self.socket.send(json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
        return id

    def answer(self, id: str, patience: float = PATIENCE) -> Any:
        deadline = time.monotonic() + patience
        while id not in self._answers:
            self._read(deadline)
        found = self._answers.pop(id)
        if "error" in found:
            raise RequestRefused(found["error"])
        return found["result"]

    def request(self, method: str, id: str | None = None, **params: Any) -> Any:
        return self.answer(self.begin(method, id, **params))

    def until(self, wanted: Callable[[dict], Any], patience: float = PATIENCE) -> dict:
        """The first push, of those that came and those to come, that is wanted."""
        deadline = time.monotonic() + patience
        place = 0
        while True:
            while place < len(self.pushes):
                if wanted(self.pushes[place]):
                    return self.pushes[place]
                place += 1
            self._read(deadline)

    def pushed(self, method: str, patience: float = PATIENCE, **params: Any) -> dict:
        """The params of the first push of this method whose params hold these."""

        def wanted(push: dict) -> bool:
            return push["method"] == method and all(
                push["params"].get(name) == value for name, value in params.items()
            )

        return self.until(wanted, patience)["params"]

    def all(self, method: str, **params: Any) -> list[dict]:
        return [
            push["params"] for push in self.pushes
            if push["method"] == method
            and all(push["params"].get(name) == value for name, value in params.items())
        ]

    def settle(self) -> None:
        """Reads all that was pushed before now: an answer overtakes no push but those of a resume,
        whose texts are read back first."""
        try:
            self.request("no.such.method")
        except RequestRefused as refused:
            assert refused.code == -32601

    def interruptions(self) -> list[bool]:
        """What was told until now of the database: true when it went, false when it was back."""
        self.settle()
        return [
            notice["params"]["interrupted"] for notice in self.notices
            if notice["method"] == "server.interrupted"
        ]

    def closing(self, patience: float = PATIENCE) -> Closed:
        """Reads until the server closes."""
        deadline = time.monotonic() + patience
        try:
            while True:
                self._read(deadline)
        except Closed as closed:
            return closed

    def transcript(self, conversation: int, **params: Any) -> list[dict]:
        return self.request("transcript.read", conversation=conversation, **params)["messages"]

    def _read(self, deadline: float) -> None:
        frame = json.loads(self.socket.receive(max(0.0, deadline - time.monotonic())))
        assert frame["jsonrpc"] == "2.0"
        if "method" not in frame:
            self._answers[frame["id"]] = frame
        elif "seq" in frame["params"] and frame["method"] != "snapshot":
            params = frame["params"]
            assert params["prev"] == self.seq, f"a gap or a repetition: {frame}"
            assert params["seq"] > self.seq
            assert params["epoch"] >= self.epoch
            self.seq, self.epoch = params["seq"], params["epoch"]
            self.pushes.append(frame)
        else:
            if frame["method"] == "snapshot":
                self.seq, self.epoch = frame["params"]["seq"], frame["params"]["epoch"]
            self.notices.append(frame)
