"""The doors of a running stack: Meta's webhook, the sandbox's control, the operator's figures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from typing import Any, Callable

from console import PATIENCE, Answer, Console, Person, ask
from support.stack import PAGE, Stack


def until(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Waits until the condition holds and gives its value."""
    deadline = time.monotonic() + patience
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


class Messenger:
    """Sends signed webhooks as Meta does, and steers the sandbox."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.callback = f"{stack.server}/desks/1/webhooks/meta"
        keys = stack.directory / "keys"
        self.secret = (keys / "app.secret").read_bytes()
        self.verify_token = (keys / "verify.token").read_text()
        self._written = 0

    # -- webhooks ---------------------------------------------------------------------------------

    def signature(self, body: bytes, secret: bytes | None = None) -> str:
        return "sha256=" + hmac.new(secret or self.secret, body, hashlib.sha256).hexdigest()

    def post(self, body: bytes | dict, callback: str | None = None, **options: Any) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": self.signature(raw)}
        return ask("POST", callback or self.callback, raw, headers, **options)

    def text(self, customer: str, text: str, mid: str | None = None, at: Any = None) -> dict:
        """An update in which a customer writes."""
        self._written += 1
        return {
            "sender": {"id": customer}, "recipient": {"id": PAGE},
            "timestamp": int(time.time() * 1_000) if at is None else at,
            "message": {"mid": mid or f"m_{customer}_{self._written}", "text": text},
        }

    @staticmethod
    def batch(*updates: dict, page: str = PAGE) -> dict:
        entry = {"id": page, "time": int(time.time() * 1_000), "messaging": list(updates)}
        return {"object": "page", "entry": [entry]}

    def write(self, customer: str, text: str, **options: Any) -> None:
        answer = self.post(self.batch(self.text(customer, text, **options)))
        assert answer.status == 200, answer.text

    # -- the sandbox ------------------------------------------------------------------------------

    def control(self, method: str, path: str, document: dict | None = None) -> Any:
        body = None if document is None else json.dumps(document).encode()
        answer = ask(method, f"{self.stack.sandbox}/control/{path}", body)
        assert answer.status == 200, answer.text
        return answer.json

    def customer_writes(self, customer: str, text: str) -> str:
        """A customer of the sandbox writes, which sends a webhook by and by; the message's id."""
        return self.control("POST", f"customers/{customer}/messages", {"text": text})["mid"]

    def received(self, customer: str) -> list[dict]:
        """What the page sent to a customer, in order."""
        found = self.control("GET", f"customers/{customer}/messages")["messages"]
        return [message for message in found if message["author"] == "page"]

    def fault(self, kind: str, effect: str, **more: Any) -> None:
        self.control("POST", f"{kind}-faults", {"effect": effect, **more})


def figures(server: str) -> dict[str, float]:
    """The server's metrics, by name with labels."""
    found = {}
    for line in ask("GET", f"{server}/metrics").text.splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            found[name] = float(value)
    return found


def log_lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


class Desk:
    """A stack with its doors."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.messenger = Messenger(stack)
        self._customers = 0

    @property
    def server(self) -> str:
        return self.stack.server

    def person(self, name: str) -> Person:
        return Person.sign_in(self.stack.server, name)

    def agent(self, name: str = "ana", presence: str = "available") -> Console:
        console = self.person(name).console()
        console.request("presence.set", presence=presence)
        return console

    def supervisor(self) -> Console:
        return self.person("sofia").console()

    def customer(self) -> str:
        """An id that no customer had before."""
        self._customers += 1
        return f"77{self._customers:014d}"

    def figures(self) -> dict[str, float]:
        return figures(self.stack.server)

    def given(self, agent: Console, text: str = "Good morning") -> tuple[str, int]:
        """A new customer writes and this agent is given the conversation: customer, conversation."""
        customer = self.customer()
        agent.settle()
        seen = agent.seq
        self.messenger.customer_writes(customer, text)
        given = agent.until(
            lambda push: push["method"] == "owner.changed" and push["params"]["seq"] > seen
            and push["params"]["to"] == {"kind": "agent", "id": agent.person}
        )
        return customer, given["params"]["conversation"]


def is_ready(server: str) -> bool:
    try:
        return ask("GET", f"{server}/readyz", patience=2).status == 200
    except OSError:
        return False
