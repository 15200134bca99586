"""The administration API as a supervisor uses it."""

from __future__ import annotations

import copy
import json
from typing import Any

from console import Answer, Person, ask

#: What a new desk routes by, as far as tests change it.
QUEUE = {
    "id": 1, "name": "Service", "priority": 0, "needs": [], "relaxations": [],
    "handing": {"push": {}}, "stickiness": 0,
}


def queue(**changes: Any) -> dict:
    return {**copy.deepcopy(QUEUE), **changes}


def configuration(**changes: Any) -> dict:
    return {
        "version": 0, "skills": [], "kinds": [], "grades": [], "queues": [queue()], "entry": 1,
        "ageing": 300_000, "heavyWork": "isPassed", "missedOffers": 2, "transferTimeout": 60_000,
        **changes,
    }


class Administration:
    """The routes under /desks/1/api/ with one person's cookie."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.address = f"{person.server}/desks/1/api"

    def read(self, path: str = "configuration", **headers: str) -> Answer:
        return ask("GET", f"{self.address}/{path}", headers=self.person.headers(**headers))

    def put(self, document: dict | bytes, match: str | None = None, **headers: str) -> Answer:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        more = {"X-Ventanilla": "1", "Content-Type": "application/json", **headers}
        if match is not None:
            more["If-Match"] = match
        return ask("PUT", f"{self.address}/configuration", body, self.person.headers(**more))

    def set(self, profiles: list[dict] | None = None, **changes: Any) -> int:
        """Puts a configuration into force; its version."""
        document = {"configuration": configuration(**changes), "profiles": profiles or []}
        answer = self.put(document)
        assert answer.status == 204, answer.text
        return int(answer.headers["etag"].strip('"'))
