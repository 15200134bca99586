"""The runbook says what is: its statements run, its series are those of the program, its commands exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from desk import Desk
from support.stack import REPOSITORY, programs

RUNBOOK = (REPOSITORY / "ops" / "RUNBOOK.md").read_text()
STATEMENTS = re.findall(r"```sql\n(.*?)```", RUNBOOK, re.DOTALL)


def names(text: str) -> set[str]:
    return set(re.findall(r"ventanilla_[a-z_]+[a-z]", text))


def test_every_series_is_explained_and_no_other():
    sources = (REPOSITORY / "Sources").rglob("*.swift")
    counted = set().union(*(re.findall(r'"(ventanilla_[a-z_]+)"', Path(source).read_text()) for source in sources))
    assert names(RUNBOOK) == counted


def test_it_has_the_statements_that_are_tried():
    assert len(STATEMENTS) == 3


@pytest.mark.parametrize("place", range(3))
def test_its_statements_run(desk: Desk, place: int):
    rows = desk.stack.query(STATEMENTS[place])
    match place:
        case 0: assert rows[0][0] == "1"
        case 1: assert rows == []
        case 2: assert rows == [["0"]]


def test_its_commands_exist(desk: Desk):
    for command in re.findall(r"ventanilla ((?:desk )?[a-z-]+) --config", RUNBOOK):
        done = subprocess.run(
            [str(programs() / "ventanilla"), *command.split(), "--help"], text=True, capture_output=True, timeout=60,
        )
        assert done.returncode == 0 and "--config" in done.stdout, command
    verified = subprocess.run(
        [str(programs() / "ventanilla"), "verify", "--config", str(desk.stack.configuration)],
        text=True, capture_output=True, timeout=60,
    )
    assert verified.returncode == 0 and verified.stdout.startswith("the ledger is sound: ")
