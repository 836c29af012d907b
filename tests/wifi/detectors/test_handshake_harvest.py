"""Handshakes that somebody provokes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rogue_scan.wifi.analyse import Session
from rogue_scan.wifi.listing import capture

EVE, PHONE = "02:aa:bb:cc:dd:ee", "3c:a9:f4:0c:0f:fe"


@pytest.fixture
def told_a_pmkid(rules: Any) -> Callable[[str], bool]:
    """Whether the finding about a collector tells of a PMKID, where first messages to one client hold it."""

    def of(client: str) -> bool:
        listing = f"station eve {EVE}\nstation phone {PHONE}\n" + "\n".join(
            f"ap a{i} 50:c7:bf:00:{i:02x}:10 {name} ch=6 sec=wpa2 make=tplink up=9{i}000 to=8\n"
            f"join {1 + i} eve a{i} first"
            for i, name in enumerate(("Anker", "Birke", "Chor"))
        )
        session = Session(rules)
        session.feed(capture(f"{listing}\njoin 5 phone a0"))
        session.finish()
        keys, pmkid = session.world.keys, bytes.fromhex("dd14000fac04") + bytes(range(16))
        for place, frame in enumerate(keys):
            if frame.client == client and frame.key.message == 1:
                keys[place] = replace(frame, key=replace(frame.key, data=pmkid))
        (finding,) = [f for f in session.findings("capture-1") if f.actors == (EVE,)]
        return any("PMKID" in item.says for item in finding.evidence)

    return of


def test_a_pmkid_given_to_the_collector_is_told_and_one_given_to_others_is_not(
    told_a_pmkid: Callable[[str], bool],
) -> None:
    assert told_a_pmkid(EVE)
    assert not told_a_pmkid(PHONE)
