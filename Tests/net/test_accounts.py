"""A customer's accounts beside the conversation: to its owner alone, masked, on record before they are
shown (promise P10), nowhere else (P11), and by reads alone (P12)."""

from __future__ import annotations

import base64
import json
import subprocess
import time
import urllib.parse
from typing import Any, Iterator

import pytest

from console import Console, RequestRefused, ask
from desk import Desk, until
from support.stack import programs

SETTINGS = {"desk": {"settlingSeconds": 0, "capacity": 100}}
IBAN = "GB94BARC10201530093459"
CARD = "4111111111111111"
MERCHANT = "Quokka Zanzibar 7319"
AMOUNT = "731953.17"
ACCOUNT = "canary-account-551"


class Branch:
    """A desk with its bank and its people."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.ana = desk.agent("ana")
        self.sofia = desk.supervisor()
        self._references = 0

    def customer_of_the_bank(self, **parts: Any) -> str:
        """A customer whom only the bank knows; their reference."""
        self._references += 1
        reference = f"R-{self._references}"
        self.desk.messenger.control("POST", f"bank/{reference}", {**documents(), **parts})
        return reference

    def linked(self, **parts: Any) -> int:
        """A conversation that Ana holds, its customer linked to the bank."""
        _, conversation = self.desk.given(self.ana)
        self.link(conversation, self.customer_of_the_bank(**parts))
        return conversation

    def link(self, conversation: int, reference: str) -> None:
        self.sofia.request(
            "customer.link", conversation=conversation, reference=reference, purpose="identity_check"
        )

    def accesses(self, conversation: int) -> list[list[str]]:
        return self.desk.stack.query(
            "SELECT person, purpose, outcome, array_to_string(resources, ','),"
            " array_to_string(interactions, ',') FROM account_accesses"
            f" WHERE conversation = {conversation} ORDER BY access"
        )

    def outcomes(self, conversation: int) -> list[str]:
        return [row[2] for row in self.accesses(conversation)]

    def asked(self) -> list[dict]:
        """What the bank was asked, in order."""
        lines = (self.desk.stack.directory / "messenger.jsonl").read_text().splitlines()
        return [line for line in map(json.loads, lines) if line["kind"] == "bank"]

    def set_latency(self, milliseconds: int) -> None:
        self.desk.messenger.control("POST", "settings", {"bank_latency_ms": milliseconds})


def documents() -> dict[str, Any]:
    row = {"AccountId": ACCOUNT, "Amount": {"Amount": AMOUNT, "Currency": "EUR"}}
    return {
        "accounts": [
            {
                "AccountId": ACCOUNT, "Currency": "EUR", "AccountSubType": "CurrentAccount",
                "Nickname": "Everyday",
                "Account": [{"SchemeName": "UK.OBIE.IBAN", "Identification": IBAN}],
            }
        ],
        "balances": {
            ACCOUNT: [{**row, "Type": "InterimAvailable", "CreditDebitIndicator": "Credit"}]
        },
        "transactions": {
            ACCOUNT: [
                {
                    **row, "TransactionId": "canary-transaction", "Status": "Booked",
                    "CreditDebitIndicator": "Debit",
                    "BookingDateTime": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
                    "TransactionInformation": f"to {IBAN} by {CARD}",
                    "MerchantDetails": {"MerchantName": MERCHANT},
                    "CardInstrument": {"Identification": CARD},
                }
            ]
        },
    }


@pytest.fixture(scope="module")
def branch(desk: Desk) -> Iterator[Branch]:
    branch = Branch(desk)
    yield branch
    branch.ana.socket.close()
    branch.sofia.socket.close()


@pytest.fixture(autouse=True)
def sound_bank(branch: Branch) -> Iterator[None]:
    yield
    branch.set_latency(0)
    branch.desk.messenger.control("DELETE", "bank-faults")


def look(console: Console, conversation: int, purpose: str = "customer_request") -> dict:
    return console.request("accounts.read", conversation=conversation, purpose=purpose)


def refused(console: Console, conversation: int, **params: str) -> RequestRefused:
    with pytest.raises(RequestRefused) as problem:
        look(console, conversation, **params)
    return problem.value


def test_the_owner_sees_accounts_with_their_numbers_masked(branch):
    conversation = branch.linked()
    answer = look(branch.ana, conversation, "payment_dispute")
    assert answer["state"] == "read" and answer["accounts"]["state"] == "read"
    (account,) = answer["accounts"]["items"]
    assert account["name"] == "Everyday" and account["kind"] == "current"
    assert account["numbers"] == ["GB•• … 3459"]
    (balance,) = account["balances"]["items"]
    assert balance["amount"] == AMOUNT and balance["kind"] == "interimAvailable"
    (transaction,) = account["transactions"]["items"]
    assert transaction["merchant"] == MERCHANT and transaction["card"] == "•••• 1111"
    assert transaction["information"] == "to GB•• … 3459 by •••• 1111"
    text = json.dumps(answer, ensure_ascii=False)
    for number in (IBAN, CARD, ACCOUNT, "canary-transaction", IBAN[4:18]):
        assert number not in text


def test_the_look_is_on_record_with_its_purpose_when_it_is_shown(branch):
    conversation = branch.linked()
    before = len(branch.asked())
    look(branch.ana, conversation, "fraud_investigation")
    linking, access = branch.accesses(conversation)
    assert linking[:3] == [str(branch.sofia.person), "identity_check", "linked"]
    assert access[:4] == [
        str(branch.ana.person), "fraud_investigation", "shown", "accounts,balances,transactions",
    ]
    # The bank's record and ours name the same calls.
    asked = {line["interaction"] for line in branch.asked()[before:] if "interaction" in line}
    assert set(access[4].split(",")) == asked and len(asked) == 3


def test_what_cannot_be_put_on_record_is_not_shown(branch):
    conversation = branch.linked()
    query = branch.desk.stack.query
    query("ALTER TABLE account_accesses ADD CONSTRAINT closed CHECK (false) NOT VALID")
    try:
        assert refused(branch.ana, conversation).name == "unavailable"
    finally:
        query("ALTER TABLE account_accesses DROP CONSTRAINT closed")
    assert branch.outcomes(conversation) == ["linked"]
    assert look(branch.ana, conversation)["state"] == "read"


def test_the_record_is_only_added_to(branch):
    conversation = branch.linked()
    for change in ("DELETE FROM account_accesses", "UPDATE account_accesses SET purpose = 'supervisor'"):
        with pytest.raises(Exception, match="only added to"):
            branch.desk.stack.query(change)
    # The database refuses a look that is not the owner's, whatever the program says.
    with pytest.raises(Exception, match="does not belong"):
        branch.desk.stack.query(
            "INSERT INTO account_accesses (desk, at, person, conversation, resources, purpose,"
            f" interactions, outcome) VALUES (1, now(), {branch.sofia.person}, {conversation},"
            " '{accounts}', 'supervisor', '{}', 'shown')"
        )


def test_nobody_else_sees_them(branch):
    conversation = branch.linked()
    bruno = branch.desk.agent("bruno", presence="away")
    before = len(branch.asked())
    problem = refused(bruno, conversation)
    assert (problem.name, problem.field) == ("notOwner", "params.conversation")
    assert refused(branch.sofia, conversation).name == "forbidden"
    assert refused(bruno, 999_999_999).name == "notOwner"
    assert refused(branch.ana, conversation, purpose="curiosity").name == "invalidParameters"
    assert len(branch.asked()) == before
    until(lambda: branch.outcomes(conversation) == ["linked", "refused"], "the refusal's record")
    bruno.socket.close()


def test_who_looks_does_not_link(branch):
    _, conversation = branch.desk.given(branch.ana)
    assert look(branch.ana, conversation) == {"state": "unlinked"}
    link = {"conversation": conversation, "reference": "R-1", "purpose": "identity_check"}
    with pytest.raises(RequestRefused) as problem:
        branch.ana.request("customer.link", **link)
    assert problem.value.name == "forbidden"
    for wrong in ({"reference": ""}, {"reference": "a b"}, {"purpose": "none"}):
        with pytest.raises(RequestRefused) as problem:
            branch.sofia.request("customer.link", **{**link, **wrong})
        assert problem.value.name == "invalidParameters"
    with pytest.raises(RequestRefused) as problem:
        branch.sofia.request("customer.link", **{**link, "conversation": 999_999_999})
    assert problem.value.name == "notFound"
    assert branch.accesses(conversation) == []


def test_what_comes_when_the_owner_changed_is_dropped(branch):
    conversation = branch.linked()
    bruno = branch.desk.agent("bruno")
    branch.set_latency(700)
    question = branch.ana.begin(
        "accounts.read", conversation=conversation, purpose="customer_request"
    )
    until(lambda: branch.asked()[-1]["path"].endswith("/accounts"), "the bank to be asked")
    branch.sofia.request(
        "conversation.assign", conversation=conversation, agent=bruno.person, overrideCapacity=True
    )
    with pytest.raises(RequestRefused) as problem:
        branch.ana.answer(question)
    assert problem.value.name == "notOwner"
    assert branch.outcomes(conversation)[1:] == ["dropped"]
    # Nothing of it is held: who owns it now asks the bank anew.
    branch.set_latency(0)
    before = len(branch.asked())
    assert look(bruno, conversation)["state"] == "read"
    assert len(branch.asked()) == before + 4
    assert refused(branch.ana, conversation).name == "notOwner"
    bruno.request("presence.set", presence="offline")
    bruno.socket.close()


@pytest.mark.parametrize(
    "effect, more",
    [
        ("error", {"status": 500}), ("error", {"status": 503}), ("error", {"status": 403}),
        ("garbage", {}), ("drop", {}), ("no_answer", {}), ("wide_scope", {}),
    ],
)
def test_a_bank_that_fails_costs_its_own_part(branch, effect, more):
    conversation = branch.linked()
    branch.desk.messenger.fault("bank", effect, count=100, **more)
    begun = time.monotonic()
    answer = look(branch.ana, conversation)
    assert time.monotonic() - begun < 6
    assert answer == {"state": "read", "accounts": {"state": "unavailable"}}
    assert branch.outcomes(conversation)[1:] == ["unavailable"]
    # The conversation goes on.
    branch.ana.request("message.send", conversation=conversation, text="One moment, please.")


@pytest.mark.parametrize("effect", ["foreign_link", "wrong_account"])
def test_a_bank_that_lies_is_not_believed(branch, effect):
    conversation = branch.linked()
    branch.desk.messenger.fault("bank", effect, count=100)
    text = json.dumps(look(branch.ana, conversation))
    assert MERCHANT not in text and AMOUNT not in text


def test_a_slow_bank_delays_nothing_else(branch):
    conversation = branch.linked()
    branch.set_latency(60_000)
    question = branch.ana.begin(
        "accounts.read", conversation=conversation, purpose="customer_request"
    )
    begun = time.monotonic()
    branch.desk.given(branch.ana)
    assert time.monotonic() - begun < 3
    assert branch.ana.answer(question)["accounts"] == {"state": "unavailable"}
    assert time.monotonic() - begun < 6


def test_the_bank_is_only_read(branch):
    look(branch.ana, branch.linked())
    asked = branch.asked()
    assert {(line["method"], line["path"] == "/bank/token") for line in asked} == {
        ("GET", False), ("POST", True),
    }
    # The witness does see what must not be: one on purpose, by this test itself.
    ask("DELETE", f"{branch.desk.stack.sandbox}/bank/open-banking/v3.1/aisp/accounts")
    assert branch.asked()[-1]["method"] == "DELETE"


def test_account_data_is_nowhere_else(branch):
    desk, stack = branch.desk, branch.desk.stack
    conversation = branch.linked()
    bruno = desk.agent("bruno", presence="away")
    customer, _ = desk.given(branch.ana)
    assert MERCHANT in json.dumps(look(branch.ana, conversation))
    branch.desk.messenger.fault("bank", "error", count=3, status=500)
    look(branch.ana, branch.linked())
    sent = branch.ana.request("message.send", conversation=conversation, text="Good afternoon")
    branch.ana.pushed("job.changed", message=sent["message"], state="sent")
    for console in (bruno, branch.sofia, branch.ana):
        console.settle()
    dump = stack._run(
        "pg_dump",
        [stack._postgres / "pg_dump", "-h", stack.directory / "postgres", "-U", "ventanilla", "ventanilla"],
    )
    out = (stack.directory / "messenger.jsonl").read_text().splitlines()
    places = {
        "database": dump,
        "database's log": stack.log_of("postgres"),
        "server's log": stack.log_of("ventanilla"),
        "metrics": ask("GET", f"{desk.server}/metrics").text,
        "messenger": "\n".join(line for line in out if json.loads(line)["kind"] != "bank"),
        "consoles": json.dumps(
            [[console.pushes, console.notices] for console in (bruno, branch.sofia, branch.ana)]
        ),
    }
    assert "account_accesses" in dump and len(places["server's log"]) > 0
    for canary in (MERCHANT, IBAN, AMOUNT, ACCOUNT, "canary-transaction", CARD):
        raw = canary.encode()
        forms = {
            canary, urllib.parse.quote(canary), raw.hex(), base64.b64encode(raw).decode().rstrip("="),
            "".join(each for each in canary if each.isdigit()) or canary,
        }
        for form in forms:
            if len(form) < 6:
                continue
            for name, text in places.items():
                assert form not in text, f"{form} is in the {name}"
    # No reference of the bank's in clear either, and no token.
    assert "R-1\n" not in dump and "Bearer" not in places["server's log"]
    bruno.socket.close()


def test_reads_are_counted(branch):
    look(branch.ana, branch.linked())
    figures = branch.desk.figures()
    for part in ("token", "accounts", "balances", "transactions"):
        assert figures[f'ventanilla_bank_calls_total{{outcome="ok",part="{part}"}}'] >= 1
        assert f'ventanilla_bank_breaker_state{{part="{part}"}}' in figures
    assert figures['ventanilla_account_accesses_total{outcome="shown"}'] >= 1
    assert figures['ventanilla_bank_call_seconds_count{part="accounts"}'] >= 1


@pytest.mark.parametrize(
    "bank, setting",
    [
        ({"baseURL": "http://bank.example/aisp"}, "bank.baseURL"),
        ({"baseURL": "https://user@bank.example"}, "bank.baseURL"),
        ({"baseURL": ""}, "bank.baseURL"), ({"tokenURL": "ftp://x"}, "bank.tokenURL"),
        ({"clientID": ""}, "bank.clientID"), ({"keyFile": "/dev/null"}, "bank.keyFile"),
        ({"certificateFile": "/x"}, "bank.certificateKeyFile"),
    ],
)
def test_a_bank_that_cannot_be_used_stops_the_start(branch, tmp_path, bank, setting):
    settings = json.loads(branch.desk.stack.configuration.read_text())
    settings["bank"].update(bank)
    file = tmp_path / "ventanilla.json"
    file.write_text(json.dumps(settings))
    done = subprocess.run(
        [programs() / "ventanilla", "check-config", "--config", file], capture_output=True, text=True
    )
    assert done.returncode != 0 and f"configuration: {setting}:" in done.stderr
