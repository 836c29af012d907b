import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.errors import Malformed, Truncated
from rogue_scan.wifi.net import dhcp, ip

CLIENT = "02:00:00:00:00:c1"


def test_an_offer(kit: Callable[..., Any]) -> None:
    raw = kit(
        "dhcp", dhcp.OFFER, CLIENT, "10.0.0.5", "10.0.0.1",
        {3: bytes([10, 0, 0, 1]), 6: bytes([10, 0, 0, 1, 9, 9, 9, 9]), 114: b"https://portal.example/api",
         1: b"\xff\xff\xff\0", 121: bytes([24, 192, 168, 7, 10, 0, 0, 2]), 252: b"http://wpad/wpad.dat\n",
         51: bytes([0, 0, 14, 16])},
    )  # fmt: skip
    message = dhcp.decode(raw)
    assert message.from_server
    assert [ip.text(a) for a in message.name_servers] == ["10.0.0.1", "9.9.9.9"]
    assert message.routes == ((bytes([192, 168, 7, 0]), 24, bytes([10, 0, 0, 2])),)
    assert (message.portal, message.lease) == ("https://portal.example/api", 3600)
    assert message.client.hex(":") == CLIENT


def test_a_long_option_comes_in_parts(kit: Callable[..., Any]) -> None:
    raw = kit("dhcp", dhcp.ACK, CLIENT, "10.0.0.5", "10.0.0.1", {114: b"https://portal."})
    assert dhcp.decode(raw[:-1] + bytes([114, 7]) + b"example" + b"\xff").portal == "https://portal.example"


def test_bootp_is_not_dhcp() -> None:
    with pytest.raises(Malformed):
        dhcp.decode(bytes([2, 1, 6, 0]) + bytes(232) + b"\x63\x82\x53\x63\xff")


@given(st.binary(max_size=80), st.integers(0, 3))
def test_any_options_are_read_or_refused(tail: bytes, overload: int) -> None:
    head = bytes([2, 1, 6, 0]) + bytes(40) + tail.ljust(192, b"\xff")[:192] + b"\x63\x82\x53\x63"
    for raw in (tail, head + bytes([53, 1, 2, 52, 1, overload]) + tail):
        with contextlib.suppress(Malformed, Truncated):
            dhcp.decode(raw)
