import contextlib
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.errors import SourceError
from rogue_scan.model.data import DataCategory
from rogue_scan.wifi.net import clients, websocket

UPGRADE = (
    b"GET /live?sid=5 HTTP/1.1\r\nHost: portal.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
)
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


def frame(payload: bytes, kind: int = 1, last: bool = True, packed: bool = False) -> bytes:
    mask = b"\x0a\x0b\x0c\x0d"
    first = kind | 0x80 * last | 0x40 * packed
    size = len(payload)
    length = b"\xff" + size.to_bytes(8, "big")
    if size < 65_536:
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([first]) + length + mask + bytes(c ^ mask[i % 4] for i, c in enumerate(payload))


def read(data: bytes, size: int = 10**6) -> list[bytes]:
    reader = websocket.Reader()
    return [m for at in range(0, len(data), size) for m in reader.feed(data[at : at + size])]


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_text_messages_however_they_are_cut(size) -> None:
    said = [b"", b"a" * 125, b"b" * 126, b"c" * 60_000]
    assert read(b"".join(map(frame, said)), size) == said


def test_parts_with_a_ping_between_are_one_message() -> None:
    parts = frame(b"pass", last=False) + frame(b"ping", kind=9) + frame(b"word", kind=0)
    assert read(parts + frame(b"\0\1", kind=2) + frame(b"next")) == [b"password", b"next"]


def test_packed_messages_go_on_from_each_other() -> None:
    engine = zlib.compressobj(wbits=-15)
    said = [b'{"phone": "1"}', b'{"phone": "2"}']
    packed = [(engine.compress(m) + engine.flush(zlib.Z_SYNC_FLUSH))[:-4] for m in said]
    assert read(b"".join(frame(m, packed=True) for m in packed)) == said


def test_what_is_too_long_is_passed_over() -> None:
    long = frame(b"x" * (websocket.MAX_MESSAGE + 1))
    parts = frame(b"x" * 60_000, last=False) + frame(b"x" * 60_000, kind=0)
    reader = websocket.Reader()
    found = []
    for at in range(0, len(long + parts), 1400):
        found += reader.feed((long + parts)[at : at + 1400])
        assert reader.kept <= 3 * websocket.MAX_MESSAGE
    assert found + reader.feed(frame(b"next")) == [b"next"]


def test_a_bomb_ends_it() -> None:
    engine = zlib.compressobj(9, wbits=-15)
    bomb = engine.compress(bytes(5_000_000)) + engine.flush(zlib.Z_SYNC_FLUSH)
    reader = websocket.Reader()
    assert reader.feed(frame(bomb[:-4], packed=True)) == [b""]
    assert reader.done


def test_a_close_ends_it() -> None:
    assert read(frame(b"a") + frame(b"", kind=8) + frame(b"b")) == [b"a"]


@given(st.binary(max_size=200), st.integers(1, 50))
def test_any_octets(data, size) -> None:
    with contextlib.suppress(SourceError):
        assert all(len(m) <= websocket.MAX_MESSAGE for m in read(data, size))


@pytest.mark.parametrize(
    ("message", "kinds"),
    [
        (b'{"idcard": "110101", "note": "x"}', {"identity-number"}),
        (
            b'42/portal,["login", {"user": "anna", "password": "secret"}]',
            {"account-name", "account-password"},
        ),
        (b"phone=13812345678&x=1", {"phone-number"}),
        (b"4111 1111 1111 1111", {"bank-account"}),
        (b'{"key": "a"}', set()),
        (b"hello", set()),
    ],
)
def test_what_is_said_through_it_counts_like_a_form(air, message, kinds) -> None:
    air.talk(
        ("client", UPGRADE), ("server", SWITCHED), ("client", frame(message)), ("server", b"\x81\x02ok"),
        ("client", frame(b'{"ping": 1}')),
    )  # fmt: skip
    first, *said = air.fold().exchanges
    assert (first.upgrade, first.status) == ("websocket", 101)
    assert [{k for s in e.sent for k in s.kinds} for e in said] == ([kinds] if kinds else [])
    assert all((e.method, e.host, e.path) == ("WEBSOCKET", "portal.example", "/live") for e in said)


def test_the_victim_is_told_of_it(air) -> None:
    air.talk(("client", UPGRADE), ("server", SWITCHED), ("client", frame(b'{"password": "correct-horse"}')))
    net = air.fold()
    [event] = [e for _, e in clients.events(net) if e.kind == "sent"]
    assert event.data == (DataCategory.ACCOUNT_PASSWORD,)
    assert "correct-horse" not in repr(net.exchanges)


def test_only_the_client_was_heard_and_octets_are_missing(air) -> None:
    said = frame(b'{"phone": "13812345678"}')
    air.talk(("client", UPGRADE), ("client", said), ("client", said * 100), hear="client", size=500)
    rows = [i for i in range(len(air.frames)) if i != 4]
    exchanges = air.fold(rows).exchanges
    heard = 1 + 500 // len(said)
    assert [bool(e.sent) for e in exchanges if e.method == "WEBSOCKET"] == [True] * heard


def test_noise_behind_an_upgrade(air) -> None:
    air.talk(("client", UPGRADE), ("server", SWITCHED), ("client", random.Random(1).randbytes(5000)))
    assert len(air.fold().exchanges) == 1
