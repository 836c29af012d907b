import msgspec

from rogue_scan.life.retell import retell
from rogue_scan.model.report import Link


def test_telling_twice_changes_nothing(full):
    once = retell(full)
    assert retell(once) == once
    assert len(once.incidents) == 1 and once.incidents[0].risk.score > 0


def test_links_to_what_is_gone_go(full):
    loose = msgspec.structs.replace(full, links=(*full.links, Link("f-gone", "f-twin", "precedes", "1 s")))
    assert all(link.source != "f-gone" for link in retell(loose).links)


def test_each_part_has_the_risk_of_its_findings(full):
    left = msgspec.structs.replace(full, findings=tuple(f for f in full.findings if f.subject == "capture-1"))
    capture, app = retell(left).subjects
    assert capture.risk.score > 0 and app.risk.score == 0
