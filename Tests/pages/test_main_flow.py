"""The main job in a real browser, on the real parts: a customer writes, an agent answers."""

from __future__ import annotations

import json
import re
import signal
import urllib.request
from typing import Iterator

import pytest
from playwright.sync_api import Page, expect

from support.stack import Stack

#: The whole way: webhook, commit, push; or command, commit, send.
SOON = 10_000
#: After a node was killed: its lease must end and the console's backoff must pass.
AFTER_A_CRASH = 60_000


@pytest.fixture
def stack() -> Iterator[Stack]:
    with Stack() as running:
        yield running


def sign_in(tab: Page, stack: Stack, name: str) -> Page:
    tab.goto(stack.server)
    expect(tab.locator("h1")).to_have_text("You are signed out")
    tab.get_by_role("link", name="Sign in").click()
    tab.get_by_role("link", name=name).click()
    expect(tab.locator("#connection")).to_have_text("Connected", timeout=SOON)
    return tab


def become(tab: Page, presence: str) -> None:
    tab.get_by_label(presence, exact=True).check(force=True)
    expect(tab.locator("#presence")).not_to_have_attribute("aria-busy", "true")


class Customer:
    """A customer with the sandbox's page open."""

    def __init__(self, tab: Page, stack: Stack, name: str) -> None:
        self.tab = tab
        tab.goto(stack.sandbox)
        tab.fill("#newcomer-name", name)
        tab.locator("#newcomer button").click()
        expect(tab.locator("#chat-title")).to_have_text(name)
        expect(tab.locator("#text")).to_be_enabled()

    def write(self, text: str) -> None:
        self.tab.fill("#text", text)
        self.tab.locator("#send").click()

    def expect_answer(self, text: str, timeout: int = SOON) -> None:
        expect(self.answers().last).to_have_text(text, timeout=timeout)

    def answers(self):
        return self.tab.locator("#messages .message.page p")


@pytest.fixture
def agent(stack, windows) -> Page:
    """Ana, available."""
    tab = sign_in(windows.person()(), stack, "Ana Morales")
    become(tab, "Available")
    return tab


@pytest.fixture
def customer(stack, windows) -> Customer:
    return Customer(windows.person()(), stack, "Rosa Prieto")


def open_newest(tab: Page, text: str) -> None:
    expect(tab.locator(".item").first).to_contain_text(text, timeout=SOON)
    tab.locator(".item").first.click()
    expect(tab.locator("#messages")).to_contain_text(text)


def answer(tab: Page, text: str) -> None:
    tab.fill("#reply", text)
    tab.locator("#reply").press("Enter")


def test_a_customer_is_answered(agent, customer, shot):
    customer.write("Is the branch open on Saturday?")
    open_newest(agent, "Is the branch open on Saturday?")
    expect(agent.locator(".item .unread")).to_be_hidden(timeout=SOON)
    answer(agent, "Yes, from 9:00 to 13:00.\nShall I book you a time?")
    customer.expect_answer("Yes, from 9:00 to 13:00.\nShall I book you a time?")
    progress = agent.locator("#messages .kind-reply .progress")
    expect(progress).to_have_text(_any_of("Sent", "Delivered", "Read"), timeout=SOON)
    expect(agent.locator("#messages .kind-reply")).to_have_count(1)
    expect(agent.locator(".pending")).to_have_count(0)
    shot(agent, "flow-agent")
    shot(customer.tab, "flow-customer")

    agent.locator("#close-conversation").click()
    expect(agent.locator(".banner")).to_contain_text("You closed this conversation")
    expect(agent.locator(".item")).to_have_count(0)

    customer.write("One more thing")
    expect(agent.locator(".item")).to_have_count(1, timeout=SOON)
    open_newest(agent, "One more thing")
    # The same conversation, reopened: what was said before is there.
    expect(agent.locator("#messages")).to_contain_text("Is the branch open on Saturday?")


def test_two_tabs_are_one_agent(stack, windows, customer, shot):
    tabs = windows.person()
    first = sign_in(tabs(), stack, "Ana Morales")
    become(first, "Available")
    second = tabs()
    second.goto(stack.server)
    expect(second.get_by_label("Available", exact=True)).to_be_checked(timeout=SOON)
    customer.write("Hello?")
    for tab in (first, second):
        open_newest(tab, "Hello?")
    answer(first, "Good morning!")
    for tab in (first, second):
        expect(tab.locator("#messages .kind-reply .text")).to_have_text("Good morning!", timeout=SOON)
    customer.expect_answer("Good morning!")
    expect(customer.answers()).to_have_count(1)
    # One tab less is not an agent less.
    second.close()
    customer.write("Are you still there?")
    expect(first.locator("#messages")).to_contain_text("Are you still there?", timeout=SOON)
    # Signing out ends every tab at once.
    third = tabs()
    third.goto(stack.server)
    expect(third.locator("#connection")).to_have_text("Connected", timeout=SOON)
    first.locator("#sign-out").click()
    first.get_by_role("button", name="Sign out").last.click()
    for tab in (first, third):
        expect(tab.locator("h1")).to_have_text("You are signed out", timeout=SOON)
    shot(third, "flow-signed-out")


def test_a_supervisor_sees_the_queue_and_the_agents(stack, windows, customer, shot):
    supervisor = sign_in(windows.person()(), stack, "Sofía Herrera")
    expect(supervisor.locator("#agents-title")).to_be_visible()
    customer.write("Is anybody there?")
    rows = supervisor.locator("#queue-table tbody tr")
    expect(rows).to_have_count(1, timeout=SOON)
    expect(rows.first.locator(".wait")).not_to_have_text("")
    shot(supervisor, "flow-supervisor-waiting")

    agent = sign_in(windows.person()(), stack, "Ana Morales")
    become(agent, "Available")
    expect(rows).to_have_count(0, timeout=SOON)
    ana = supervisor.locator("#agents-table tbody tr", has_text="Ana Morales")
    expect(ana).to_contain_text("Available")
    expect(ana.locator(".load")).to_contain_text("1 /")

    capacity = supervisor.get_by_label("Capacity of Ana Morales")
    capacity.fill("1")
    capacity.press("Enter")
    expect(ana.locator(".load")).to_have_text("1 / 1", timeout=SOON)
    expect(agent.locator("#presence .load")).to_have_text("1 of 1", timeout=SOON)
    shot(supervisor, "flow-supervisor-agents")

    # Going offline gives everything back.
    agent.get_by_label("Offline", exact=True).click(force=True)
    agent.get_by_role("button", name="Go offline").click()
    expect(rows).to_have_count(1, timeout=SOON)
    expect(agent.locator(".item")).to_have_count(0)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["drained", "killed"])
def test_the_server_goes_and_comes_back(stack, agent, customer, shot, how):
    customer.write("First question")
    open_newest(agent, "First question")
    stack.stop_server(how)
    expect(agent.locator("#connection")).to_have_text("Reconnecting", timeout=SOON)
    answer(agent, "Written while away")
    expect(agent.locator(".pending")).to_contain_text("Will be sent when connected again")
    shot(agent, f"flow-away-{how.name.lower()}")
    stack.start_server()
    expect(agent.locator("#connection")).to_have_text("Connected", timeout=AFTER_A_CRASH)
    customer.expect_answer("Written while away", timeout=AFTER_A_CRASH)
    expect(agent.locator(".pending")).to_have_count(0)
    expect(agent.locator("#messages .kind-reply")).to_have_count(1)
    expect(customer.answers()).to_have_count(1)
    customer.write("Second question")
    expect(agent.locator("#messages")).to_contain_text("Second question", timeout=SOON)
    texts = agent.locator("#messages .text").all_inner_texts()
    assert texts == ["First question", "Written while away", "Second question"]


HOSTILE = [
    "<script>window.broken = 1</script><img src=x onerror='window.broken = 1'>",
    "\u202edetrevni\u202c \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "👩‍👩‍👧‍👦 👍🏽 Z\u0310\u0343\u0351a\u0328\u0322lgo",
    "javascript:alert(1) https://bank.example/\"onmouseover=\"x",
    "w" * 5_000,
    "one\ntwo\n\n\nthree\ttab",
]


def test_hostile_text_is_shown_as_text(stack, agent, windows, shot):
    for text in HOSTILE:
        _write_as(stack, "6699", text)
    expect(agent.locator(".item")).to_have_count(1, timeout=SOON)
    agent.locator(".item").click()
    shown = agent.locator("#messages .text")
    expect(shown).to_have_count(len(HOSTILE), timeout=SOON)
    assert shown.evaluate_all("all => all.map(each => each.textContent)") == HOSTILE
    assert agent.evaluate("window.broken") is None
    assert agent.locator("#messages a, #messages img, #messages script").count() == 0
    assert agent.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(agent, "flow-hostile")


def test_the_pages_are_served_under_a_strict_policy(stack, windows):
    tab = windows.person()()
    headers = tab.goto(stack.server).headers
    policy = headers["content-security-policy"]
    for directive in ["default-src 'none'", "script-src 'self'", "require-trusted-types-for 'script'", "frame-ancestors 'none'"]:
        assert directive in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    expect(tab.locator("h1")).to_have_text("You are signed out")


def _any_of(*words: str):
    return re.compile("|".join(words))


def _write_as(stack: Stack, customer: str, text: str) -> None:
    """Writes what the sandbox's own page would not let through."""
    for path, body in [(f"customers/{customer}", {"first_name": "Hostile", "last_name": "Customer"}), (f"customers/{customer}/messages", {"text": text})]:
        request = urllib.request.Request(
            f"{stack.sandbox}/control/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10):
            pass
