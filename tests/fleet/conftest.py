from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rogue_scan.fleet.engine import Feature, Limits, Mark, Result, Setup
from rogue_scan.fleet.ledger import Ledger
from rogue_scan.fleet.local import LocalEngine
from rogue_scan.model.severity import Severity
from rogue_scan.rules.load import RuleSet
from rogue_scan.rules.rule import Rule

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def standin_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers find ``standin`` by name."""
    monkeypatch.syspath_prepend(HERE)


@pytest.fixture
def setup() -> Setup:
    return Setup(
        rules=b"",
        digest="r1",
        version="e1",
        limits=Limits(seconds=2.5, memory=400 << 20),
        call="standin:vet",
    )


@pytest.fixture
def engine(setup: Setup) -> Iterator[LocalEngine]:
    engine = LocalEngine(setup, workers=2)
    yield engine
    engine.close(kill=True)


@pytest.fixture
def apps(tmp_path: Path) -> Callable[..., Path]:
    """Write apps by name and content into a folder."""

    def write(**contents: bytes) -> Path:
        folder = tmp_path / "apps"
        folder.mkdir(exist_ok=True)
        for name, content in contents.items():
            (folder / f"{name}.apk").write_bytes(content)
        return folder

    return write


def make_rule(name: str = "apk/made-up", revision: int = 1) -> Rule:
    return Rule(
        rule=name,
        revision=revision,
        title="Made up",
        status="test",
        kind="fingerprint",
        severity=Severity.HIGH,
        explanation="",
        benign_causes=(),
        remediation="",
        references=(),
        attack=(),
        message="",
    )


@pytest.fixture
def rule_set() -> Callable[..., RuleSet]:
    """A rule set by its digest and the revisions of its rules."""

    def make(digest: str = "r1", **revisions: int) -> RuleSet:
        rules = {"made_up": 1} | revisions
        return RuleSet(
            [
                make_rule(f"apk/{name.replace('_', '-')}", revision)
                for name, revision in rules.items()
                if revision
            ],
            digest,
        )

    return make


EVIL = "<script>alert(1)</script>\u202e"


def app_name(number: int) -> str:
    return f"{number:064x}"


def made_up(
    number: int, verdict: str, *features: Feature, marks: tuple[Mark, ...] = (), label: str = ""
) -> Result:
    return Result(
        app_name(number), sha256=app_name(number), size=10, verdict=verdict, score=50, package="com.shop",
        label=label, features=features, marks=marks, scans=b"x",
    )  # fmt: skip


@pytest.fixture
def pictured(tmp_path: Path, rule_set: Callable[..., RuleSet]) -> Iterator[Ledger]:
    mark = Mark("f", "apk/made-up", "high", 0.9, "Sends messages " + EVIL)
    with Ledger(tmp_path / "store", "1", rule_set("r1")) as before:
        before.record(made_up(1, "clean"))
    with Ledger(tmp_path / "store", "1", rule_set("r2", made_up=2)) as ledger:
        same = Feature("endpoint", "evil.example")
        ads = Feature("kit", "ads", strong=False)
        ledger.record(made_up(1, "critical", same, ads, marks=(mark,), label="=cmd()" + EVIL))
        ledger.record(made_up(2, "low", same, ads))
        ledger.record(made_up(3, "clean", ads))
        ledger.record(Result(app_name(4), sha256=app_name(4), kind="crashed", message=EVIL), quarantined=True)
        ledger.record(made_up(5, "clean", ads))  # not named by this run
        for number in (1, 2, 3, 4):
            ledger.name(app_name(number), f"{number}.apk")
        ledger.name(app_name(1), "0.apk")
        yield ledger
