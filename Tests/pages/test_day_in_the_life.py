"""A day in the life: three agents and a supervisor in real browsers, on the real parts.

Asserted is what people see and what stays: nothing is waited for by the clock.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from pages.test_main_flow import SOON, Customer, answer, become, open_newest, sign_in, stack
from pages.test_routing import is_in_sight
from pages.test_routing_flow import CONFIGURATION, QUEUE, configure

__all__ = ["stack"]

#: Long enough for whoever is asked on a slow machine, and short enough to be let pass twice.
LONG, SHORT = 300_000, 4_000
#: Sooner than two short offers pass: it is overdue before somebody takes it.
PROMISED = [{"fromPriority": 0, "firstResponse": 3_000, "warning": 1_000}]
SERVICE = {
    **QUEUE, "handing": {"offer": {"timeout": LONG}}, "targets": PROMISED,
    "wrapUp": {"time": LONG, "maximum": LONG},
}
CASES = {**QUEUE, "id": 2, "name": "Cases", "handing": {"offer": {"timeout": SHORT}}, "targets": PROMISED}
OFFICE = {**CONFIGURATION, "queues": [SERVICE, CASES], "missedOffers": 2, "transferTimeout": LONG}
#: Two short offers, one after the other, and what goes before them.
PASSED = 30_000


@dataclass
class Day:
    """The people of the office, each at a window of their own."""

    supervisor: Page
    ana: Page
    bruno: Page
    carla: Page

    def row(self, name: str):
        return self.supervisor.locator("#agents-table tbody tr", has_text=name)

    def serves(self, name: str, queue: str) -> None:
        """The supervisor lets this agent serve one queue alone."""
        self.row(name).get_by_role("button", name="Manage").click()
        dialog = self.supervisor.locator("dialog")
        dialog.get_by_label("every queue").uncheck()
        for other in {"Service", "Cases"} - {queue}:
            dialog.get_by_label(other, exact=True).uncheck()
        dialog.get_by_role("button", name="Change").click()
        expect(self.row(name).locator(".profile")).to_have_text(queue, timeout=SOON)

    def manage(self, table: str):
        """The supervisor's dialog of the only conversation of this table."""
        rows = self.supervisor.locator(f"#{table}-table tbody tr")
        expect(rows).to_have_count(1, timeout=SOON)
        rows.get_by_role("button").click()
        return self.supervisor.locator("dialog")


@pytest.fixture
def day(stack, windows) -> Day:
    supervisor = sign_in(windows.person()(), stack, "Sofía Herrera")
    configure(supervisor, stack.server, OFFICE)
    agents = [sign_in(windows.person()(), stack, name) for name in ("Ana Morales", "Bruno Castro", "Carla Fuentes")]
    day = Day(supervisor, *agents)
    day.serves("Ana Morales", "Service")
    day.serves("Bruno Castro", "Service")
    day.serves("Carla Fuentes", "Cases")
    return day


def test_a_day_in_the_life(day, stack, windows, shot):
    ana, bruno, carla, supervisor = day.ana, day.bruno, day.carla, day.supervisor
    for agent in (ana, bruno, carla):
        become(agent, "Available")
    for name in ("Ana Morales", "Bruno Castro", "Carla Fuentes"):
        expect(day.row(name)).to_contain_text("Available", timeout=SOON)
    shot(supervisor, "day-1-morning")

    # An offer, declined, goes to the next; nobody reads what is not theirs.
    rosa = Customer(windows.person()(), stack, "Rosa Prieto")
    rosa.write("My card is gone")
    expect(ana.locator("#offers")).to_contain_text("Offered to you: Service", timeout=SOON)
    expect(bruno.locator("#offers")).to_be_hidden()
    assert "My card is gone" not in ana.content()
    shot(ana, "day-2-offer")
    ana.get_by_label("Why you decline").select_option("busy")
    expect(bruno.locator("#offers")).to_contain_text("Offered to you: Service", timeout=SOON)
    expect(ana.locator("#offers")).to_be_hidden(timeout=SOON)
    bruno.locator("#offers").get_by_role("button", name="Accept").click()
    open_newest(bruno, "My card is gone")
    answer(bruno, "I block it for you.")
    rosa.expect_answer("I block it for you.")
    dialog = day.manage("held")
    dialog.get_by_text("What happened (").click(timeout=SOON)
    past = dialog.get_by_role("list", name="What happened")
    expect(past).to_contain_text("Ana Morales declined: too busy.")
    expect(past).to_contain_text("Offered to Bruno Castro.")
    shot(supervisor, "day-3-why")
    dialog.get_by_role("button", name="Close").click()

    # A warm transfer: it stays with Bruno until Ana accepts.
    bruno.locator("#transfer-conversation").click()
    bruno.locator("dialog").get_by_label("Colleague", exact=True).select_option(label="Ana Morales")
    bruno.get_by_role("button", name="Pass on", exact=True).click()
    expect(bruno.locator(".banner")).to_contain_text("It is yours until they accept", timeout=SOON)
    expect(ana.locator("#offers")).to_contain_text("A colleague passes you a conversation", timeout=SOON)
    shot(bruno, "day-4-transfer")
    ana.locator("#offers").get_by_role("button", name="Accept").click()
    open_newest(ana, "I block it for you.")
    expect(bruno.locator(".banner")).to_contain_text("A colleague took over this conversation.", timeout=SOON)
    answer(ana, "The new card is on its way.")
    rosa.expect_answer("The new card is on its way.")
    ana.locator("#close-conversation").click()
    expect(ana.locator(".item")).to_have_count(0, timeout=SOON)
    expect(supervisor.locator("#held-table tbody tr")).to_have_count(0, timeout=SOON)

    # Ana writes up what she closed, and says when she is done.
    expect(ana.locator("#wrap-up")).to_contain_text("Writing up", timeout=SOON)
    expect(day.row("Ana Morales")).to_contain_text("Writing up", timeout=SOON)
    shot(ana, "day-4-wrap-up")
    ana.locator("#end-wrap-up").click()
    expect(ana.locator("#wrap-up")).to_be_hidden(timeout=SOON)
    expect(day.row("Ana Morales")).to_contain_text("Available", timeout=SOON)

    # Carla lets offers pass until she is set away.
    for agent in (ana, bruno):
        become(agent, "Away")
    luis = Customer(windows.person()(), stack, "Luis Vega")
    luis.write("Somebody else paid with my account")
    dialog = day.manage("queue")
    dialog.get_by_label("Queue", exact=True).select_option("Cases")
    dialog.get_by_role("button", name="Move").click()
    expect(day.row("Carla Fuentes")).to_contain_text("Away", timeout=PASSED)
    overdue = supervisor.locator("#queue-table tbody tr").locator(".due")
    expect(overdue).to_have_text("First reply overdue", timeout=SOON)
    assert is_in_sight(supervisor, "queue-title")
    expect(supervisor.locator("#queues-table tbody tr", has_text="Cases")).to_contain_text("1 overdue", timeout=SOON)
    expect(carla.get_by_label("Away", exact=True)).to_be_checked(timeout=SOON)
    expect(carla.locator("#offers")).to_be_hidden()
    expect(carla.locator(".item")).to_have_count(0)
    dialog = day.manage("queue")
    dialog.get_by_text("What happened (").click(timeout=SOON)
    past = dialog.get_by_role("list", name="What happened")
    expect(past).to_contain_text("Carla Fuentes let the offer pass.")
    expect(dialog.get_by_role("list", name="Agents")).to_contain_text("Carla Fuentes is not there for work")
    shot(supervisor, "day-5-passed")
    dialog.get_by_role("button", name="Close").click()

    # Forced: to Ana, who has no room and does not serve cases.
    become(ana, "Available")
    supervisor.get_by_label("Capacity of Ana Morales").fill("0")
    supervisor.get_by_label("Capacity of Ana Morales").press("Enter")
    expect(day.row("Ana Morales").locator(".load")).to_have_text("0 / 0", timeout=SOON)
    expect(day.row("Ana Morales")).to_contain_text("Available", timeout=SOON)
    dialog = day.manage("queue")
    dialog.get_by_label("Agent", exact=True).select_option(label="Ana Morales (0 of 0)")
    dialog.get_by_label("even beyond their capacity").check()
    dialog.get_by_role("button", name="Give").click()
    open_newest(ana, "Somebody else paid with my account")
    expect(day.row("Ana Morales").locator(".load")).to_have_text("1 / 0", timeout=SOON)
    shot(ana, "day-6-forced")

    # Ana's browser is gone for a moment; what she holds stays hers.
    context = ana.context
    ana.close()
    gone = day.row("Ana Morales").locator(".grace")
    expect(gone).to_be_visible(timeout=SOON)
    expect(gone).to_contain_text("disconnected")
    shot(supervisor, "day-7-disconnected")
    ana = context.new_page()
    ana.goto(stack.server)
    expect(ana.locator("#connection")).to_have_text("Connected", timeout=SOON)
    expect(gone).to_be_hidden(timeout=SOON)
    open_newest(ana, "Somebody else paid with my account")
    answer(ana, "We open a case at once.")
    luis.expect_answer("We open a case at once.")
    expect(ana.locator("#messages .kind-reply")).to_have_count(1)
    shot(ana, "day-8-returned")
    shot(luis.tab, "day-9-customer")
