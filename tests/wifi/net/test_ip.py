import contextlib
import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.errors import Malformed, Truncated
from rogue_scan.wifi.net import ip


def test_padding_of_the_link_layer_is_cut_off(kit: Callable[..., Any]) -> None:
    packet = ip.ipv4(kit("ipv4", "10.0.0.1", "10.0.0.2", 17, b"data") + bytes(20))
    assert (packet.payload, ip.text(packet.source), packet.whole) == (b"data", "10.0.0.1", True)


def test_a_packet_cut_by_the_capture_says_so(kit: Callable[..., Any]) -> None:
    assert not ip.ipv4(kit("ipv4", "10.0.0.1", "10.0.0.2", 17, b"longer data")[:-4]).whole


def test_fragments_in_any_order_make_the_packet(kit: Callable[..., Any]) -> None:
    parts = [
        ip.ipv4(kit("ipv4", "10.0.0.1", "10.0.0.2", 17, b"x" * 16, 0x2000)),
        ip.ipv4(kit("ipv4", "10.0.0.1", "10.0.0.2", 17, b"y" * 8, 0x2000 | 2)),
        ip.ipv4(kit("ipv4", "10.0.0.1", "10.0.0.2", 17, b"z" * 3, 3)),
    ]
    pieces = ip.Reassembler()
    assert pieces.add(parts[2]) is None
    assert pieces.add(parts[0]) is None
    whole = pieces.add(parts[1])
    assert whole is not None
    assert whole.payload == b"x" * 16 + b"y" * 8 + b"z" * 3


def test_extension_headers_of_ipv6_are_skipped() -> None:
    options = bytes([17, 0]) + bytes(6)
    raw = (
        b"\x60\0\0\0"
        + struct.pack("!HBB", 12, 0, 64)
        + bytes(15)
        + b"\1"
        + bytes(15)
        + b"\2"
        + options
        + b"data"
    )
    packet = ip.ipv6(raw)
    assert (packet.protocol, packet.payload, ip.text(packet.destination)) == (17, b"data", "::2")


def test_a_redirect_names_gateway_and_destination() -> None:
    inner = bytes(16) + bytes([8, 8, 8, 8]) + bytes(8)
    found = ip.redirect(b"\5\1\0\0" + bytes([10, 0, 0, 9]) + inner)
    assert found is not None
    assert (ip.text(found.gateway), ip.text(found.destination)) == ("10.0.0.9", "8.8.8.8")
    assert ip.redirect(b"\x08" + bytes(30)) is None


@pytest.mark.parametrize(
    ("address", "local"),
    [("10.1.2.3", True), ("192.168.1.1", True), ("172.31.0.1", True), ("100.64.0.1", True), ("fe80::1", True),
     ("8.8.8.8", False), ("203.0.113.5", False), ("172.0.0.1", False), ("2001:db8::1", False),
     ("name", False)],
)  # fmt: skip
def test_local_addresses(address: str, local: bool) -> None:
    assert ip.is_local(address) is local


@given(st.binary(max_size=120))
def test_any_octets_are_read_or_refused(raw: bytes) -> None:
    for decode in (ip.ipv4, ip.ipv6, ip.tcp, ip.udp, ip.redirect):
        with contextlib.suppress(Malformed, Truncated):
            decode(raw)
