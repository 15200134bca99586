"""The modules that know no page, case by case, inside the browser that runs them."""

import pytest

#: How many cases each file has at least: a file that lost its cases must not pass.
UNITS = {"state": 20, "protocol": 6, "connection": 15, "outbox": 7}


@pytest.mark.parametrize("unit", UNITS)
def test_unit(unit, fake, windows):
    page = windows.person()()
    page.goto(f"{fake.address}/tests/blank.html")
    result = page.evaluate(
        """async (unit) => {
            const { cases } = await import(`/tests/${unit}.js`);
            const { runAll } = await import("/tests/check.js");
            return runAll(cases);
        }""",
        unit,
    )
    assert result["failures"] == []
    assert result["count"] >= UNITS[unit]
