import re
import struct

from rogue_scan.wifi.analyse import Session
from rogue_scan.wifi.listing import capture

RULE = "wifi/channel-switch-spoof"


def test_beacons_count_as_stays_for_half_a_minute(findings_of) -> None:
    """Later ones tell nothing of this switch: the access point may have gone, and come back."""
    found = findings_of("""
        ap real 78:8a:20:5f:31:02 Notariat ch=6 sec=wpa2 make=unifi up=400000 to=50
        switch 5 real ch=11 frames=11 every=0.1 count=3 forged
    """)
    [finding] = [f for f in found if f.rule == RULE]
    [seconds] = re.findall(r"until ([\d.]+) s later", " ".join(item.says for item in finding.evidence))
    assert 30.8 <= float(seconds) <= 31.0, "one second of announcements and thirty after them"


def test_a_moved_access_point_that_is_heard_on_the_channel_beside_has_not_stayed(rules) -> None:
    """Channels overlap: a receiver that stays on 6 hears what is sent on 8, and the beacons say so."""
    moves = """
        ap before 14:cc:20:be:05:72 Werkstatt ch=6 sec=wpa2 make=tplink up=9000 to=5
        switch 5 before ch=8 frames=5 every=0.1024 count=5
        ap after 14:cc:20:be:05:72 Werkstatt ch={} sec=wpa2 make=tplink up=9005.6 from=5.6 to=12
    """

    def rules_that_speak(listing: str) -> set[str]:
        session = Session(rules)
        tuned = [struct.pack("<IH", 0x28, frequency) for frequency in (2447, 2437)]
        session.feed(capture(listing).replace(*tuned))
        session.finish()
        return {finding.rule for finding in session.findings("capture-1")}

    assert RULE not in rules_that_speak(moves.format(8))
    assert RULE in rules_that_speak(moves.format(6))
