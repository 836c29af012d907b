"""The report goes out as JSON and comes back without loss."""

import msgspec
import pytest

from rogue_scan.errors import Malformed
from rogue_scan.model.data import DataCategory
from rogue_scan.model.evidence import Evidence, Where
from rogue_scan.model.finding import Finding, digest, fingerprint
from rogue_scan.model.report import Incident, Link, Report, ScanError, Step, decode, encode
from rogue_scan.model.severity import Severity, Verdict
from rogue_scan.model.subject import Risk, RiskTerm, Subject


def a_report() -> Report:
    finding = Finding(
        id="f1",
        fingerprint="p1",
        rule="wifi/evil-twin-open",
        title="An open copy",
        severity=Severity.HIGH,
        confidence=0.9,
        subject="capture-1",
        message="it copies",
        actors=("02:00:00:00:00:01",),
        data=(DataCategory.SMS,),
        first_seen=1.5,
        evidence=(Evidence("seen", where=Where(frame=17, time=1.25)), Evidence("but", supports=False)),
    )
    return Report(
        risk=Risk(80, Verdict.HIGH, ("f1",), (RiskTerm("f1", 80.0),)),
        subjects=(Subject("capture-1", "capture", "cafe.pcapng"),),
        findings=(finding,),
        incidents=(Incident("i1", "A trap", "story", timeline=(Step("x", time=1.0),)),),
        links=(Link("f1", "capture-1", "served-by", "x"),),
        errors=(ScanError("b.pcap", "truncated", "ends early"),),
    )


def test_a_report_survives_the_round_trip() -> None:
    assert decode(encode(a_report())) == a_report()


def test_the_json_has_the_names_of_the_contract() -> None:
    document = msgspec.json.decode(encode(a_report()))
    assert document["schema"] == "rogue-scan/report/1"
    assert document["findings"][0]["severity"] == "high"
    assert document["findings"][0]["evidence"][1]["for"] is False
    assert document["findings"][0]["evidence"][0]["where"] == {"frame": 17, "time": 1.25}
    assert document["links"][0]["from"] == "f1"
    assert document["links"][0]["to"] == "capture-1"


def test_equal_reports_give_equal_bytes() -> None:
    assert encode(a_report()) == encode(a_report())


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "no rogue-scan report"),
        (b'{"schema": "rogue-scan/report/99"}', "please update"),
        (b'{"schema": "rogue-scan/report/1", "risk": {"score": "x"}}', "$.risk.score"),
    ],
)
def test_what_is_no_report_is_refused_with_the_place(raw: bytes, says: str) -> None:
    with pytest.raises(Malformed, match=says.replace("$", r"\$")):
        decode(raw)


def test_parts_of_a_digest_do_not_run_into_each_other() -> None:
    assert digest(["ab", "c"]) != digest(["a", "bc"])


def test_a_fingerprint_knows_who_did_it_from_who_suffered() -> None:
    one = fingerprint("wifi/karma", ["a"], ["b"], [])
    assert one == fingerprint("wifi/karma", ["a"], ["b"], [])
    assert one != fingerprint("wifi/karma", ["b"], ["a"], [])
    assert one != fingerprint("wifi/karma", ["a", "b"], [], [])


def test_severities_are_ordered() -> None:
    assert Severity.INFO < Severity.LOW < Severity.MEDIUM < Severity.HIGH < Severity.CRITICAL
    assert max(Severity.LOW, Severity.HIGH) is Severity.HIGH


@pytest.mark.parametrize("raw", [b'{"schema": "\xff"}', b'{"schema": "rogue-scan/report/1", "tool": "\xe8"}'])
def test_what_is_no_utf_8_is_malformed(raw):
    with pytest.raises(Malformed):
        decode(raw)
