"""What was written while nobody could take it is read back through the channel's API: all of it, once,
in order."""

from __future__ import annotations

import signal
import time

from desk import Desk, until

#: Everything goes to one agent; what is due at a start is done at once.
SETTINGS = {"desk": {"capacity": 100, "settlingSeconds": 0}}

#: How long a reading of several answers may take, two a second, on a busy machine.
READ_WITHIN = 60


def whole_transcript(agent, conversation: int) -> list[str]:
    found: list[dict] = []
    while True:
        before = {"before": found[0]["id"]} if found else {}
        part = agent.transcript(conversation, limit=100, **before)
        found = part + found
        if len(part) < 100:
            return [entry["text"] for entry in found]


def stored(desk: Desk) -> int:
    return int(desk.stack.query("SELECT count(*) FROM messages")[0][0])


def gave_up(desk: Desk, count: int) -> None:
    until(
        lambda: desk.messenger.control("GET", "statistics")["events_given_up"] >= count,
        "Meta to give up",
    )


def outcomes(desk: Desk) -> dict[str, float]:
    return {
        name.split('"')[1]: count for name, count in desk.figures().items()
        if name.startswith("ventanilla_backfills_total{")
    }


def test_an_outage_with_long_conversations_is_read_back(desk):
    messenger = desk.messenger
    messenger.control("POST", "settings", {"retries": 0})
    agent = desk.agent("ana")
    # More than one answer of conversations, and more than one of messages inside one of them.
    sizes = [60, 130, 30] + [3] * 27
    given = [desk.given(agent, f"{place}: before") for place in range(len(sizes))]
    desk.stack.stop_server(signal.SIGKILL)
    expected = [[f"{place}: before"] for place in range(len(sizes))]
    lost = []
    for number in range(max(sizes)):
        for place, size in enumerate(sizes):
            if number < size:
                text = f"{place}: lost {number}"
                lost.append((given[place][0], text, messenger.customer_writes(given[place][0], text)))
                expected[place].append(text)
    newcomer = desk.customer()
    messenger.customer_writes(newcomer, "lost and new")
    gave_up(desk, len(lost) + 1)
    desk.stack.start_server()

    back = desk.agent("ana")
    total = sum(map(len, expected)) + 1
    until(lambda: stored(desk) >= total, "all to be read back", READ_WITHIN)
    until(lambda: outcomes(desk).get("complete") == 1, "the run to end", READ_WITHIN)
    # The platform repeats some after all: they are known.
    for customer, text, mid in lost[::50]:
        answer = messenger.post(messenger.batch(messenger.text(customer, text, mid=mid)))
        assert answer.status == 200
    for place, (_, conversation) in enumerate(given):
        assert whole_transcript(back, conversation) == expected[place], place
    assert stored(desk) == total
    assert desk.figures()["ventanilla_backfill_messages_total"] == len(lost) + 1
    assert outcomes(desk) == {"complete": 1}
    # A second start finds nothing new: what is on record is not entered again.
    desk.stack.stop_server(signal.SIGKILL)
    desk.stack.start_server()
    until(lambda: outcomes(desk).get("complete") == 1, "the second run", READ_WITHIN)
    assert desk.figures().get("ventanilla_backfill_messages_total", 0) == 0
    assert stored(desk) == total
    back.socket.close()
    agent.socket.close()


def test_a_lost_message_stands_between_those_of_its_second(desk):
    messenger = desk.messenger
    agent = desk.agent("ana")
    customer, conversation = desk.given(agent, "first")
    expected = ["first"]
    # The channel tells whole seconds: most of these share one with what came by webhooks.
    for number in range(12):
        is_lost = number % 3 != 2
        messenger.control("POST", "settings", {"drop": ["message"] if is_lost else []})
        text = f"{'lost' if is_lost else 'told'} {number}"
        messenger.customer_writes(customer, text)
        expected.append(text)
        if not is_lost:
            agent.pushed("message.received", conversation=conversation, text=text)
        time.sleep(0.05)
    told = [text for text in expected if not text.startswith("lost")]
    assert whole_transcript(agent, conversation) == told
    desk.stack.stop_server(signal.SIGKILL)
    desk.stack.start_server()
    back = desk.agent("ana")
    until(
        lambda: len(whole_transcript(back, conversation)) == len(expected), "the lost", READ_WITHIN
    )
    assert whole_transcript(back, conversation) == expected
    back.socket.close()
    agent.socket.close()


def test_what_was_refused_without_an_end_of_the_server_is_read_back(desk):
    messenger = desk.messenger
    messenger.control("POST", "settings", {"retries": 0, "drop": []})
    agent = desk.agent("ana")
    customer, conversation = desk.given(agent, "before")
    runs = outcomes(desk).get("complete", 0)
    given_up = messenger.control("GET", "statistics")["events_given_up"]
    desk.stack.pause_postgres()
    messenger.customer_writes(customer, "refused")
    gave_up(desk, given_up + 1)
    desk.stack.resume_postgres()
    until(
        lambda: whole_transcript(agent, conversation) == ["before", "refused"],
        "the refused message", READ_WITHIN,
    )
    until(lambda: outcomes(desk).get("complete", 0) > runs, "the run to end", READ_WITHIN)
    agent.socket.close()
