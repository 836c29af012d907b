"""What ties apps: which endpoints are one owner's, and which are everybody's."""

from typing import Any

import pytest

from rogue_scan.fleet.engine import Feature
from rogue_scan.fleet.traits import Traits, features
from rogue_scan.model.finding import Finding
from rogue_scan.model.scan import Scan
from rogue_scan.model.severity import Severity
from rogue_scan.model.subject import AppView, Endpoint, Signer, Signing, Subject


def scan(accused: tuple[str, ...] = (), severity: Severity = Severity.HIGH, **app: Any) -> Scan:
    finding = Finding("i", "f", "apk/x", "X", severity, 0.9, "s", "m", endpoints=accused)
    return Scan(Subject("s", "apk", "x.apk", apk=AppView(**app)), (finding,))


def of(kind: str, *scans: Scan) -> dict[str, bool]:
    return {f.value: f.strong for f in features(scans, Traits()) if f.kind == kind}


@pytest.mark.parametrize(
    ("accused", "value", "strong"),
    [
        ("https://evil.example/collect?id=1", "evil.example", True),
        ("evil.example:8080", "evil.example", True),
        ("93.184.216.34:4444", "93.184.216.34", True),
        ("http://10.0.2.2/x", "10.0.2.2", False),
        ("127.0.0.1", "127.0.0.1", False),
        ("localhost", "localhost", False),
        ("drop@mail.example", "drop@mail.example", True),
        (
            "https://api.telegram.org/bot99:SECRET-TOKEN/sendMessage",
            "api.telegram.org/bot99:SECRET-TOKEN",
            True,
        ),
        ("https://api.telegram.org/bot", "api.telegram.org", False),
        ("api.telegram.org", "api.telegram.org", False),
    ],
)
def test_accused_endpoints(accused: str, value: str, strong: bool) -> None:
    assert of("endpoint", scan((accused,))) == {value: strong}


def test_endpoints_of_notes_libraries_and_plain_code_are_counted_and_tie_nobody() -> None:
    ends = (
        Endpoint("https://shop.example/", host="shop.example"),
        Endpoint("https://ads.example/", host="ads.example", library=True),
    )
    noted = scan(("https://shop.example/",), Severity.LOW, endpoints=ends)
    assert of("endpoint", noted) == {"shop.example": False, "ads.example": False}


def test_a_public_key_is_no_makers_mark() -> None:
    signing = Signing(signers=(Signer("a" * 64), Signer("b" * 64, known="debug")))
    assert of("signer", scan(signing=signing)) == {"a" * 64: True, "b" * 64: False}


def test_an_app_answers_for_those_inside_it() -> None:
    outer, inner = scan(kits=("Ads",)), scan(("evil.example",))
    assert of("kit", outer, inner) == {"Ads": False}
    assert of("endpoint", outer, inner) == {"evil.example": True}


def test_pages_and_code_come_with_the_traits() -> None:
    found = features([scan()], Traits(pages=("p1",)))
    assert found == (Feature("page", "p1"),)
