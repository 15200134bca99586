"""What a supervisor sets about conversations and agents, in real browsers, on the real parts."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from pages.test_main_flow import SOON, Customer, become, sign_in, stack
from pages.test_routing_flow import CONFIGURATION, QUEUE, configure

__all__ = ["stack"]

PUSHED = {**QUEUE, "handing": {"push": {}}}
SKILLED = {**CONFIGURATION, "queues": [PUSHED], "skills": [{"id": 1, "name": "Fraud"}]}


def manage(supervisor: Page, table: str):
    """Opens the dialog of the first conversation in this table."""
    supervisor.locator(f"#{table}-table tbody tr").first.get_by_role("button").click()
    dialog = supervisor.locator("dialog")
    expect(dialog.get_by_role("button", name="Close")).to_be_visible()
    return dialog


def manage_agent(supervisor: Page, name: str):
    row = supervisor.locator("#agents-table tbody tr", has_text=name)
    row.get_by_role("button", name="Manage").click()
    return row, supervisor.locator("dialog")


def test_a_conversation_asks_for_more_and_a_customer_is_barred(stack, windows, shot):
    supervisor = sign_in(windows.person()(), stack, "Sofía Herrera")
    configure(supervisor, stack.server, SKILLED)
    ana = sign_in(windows.person()(), stack, "Ana Morales")
    customer = Customer(windows.person()(), stack, "Rosa Prieto")
    customer.write("I did not pay this")
    expect(supervisor.locator("#queue-table tbody tr")).to_have_count(1, timeout=SOON)

    # It waits for a skill and in a compartment that nobody has.
    dialog = manage(supervisor, "queue")
    dialog.get_by_label("Level of Fraud asked for").select_option("3")
    dialog.get_by_label("Compartment", exact=True).select_option("new")
    dialog.get_by_label("Number of the new compartment").fill("7")
    dialog.get_by_role("button", name="Ask for this").click()
    expect(dialog).to_have_count(0)
    become(ana, "Available")
    dialog = manage(supervisor, "queue")
    expect(dialog).to_contain_text("It asks for Fraud 3", timeout=SOON)
    expect(dialog).to_contain_text("Ana Morales may not see this customer's compartment")
    shot(supervisor, "flow-orders-asks")
    dialog.get_by_role("button", name="Close").click()

    # Ana gets both; then it is hers.
    row, dialog = manage_agent(supervisor, "Ana Morales")
    dialog.get_by_label("Level of Fraud").select_option("4")
    dialog.get_by_role("group", name="Compartments").get_by_label("Compartment 7", exact=True).check()
    shot(supervisor, "flow-orders-profile")
    dialog.get_by_role("button", name="Change").click()
    expect(row).to_contain_text("Fraud 4 · Compartment 7", timeout=SOON)
    expect(ana.locator(".item")).to_have_count(1, timeout=SOON)

    # The customer is Ana's sister: it is taken back at once, and kept from her.
    held = supervisor.locator("#held-table tbody tr")
    expect(held).to_have_count(1, timeout=SOON)
    dialog = manage(supervisor, "held")
    dialog.get_by_label("Who must not serve this customer").select_option(label="Ana Morales")
    dialog.get_by_role("button", name="Bar").click()
    expect(ana.locator(".item")).to_have_count(0, timeout=SOON)
    expect(row).to_contain_text("1 customer barred", timeout=SOON)
    dialog = manage(supervisor, "queue")
    expect(dialog).to_contain_text("Ana Morales must not serve this customer", timeout=SOON)
    dialog.get_by_text("What happened (").click()
    past = dialog.get_by_role("list", name="What happened")
    expect(past).to_contain_text("What it asks for was changed by Sofía Herrera.")
    expect(past).to_contain_text("From Service to Ana Morales: it was their turn.")
    shot(supervisor, "flow-orders-past")
    dialog.get_by_role("button", name="Close").click()

    # A mistake: she may.
    row, dialog = manage_agent(supervisor, "Ana Morales")
    dialog.get_by_role("group", name="Must not serve").get_by_role("checkbox").uncheck()
    dialog.get_by_role("button", name="Change").click()
    expect(ana.locator(".item")).to_have_count(1, timeout=SOON)
    expect(row).not_to_contain_text("barred")


def test_whom_a_choice_passed_over_is_told(stack, windows, shot):
    """Ana declines; Bruno, who has more to do, is offered it: the dialog says why not Ana."""
    supervisor = sign_in(windows.person()(), stack, "Sofía Herrera")
    configure(supervisor, stack.server)
    bruno = sign_in(windows.person()(), stack, "Bruno Castro")
    become(bruno, "Available")
    first = Customer(windows.person()(), stack, "Rosa Prieto")
    first.write("My card is gone")
    expect(bruno.locator("#offers")).to_contain_text("Offered to you: Service", timeout=SOON)
    bruno.locator("#offers").get_by_role("button", name="Accept").click()
    expect(bruno.locator(".item")).to_have_count(1, timeout=SOON)
    ana = sign_in(windows.person()(), stack, "Ana Morales")
    become(ana, "Available")
    second = Customer(windows.person()(), stack, "Luis Vega")
    second.write("Is the branch open?")
    expect(ana.locator("#offers")).to_contain_text("Offered to you: Service", timeout=SOON)
    ana.get_by_label("Why you decline").select_option("busy")
    expect(bruno.locator("#offers")).to_contain_text("Offered to you: Service", timeout=SOON)
    bruno.locator("#offers").get_by_role("button", name="Accept").click()
    expect(bruno.locator(".item")).to_have_count(2, timeout=SOON)

    expect(supervisor.locator("#held-table tbody tr")).to_have_count(2, timeout=SOON)
    supervisor.locator("#held-table tbody tr").last.get_by_role("button").click()
    dialog = supervisor.locator("dialog")
    dialog.get_by_text("What happened (").click()
    past = dialog.get_by_role("list", name="What happened")
    expect(past).to_contain_text("Ana Morales declined: too busy.", timeout=SOON)
    expect(past).to_contain_text("Passed over: Ana Morales (declined it, let it pass or passed it on).")
    shot(supervisor, "flow-passed-over")
