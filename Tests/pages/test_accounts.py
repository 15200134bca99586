"""The customer's accounts beside the conversation."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from pages.test_console import ME, agent, conversation, message, now, open_first

READ = {
    "state": "read",
    "accounts": {
        "state": "read", "asOf": now(), "more": False,
        "items": [
            {
                "name": "<b>Everyday</b>", "kind": "current", "currency": "EUR",
                "numbers": ["GB•• … 5432"],
                "balances": {
                    "state": "read", "asOf": now(), "more": False,
                    "items": [
                        {
                            "kind": "interimAvailable", "direction": "debit",
                            "amount": "9999999999999.10", "currency": "EUR",
                        }
                    ],
                },
                "transactions": {"state": "unavailable"},
            }
        ],
    },
}


@pytest.fixture
def page(fake, windows):
    fake.snapshot = {
        "conversations": [conversation(1), conversation(2)], "agents": [agent(7, "Ana")], "jobs": [],
    }
    fake.transcripts = {1: [message(50, "Good morning")], 2: [message(51, "Good morning")]}
    tab = windows.person()()
    tab.goto(fake.address)
    expect(tab.locator("#connection")).to_have_text("Connected")
    return tab


def look(page) -> None:
    """By keyboard alone."""
    open_first(page)
    page.locator("#accounts-purpose").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def test_a_purpose_comes_first(page, fake):
    fake.accounts = READ
    expect(page.locator("#accounts")).to_be_hidden()
    open_first(page)
    expect(page.locator("#accounts")).to_be_visible()
    expect(page.locator("#accounts-show")).to_be_disabled()
    look(page)
    shown = page.locator("#accounts-list")
    expect(shown).to_contain_text("<b>Everyday</b>")
    expect(shown).to_contain_text("GB•• … 5432")
    # No number of the machine's has been near it.
    expect(shown).to_contain_text("−9999999999999.10 EUR")
    expect(shown.locator(".unavailable")).to_have_text("Unavailable just now.")
    expect(page.locator("#accounts-notice")).to_contain_text("As of")


@pytest.mark.parametrize(
    "answer, words",
    [
        ({"state": "unconfigured"}, "This desk has no bank."),
        ({"state": "unlinked"}, "not linked to the bank"),
        ({"state": "read", "accounts": {"state": "unavailable"}}, "The bank does not answer"),
        (
            {"state": "read", "accounts": {"state": "read", "asOf": 0, "more": False, "items": []}},
            "no accounts of this customer",
        ),
    ],
)
def test_what_is_not_there_is_said(page, fake, answer, words):
    fake.accounts = answer
    look(page)
    expect(page.locator("#accounts-notice")).to_contain_text(words)


def test_they_leave_the_page_with_the_conversation(page, fake):
    fake.accounts = READ
    look(page)
    expect(page.locator("#accounts-list")).to_contain_text("Everyday")
    # Another customer, and back: chosen and shown anew.
    page.locator(".item").nth(1).click()
    expect(page.locator("#accounts-list")).to_be_empty()
    expect(page.locator("#accounts-show")).to_be_disabled()
    look(page)
    expect(page.locator("#accounts-list")).to_contain_text("Everyday")
    fake.push(
        "owner.changed", conversation=1, number=3, reason="moved",
        **{"from": ME, "to": {"kind": "queue", "id": 1}},
    )
    fake.push(
        "owner.changed", conversation=2, number=3, reason="moved",
        **{"from": ME, "to": {"kind": "queue", "id": 1}},
    )
    expect(page.locator("#accounts")).to_be_hidden()
    assert "Everyday" not in page.content()
