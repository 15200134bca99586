"""Judges a run by the promises of the design: what is lost, doubled, misordered or broken.

    checker.py DIRECTORY                     judges what is there
    checker.py DIRECTORY --database STRING   reads the tables first

An independent program: it reads the sandbox's record, the consoles' histories and the tables, and
knows the rules from the documents alone. Prints one line a violation, naming the promise; ends with 1
if there is any.
"""

from __future__ import annotations

import argparse
import sys
from bisect import bisect_right
from collections import Counter, defaultdict
from pathlib import Path
from typing import Iterator

from evidence import JOB_STATES, OWNERS, Event, Evidence, dump

Violation = tuple[str, str]


def check(evidence: Evidence) -> list[Violation]:
    """Every violation, as promise and explanation."""
    checks = [
        ledger, webhooks, transcripts, replies, orders, owners, handoffs, capacity, sends, order_of_sends,
        settled, feeds,
    ]
    return [violation for one in checks for violation in one(evidence)]


# -- the ledger -----------------------------------------------------------------------------------


def ledger(evidence: Evidence) -> Iterator[Violation]:
    """Numbers without a gap, the hash chain from the first row, epochs that never fall."""
    before, expected, epoch = bytes(32), 1, 0
    for row in sorted(evidence.tables["events"], key=lambda row: row["number"]):
        if row["number"] != expected:
            yield "chain", f"event {row['number']} stands where {expected} belongs"
        before = evidence.chain_hash(row, before)
        if before.hex() != row["hash"]:
            yield "chain", f"the hash of event {row['number']} is not that of its bytes"
        if row["epoch"] < epoch:
            yield "chain", f"event {row['number']} is of an epoch before its predecessor's"
        before, expected, epoch = bytes.fromhex(row["hash"]), row["number"] + 1, row["epoch"]
    for desk in evidence.tables["desks"]:
        if (desk["last_event"], desk["last_hash"]) != (expected - 1, before.hex()):
            yield "chain", "the desk's row does not name the latest event"
    for row in evidence.tables["quarantine"]:
        yield "P1", f"a good input was set aside (event {row['event']}, {row['sqlstate']})"


# -- P1: nothing lost, nothing doubled --------------------------------------------------------------


def webhooks(evidence: Evidence) -> Iterator[Violation]:
    """Each message that a customer wrote is stored once, as it was written."""
    wrote = {line["mid"]: line for line in evidence.of_kind("customer_wrote")}
    answered = {
        mid for line in evidence.of_kind("webhook") if line["status"] == 200 for mid in line["mids"]
    }
    recorded = {event.values["message"]: event.at for event in evidence.events_named("messageReceived")}
    beginnings = [event.at for event in evidence.events_named("epochBegan")]
    stored = defaultdict(list)
    for message in evidence.messages:
        stored[message["platform"]].append(message)
    events = Counter(event.values["message"] for event in evidence.events_named("messageReceived"))
    recognised = {evidence.digest("message", mid.encode()): mid for mid in wrote}
    for digest, mid in recognised.items():
        rows = stored[digest]
        line = wrote[mid]
        if len(rows) != 1:
            kind = "answered 200" if mid in answered else "never answered 200, nor read back"
            yield "P1", f"customer's message {mid} ({kind}) is stored {len(rows)} times"
        for row in rows:
            if evidence.text_of(row) != line["text"] or not is_moment(
                row, line, may_be_read_back(line, recorded.get(row["message"], 0), beginnings)
            ):
                yield "P1", f"message {row['message']} is not what the customer wrote"
            if evidence.address_of(row["customer"]).get("person") != line["customer"]:
                yield "P1", f"message {row['message']} is another customer's"
            if events[row["message"]] != 1:
                yield "P1", f"message {row['message']} has {events[row['message']]} events"
    for message in evidence.messages:
        if message["kind"] != "reply" and message["platform"] not in recognised:
            yield "P1", f"message {message['message']} ({message['kind']}) is nobody's"
    rows = {message["message"] for message in evidence.messages}
    for number in sorted(set(events) - rows):
        yield "P1", f"event {number} tells of a message that is not stored"


#: How long after the beginning of an epoch the channel may still be read back, on a busy machine.
READING_BACK = 10_000


def may_be_read_back(line: dict, recorded_at: int, beginnings: list[int]) -> bool:
    """Whether a message may have been stored by who read the channel back, though its webhook was
    answered as well: both may be under way at once after the beginning of an epoch."""
    return any(line["time"] - READING_BACK <= began <= recorded_at for began in beginnings)


def is_moment(row: dict, line: dict, may_be_read_back: bool) -> bool:
    """Whether a message stands at the moment when it was written. A webhook tells that exactly; who reads
    the channel back is given whole seconds, and the order of the channel's list may ask for a later place
    within its second."""
    is_its_second = row["written_at"] // 1000 == line["time"] // 1000
    return row["written_at"] == line["time"] or (is_its_second and may_be_read_back)


def transcripts(evidence: Evidence) -> Iterator[Violation]:
    """A customer's messages stand in the order in which they were written, as far as the channel told
    their times."""
    wrote = {
        evidence.digest("message", line["mid"].encode()): line
        for line in evidence.of_kind("customer_wrote")
    }
    for conversation, rows in evidence.grouped("messages", "conversation").items():
        shown = sorted(
            (row["written_at"], row["message"], wrote[row["platform"]]["time"])
            for row in rows if row["platform"] in wrote
        )
        for (stored, _, earlier), (_, message, later) in zip(shown, shown[1:]):
            is_exact = stored == earlier
            if earlier > later and (is_exact or earlier // 1000 > later // 1000):
                yield "P1", f"message {message} of conversation {conversation} stands too late"


def replies(evidence: Evidence) -> Iterator[Violation]:
    """Each acknowledged reply is stored once, by its author; none that nobody ordered."""
    invoked, results = {}, defaultdict(set)
    for line in evidence.history:
        if line["kind"] == "invoke" and line["method"] == "message.send":
            invoked[line["params"]["text"]] = line
        if line["kind"] == "ok" and line["method"] == "message.send":
            results[line["id"]].add(line["result"]["message"])
    stored = defaultdict(list)
    for message in evidence.messages:
        if message["kind"] == "reply":
            stored[evidence.text_of(message)].append(message)
    written = Counter(event.values["message"] for event in evidence.events_named("messageWritten"))
    jobs = Counter(job["message"] for job in evidence.tables["jobs"])
    for text, line in invoked.items():
        rows, named = stored.pop(text, []), results[line["id"]]
        if len(rows) > 1 or (named and not rows):
            yield "P1", f"reply {line['id']} is stored {len(rows)} times"
        if len(named) > 1 or (rows and named and named != {row["message"] for row in rows}):
            yield "P1", f"reply {line['id']} was acknowledged as another message"
        for row in rows:
            if (row["author"], row["conversation"]) != (line["person"], line["params"]["conversation"]):
                yield "P1", f"reply {row['message']} has another author or place"
            if (written[row["message"]], jobs[row["message"]]) != (1, 1):
                yield "P1", f"reply {row['message']} has not one event and one job"
    for rows in stored.values():
        for row in rows:
            yield "P7", f"reply {row['message']} was never ordered"


def orders(evidence: Evidence) -> Iterator[Violation]:
    """Each acknowledged close or capacity had its effect once; none without an order."""
    effects = {
        "conversation.close": Counter(
            row["conversation"] for row in evidence.tables["handoffs"] if row["reason"] == "closed"),
        "agent.setCapacity": Counter(
            (event.values["agent"], event.values["capacity"])
            for event in evidence.events_named("capacityChanged")),
    }
    for method, found in effects.items():
        ordered, done = defaultdict(set), defaultdict(set)
        for line in evidence.history:
            if line.get("method") != method or line["kind"] not in ("invoke", "ok"):
                continue
            what = (
                line["params"]["conversation"] if method == "conversation.close"
                else (line["params"]["agent"], line["params"]["capacity"])
            )
            (ordered if line["kind"] == "invoke" else done)[what].add(line["id"])
        for what in set(ordered) | set(found):
            if not len(done[what]) <= found[what] <= len(ordered[what]):
                yield "P1", (
                    f"{method} {what}: {len(ordered[what])} ordered, {len(done[what])} acknowledged,"
                    f" {found[what]} done"
                )


# -- P2, P3, P6: owners -----------------------------------------------------------------------------


def owners(evidence: Evidence) -> Iterator[Violation]:
    """One owner, one open assignment, one open conversation a customer."""
    held = defaultdict(list)
    for row in evidence.tables["assignments"]:
        if row["is_open"]:
            held[row["conversation"]].append(row["agent"])
    open_threads = Counter()
    for row in evidence.tables["conversations"]:
        number = row["conversation"]
        expected = [row["owner_id"]] if row["owner"] == "agent" else []
        if held.pop(number, []) != expected:
            yield "P2", f"conversation {number} has another owner than its open assignment says"
        if row["owner"] != "nobody":
            open_threads[row["thread"]] += 1
    for number in held:
        yield "P2", f"an open assignment of conversation {number}, which does not exist"
    for count in open_threads.values():
        if count > 1:
            yield "P2", f"a customer has {count} open conversations"
    numbers = Counter(row["conversation"] for row in evidence.tables["conversations"])
    for number, count in numbers.items():
        if count > 1:
            yield "P2", f"conversation {number} is there {count} times"


def handoffs(evidence: Evidence) -> Iterator[Violation]:
    """Numbered without a gap, each from the one before; the same in the ledger and in the rows."""
    rows = {row["event"]: row for row in evidence.tables["handoffs"]}
    latest: dict[int, tuple[int, tuple[str, int]]] = {}
    for row in sorted(rows.values(), key=lambda row: (row["conversation"], row["number"])):
        number, owner = latest.get(row["conversation"], (0, ("nobody", 0)))
        if row["number"] != number + 1:
            yield "P6", f"handoff {row['number']} of conversation {row['conversation']} follows {number}"
        elif (row["from_owner"], row["from_id"]) != owner and (number or row["from_owner"] != "bot"):
            yield "P6", (
                f"handoff {row['number']} of conversation {row['conversation']} is not from the"
                " owner before"
            )
        latest[row["conversation"]] = (row["number"], (row["to_owner"], row["to_id"]))
    for row in evidence.tables["conversations"]:
        found = latest.get(row["conversation"], (0, ("nobody", 0)))
        if (row["handoffs"], (row["owner"], row["owner_id"])) != found:
            yield "P6", f"conversation {row['conversation']} has another owner than its last handoff gave"
    for event in evidence.events_named("ownerChanged"):
        told = event.values
        row = rows.pop(event.number, None)
        if row is None or (
            row["conversation"], row["number"], row["from_owner"], row["from_id"], row["to_owner"],
            row["to_id"],
        ) != (
            told["conversation"], told["handoff"], OWNERS[told["from_owner"]], told["from_id"],
            OWNERS[told["to_owner"]], told["to_id"],
        ):
            yield "P6", f"event {event.number} and its handoff do not agree"
    for number in rows:
        yield "P6", f"a handoff of event {number}, which tells of none"


def capacity(evidence: Evidence) -> Iterator[Violation]:
    """No assignment over the capacity that holds at that moment."""
    room: dict[int, int] = {}
    held: dict[int, set[int]] = defaultdict(set)
    for event in evidence.events:
        told = event.values
        if event.kind in ("agentEntered", "capacityChanged"):
            room[told["agent"]] = told["capacity"]
        if event.kind != "ownerChanged":
            continue
        if OWNERS[told["from_owner"]] == "agent":
            held[told["from_id"]].discard(told["conversation"])
        if OWNERS[told["to_owner"]] == "agent":
            agent = told["to_id"]
            held[agent].add(told["conversation"])
            if len(held[agent]) > room.get(agent, 0):
                yield "P3", f"event {event.number} gives agent {agent} more than their capacity"


# -- P7, P8: what was sent --------------------------------------------------------------------------


def job_of(line: dict, desk: int) -> int | None:
    """The job that a send's metadata names."""
    parts = (line.get("metadata") or "").split(":")
    if len(parts) != 3 or parts[:2] != ["ventanilla", str(desk)] or not parts[2].isdigit():
        return None
    return int(parts[2])


def states(evidence: Evidence) -> dict[int, list[tuple[Event, str]]]:
    """The states of each job in the ledger's order; it begins queued when the reply is written."""
    found = defaultdict(list)
    for event in evidence.events:
        if event.kind == "messageWritten":
            found[event.values["job"]].append((event, "queued"))
        if event.kind == "jobChanged":
            found[event.values["job"]].append((event, JOB_STATES[event.values["state"]]))
    return found


def ordered_again(path: list[tuple[Event, str]]) -> int:
    """How often a person had the job sent again."""
    names = [name for _, name in path]
    return sum(
        1 for before, after in zip(names, names[1:])
        if before in ("unconfirmed", "failed") and after == "queued"
    )


def surely_not_taken(line: dict) -> bool:
    """Refused, and the refusal was answered."""
    return line["outcome"] == "refused" and line["status"] is not None


def sends(evidence: Evidence) -> Iterator[Violation]:
    """Nothing left that was not committed as sending; nothing twice that may have been taken."""
    paths = states(evidence)
    messages = {message["message"]: message for message in evidence.messages}
    jobs = {job["job"]: job for job in evidence.tables["jobs"]}
    posts = defaultdict(list)
    for line in evidence.of_kind("send"):
        if line.get("action") is not None:
            continue
        job = job_of(line, evidence.desk)
        if job is None or job not in jobs or jobs[job]["message"] not in messages:
            yield "P7", f"a send of mid {line.get('mid')} belongs to no stored job"
            continue
        message = messages[jobs[job]["message"]]
        person = evidence.address_of(message["customer"]).get("person")
        if (line["text"], line["recipient"]) != (evidence.text_of(message), person):
            yield "P7", f"job {job} was sent with another text or to another customer"
        posts[job].append(line)
    for job, made in posts.items():
        begun = [event for event, name in paths[job] if name == "sending"]
        for place, line in enumerate(made):
            if place >= len(begun) or line["time"] < begun[place].at:
                yield "P7", f"send {place + 1} of job {job} left before it was committed"
        uncertain = [line for line in made if not surely_not_taken(line)]
        if len(uncertain) > 1 + ordered_again(paths[job]):
            yield "P8", f"job {job} was sent {len(uncertain)} times, nobody having asked"


def order_of_sends(evidence: Evidence) -> Iterator[Violation]:
    """The sends of a conversation that were taken first are in the order in which it was written.

    One that a person had sent again may come late."""
    paths = states(evidence)
    latest: dict[int, int] = {}
    place = {job["job"]: job["conversation"] for job in evidence.tables["jobs"]}
    seen = set()
    for line in evidence.of_kind("send"):
        job = job_of(line, evidence.desk)
        if line["outcome"] != "accepted" or job not in place or job in seen:
            continue
        seen.add(job)
        if ordered_again(paths[job]):
            continue
        if job < latest.get(place[job], 0):
            yield "P8", f"job {job} was sent after {latest[place[job]]}, which was written later"
        latest[place[job]] = max(job, latest.get(place[job], 0))


def settled(evidence: Evidence) -> Iterator[Violation]:
    """After the faults: no job under way, none sent that was not taken, none taken that is not sent."""
    taken = Counter(
        job_of(line, evidence.desk) for line in evidence.of_kind("send")
        if line["outcome"] == "accepted")
    for job in evidence.tables["jobs"]:
        number, state = job["job"], job["state"]
        if state in ("queued", "sending", "unknown"):
            yield "P8", f"job {number} is still {state}"
        if state == "sent" and not taken[number]:
            yield "P1", f"job {number} counts as sent and was never taken"
        if state != "sent" and taken[number]:
            yield "P8", f"job {number} was taken and counts as {state}"
    for number in {job for job in taken if job} - {job["job"] for job in evidence.tables["jobs"]}:
        yield "P7", f"job {number} was taken and is not stored"


# -- P9: what the consoles saw ----------------------------------------------------------------------

#: The members of a push that repeat the numbers of its event, by the event's kind.
TOLD = {
    "messageReceived": ("message.received", "conversation message"),
    "messageWritten": ("message.written", "conversation message agent job"),
    "ownerChanged": ("owner.changed", "conversation"),
    "jobChanged": ("job.changed", "job conversation message attempts"),
    "conversationOpened": ("conversation.opened", "conversation customer queue"),
    "customerMet": ("customer.met", "customer"),
    "conversationRead": ("conversation.read", "conversation agent"),
    "agentConnected": ("agent.connected", "agent"),
    "agentDisconnected": ("agent.disconnected", "agent"),
    "agentEntered": ("agent.entered", "agent capacity"),
    "presenceChanged": ("presence.changed", "agent"),
    "capacityChanged": ("capacity.changed", "agent capacity by"),
    "epochBegan": ("epoch.began", ""),
    "messagesDelivered": ("message.delivered", "conversation"),
    "messagesRead": ("message.read", "conversation"),
}


def feeds(evidence: Evidence) -> Iterator[Violation]:
    """Each console saw its feed without gap or repetition, up to the end."""
    roles = {row["person"]: row["roles"] for row in evidence.tables["persons"]}
    lines = defaultdict(list)
    for line in evidence.history:
        lines[line["console"]].append(line)
    for console, told in lines.items():
        person = next((line["person"] for line in told if line.get("person")), None)
        if person is None:
            continue
        supervises = "supervisor" in roles.get(person, [])
        feed = [event for event in evidence.events if supervises or person in event.audience]
        yield from feed_of(evidence, console, person, supervises, feed, told)


def feed_of(
    evidence: Evidence, console: str, person: int, supervises: bool, feed: list[Event],
    told: list[dict],
) -> Iterator[Violation]:
    numbers = [event.number for event in feed]
    cursor: int | None = None
    for line in told:
        if line["kind"] == "hello" and line["mode"] == "resumed":
            if line["asked"] is None or line["asked"]["seq"] != cursor:
                yield "P9", f"{console} was resumed from where it had not come to"
        elif line["kind"] in ("hello", "snapshot"):
            cursor = line["seq"]
            yield from snapshot_of(evidence, console, person, supervises, line)
        elif line["kind"] == "push":
            params = line["params"]
            seq = params["seq"]
            if cursor is None or params["prev"] != cursor:
                yield "P9", f"{console} was pushed {seq} after {params['prev']} at {cursor}"
            place = bisect_right(numbers, cursor or 0)
            if place >= len(feed) or feed[place].number != seq:
                due = feed[place].number if place < len(feed) else "nothing"
                yield "P9", f"{console} was pushed {seq} when {due} was due"
            else:
                yield from same(console, feed[place], line)
            cursor = seq
    if cursor is None or (numbers and cursor < numbers[-1]):
        yield "P9", f"{console} never saw what came after {cursor}"


def same(console: str, event: Event, line: dict) -> Iterator[Violation]:
    """The push tells what the ledger holds: what was pushed was committed (P7)."""
    method, fields = TOLD.get(event.kind, (line["method"], ""))
    params = line["params"]
    if line["method"] != method or params["epoch"] != event.epoch or any(
        params.get(field) != event.values[field] for field in fields.split()
    ):
        yield "P7", f"{console} was pushed {line['method']} as event {event.number}, a {event.kind}"


def snapshot_of(
    evidence: Evidence, console: str, person: int, supervises: bool, line: dict
) -> Iterator[Violation]:
    """A snapshot shows the conversations that the ledger gives the person at that number."""
    holders: dict[int, tuple[str, int]] = {}
    for event in evidence.events_named("ownerChanged"):
        if event.number <= line["seq"]:
            told = event.values
            holders[told["conversation"]] = (OWNERS[told["to_owner"]], told["to_id"])
    expected = {
        number for number, owner in holders.items()
        if owner == ("agent", person) or (supervises and owner[0] != "nobody")
    }
    if set(line["conversations"]) != expected:
        yield "P9", f"the snapshot of {console} at {line['seq']} shows other conversations"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--database", help="read the tables with psql first")
    arguments = parser.parse_args()
    if arguments.database:
        dump(arguments.database, arguments.directory / "tables")
    evidence = Evidence(arguments.directory)
    found = check(evidence)
    for promise, explanation in found:
        print(f"{promise}: {explanation}")
    print(
        f"{len(found)} violations; {len(evidence.events)} events, {len(evidence.messages)} messages,"
        f" {len(evidence.of_kind('send'))} sends, {len(evidence.history)} lines of history"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
