"""Campaigns: what joins apps, what does not, and how fast a new app is placed."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from rogue_scan.apk.code.sketch import BANDS, ROWS
from rogue_scan.fleet.campaigns import cluster, code_features, join, relatives, ties
from rogue_scan.fleet.engine import Feature, Result
from rogue_scan.fleet.ledger import Ledger
from rogue_scan.rules.load import RuleSet


@pytest.fixture
def ledger(tmp_path: Path, rule_set: Callable[..., RuleSet]) -> Iterator[Ledger]:
    with Ledger(tmp_path / "store", "1", rule_set()) as ledger:
        yield ledger


def name(number: int) -> str:
    return f"{number:064x}"


def make_sketch(seed: int, changed: int = 0) -> bytes:
    """A sketch; ``changed`` of its hundred places differ from the one of the same seed."""
    places = np.random.Generator(np.random.PCG64(seed)).integers(0, 1 << 32, BANDS * ROWS, dtype=np.uint32)
    places[:changed] ^= 1
    return places.astype("<u4").tobytes()


def put(ledger: Ledger, number: int, verdict: str, *features: Feature, sketch: bytes = b"") -> str:
    ledger.record(
        Result(
            name(number), sha256=name(number), size=1, verdict=verdict, package=f"app{number}",
            features=(*features, *code_features(sketch)), sketch=sketch, scans=b"x",
        )
    )  # fmt: skip
    return name(number)


def test_apps_are_joined_by_chains_of_ties(ledger: Ledger) -> None:
    a = put(ledger, 1, "critical", Feature("signer", "S"), Feature("endpoint", "evil.example"))
    b = put(ledger, 2, "clean", Feature("signer", "S"))
    c = put(ledger, 3, "high", Feature("endpoint", "evil.example"), Feature("page", "P"))
    d = put(ledger, 4, "low", Feature("page", "P"))
    put(ledger, 5, "critical", Feature("signer", "other"))
    assert cluster(ledger) == {f"campaign-{a[:12]}": [a, b, c, d]}
    assert ledger.campaign_of(d) == f"campaign-{a[:12]}"
    shared = {(tie.kind, tie.value): tie.apps for tie in ties(ledger, [a, b, c, d])}
    assert shared == {("signer", "S"): 2, ("endpoint", "evil.example"): 2, ("page", "P"): 2}


def test_harmless_apps_of_one_maker_are_no_campaign(ledger: Ledger) -> None:
    put(ledger, 1, "clean", Feature("signer", "S"))
    put(ledger, 2, "low", Feature("signer", "S"))
    assert cluster(ledger) == {}


def test_what_everybody_has_joins_nobody(ledger: Ledger) -> None:
    weak = [Feature("signer", "debug key", strong=False), Feature("kit", "ads", strong=False)]
    put(ledger, 1, "critical", *weak)
    put(ledger, 2, "critical", *weak)
    assert cluster(ledger) == {}


def test_a_service_that_honest_apps_use_joins_nobody(ledger: Ledger) -> None:
    misused, honest = Feature("endpoint", "maps.example"), Feature("endpoint", "maps.example", strong=False)
    put(ledger, 1, "critical", misused)
    new = put(ledger, 2, "critical", misused)
    assert cluster(ledger)
    for number in range(3, 10):
        put(ledger, number, "clean", honest)
    assert cluster(ledger) == {}
    assert relatives(ledger, new, [misused], b"") == []


def test_similar_own_code_joins(ledger: Ledger) -> None:
    a = put(ledger, 1, "high", sketch=make_sketch(1))
    b = put(ledger, 2, "clean", sketch=make_sketch(1, changed=15))
    put(ledger, 3, "high", sketch=make_sketch(2))
    put(ledger, 4, "high", sketch=make_sketch(1, changed=60))  # meets in a band, but is too far
    assert cluster(ledger) == {f"campaign-{a[:12]}": [a, b]}
    (tie,) = ties(ledger, [a, b])
    assert (tie.kind, tie.apps) == ("code", 2)


def test_a_crowd_of_equal_code_is_joined_through_few_comparisons(ledger: Ledger) -> None:
    for number in range(300):
        put(ledger, number, "high", sketch=make_sketch(1, changed=number % 3))
    ((apps),) = cluster(ledger).values()
    assert len(apps) == 300


def test_a_campaign_keeps_its_name_as_it_grows(ledger: Ledger) -> None:
    ledger._now = lambda: 1.0
    put(ledger, 9, "high", Feature("signer", "S"))
    put(ledger, 8, "high", Feature("signer", "S"))
    before = set(cluster(ledger))
    ledger._now = lambda: 2.0
    put(ledger, 1, "high", Feature("signer", "S"))
    assert set(cluster(ledger)) == before


def test_a_new_app_is_told_its_relatives(ledger: Ledger) -> None:
    a = put(ledger, 1, "critical", Feature("signer", "S"), sketch=make_sketch(1))
    put(ledger, 2, "critical", Feature("signer", "S"))
    cluster(ledger)
    new = put(ledger, 3, "clean", Feature("signer", "S"), sketch=make_sketch(1, changed=10))
    features, sketch = ledger.features_of(new), make_sketch(1, changed=10)
    closest, other = relatives(ledger, new, features, sketch)
    assert (closest.app, closest.verdict, closest.campaign) == (a, "critical", f"campaign-{a[:12]}")
    assert [(tie.kind, tie.value) for tie in closest.ties] == [("code", "0.90"), ("signer", "S")]
    assert [(tie.kind, tie.value) for tie in other.ties] == [("signer", "S")]
    assert join(ledger, new, features, sketch) == f"campaign-{a[:12]}"
    assert ledger.campaign_of(new) == f"campaign-{a[:12]}"


def test_two_apps_can_begin_a_campaign(ledger: Ledger) -> None:
    put(ledger, 1, "critical", Feature("page", "P"))
    new = put(ledger, 2, "clean", Feature("page", "P"))
    assert join(ledger, new, ledger.features_of(new), b"")
    alone = put(ledger, 3, "critical", Feature("page", "Q"))
    assert join(ledger, alone, ledger.features_of(alone), b"") is None


def test_a_new_app_is_placed_in_milliseconds(ledger: Ledger) -> None:
    """Among some hundred apps here; the number plays no part, every look-up is by key."""
    for number in range(500):
        kind = number % 50
        features = Feature("signer", f"S{kind}"), Feature("endpoint", f"{number}.example")
        put(ledger, number, "high", *features, sketch=make_sketch(kind, changed=number % 7))
    cluster(ledger)
    new = put(ledger, 5000, "high", Feature("signer", "S7"), sketch=make_sketch(7, changed=5))
    asked = ledger.features_of(new)
    best = 1.0
    for _ in range(5):
        begun = time.perf_counter()
        found = relatives(ledger, new, asked, make_sketch(7, changed=5))
        best = min(best, time.perf_counter() - begun)
    assert len({relative.campaign for relative in found}) == 1
    assert best < 0.05
