"""What a node still sends when it is told to end, and what it leaves to the next owner."""

from __future__ import annotations

import signal
import time

from desk import until

SETTINGS = {"desk": {"settlingSeconds": 0}}


def test_a_drain_sends_what_is_queued(desk):
    agent = desk.agent("ana")
    customer, conversation = desk.given(agent)
    desk.messenger.control("POST", "settings", {"send_latency_ms": 300})
    texts = [f"reply {number}" for number in range(6)]
    for text in texts:
        agent.request("message.send", conversation=conversation, text=text)
    # One of a conversation at a time: most of them still wait.
    desk.stack.signal("ventanilla", signal.SIGTERM)
    assert desk.stack.ended("ventanilla") == 0
    desk.messenger.control("POST", "settings", {"send_latency_ms": 0})
    assert [each["text"] for each in desk.messenger.received(customer)] == texts
    states = desk.stack.query(f"SELECT DISTINCT state FROM jobs WHERE conversation = {conversation}")
    assert states == [["sent"]]
    desk.stack.start_server()
    assert [each["text"] for each in desk.messenger.received(customer)] == texts


def test_what_a_drain_does_not_get_to_is_the_next_owners(desk):
    agent = desk.agent("ana")
    customer, conversation = desk.given(agent)
    desk.messenger.control("POST", "settings", {"send_latency_ms": 3_000})
    texts = [f"reply {number}" for number in range(8)]
    for text in texts:
        agent.request("message.send", conversation=conversation, text=text)
    begun = time.monotonic()
    desk.stack.signal("ventanilla", signal.SIGTERM)
    assert desk.stack.ended("ventanilla") == 0
    assert time.monotonic() - begun < 26
    sent = [each["text"] for each in desk.messenger.received(customer)]
    assert 2 <= len(sent) < len(texts) and sent == texts[: len(sent)]
    desk.messenger.control("POST", "settings", {"send_latency_ms": 0})
    desk.stack.start_server()

    def received() -> list[str]:
        return [each["text"] for each in desk.messenger.received(customer)]

    until(lambda: len(received()) == len(texts), "the rest to be sent")
    time.sleep(0.5)
    assert received() == texts
