import contextlib
import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.errors import Malformed, Truncated
from rogue_scan.wifi.net import dns


def test_an_answer_with_addresses(kit: Callable[..., Any]) -> None:
    message = dns.decode(kit("dns", "WWW.Example.org", ["10.0.0.1", "10.0.0.2"]))
    assert message.questions == (dns.Question("www.example.org", dns.A),)
    assert message.addresses() == (bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
    assert message.answers[0].name == "www.example.org"
    assert message.answers[0].ttl == 60


def test_an_answer_cut_off_keeps_what_came_before(kit: Callable[..., Any]) -> None:
    whole = kit("dns", "a.example", ["10.0.0.1", "10.0.0.2"])
    assert dns.decode(whole[:-3]).addresses() == (bytes([10, 0, 0, 1]),)


def test_pointers_in_circles_are_refused() -> None:
    with pytest.raises(Malformed, match="circles"):
        dns.decode(struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1")


def test_agrees_with_scapy() -> None:
    scapy = pytest.importorskip("scapy.layers.dns")
    packet = scapy.DNS(
        id=7, qr=1, qd=scapy.DNSQR(qname="portal.example"),
        an=[scapy.DNSRR(rrname="portal.example", type="CNAME", rdata="web.example"),
            scapy.DNSRR(rrname="web.example", type="A", rdata="198.51.100.7"),
            scapy.DNSRR(rrname="web.example", type="AAAA", rdata="2001:db8::7")],
    )  # fmt: skip
    message = dns.decode(bytes(packet))
    assert message.answers[0].target == "web.example"
    assert [len(a) for a in message.addresses()] == [4, 16]


@given(st.binary(max_size=120), st.integers(0, 5), st.integers(0, 5))
def test_any_octets_are_read_or_refused(tail: bytes, asked: int, answered: int) -> None:
    for raw in (tail, struct.pack("!6H", 1, 0x8180, asked, answered, 0, 0) + tail):
        with contextlib.suppress(Malformed, Truncated):
            dns.decode(raw)
