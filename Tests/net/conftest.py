"""One running stack for each file of tests."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Iterator

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from desk import Desk  # noqa: E402
from support.stack import Stack  # noqa: E402


@pytest.fixture(scope="module")
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """The file's `SETTINGS` are those that differ from the standard ones."""
    with Stack(settings=getattr(request.module, "SETTINGS", {})) as stack:
        yield Desk(stack)
