"""The fleet report as a page."""

from rogue_scan.fleet import page
from rogue_scan.fleet.ledger import Ledger
from rogue_scan.fleet.overview import overview


def test_the_page_loads_nothing_and_runs_nothing(pictured: Ledger) -> None:
    text = page.render(overview(pictured))
    assert "4 apps, 1 campaigns" in text
    assert "evil.example" in text
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "\u202e" not in text
    assert "default-src 'none'" in text
    assert " src=" not in text
    assert "http" not in text.partition("</style>")[2]
