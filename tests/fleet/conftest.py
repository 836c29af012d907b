from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rogue_scan.fleet.engine import Limits, Setup
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
        limits=Limits(seconds=1.5, memory=400 << 20),
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
