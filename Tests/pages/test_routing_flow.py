"""Offers, a transfer and a supervisor's order in real browsers, on the real parts."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from pages.test_main_flow import SOON, Customer, become, sign_in, stack

__all__ = ["stack"]

QUEUE = {
    "id": 1, "name": "Service", "priority": 0, "needs": [], "relaxations": [], "stickiness": 0,
    "handing": {"offer": {"timeout": 60_000}},
}
CONFIGURATION = {
    "version": 0, "skills": [], "kinds": [], "grades": [], "queues": [QUEUE, {**QUEUE, "id": 2, "name": "Fraud"}],
    "entry": 1, "ageing": 300_000, "heavyWork": "isPassed", "missedOffers": 2, "transferTimeout": 60_000,
}


def configure(supervisor: Page, address: str, configuration: dict = CONFIGURATION) -> None:
    answer = supervisor.request.put(
        f"{address}/desks/1/api/configuration", headers={"X-Ventanilla": "1", "Content-Type": "application/json"},
        data=json.dumps({"configuration": configuration}),
    )
    assert answer.status == 204, answer.text()


def test_offer_decline_accept_transfer_and_order(stack, windows, shot):
    supervisor = sign_in(windows.person()(), stack, "Sofía Herrera")
    configure(supervisor, stack.server)
    ana = sign_in(windows.person()(), stack, "Ana Morales")
    become(ana, "Available")
    bruno = sign_in(windows.person()(), stack, "Bruno Castro")
    become(bruno, "Available")
    customer = Customer(windows.person()(), stack, "Rosa Prieto")

    customer.write("My card is gone")
    expect(ana.locator("#offers")).to_contain_text("Offered to you: Service", timeout=SOON)
    assert "My card is gone" not in ana.content()
    ana.get_by_label("Why you decline").select_option("busy")
    expect(ana.locator("#offers")).to_be_hidden(timeout=SOON)

    expect(bruno.locator("#offers")).to_contain_text("Offered to you: Service", timeout=SOON)
    bruno.keyboard.press("Alt+a")
    bruno.locator(".item").click(timeout=SOON)
    expect(bruno.locator("#messages")).to_contain_text("My card is gone")

    bruno.locator("#transfer-conversation").click()
    bruno.get_by_role("button", name="Pass on", exact=True).click()
    expect(ana.locator("#offers")).to_contain_text("A colleague passes you a conversation", timeout=SOON)
    expect(bruno.locator(".banner")).to_contain_text("It is yours until they accept")
    ana.locator("#offers").get_by_role("button", name="Accept").click()
    ana.locator(".item").click(timeout=SOON)
    expect(ana.locator("#messages")).to_contain_text("My card is gone")
    expect(bruno.locator(".banner")).to_contain_text("A colleague took over this conversation.", timeout=SOON)
    shot(ana, "flow-routing-ana")

    held = supervisor.locator("#held-table tbody tr")
    expect(held).to_contain_text("Ana Morales", timeout=SOON)
    held.get_by_role("button", name="Manage").click()
    dialog = supervisor.locator("dialog")
    expect(dialog).to_contain_text("Ana Morales has it, out of Service.", timeout=SOON)
    shot(supervisor, "flow-routing-why")
    dialog.get_by_label("Agent", exact=True).select_option(label="Bruno Castro (0 of 3)")
    dialog.get_by_role("button", name="Give").click()
    expect(held).to_contain_text("Bruno Castro", timeout=SOON)
    expect(ana.locator(".banner")).to_contain_text("A supervisor gave this conversation to somebody else.")
    expect(bruno.locator(".item")).to_have_count(1)
    expect(supervisor.locator("#agents-table")).to_contain_text("1 / 3")
