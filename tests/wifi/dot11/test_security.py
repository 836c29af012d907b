import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.errors import Malformed
from rogue_scan.wifi.dot11.elements import Elements
from rogue_scan.wifi.dot11.security import (
    Mfp,
    Protection,
    decode_owe_transition,
    decode_rsn,
    decode_rsnx,
    security_of,
)

CCMP = 4
PRIVACY = 0x10


def rsn(akms=(2,), pairwise=(CCMP,), group=CCMP, capabilities=0, tail=b""):
    def suites(kinds):
        return struct.pack("<H", len(kinds)) + b"".join(b"\x00\x0f\xac" + bytes((k,)) for k in kinds)

    head = b"\x01\x00\x00\x0f\xac" + bytes((group,))
    return head + suites(pairwise) + suites(akms) + struct.pack("<H", capabilities) + tail


def wpa(akm=2, cipher=2):
    suite = b"\x00\x50\xf2" + bytes((cipher,))
    return b"\x00\x50\xf2\x01\x01\x00" + suite + b"\x01\x00" + suite + b"\x01\x00\x00\x50\xf2" + bytes((akm,))


def judge(*elements, capabilities=PRIVACY):
    chain = b"".join(bytes((kind, len(body))) + body for kind, body in elements)
    return security_of(Elements(chain), capabilities)


@pytest.mark.parametrize(
    ("elements", "capabilities", "protection", "label"),
    [
        ([], 0, Protection.OPEN, "open"),
        ([], PRIVACY, Protection.WEP, "WEP"),
        ([(221, wpa())], PRIVACY, Protection.WPA, "WPA PSK (TKIP)"),
        ([(48, rsn())], PRIVACY, Protection.WPA2, "WPA2 PSK (CCMP)"),
        ([(48, rsn()), (221, wpa())], PRIVACY, Protection.WPA2, "WPA/WPA2 PSK (CCMP+TKIP)"),
        ([(48, rsn((1,)))], PRIVACY, Protection.WPA2, "WPA2 802.1X (CCMP)"),
        ([(48, rsn((8,), capabilities=0xC0))], PRIVACY, Protection.WPA3, "WPA3 SAE (CCMP), MFP required"),
        (
            [(48, rsn((2, 8), capabilities=0x80))],
            PRIVACY,
            Protection.WPA3,
            "WPA2/WPA3 PSK+SAE (CCMP), MFP capable",
        ),
        ([(48, rsn((18,), capabilities=0xC0))], PRIVACY, Protection.OWE, "OWE (CCMP), MFP required"),
        (
            [(48, rsn((5,), capabilities=0xC0))],
            PRIVACY,
            Protection.WPA3,
            "WPA3 802.1X-SHA256 (CCMP), MFP required",
        ),
        (
            [(48, rsn((24,), (9,), 9, 0xC0))],
            PRIVACY,
            Protection.WPA3,
            "WPA3 SAE-EXT (GCMP-256), MFP required",
        ),
    ],
)
def test_generations(elements, capabilities, protection, label):
    found = judge(*elements, capabilities=capabilities)
    assert (found.protection, found.label) == (protection, label)


def test_the_strong_set_may_stand_in_an_override():
    found = judge((48, rsn()), (221, b"\x50\x6f\x9a\x29" + rsn((8,), capabilities=0xC0)))
    assert found.protection is Protection.WPA3
    assert found.akms == ("PSK", "SAE")
    assert found.mfp is Mfp.CAPABLE
    assert (found.psk, found.sae, found.passphrase) == (True, True, True)


def test_an_rsn_element_may_end_after_any_part():
    whole = rsn()
    assert decode_rsn(whole[:2]).akms == ("802.1X",)
    assert decode_rsn(whole[:6]).pairwise == ("CCMP",)
    assert decode_rsn(whole[:12]).pairwise == ("CCMP",)
    assert decode_rsn(whole[:18]).akms == ("PSK",)


def test_pmkids_and_group_management_cipher():
    found = decode_rsn(rsn(tail=b"\x01\x00" + bytes(range(16)) + b"\x00\x0f\xac\x06"))
    assert found.pmkids == (bytes(range(16)),)
    assert found.group_management == "BIP-CMAC-128"


@pytest.mark.parametrize(
    "body", [b"", b"\x01", rsn()[:9], rsn()[:7] + b"\x09" + rsn()[8:], rsn(tail=b"\xff\x00")]
)
def test_lying_counts_are_malformed(body):
    with pytest.raises(Malformed):
        decode_rsn(body)


def test_suites_of_others_are_kept_by_number():
    assert decode_rsn(rsn()[:14] + b"\x00\x40\x96\x01").akms == ("00:40:96-1",)
    assert decode_rsn(rsn()[:14] + b"\x50\x6f\x9a\x02").akms == ("DPP",)


def test_rsnx_names():
    assert decode_rsnx(b"\x20") == ("sae-h2e",)
    assert decode_rsnx(b"\x62\x00\x20") == ("sae-h2e", "sae-pk", "ssid-protection")


def test_owe_transition_points_at_its_other_half():
    found = decode_owe_transition(bytes.fromhex("02000000000a") + b"\x04open" + b"\x51\x06")
    assert (found.bssid, found.ssid, found.operating_class, found.channel) == (
        "02:00:00:00:00:0a",
        b"open",
        81,
        6,
    )
    with pytest.raises(Malformed):
        decode_owe_transition(bytes(6) + b"\x21")


@given(st.binary(max_size=80))
def test_any_bytes_decode_or_are_malformed(body):
    for decode in (decode_rsn, decode_rsnx, decode_owe_transition, lambda b: decode_rsn(b, b"\x00\x50\xf2")):
        with contextlib.suppress(Malformed):
            decode(body)
