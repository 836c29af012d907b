"""Floods of probe requests."""

import random
from collections.abc import Callable, Sequence

import pytest

from rogue_scan.model.finding import Finding

Find = Callable[..., list[Finding]]
LETTERS = random.Random(1)
WORDS = ["".join(LETTERS.choices("abcdefghijklmnop", k=8)) for _ in range(160)]
COUNTED = [f"office{i}" for i in range(160)]
NUMBERS = [f"{i:04}" for i in range(160)]


@pytest.mark.parametrize(
    ("names", "guessing"),
    [
        (COUNTED, True),
        (COUNTED[:90] + WORDS[90:], True),
        (COUNTED[:70] + WORDS[70:], False),
        (WORDS, False),
        (NUMBERS, False),
    ],
    ids=["all counted through", "most", "less than half", "unrelated", "numbers only"],
)
def test_names_that_are_counted_through_are_guesses(
    findings_of: Find, names: Sequence[str], guessing: bool
) -> None:
    asked = "\n".join(f"ask {2 + i * 0.03:.2f} phone {name}" for i, name in enumerate(names))
    (flood,) = [
        f for f in findings_of(f"station phone 3c:a9:f4:0c:0f:fe\n{asked}") if f.rule == "wifi/probe-flood"
    ]
    assert any("follow a pattern" in item.says for item in flood.evidence) is guessing
