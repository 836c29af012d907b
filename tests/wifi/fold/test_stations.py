"""Clients and what they ask for."""

import struct

from rogue_scan.wifi.world import Damage, Kind

AP, CLIENT, OTHER, ALL = "50:c7:bf:00:00:01", "02:00:00:00:00:c1", "02:00:00:00:00:c2", "ff:ff:ff:ff:ff:ff"
SECOND = 1_000_000_000


def capture(wire, *frames):
    return wire.pcap([(n * SECOND, wire.radiotap(frame)) for n, frame in enumerate(frames)])


def probe(wire, ssid, client=CLIENT, to=ALL, *more):
    return wire.management(
        4, to, client, to, wire.element(0, ssid) + wire.element(1, b"\x82") + b"".join(more)
    )


def test_probes_by_client_and_name(wire, fold):
    world = fold(
        capture(
            wire, probe(wire, b"home"), probe(wire, b""), probe(wire, b"home"), probe(wire, b"home", OTHER)
        )
    )
    assert {(k, p.seen.count) for k, p in world.probes.items()} == {
        ((CLIENT, b"home"), 2),
        ((CLIENT, b""), 1),
        ((OTHER, b"home"), 1),
    }
    assert [ref.frame for ref in world.probes[(CLIENT, b"home")].refs] == [1, 3]
    assert sorted(world.stations) == [CLIENT, OTHER]
    rate = world.rate(Kind.PROBE_REQUEST)
    assert (rate.seen.count, rate.sources, rate.new_sources) == (4, 2, {0: 1, 3: 1})


def test_a_probe_to_one_access_point_keeps_its_address(wire, fold):
    world = fold(capture(wire, probe(wire, b"home", CLIENT, AP)))
    assert world.probes[(CLIENT, b"home")].bssid == AP


def test_answers_by_client_access_point_and_name(wire, fold):
    def answer(ssid, client):
        return wire.beacon(AP, ssid, subtype=5, receiver=client)

    world = fold(capture(wire, answer(b"one", CLIENT), answer(b"two", CLIENT), answer(b"one", OTHER)))
    assert sorted(world.answers) == [(CLIENT, AP, b"one"), (CLIENT, AP, b"two"), (OTHER, AP, b"one")]
    assert sorted(world.bss[AP].ssids) == [b"one", b"two"]
    assert world.bss[AP].responses.count == 3


def test_a_nameless_answer_to_one_client_is_odd(wire, fold):
    world = fold(capture(wire, wire.beacon(AP, b"", subtype=5, receiver=CLIENT)))
    (found,) = world.malformed.values()
    assert (found.damage, found.subtype) == (Damage.EMPTY_SSID, "probe-response")


def test_a_probe_without_a_proper_name_is_malformed(wire, fold):
    world = fold(capture(wire, wire.management(4, ALL, CLIENT, ALL, b"\x00\x28short")))
    assert not world.probes
    (found,) = world.malformed.values()
    assert found.damage is Damage.ELEMENT_CONTENT


def test_access_points_are_no_stations(wire, fold):
    reply = wire.management(11, CLIENT, AP, AP, struct.pack("<HHH", 0, 2, 0))
    assert not fold(capture(wire, wire.beacon(AP, b"net"), reply)).stations


def test_odd_senders_are_counted(wire, fold):
    group = wire.management(12, CLIENT, "33:33:00:00:00:02", AP, b"\x07\0")
    reserved = b"\x7d" + wire.beacon(AP, b"net")[1:]
    world = fold(capture(wire, group, reserved))
    assert {m.damage for m in world.malformed.values()} == {Damage.GROUP_TRANSMITTER, Damage.RESERVED}
