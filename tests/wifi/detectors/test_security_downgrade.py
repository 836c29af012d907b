"""Networks that another transmitter offers with weaker protection."""

from collections.abc import Callable

from rogue_scan.model.finding import Finding

Find = Callable[..., list[Finding]]


def test_more_access_points_with_the_weaker_kind_make_it_less_sure(findings_of: Find) -> None:
    """Whoever upgrades one after the other has both kinds for some time."""
    two = """
        ap new fc:ec:da:10:77:40 Galerie ch=6 sec=wpa3 make=unifi up=400000 to=12
        ap twin 06:11:22:da:33:01 Galerie ch=6 sec=wpa2 make=bare up=30 from=5 to=12
    """
    old = "ap old fc:ec:da:10:88:20 Galerie ch=11 sec={} make=unifi up=400000 to=12"

    def judged(listing: str) -> tuple[float, bool]:
        (finding,) = [
            f
            for f in findings_of(listing)
            if f.rule == "wifi/security-downgrade" and f.actors == ("06:11:22:da:33:01",)
        ]
        says = any("in the middle of an upgrade" in item.says for item in finding.evidence)
        return finding.confidence, says

    alone, upgraded, upgrading = (
        judged(listing) for listing in (two, two + old.format("wpa3"), two + old.format("wpa2"))
    )
    assert (alone[1], upgraded[1], upgrading[1]) == (False, False, True)
    assert upgrading[0] < alone[0]
