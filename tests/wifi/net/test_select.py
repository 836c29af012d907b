import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rogue_scan.wifi.net.select import choose, flow_key, flow_keys

WEB, SECURE = ("10.9.0.50", 40_000, "198.51.100.7", 80), ("10.9.0.50", 40_001, "198.51.100.7", 443)


def test_names_addresses_and_data_are_chosen_the_rest_is_passed_over(air, kit) -> None:
    AP, CLIENT = "02:00:00:00:00:01", "02:00:00:00:00:c1"
    air.send(CLIENT, AP, 0x0806, kit("arp", 1, CLIENT, "10.9.0.50", AP, "10.9.0.1"))
    air.ip(CLIENT, AP, kit("udp", "10.9.0.50", 5000, "10.9.0.1", 53, kit("dns", "a.example", response=False)))
    air.ip(CLIENT, AP, kit("udp", "10.9.0.50", 5000, "198.51.100.7", 443, b"quic" * 300))
    air.ip(CLIENT, AP, kit("tcp", *WEB, 1, 0x10))
    air.ip(CLIENT, AP, kit("tcp", *WEB, 1, 0x18, b"GET / HTTP/1.1\r\n\r\n"))
    air.ip(CLIENT, AP, kit("tcp", *WEB, 1, 0x02))
    air.send(CLIENT, AP, 0x888E, b"\1\3\0\0")
    air.send(CLIENT, AP, 0x8100, b"\0\5\x08\x06" + bytes(28))
    assert choose(air.batch(), None)[0].tolist() == [0, 1, 4, 5, 7]
    assert choose(air.batch(), np.empty(0, np.uint64))[0].tolist() == [0, 1, 4, 5, 6, 7]


def test_segments_carry_the_key_of_their_connection_unless_they_open_it(air, kit) -> None:
    AP, CLIENT = "02:00:00:00:00:01", "02:00:00:00:00:c1"
    for flags, data in ((0x18, b"secret"), (0x02, b""), (0x11, b"")):
        air.ip(CLIENT, AP, kit("tcp", *SECURE, 1, flags, data))
    key = flow_key(0x020000000001, bytes([198, 51, 100, 7]), 443, bytes([10, 9, 0, 50]), 40_001)
    assert choose(air.batch(), None)[1].tolist() == [key, 0, key]


addresses = st.one_of(st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16))
ports = st.integers(0, 65_535)


@settings(max_examples=100)
@given(st.integers(0, 2**48 - 1), st.data(), ports, ports, st.sampled_from([4, 16]))
def test_the_key_of_a_connection_is_the_same_by_both_ways(bssid, data, one_port, other_port, size) -> None:
    one, other = (data.draw(st.binary(min_size=size, max_size=size)) for _ in range(2))
    head = bytes(12 if size == 4 else 8) + one + other
    packet = head + one_port.to_bytes(2, "big") + other_port.to_bytes(2, "big") + bytes(8)
    [key] = flow_keys(
        np.frombuffer(packet, np.uint8), np.array([bssid], np.uint64), np.array([0]), np.array([len(head)]),
        4 if size == 4 else 6,
    ).tolist()  # fmt: skip
    assert key == flow_key(bssid, one, one_port, other, other_port)
    assert key == flow_key(bssid, other, other_port, one, one_port)


def test_protected_frames_are_chosen_where_there_is_a_key(air) -> None:
    for bssid in ("02:00:00:00:00:01", "02:00:00:00:00:02"):
        air.body(bssid, "02:00:00:00:00:c1", bytes(30), bssid=bssid, protected=True)
    batch = air.batch()
    assert choose(batch, None)[0].tolist() == []
    assert choose(batch, np.array([0x02_00_00_00_00_02], np.uint64))[0].tolist() == [1]
