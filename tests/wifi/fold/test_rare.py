"""Frames that are logged one by one."""

import struct

import pytest

from rogue_scan.wifi.fold.rare import PER_KEY
from rogue_scan.wifi.world import ActionCategory, Damage, Kind, SwitchCarrier

AP, CLIENT = "50:c7:bf:00:00:01", "02:00:00:00:00:c1"
SECOND = 1_000_000_000
MS = 1_000_000


def world_of(wire, fold, *frames, gap=SECOND):
    return fold(wire.pcap([(n * gap, wire.radiotap(frame)) for n, frame in enumerate(frames)]))


def eapol(kind, body, up=False):
    control = 0x0108 if up else 0x0208
    ends = bytes.fromhex("50c7bf0000010200000000c1" if up else "0200000000c150c7bf000001")
    header = struct.pack("<HH", control, 0) + ends + bytes.fromhex("50c7bf000001") + b"\0\0"
    return header + b"\xaa\xaa\x03\0\0\0\x88\x8e" + struct.pack(">BBH", 2, kind, len(body)) + body


def test_authentication(wire, fold):
    body = struct.pack("<HHH", 3, 1, 126) + b"\x13\x00scalar"
    world = world_of(wire, fold, wire.management(11, AP, CLIENT, AP, body, sequence=9))
    (frame,) = world.auths
    assert (frame.algorithm, frame.transaction, frame.status, frame.body) == (3, 1, 126, b"\x13\x00scalar")
    assert (frame.transmitter, frame.receiver, frame.sequence, frame.signal) == (CLIENT, AP, 9, -50)
    assert list(world.stations) == [CLIENT]


def test_association_tells_what_the_client_chose(wire, fold):
    rsn = bytes.fromhex("0100000fac040100000fac040100000fac080000")
    request = struct.pack("<HH", 0x11, 10) + wire.element(0, b"net") + wire.element(48, rsn)
    again = struct.pack("<HH", 0x11, 10) + bytes.fromhex("50c7bf000009") + wire.element(0, b"net")
    response = struct.pack("<HHH", 0x11, 0, 0xC001)
    world = world_of(
        wire,
        fold,
        wire.management(0, AP, CLIENT, AP, request),
        wire.management(1, CLIENT, AP, AP, response),
        wire.management(2, AP, CLIENT, AP, again),
    )
    first, answer, second = world.assocs
    assert (first.response, first.elements.ssid, first.security.akms) == (False, b"net", ("SAE",))
    assert (answer.response, answer.status, answer.aid) == (True, 0, 1)
    assert (second.reassociation, second.current_ap) == (True, "50:c7:bf:00:00:09")


def test_goodbyes_stand_beside_the_last_beacon_of_their_sender(wire, fold):
    world = world_of(
        wire,
        fold,
        wire.beacon(AP, b"net", sequence=100, tsf=5),
        wire.management(12, CLIENT, AP, AP, struct.pack("<H", 7), sequence=3),
        wire.management(10, CLIENT, AP, AP, b"xxxxxxxx", flags=0x40),
    )
    deauth, disassoc = world.byes
    assert (deauth.reason, deauth.disassociation, deauth.beacon_before.sequence) == (7, False, 100)
    assert (disassoc.reason, disassoc.disassociation, disassoc.protected) == (None, True, True)
    rate = world.rate(Kind.DEAUTH, AP, CLIENT)
    assert (rate.seen.count, rate.fields) == (1, {"reason=7": 1, "duration=0": 1})


def test_a_flood_is_counted_in_full_and_logged_in_part(wire, fold):
    frames = [wire.management(12, CLIENT, AP, AP, b"\x07\0", sequence=n) for n in range(300)]
    world = world_of(wire, fold, *frames, gap=10 * MS)
    assert len(world.byes) == PER_KEY
    rate = world.rate(Kind.DEAUTH, AP, CLIENT)
    assert (rate.seen.count, rate.peak(), rate.seconds[1]) == (300, (0, 100), 100)


def test_switches_in_beacons_and_actions(wire, fold):
    csa = wire.element(37, b"\x01\x0b\x03")
    action = b"\x00\x04" + wire.element(37, b"\x01\x06\x02")
    public = b"\x04\x04" + bytes((0, 115, 36, 5))
    world = world_of(
        wire,
        fold,
        wire.beacon(AP, b"net", csa, tsf=1),
        wire.beacon(AP, b"net", wire.element(37, b"\x01\x0b\x02"), tsf=1_000_001),
        wire.management(13, "ff:ff:ff:ff:ff:ff", AP, AP, action),
        wire.management(13, CLIENT, AP, AP, public),
    )
    told = [(s.carrier, s.extended, s.channel, s.count, s.to_frequency) for s in world.switches]
    assert sorted(told) == sorted(
        [
            (SwitchCarrier.BEACON, False, 11, 3, 2462),
            (SwitchCarrier.BEACON, False, 11, 2, 2462),
            (SwitchCarrier.ACTION, False, 6, 2, 2437),
            (SwitchCarrier.ACTION, True, 36, 5, 5180),
        ]
    )
    assert len(world.bss[AP].variants) == 1
    assert [a.name for a in world.actions] == [ActionCategory.SPECTRUM, ActionCategory.PUBLIC]


def test_protected_actions_are_not_read(wire, fold):
    world = world_of(wire, fold, wire.management(13, CLIENT, AP, AP, b"\x08\x00secret", flags=0x40))
    (frame,) = world.actions
    assert (frame.category, frame.action, frame.body) == (-1, -1, b"")


def test_keys_and_eap(wire, fold):
    key = struct.pack(">BHHQ", 2, 0x008A, 16, 1) + bytes(range(32)) + bytes(48) + struct.pack(">H", 0)
    identity = struct.pack(">BBHB", 2, 7, 9, 1) + b"anna"
    world = world_of(wire, fold, eapol(3, key), eapol(0, identity, up=True), eapol(1, b"", up=True))
    (exchange,) = world.keys
    assert (exchange.key.message, exchange.from_ap, exchange.client, exchange.bssid) == (1, True, CLIENT, AP)
    packet, start = world.eapols
    assert (packet.eap.method_name, packet.eap.data, packet.from_ap) == ("Identity", b"anna", False)
    assert (start.packet_type, start.eap) == (1, None)
    assert world.rate(Kind.EAPOL_START).seen.count == 1


@pytest.mark.parametrize(
    "frame",
    [
        ("auth", 11, b"\0"),
        ("assoc", 0, b"\0\0"),
        ("elements", 0, b"\0\0\0\0\x00\x09a"),
    ],
    ids=lambda f: f[0],
)
def test_short_frames_are_malformed_and_not_logged(wire, fold, frame):
    _, subtype, body = frame
    world = world_of(wire, fold, wire.management(subtype, AP, CLIENT, AP, body))
    assert not world.auths and not world.assocs
    (found,) = world.malformed.values()
    assert found.damage in (Damage.SHORT_FIXED, Damage.ELEMENT_OVERRUN)
    assert found.transmitter == CLIENT
