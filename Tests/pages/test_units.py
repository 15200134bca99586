"""The modules that know no page, case by case, inside the browser that runs them."""

import json

import pytest

from pages.conftest import REPOSITORY

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


#: Faults of the page itself, for which "reload the page" is the right advice; and what a reply holds,
#: which the composer tells by its kinds.
WITHOUT_WORDS = {"parseError", "invalidRequest", "unknownMethod", "guarded"}


def test_every_refusal_is_known_and_has_words(fake, windows):
    errors = json.loads((REPOSITORY / "Schemas" / "codes.json").read_text())["consoleErrors"]
    page = windows.person()()
    page.goto(f"{fake.address}/tests/blank.html")
    told = page.evaluate(
        """async (errors) => {
            const { refusalName } = await import("/console/words.js");
            const { decodeFrame } = await import("/console/protocol.js");
            const named = (code) => decodeFrame(JSON.stringify({ jsonrpc: "2.0", id: null, error: { code } })).error.code;
            const words = errors.map(({ code, name }) => ({ name, known: named(code), words: refusalName(name) }));
            return { words, unknown: refusalName("unexpected") };
        }""",
        errors,
    )
    assert len(told["words"]) >= 28
    # The number alone tells which it is.
    ours = [each for each in told["words"] if each["name"] not in {"parseError", "invalidRequest", "unknownMethod"}]
    assert [each for each in ours if each["known"] != each["name"]] == []
    missing = {each["name"] for each in told["words"] if each["words"] == told["unknown"]}
    assert missing == WITHOUT_WORDS
    sentences = [each["words"] for each in told["words"] if each["name"] not in missing]
    assert len(set(sentences)) == len(sentences), "two refusals that cannot be told apart"
    assert all(sentence.endswith(".") for sentence in sentences)
