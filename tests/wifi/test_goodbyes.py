"""Forged goodbyes, told from an access point's own."""

from collections.abc import Callable

import pytest

from rogue_scan.rules.load import load
from rogue_scan.wifi.analyse import Session
from rogue_scan.wifi.goodbyes import bursts, provoked
from rogue_scan.wifi.listing import capture
from rogue_scan.wifi.world import World

OFFICE = """
ap office 50:c7:bf:f1:00:10 Office ch=6 sec=wpa2 make=tplink up=90000 seq=100 to=30
station c 3c:a9:f4:00:01:02
join 1 c office
"""


@pytest.fixture(scope="module")
def world_of() -> Callable[[str], World]:
    rules = load()

    def of(listing: str) -> World:
        session = Session(rules)
        session.feed(capture(listing))
        session.finish()
        session.findings("capture-1")
        return session.world

    return of


def test_an_access_points_own_are_set_aside(world_of) -> None:
    assert (
        bursts(world_of(OFFICE + "goodbye 5 office c count=30 every=0.1 seq=own"), disassociation=False) == []
    )


def test_forged_ones_have_another_counter(world_of) -> None:
    (burst,) = bursts(
        world_of(OFFICE + "goodbye 5 office c count=30 every=0.1 seq=3000"), disassociation=False
    )
    assert len(burst.foreign) == len(burst.frames) == 30
    assert burst.clients == ["3c:a9:f4:00:01:02"]


def test_a_pause_makes_two_bursts(world_of) -> None:
    listing = OFFICE + "goodbye 3 office all count=10 seq=3000\ngoodbye 20 office all count=10 seq=3000"
    assert [len(b.frames) for b in bursts(world_of(listing), disassociation=False)] == [10, 10]


def test_the_end_of_a_burst_is_known_beyond_the_log(world_of) -> None:
    (burst,) = bursts(
        world_of(OFFICE + "goodbye 5 office all count=400 every=0.02 seq=3000"), disassociation=False
    )
    assert burst.seconds == pytest.approx(8, abs=0.2)


def test_disassociations_are_apart(world_of) -> None:
    world = world_of(OFFICE + "goodbye 5 office all disassoc count=10 seq=3000")
    assert bursts(world, disassociation=False) == []
    assert len(bursts(world, disassociation=True)) == 1


def test_a_burst_that_provokes_a_handshake(world_of) -> None:
    world = world_of(OFFICE + "goodbye 5 office c count=64 every=0.02 by=both seq=0\njoin 8 c office")
    (burst,) = bursts(world, disassociation=False)
    client, handshake = provoked(world, burst, longest=4.0, within=30.0)
    assert client == "3c:a9:f4:00:01:02"
    assert handshake.time == pytest.approx(8, abs=0.1)
    assert provoked(world, burst, longest=1.0, within=30.0) is None
