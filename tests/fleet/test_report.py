"""From the ledger back to one report."""

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from rogue_scan.fleet.campaigns import cluster
from rogue_scan.fleet.engine import ENGINE, Feature, Job, Result, Setup
from rogue_scan.fleet.ledger import Ledger
from rogue_scan.fleet.report import report
from rogue_scan.fleet.work import pack_rules, vet
from rogue_scan.model.report import ScanError
from rogue_scan.rules.load import RuleSet, load

APP = Path(__file__).parents[1] / "data" / "apk" / "code-forwarder.apk"


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load()


@pytest.fixture
def ledger(tmp_path: Path, rules: RuleSet) -> Iterator[Ledger]:
    with Ledger(tmp_path / "store", ENGINE, rules) as ledger:
        yield ledger


def put(ledger: Ledger, rules: RuleSet, path: Path, *features: Feature) -> Result:
    setup = Setup(rules=pack_rules(rules), digest=rules.digest, version=ENGINE)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    result = vet(Job(sha256, "the old name.apk", str(path)), setup)
    ledger.record(msgspec.structs.replace(result, verdict="high", features=features))
    return result


def test_an_app_has_the_name_of_this_run(ledger: Ledger, rules: RuleSet, tmp_path: Path) -> None:
    outer = tmp_path / "outer.apk"
    with zipfile.ZipFile(outer, "w") as package:
        package.writestr("AndroidManifest.xml", b"")
        package.writestr("assets/inner.apk", APP.read_bytes())
    ledger.name(put(ledger, rules, outer).sha256, "/today/new name.apk")
    made = report(ledger, rules, [])
    assert [subject.name for subject in made.subjects] == [
        "/today/new name.apk",
        "/today/new name.apk!assets/inner.apk",
    ]
    assert {error.source for error in made.errors} <= {subject.name for subject in made.subjects}
    assert made.subjects[1].parent == made.subjects[0].id


def test_an_app_without_a_verdict_never_looks_clean(ledger: Ledger, rules: RuleSet) -> None:
    ledger.record(
        Result("a" * 64, sha256="a" * 64, kind="crashed", message="its worker ended"), quarantined=True
    )
    ledger.name("a" * 64, "poison.apk")
    made = report(ledger, rules, [ScanError("missing", "unreadable", "not there")])
    assert {(error.source, error.kind) for error in made.errors} == {
        ("poison.apk", "crashed"),
        ("missing", "unreadable"),
    }
    (subject,) = made.subjects
    assert subject.name == "poison.apk"
    assert made.risk.score > 0


def test_campaigns_show_as_links(ledger: Ledger, rules: RuleSet, tmp_path: Path) -> None:
    other = tmp_path / "other.apk"
    other.write_bytes(APP.read_bytes())
    with zipfile.ZipFile(other, "a") as package:
        package.writestr("assets/number", b"1")
    for path in (APP, other):
        ledger.name(put(ledger, rules, path, Feature("page", "P")).sha256, path.name)
    cluster(ledger)
    made = report(ledger, rules, [])
    (link,) = [link for link in made.links if link.kind == "same-campaign"]
    assert {link.source, link.target} == {subject.id for subject in made.subjects}
    assert link.value.startswith("campaign-")


def test_only_named_apps_are_in_the_report(ledger: Ledger, rules: RuleSet) -> None:
    put(ledger, rules, APP)
    assert report(ledger, rules, []).subjects == ()
