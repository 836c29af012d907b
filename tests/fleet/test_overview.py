"""The whole picture, from a ledger written by hand."""

import msgspec

from rogue_scan.fleet.ledger import Ledger
from rogue_scan.fleet.overview import Overview, encode, overview


def app_name(number: int) -> str:
    return f"{number:064x}"


def test_the_picture_covers_what_the_sources_name(pictured: Ledger) -> None:
    picture = overview(pictured)
    assert (picture.apps, picture.states) == (4, {"done": 3, "quarantined": 1})
    assert picture.verdicts == {"critical": 1, "low": 1, "clean": 1}
    (campaign,) = picture.campaigns
    assert (campaign.verdict, campaign.apps, campaign.at_risk) == ("critical", 2, 1)
    assert [member.sha256 for member in campaign.members] == [app_name(1), app_name(2)]
    assert [(c.value, c.apps, c.at_risk) for c in picture.endpoints] == [("evil.example", 2, 1)]
    assert [(c.value, c.apps, c.at_risk) for c in picture.kits] == [("ads", 3, 1)]
    assert [(f.app, f.state, f.kind) for f in picture.failures] == [(app_name(4), "quarantined", "crashed")]
    (change,) = picture.changes
    assert (change.verdict_before, change.verdict, change.why[0].rule_change) == (
        "clean", "critical", "revision 1 → 2",
    )  # fmt: skip


def test_json_can_be_read_back(pictured: Ledger) -> None:
    picture = overview(pictured)
    assert msgspec.json.decode(encode(picture), type=Overview) == picture
    assert encode(overview(pictured)) == encode(picture)
