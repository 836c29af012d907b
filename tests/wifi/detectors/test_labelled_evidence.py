"""What detectors say about labelled attacks, with the numbers that a reviewer would count in the capture."""

import pytest

SAYS = [
    ("karma-a", "karma", ["“GrandHotel-Guest”", "5 different names", "saved", "nothing of a maker",
                          "without protection", "mark of airbase-ng", "Alfa"]),
    ("loud-a", "karma", ["8 different names", "8 of the names are in its beacons as well"]),
    ("loud-a", "known-network-lure", ["8 of the names are those", "eduroam is never open", "8 open networks",
                                      "all 8 use one", "for 8 s only", "nothing in common", "Alfa"]),
    ("flood-deauth-a", "deauth-flood", ["118 of them in 6.3 s", "85 come in the access point's name and 33",
                                        "(18) do not follow", "for 6.3 s", "stays on the air", "mark of mdk4",
                                        "was thrown off and joined again"]),
    ("flood-disassoc-a", "disassoc-flood", ["64 are addressed to all clients", "(1694) do not follow"]),
    ("mitm-a", "channel-switch-spoof", ["35 more beacons", "until 8.0 s later", "anew 11 times",
                                        "one clock value", "(2819) do not follow", "10 dB off",
                                        "on channel 11 already"]),
    ("mitm-a", "bssid-clone", ["took turns 25 times over 12.3 s", "channel 6 and channel 11",
                               "counts its own sequence numbers"]),
    ("twin-clone-a", "bssid-clone", ["took turns 179 times", "security, maker's elements",
                                     "-48 dBm, the second at -57 dBm"]),
    ("replay-a", "beacon-replay", ["frame 90 comes again 6.0 s later", "22 beacons repeat",
                                   "45 beacons carry the sequence numbers", "go on with its clock"]),
    ("wpa3down-a", "security-downgrade", ["offers WPA3 (WPA3 SAE (CCMP), MFP required), this one only WPA2",
                                          "offers nothing weaker", "proved its passphrase 4 times"]),
    ("confusion-a", "ssid-confusion", ["Uni-Guest also announces Uni-Secure", "its clock is a different one",
                                       "on channel 11", "the same to the last bit",
                                       "with an address of its own"]),
    ("eaptwin-a", "evil-twin-enterprise", ["Example Server Certificate", "by radius.corp.example",
                                           "refused it: unknown certificate authority",
                                           "the example of a tool", "signed by itself"]),
    ("flood-michael-a", "malformed-frames", ["224 senders that never joined", "the network uses TKIP"]),
    ("flood-malformed-a", "malformed-frames", ["73 answers to one client carry a name of length zero"]),
    ("flood-beacon-a", "beacon-flood", ["371 access points appear", "100 % of them have the same rates",
                                        "one sequence counter", "189 have group addresses",
                                        "-51 to -47 dBm", "mark of mdk4"]),
    ("flood-probe-a", "probe-flood", ["350 different names", "350 new addresses", "follow a pattern"]),
    ("flood-auth-a", "auth-flood", ["410 addresses", "0 of 410 went on"]),
    ("flood-eapol-a", "eapol-flood", ["331 EAPOL start frames", "331 of the senders were never heard",
                                      "331 senders never joined", "has no use for such frames"]),
    ("lookalike-a", "lookalike-ssid", ["U+043E", "“CoffeeHouse” is protected"]),
    ("wpstwin-a", "wps-lure", ["its WPS button was pressed", "an honest open network has no use for WPS",
                               "claims to be a NETGEAR R7000"]),
    ("wpstwin-a", "handshake-harvest", ["127 deauthentications within 1.8 s", "0.2 s later", "plays both",
                                        "do not follow", "mark of aireplay-ng", "tried 4 times"]),
    ("twin-wrongpsk-a", "evil-twin-same-security", ["proved its passphrase 4 times"]),
    ("twin-clone-a", "evil-twin-open", ["is protected by 50:c7:bf:61:20:3c (WPA2 PSK (CCMP)) and open here",
                                        "the very address of the real one"]),
]  # fmt: skip


@pytest.mark.parametrize(("capture", "rule", "parts"), SAYS, ids=[f"{c}: {r}" for c, r, _ in SAYS])
def test_evidence_is_stated(findings, capture: str, rule: str, parts: list[str]) -> None:
    found = [finding for finding in findings(capture) if finding.rule == f"wifi/{rule}"]
    says = "\n".join(item.says for finding in found for item in finding.evidence)
    assert [part for part in parts if part not in says] == []


def test_counter_evidence_lowers_confidence(findings) -> None:
    (loud,) = [f for f in findings("loud-a") if f.rule == "wifi/karma"]
    (silent,) = [f for f in findings("karma-a") if f.rule == "wifi/karma"]
    assert loud.confidence < silent.confidence


def test_places_are_frames_of_the_capture(findings) -> None:
    for capture, rule, _ in SAYS:
        for finding in findings(capture):
            if finding.rule == f"wifi/{rule}":
                assert any(item.where.frame for item in finding.evidence)
                assert finding.first_seen is not None and finding.last_seen is not None
                assert 0 <= finding.first_seen <= finding.last_seen < 60
