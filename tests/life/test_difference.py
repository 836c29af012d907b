import msgspec

from rogue_scan.life.difference import compare
from rogue_scan.model.severity import Severity


def test_a_report_does_not_differ_from_itself(full):
    difference = compare(full, full)
    assert (difference.new, difference.gone, difference.changed) == ((), (), ())
    assert difference.same == len(full.findings)


def test_new_gone_and_changed(full):
    softer = msgspec.structs.replace(full.findings[1], severity=Severity.LOW, confidence=0.4)
    after = msgspec.structs.replace(full, findings=(softer, *full.findings[2:]), subjects=full.subjects[1:])
    difference = compare(full, after)
    assert [finding.id for finding in difference.gone] == ["f-twin"]
    assert [change.after.severity for change in difference.changed] == [Severity.LOW]
    assert difference.sources_gone == ("harbour-hall.pcapng",)
    back = compare(after, full)
    assert [finding.id for finding in back.new] == ["f-twin"] and back.sources_new == ("harbour-hall.pcapng",)


def test_several_of_one_fingerprint_are_counted(full):
    twice = msgspec.structs.replace(
        full, findings=(*full.findings, msgspec.structs.replace(full.findings[0], id="f-again"))
    )
    assert [finding.id for finding in compare(full, twice).new] == ["f-twin"]
