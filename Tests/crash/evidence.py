"""What a run left behind: the sandbox's record, the consoles' histories, and the tables.

Nothing here uses the program that is judged. The tables are read with psql into one file a table, so
that a run can be judged again later and a test can change a copy; sealed columns are opened as
Schemas/sql/README.md describes them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

#: How each table is read: instants in milliseconds, bytes in hexadecimal.
QUERIES = {
    "desks": "SELECT desk, epoch, last_event, encode(last_hash, 'hex') AS last_hash FROM desks",
    "desk_keys": "SELECT desk, purpose, encode(sealed_key, 'hex') AS sealed_key FROM desk_keys",
    "customers": "SELECT desk, customer, encode(thread, 'hex') AS thread, encode(sealed_key, 'hex')"
    " AS sealed_key, encode(sealed_address, 'hex') AS sealed_address FROM customers",
    "conversations": "SELECT desk, conversation, customer, encode(thread, 'hex') AS thread, owner,"
    " owner_id, handoffs, unread FROM conversations JOIN activities USING (desk, conversation)",
    "handoffs": "SELECT desk, conversation, number, event, from_owner, from_id, to_owner, to_id, reason"
    " FROM handoffs",
    "assignments": "SELECT desk, conversation, handoff, agent, ended_at IS NULL AS is_open"
    " FROM assignments",
    "messages": "SELECT desk, message, conversation, customer, kind, author,"
    " round(extract(epoch FROM written_at) * 1000)::bigint AS written_at,"
    " encode(platform, 'hex') AS platform, encode(sealed_body, 'hex') AS sealed_body FROM messages",
    "jobs": "SELECT desk, job, conversation, message, agent, state, failure, attempts FROM jobs",
    "agents": "SELECT desk, agent, presence, capacity FROM agents",
    "events": "SELECT desk, number, round(extract(epoch FROM at) * 1000)::bigint AS at, epoch, kind,"
    " conversation, encode(hash, 'hex') AS hash, audience, encode(body, 'hex') AS body FROM events",
    "quarantine": "SELECT desk, event, kind, sqlstate, broken_constraint FROM quarantine",
    "persons": "SELECT desk, person, subject, roles FROM persons",
}

#: Event kinds with the names that `event_kinds` gives them, and each one's numbers.
KINDS = {
    1: ("customerMet", "customer thread_high thread_low"),
    2: ("conversationOpened", "conversation customer queue"),
    3: ("messageReceived", "conversation message message_kind written_at"),
    4: ("messageSentElsewhere", "conversation message written_at"),
    5: ("messageWritten", "conversation message agent job"),
    6: ("messagesDelivered", "conversation up_to"),
    7: ("messagesRead", "conversation up_to"),
    8: ("messageReacted", "conversation message is_removed"),
    9: ("messageEdited", "conversation message"),
    10: ("messageDeleted", "conversation message"),
    11: ("channelEventKept", "conversation"),
    12: ("ownerChanged", "conversation handoff from_owner from_id to_owner to_id reason"),
    13: ("conversationRead", "conversation agent"),
    14: ("agentEntered", "agent capacity"),
    15: ("agentConnected", "agent"),
    16: ("agentDisconnected", "agent has_deadline deadline"),
    17: ("presenceChanged", "agent presence"),
    18: ("capacityChanged", "agent capacity by"),
    19: ("jobChanged", "job conversation message state has_value value attempts"),
    20: ("epochBegan", ""),
    21: ("inputQuarantined", ""),
    40: ("announcementWritten", "conversation message job kind position minutes"),
}
OWNERS = {1: "nobody", 2: "bot", 3: "queue", 4: "agent"}
JOB_STATES = {1: "queued", 2: "sending", 3: "unknown", 4: "sent", 5: "failed", 6: "unconfirmed"}


@dataclass
class Event:
    """One row of the ledger, its body read."""

    number: int
    at: int
    epoch: int
    kind: str
    audience: list[int]
    values: dict[str, int]


def dump(database: str, directory: Path) -> None:
    """Reads every table into `directory`, in one snapshot of the database."""
    directory.mkdir(parents=True, exist_ok=True)
    script = ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"]
    for table, query in QUERIES.items():
        script.append(f"\\o '{directory / table}.jsonl'")
        script.append(f"SELECT row_to_json(found) FROM ({query}) AS found;")
    script += ["\\o", "COMMIT;"]
    subprocess.run(
        ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database],
        input="\n".join(script), text=True, check=True, timeout=60,
    )


def lines(file: Path) -> list[dict]:
    """The documents of a file with one a line."""
    with open(file, encoding="utf-8") as source:
        return [json.loads(line) for line in source if line.strip()]


@dataclass
class Evidence:
    """A run's directory: messenger.jsonl, history.jsonl, wrapping.key, tables/."""

    directory: Path
    desk: int = 1
    tables: dict[str, list[dict]] = field(init=False)
    messenger: list[dict] = field(init=False)
    history: list[dict] = field(init=False)

    def __post_init__(self) -> None:
        self.tables = {name: lines(self.directory / "tables" / f"{name}.jsonl") for name in QUERIES}
        self.messenger = lines(self.directory / "messenger.jsonl")
        self.history = lines(self.directory / "history.jsonl")

    # -- the sandbox's record ---------------------------------------------------------------------

    def of_kind(self, kind: str) -> list[dict]:
        return [line for line in self.messenger if line["kind"] == kind]

    # -- the ledger -------------------------------------------------------------------------------

    @cached_property
    def events(self) -> list[Event]:
        """The ledger in order; what cannot be read is left to the chain's check."""
        found = []
        for row in sorted(self.tables["events"], key=lambda row: row["number"]):
            name, fields = KINDS.get(row["kind"], ("unknown", ""))
            body = bytes.fromhex(row["body"])
            numbers = struct.unpack(f">{(len(body) - 1) // 8}q", body[1:])
            values = dict(zip(fields.split(), numbers))
            found.append(Event(row["number"], row["at"], row["epoch"], name, row["audience"], values))
        return found

    def events_named(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]

    def chain_hash(self, row: dict, before: bytes) -> bytes:
        """The hash that the documented canonical bytes give (Schemas/sql/README.md)."""
        body = bytes.fromhex(row["body"])
        parts = [
            before,
            struct.pack(">qqqqhq", row["desk"], row["number"], row["at"], row["epoch"], row["kind"],
                        row["conversation"] or 0),
            struct.pack(f">i{len(row['audience'])}q", len(row["audience"]), *row["audience"]),
            struct.pack(">i", len(body)), body,
        ]
        return hashlib.sha256(b"".join(parts)).digest()

    # -- what is sealed ---------------------------------------------------------------------------

    @cached_property
    def _wrapping(self) -> AESGCM:
        key = (self.directory / "wrapping.key").read_bytes()
        return AESGCM(key if len(key) == 32 else base64.b64decode(key))

    def _open(self, cipher: AESGCM, place: str, row: int, sealed: str) -> bytes | None:
        raw = bytes.fromhex(sealed)
        bound = place.encode() + b"\0" + struct.pack(">qq", self.desk, row)
        try:
            return cipher.decrypt(raw[:12], raw[12:], bound)
        except InvalidTag:
            return None

    @cached_property
    def _digest_key(self) -> bytes:
        for row in self.tables["desk_keys"]:
            if row["purpose"] == "digest":
                found = self._open(self._wrapping, "desk_keys.sealed_key", 2, row["sealed_key"])
                if found is not None:
                    return found
        raise ValueError("the desk's digest key does not open")

    @cached_property
    def _customer_ciphers(self) -> dict[int, AESGCM]:
        ciphers = {}
        for row in self.tables["customers"]:
            key = self._open(
                self._wrapping, "customers.sealed_key", row["customer"], row["sealed_key"])
            if key is not None:
                ciphers[row["customer"]] = AESGCM(key)
        return ciphers

    def digest(self, domain: str, content: bytes) -> str:
        """The digest of one part: HMAC-SHA256 over lengths and bytes, cut to 16 bytes."""
        name = domain.encode()
        message = struct.pack(">q", len(name)) + name + struct.pack(">q", len(content)) + content
        return hmac.new(self._digest_key, message, hashlib.sha256).digest()[:16].hex()

    def text_of(self, message: dict) -> str | None:
        """The text of a row of messages; None when it does not open."""
        cipher = self._customer_ciphers.get(message["customer"])
        if cipher is None or message["sealed_body"] is None:
            return None
        body = self._open(cipher, "messages.sealed_body", message["message"], message["sealed_body"])
        return None if body is None else json.loads(body).get("text")

    def address_of(self, customer: int) -> dict:
        """Page and person of a customer; empty when it does not open."""
        for row in self.tables["customers"]:
            if row["customer"] == customer and customer in self._customer_ciphers:
                opened = self._open(
                    self._customer_ciphers[customer], "customers.sealed_address", customer,
                    row["sealed_address"])
                return {} if opened is None else json.loads(opened)
        return {}

    # -- by number --------------------------------------------------------------------------------

    def grouped(self, table: str, column: str) -> dict[int, list[dict]]:
        groups = defaultdict(list)
        for row in self.tables[table]:
            groups[row[column]].append(row)
        return groups

    @property
    def messages(self) -> list[dict]:
        return self.tables["messages"]
