"""The checker finds nothing in a good run, and each violation that is planted in a copy of it."""

from __future__ import annotations

import copy
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Iterator

import pytest

import checker
from evidence import Evidence
from harness import Run


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A short run of the real parts in which a console was cut off and came back."""
    directory = tmp_path_factory.mktemp("good")
    with Run(directory, seed=1) as run:
        run.customers_write(messages=120, per_second=60)
        time.sleep(1.5)
        run.stack.stop_server()
        run.stack.start_server()
        time.sleep(1.5)
        run.wait_for_quiet()
        run.evidence()
    yield directory


def test_a_good_run_is_clean(good: Path) -> None:
    evidence = Evidence(good)
    assert checker.check(evidence) == []
    # Clean because all is well, not because nothing happened.
    assert len(evidence.of_kind("customer_wrote")) == 120
    # The answer to a message that came while its conversation was being closed is refused.
    late = [
        line for line in evidence.history
        if (line.get("method"), line.get("code")) == ("message.send", "conversationClosed")
    ]
    sent = [line for line in evidence.of_kind("send") if line["outcome"] == "accepted"]
    assert len(sent) >= 120 - len(late) >= 100
    assert any(line["kind"] == "hello" and line["mode"] == "resumed" for line in evidence.history)
    assert any(row["reason"] == "closed" for row in evidence.tables["handoffs"])


def test_the_program_tells_by_its_exit_code(good: Path, tmp_path: Path) -> None:
    command = [sys.executable, Path(checker.__file__)]
    assert subprocess.run([*command, good], capture_output=True, check=False).returncode == 0
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "tables").mkdir()
    for file in [*good.glob("*.jsonl"), *good.glob("*.key"), *good.glob("tables/*.jsonl")]:
        (broken / file.relative_to(good)).write_bytes(file.read_bytes())
    rows = (broken / "tables" / "messages.jsonl").read_text().splitlines()
    (broken / "tables" / "messages.jsonl").write_text("\n".join(rows[1:]))
    done = subprocess.run([*command, broken], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[:3]) == (1, "P1:")


# -- planted violations -------------------------------------------------------------------------------


def one(rows: list[dict], **wanted: object) -> dict:
    """A row with these values, from the middle so that something stands on both sides."""
    found = [row for row in rows if all(row.get(name) == value for name, value in wanted.items())]
    assert found, f"the good run holds no row with {wanted}"
    return found[len(found) // 2]


def remove(rows: list[dict], row: dict) -> None:
    del rows[next(place for place, found in enumerate(rows) if found is row)]


def double(rows: list[dict], row: dict, **changed: object) -> None:
    place = next(place for place, found in enumerate(rows) if found is row)
    rows.insert(place + 1, {**copy.deepcopy(row), **changed})


def lose_a_stored_message(run: Evidence) -> None:
    remove(run.messages, one(run.messages, kind="text"))


def lose_a_reply(run: Evidence) -> None:
    remove(run.messages, one(run.messages, kind="reply"))


def double_a_message(run: Evidence) -> None:
    double(run.messages, one(run.messages, kind="text"), message=10**9)


def double_a_reply(run: Evidence) -> None:
    """The same command decided twice: the text is sealed under the row's number, so the author's text
    is taken from the row itself."""
    row = one(run.messages, kind="reply")
    double(run.messages, row)


def garble_a_text(run: Evidence) -> None:
    first, second = [row for row in run.messages if row["kind"] == "text"][:2]
    first["sealed_body"] = second["sealed_body"]


def give_a_message_to_another(run: Evidence) -> None:
    row = one(run.messages, kind="text")
    row["customer"] = next(
        other["customer"] for other in run.messages if other["customer"] != row["customer"])


def swap_messages(run: Evidence) -> None:
    """Two messages of one customer, of different seconds, change their times."""
    rows = [row for row in run.messages if row["kind"] == "text"]
    first = one(rows)
    second = next(
        row for row in rows
        if row["conversation"] == first["conversation"]
        and row["written_at"] // 1000 != first["written_at"] // 1000)
    first["written_at"], second["written_at"] = second["written_at"], first["written_at"]


def acknowledge_another_message(run: Evidence) -> None:
    one(run.history, kind="ok", method="message.send")["result"]["message"] += 1


def close_without_effect(run: Evidence) -> None:
    double(run.history, one(run.history, kind="ok", method="conversation.close"), id="another")


def close_twice(run: Evidence) -> None:
    row = one(run.tables["handoffs"], reason="closed")
    double(run.tables["handoffs"], row, number=10**6, event=10**9)
    double(run.tables["handoffs"], row, number=10**6 + 1, event=10**9 + 1)


def quarantine_an_input(run: Evidence) -> None:
    run.tables["quarantine"].append({"desk": 1, "event": 1, "sqlstate": "23505"})


def write_unordered(run: Evidence) -> None:
    text = run.text_of(one(run.messages, kind="reply"))
    run.history[:] = [
        line for line in run.history
        if not (line["kind"] == "invoke" and line["params"].get("text") == text)
    ]


def give_two_owners(run: Evidence) -> None:
    double(run.tables["assignments"], one(run.tables["assignments"], is_open=True), agent=10**6)


def change_an_owner(run: Evidence) -> None:
    one(run.tables["conversations"], owner="agent")["owner_id"] += 10**6


def open_two_conversations(run: Evidence) -> None:
    row = one(run.tables["conversations"], owner="agent")
    double(run.tables["conversations"], row, conversation=10**9)


def cut_a_handoff(run: Evidence) -> None:
    row = one(run.tables["handoffs"], number=2)
    remove(run.tables["handoffs"], row)


def hand_off_from_nowhere(run: Evidence) -> None:
    one(run.tables["handoffs"], number=2)["from_id"] += 10**6


def hand_off_unrecorded(run: Evidence) -> None:
    """The ledger tells of another handoff than the row."""
    row = one(run.tables["events"], kind=12)
    body = bytearray.fromhex(row["body"])
    body[16] ^= 0x40
    row["body"] = body.hex()


def overload_an_agent(run: Evidence) -> None:
    """Every capacity ever given is one: what the run held is then too much."""
    for row in run.tables["events"]:
        if row["kind"] in (14, 18):
            body = bytearray.fromhex(row["body"])
            body[9:17] = (1).to_bytes(8, "big")
            row["body"] = body.hex()


def accepted_sends(run: Evidence) -> list[dict]:
    return [line for line in run.messenger if line["kind"] == "send" and line["outcome"] == "accepted"]


def send_twice(run: Evidence) -> None:
    line = one(accepted_sends(run))
    double(run.messenger, line)


def send_after_no_answer(run: Evidence) -> None:
    """The first attempt went unanswered, so it may have been taken."""
    line = one(accepted_sends(run))
    double(run.messenger, line)
    line.update(outcome="refused", status=None)


def send_uncommitted(run: Evidence) -> None:
    one(accepted_sends(run))["metadata"] = f"ventanilla:1:{10**9}"


def send_too_early(run: Evidence) -> None:
    one(accepted_sends(run))["time"] -= 3_600_000


def send_to_another(run: Evidence) -> None:
    line = one(accepted_sends(run))
    line["recipient"] = next(
        other["recipient"] for other in accepted_sends(run) if other["recipient"] != line["recipient"])


def swap_sends(run: Evidence) -> None:
    """Two sends of one conversation change places in time."""
    by_customer: dict[str, dict] = {}
    for line in accepted_sends(run):
        first = by_customer.setdefault(line["recipient"], line)
        if first is not line:
            first["metadata"], line["metadata"] = line["metadata"], first["metadata"]
            first["text"], line["text"] = line["text"], first["text"]
            return
    pytest.fail("the good run holds no conversation with two replies")


def forget_a_send(run: Evidence) -> None:
    remove(run.messenger, one(accepted_sends(run)))


def leave_a_job_unsettled(run: Evidence) -> None:
    one(run.tables["jobs"], state="sent")["state"] = "unknown"


def take_a_failed_job(run: Evidence) -> None:
    one(run.tables["jobs"], state="sent")["state"] = "failed"


def change_an_event(run: Evidence) -> None:
    one(run.tables["events"])["at"] += 1


def drop_an_event(run: Evidence) -> None:
    remove(run.tables["events"], one(run.tables["events"]))


def cut_the_ledger(run: Evidence) -> None:
    run.tables["events"].sort(key=lambda row: row["number"])
    run.tables["events"].pop()


def forge_an_event(run: Evidence) -> None:
    """With a hash of its own that fits; what follows gives it away."""
    rows = sorted(run.tables["events"], key=lambda row: row["number"])
    row, before = rows[len(rows) // 2], rows[len(rows) // 2 - 1]
    row["audience"] = [*row["audience"], 10**6]
    row["hash"] = run.chain_hash(row, bytes.fromhex(before["hash"])).hex()


def pushes(run: Evidence) -> list[dict]:
    return [line for line in run.history if line["kind"] == "push" and line["console"] == "ana"]


def repeat_a_push(run: Evidence) -> None:
    double(run.history, one(pushes(run)))


def lose_a_push(run: Evidence) -> None:
    remove(run.history, one(pushes(run)))


def lose_a_push_quietly(run: Evidence) -> None:
    """The server links the push after the lost one to the one before it."""
    found = pushes(run)
    place = len(found) // 2
    found[place + 1]["params"]["prev"] = found[place]["params"]["prev"]
    remove(run.history, found[place])


def lose_the_last_push(run: Evidence) -> None:
    remove(run.history, pushes(run)[-1])


def swap_pushes(run: Evidence) -> None:
    found = pushes(run)
    first, second = found[len(found) // 2:][:2]
    first["params"], second["params"] = second["params"], first["params"]


def push_uncommitted(run: Evidence) -> None:
    found = [line for line in pushes(run) if line["method"] == "message.received"]
    one(found)["params"]["message"] += 1


def push_of_another_epoch(run: Evidence) -> None:
    one(pushes(run))["params"]["epoch"] += 1


def resume_elsewhere(run: Evidence) -> None:
    one(run.history, kind="hello", mode="resumed")["asked"]["seq"] -= 1


def snapshot_without_one(run: Evidence) -> None:
    line = one(run.history, kind="hello", mode="snapshot", console="ana")
    line["conversations"] = [*line["conversations"], 10**9]


PLANTED: list[tuple[str, Callable[[Evidence], None]]] = [
    ("P1", lose_a_stored_message),
    ("P1", lose_a_reply),
    ("P1", double_a_message),
    ("P1", double_a_reply),
    ("P1", garble_a_text),
    ("P1", give_a_message_to_another),
    ("P1", swap_messages),
    ("P1", acknowledge_another_message),
    ("P1", close_without_effect),
    ("P1", close_twice),
    ("P1", quarantine_an_input),
    ("P1", forget_a_send),
    ("P2", give_two_owners),
    ("P2", change_an_owner),
    ("P2", open_two_conversations),
    ("P3", overload_an_agent),
    ("P6", cut_a_handoff),
    ("P6", hand_off_from_nowhere),
    ("P6", hand_off_unrecorded),
    ("P7", write_unordered),
    ("P7", send_uncommitted),
    ("P7", send_too_early),
    ("P7", send_to_another),
    ("P7", push_uncommitted),
    ("P7", push_of_another_epoch),
    ("P8", send_twice),
    ("P8", send_after_no_answer),
    ("P8", swap_sends),
    ("P8", leave_a_job_unsettled),
    ("P8", take_a_failed_job),
    ("P9", repeat_a_push),
    ("P9", lose_a_push),
    ("P9", lose_a_push_quietly),
    ("P9", lose_the_last_push),
    ("P9", swap_pushes),
    ("P9", resume_elsewhere),
    ("P9", snapshot_without_one),
    ("chain", change_an_event),
    ("chain", drop_an_event),
    ("chain", cut_the_ledger),
    ("chain", forge_an_event),
]


@pytest.mark.parametrize(
    ("promise", "plant"), PLANTED, ids=[plant.__name__ for _, plant in PLANTED])
def test_a_planted_violation_is_found(
    good: Path, promise: str, plant: Callable[[Evidence], None]
) -> None:
    run = Evidence(good)
    plant(run)
    # What is read from the rows once was read before the plant: it is read anew.
    for name in ("events", "_customer_ciphers"):
        run.__dict__.pop(name, None)
    found = checker.check(run)
    assert promise in {violated for violated, _ in found}, found


def test_any_one_changed_byte_of_the_ledger_is_found(good: Path) -> None:
    """Whichever row and column: the chain holds all of it."""
    chance = random.Random(20)
    for column in ("at", "epoch", "kind", "conversation", "audience", "body", "hash"):
        run = Evidence(good)
        row = chance.choice(run.tables["events"])
        value = row[column]
        if isinstance(value, str):
            place = chance.randrange(2, len(value)) if len(value) > 2 else 0
            changed = "0" if value[place] != "0" else "1"
            row[column] = value[:place] + changed + value[place + 1:]
        elif isinstance(value, list):
            row[column] = [*value, 1]
        else:
            row[column] = (value or 0) + 1
        found = list(checker.ledger(run))
        assert any(violated == "chain" for violated, _ in found), column
