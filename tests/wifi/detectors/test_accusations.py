"""Who is accused, when it began, and what belongs together."""

CHAIN = """
ap real 9c:3d:cf:51:02:7b "Yoga Loft" ch=6 sec=wpa2 make=netgear up=400000 to=20
station phone 3c:a9:f4:0c:0f:fe
join 1 phone real
goodbye 5 real all count=60 every=0.06 reason=7 seq=0
ap twin 02:11:22:90:12:3a "Yoga Loft" ch=6 sec=open make=bare up=20 from=9 to=20
join 12 phone twin
"""


def by_rule(findings, rule):
    return [f for f in findings if f.rule == f"wifi/{rule}"]


def test_a_chain_is_told_in_order(findings_of) -> None:
    found = findings_of(CHAIN)
    (flood,) = by_rule(found, "deauth-flood")
    (twin,) = by_rule(found, "evil-twin-open")
    assert flood.first_seen < twin.first_seen
    assert abs(flood.first_seen - 5) < 0.2
    assert abs(twin.first_seen - 9) < 0.3
    says = " ".join(item.says for item in twin.evidence)
    assert "threw clients off 9c:3d:cf:51:02:7b" in says
    assert "3c:a9:f4:0c:0f:fe, which was with the real one, is with this one now" in says


def test_an_address_that_forged_frames_carry_is_a_target(findings_of) -> None:
    (flood,) = by_rule(findings_of(CHAIN), "deauth-flood")
    assert flood.actors == ()
    assert "9c:3d:cf:51:02:7b" in flood.targets


def test_a_cloned_address_is_both(findings_of) -> None:
    found = findings_of("""
        ap real 14:cc:20:77:31:f0 Shop ch=6 sec=wpa2 make=tplink up=400000 to=12
        ap copy 14:cc:20:77:31:f0 Shop ch=11 sec=open make=bare up=20000 from=5 to=12
    """)
    for rule in ("bssid-clone", "evil-twin-open"):
        (finding,) = by_rule(found, rule)
        assert finding.actors == finding.targets == ("14:cc:20:77:31:f0",)


def test_where_nothing_tells_neither_is_accused(findings_of) -> None:
    found = findings_of("""
        ap one 04:d4:c4:0b:19:c0 Twin ch=6 sec=wpa2 make=tplink up=900 to=8
        ap two 9c:3d:cf:70:0a:51 Twin ch=6 sec=wpa2 make=netgear up=900.5 to=8
    """)
    for finding in by_rule(found, "evil-twin-same-security"):
        assert finding.actors == ()


def test_the_first_one_heard_is_not_accused_for_the_second(findings_of) -> None:
    found = findings_of("""
        ap twin 02:11:22:33:44:55 Lobby ch=6 sec=wpa2 make=bare up=20 to=14
        ap real 04:d4:c4:0b:19:c0 Lobby ch=6 sec=wpa2 make=tplink up=400000 from=4 to=14
        station phone 3c:a9:f4:0c:0f:fe
        join 6 phone twin wrong
    """)
    (finding,) = by_rule(found, "evil-twin-same-security")
    assert finding.actors == ("02:11:22:33:44:55",)
    assert finding.targets == ("04:d4:c4:0b:19:c0",)


def test_counter_evidence_is_shown(findings_of) -> None:
    (finding,) = by_rule(
        findings_of("""
            ap real 04:d4:c4:0b:19:c0 Lobby ch=6 sec=wpa2 make=tplink up=400000 to=14
            ap twin 02:11:22:33:44:55 Lobby ch=6 sec=wpa2 make=bare up=20 from=5 to=14
            station phone 3c:a9:f4:0c:0f:fe
            join 7 phone twin
        """),
        "evil-twin-same-security",
    )
    assert any(not item.supports and "completed its handshake" in item.says for item in finding.evidence)


def test_the_pieces_that_a_capture_comes_in_change_nothing(findings_of) -> None:
    assert findings_of(CHAIN, pieces=1) == findings_of(CHAIN, pieces=7) == findings_of(CHAIN, pieces=1000)


def test_one_damaged_name_is_no_second_network(findings_of) -> None:
    found = findings_of("""
        ap real 04:d4:c4:0b:19:c0 Lobby ch=6 sec=wpa2 make=tplink up=400000 to=8
        station s 3c:a9:f4:0c:0f:fe
        answer 3 real s Mobby
        answer 4 real s Lobfy
        answer 5 real s Lo
    """)
    assert not by_rule(found, "karma")
