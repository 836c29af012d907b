import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.errors import Malformed, Truncated
from rogue_scan.wifi.net import arp

ONE, TWO = "02:00:00:00:00:01", "02:00:00:00:00:02"


def test_a_reply_claims_its_senders_address(kit: Callable[..., Any]) -> None:
    message = arp.decode(kit("arp", arp.REPLY, ONE, "10.0.0.1", TWO, "10.0.0.2"))
    assert message.claims
    assert not message.gratuitous
    assert message.sender_mac.hex(":") == ONE


def test_a_probe_claims_nothing(kit: Callable[..., Any]) -> None:
    assert not arp.decode(kit("arp", arp.REQUEST, ONE, "0.0.0.0", TWO, "10.0.0.2")).claims


def test_a_gratuitous_announcement(kit: Callable[..., Any]) -> None:
    assert arp.decode(kit("arp", arp.REQUEST, ONE, "10.0.0.1", TWO, "10.0.0.1")).gratuitous


def test_other_hardware_is_refused() -> None:
    with pytest.raises(Malformed):
        arp.decode(b"\0\x20\x08\0\x08\4\0\1" + bytes(20))


@given(st.binary(max_size=60))
def test_any_octets_are_read_or_refused(raw: bytes) -> None:
    with contextlib.suppress(Malformed, Truncated):
        arp.decode(raw)
