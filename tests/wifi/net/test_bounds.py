"""What hostile traffic makes the fold hold and do: caps are small here; each test fails where one is gone."""

import gzip
import random
import struct

import brotli
import pytest

from rogue_scan.wifi.net import carve, dhcp, dns, fold, html, http, ip, link, tcp, tls
from rogue_scan.wifi.net.records import Ends
from rogue_scan.wifi.net.tcp import Half, Piece

AP, CLIENT, SITE = "02:00:00:00:00:01", "02:00:00:00:00:c1", "198.51.100.80"
SYN, DATA = 0x02, 0x18
STREAMS, CAP = 400, 50
GET = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 18\r\n\r\n<html>x</html>    "


def streams(form, air, kit) -> None:
    """Many streams of one or two segments, each from an address of its own."""
    dice = random.Random(1)
    for number in range(STREAMS):
        here, port = f"10.8.{number >> 8}.{number & 255}", 1024 + number
        mac = f"02:11:00:00:{number >> 8:02x}:{number & 255:02x}" if form == "own radio" else CLIENT

        def up(sequence: int, flags: int, data: bytes = b"", here=here, port=port, mac=mac) -> None:
            air.ip(mac, AP, kit("tcp", here, port, SITE, 80, sequence, flags, data))

        match form:
            case "opened":
                up(1, SYN)
            case "asked" | "own radio":
                up(1, SYN)
                up(2, DATA, GET)
            case "answers only":
                air.ip(AP, CLIENT, kit("tcp", SITE, 80, here, port, 1, DATA, PAGE))
            case "with a hole":
                up(1, SYN)
                up(5000, DATA, GET)
            case "from the middle":
                up(1, DATA, b"x")
            case "noise":
                up(1, DATA, dice.randbytes(200))


@pytest.mark.parametrize(
    "form", ["opened", "asked", "own radio", "answers only", "with a hole", "from the middle", "noise"]
)
def test_many_tiny_streams(form, air, kit, monkeypatch) -> None:
    for cap in ("MAX_CONVERSATIONS", "MAX_RECORDS", "_MAX_RECENT", "_MAX_LET_GO"):
        monkeypatch.setattr(fold, cap, CAP)
    streams(form, air, kit)
    net = air.fold(finish=False)
    assert len(net._talks) <= CAP
    assert net._waiting <= set(net._talks)
    assert net._held == sum(talk.kept for talk in net._talks.values())
    assert net.evicted["conversations"] == STREAMS - len(net._talks)
    net.finish()
    assert not net._talks
    assert not net._waiting
    assert net._held == 0
    for table in (net.exchanges, net.contacts, net.sessions, net._recent, net._let_go):
        assert len(table) <= CAP


def test_streams_are_gone_at_once_when_they_end(air, kit) -> None:
    """Nothing of them waits for the collector, which a million of them would keep busy."""
    import gc

    from rogue_scan.wifi.net.conversation import Conversation

    streams("asked", air, kit)
    gc.collect()
    gc.disable()
    try:
        net = air.fold()
        assert len(net.exchanges) == STREAMS
        left = [o for o in gc.get_objects() if isinstance(o, Conversation | http.Reader)]
    finally:
        gc.enable()
    assert left == []


def test_requests_that_wait_for_answers_count(air, monkeypatch) -> None:
    body = b"x" * 60_000
    post = b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    monkeypatch.setattr(fold, "MAX_HELD", 10 * len(body))
    air.talk(*(("client", post) for _ in range(30)), close=False)
    net = air.fold(finish=False)
    assert net._held <= 10 * len(body)
    assert net.evicted["conversations"] > 0


def feed(reader: http.Reader, data: bytes, size: int = 1000) -> int:
    """Octets held at most while all of ``data`` comes in."""
    most = 0
    for at in range(0, len(data), size):
        reader.feed(Piece(data[at : at + size], 1, 1.0))
        most = max(most, reader.kept)
    return most


def test_an_endless_head() -> None:
    reader = http.Reader()
    assert feed(reader, GET[:-2] + b"X-Field: value\r\n" * 100_000) <= http.MAX_HEAD + 1000
    assert reader.dead
    assert reader.kept == 0


def test_the_end_of_a_long_head_is_looked_for_once_only() -> None:
    """However it is cut, also inside the empty line that ends it."""
    head = b"GET / HTTP/1.1\r\nHost: a.example\r\n" + b"X: y\r\n" * 2000 + b"\r\n"
    for size in (1, 7, 1000, len(head) - 1, len(head) - 2, len(head) - 3):
        reader = http.Reader()
        found = []
        for at in range(0, len(head), size):
            found += reader.feed(Piece(head[at : at + size], 1, 1.0))
            assert reader._searched <= len(reader._rest)
        assert [m.head.get("host") for m in found if m.head] == ["a.example"]


def test_a_body_in_crumbs() -> None:
    reader = http.Reader()
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    feed(reader, head + b"1\r\na\r\n" * (http._FREE_CHUNKS + 2))
    assert reader.dead
    reader = http.Reader()
    feed(reader, head + (b"20\r\n" + b"a" * 32 + b"\r\n") * (http._FREE_CHUNKS + 2))
    assert not reader.dead


def test_codings_in_many_layers() -> None:
    head = http.Head(status=200, fields=(("content-encoding", "gzip, " * 5000 + "gzip"),))
    assert http.content(http.Message(head, gzip.compress(b"x"), 1, complete=True)) == (b"", False)


def bombs(air, coding: str, packed: bytes, count: int) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: {coding}\r\n"
    for _ in range(count):
        air.talk(
            ("client", GET), ("server", f"{head}Content-Length: {len(packed)}\r\n\r\n".encode() + packed)
        )


def test_a_flood_of_bombs_is_opened_to_its_first_octets(air, monkeypatch) -> None:
    monkeypatch.setattr(fold, "FREE_OPENED", 1_000_000)
    monkeypatch.setattr(fold, "FREE_READ", 100_000)
    opened, read = [], []
    content, look = http.content, html.read
    monkeypatch.setattr(http, "content", lambda *a, **k: opened.append((r := content(*a, **k))[0]) or r)
    monkeypatch.setattr(html, "read", lambda markup: read.append(markup) or look(markup))
    packed = gzip.compress(b"<p>x" * 500_000)
    bombs(air, "gzip", packed, 40)
    net = air.fold()
    heard = 40 * len(packed)
    assert sum(map(len, opened)) <= 1_000_000 + fold.OPENED_RATIO * heard
    assert sum(map(len, read)) <= 100_000 + fold.READ_RATIO * heard + 40 * fold.LEAST_READ
    assert len(net.exchanges) == 40
    assert not net.exchanges[-1].page.complete


def test_brotli_is_not_even_begun_without_credit(air, monkeypatch) -> None:
    monkeypatch.setattr(fold, "FREE_OPENED", 3 * fold.BROTLI)
    bombs(air, "br", brotli.compress(b"<p>" * 1_000_000), 20)
    assert air.fold().evicted["bodies"] >= 17


def test_honest_packed_pages_are_read_in_full_for_ever(air, monkeypatch) -> None:
    monkeypatch.setattr(fold, "FREE_OPENED", 0)
    monkeypatch.setattr(fold, "FREE_READ", 0)
    dice = random.Random(2)
    rows = "".join(f"<tr><td><a href='/{dice.getrandbits(60)}'>{dice.getrandbits(40)}</a>" for _ in range(80))
    bombs(air, "gzip", gzip.compress(f"<html>{rows}</html>".encode()), 30)
    assert all(e.page.complete and len(e.page.links) == 80 for e in air.fold().exchanges)


def test_octets_out_of_order_one_by_one() -> None:
    half, dice = Half(), random.Random(3)
    half.open(999, 0.0)
    for number in range(20_000):
        half.add(1002 + dice.randrange(1 << 20), b"a", number, 0.5)
        assert len(half._waiting) <= tcp._MAX_SEGMENTS + 1
        assert half.held <= tcp.MAX_WAITING + 1


def test_segments_that_overlap_give_each_octet_once() -> None:
    half = Half()
    half.open(999, 0.0)
    given = [e for n in range(5000) for e in half.add(1000 + n // 10, b"a" * 1000, n, 0.5)]
    assert sum(len(piece.data) for piece in given) == 1000 + 499
    assert half.held == 0


def test_fragments_that_never_end() -> None:
    packets, frames = ip.Reassembler(), link.Defragmenter()
    for number in range(2000):
        part = ip.Packet(b"\1\2\3\4", b"\5\6\7\x08", 17, b"x" * 8, number % 100, 8 * (number % 500 + 1), True)
        assert packets.add(part) is None
        assert frames.add((number,), 0, True, b"x" * 400) is None
    assert len(packets._pending) <= ip._MAX_PENDING
    assert all(len(pieces) < ip._MAX_PIECES for pieces in packets._pending.values())
    assert len(frames._pending) <= link._MAX_PENDING


def test_an_aggregate_of_many_tiny_parts() -> None:
    part = bytes(12) + b"\0\x09" + b"\xaa\xaa\x03\0\0\0\x08\0x" + b"\0"
    assert len(link.units(part * 500, aggregated=True)) == link._MAX_SUBFRAMES


def test_names_that_point_to_one_place_are_read_once(monkeypatch) -> None:
    calls = []
    name = dns._name
    monkeypatch.setattr(dns, "_name", lambda *a: calls.append(a) or name(*a))
    question = b"\x3f" + b"a" * 63 + b"\0" + b"\0\1\0\1"
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4"
    message = dns.decode(struct.pack("!6H", 1, 0x8180, 1, 300, 0, 0) + question + answer * 300)
    assert len(message.answers) == dns._MAX_RECORDS
    assert {record.name for record in message.answers} == {"a" * 63}
    assert len(calls) == 2


def test_many_dhcp_options() -> None:
    head = struct.pack("!BBBBI", 2, 1, 6, 0, 1).ljust(236, b"\0") + b"\x63\x82\x53\x63"
    found = dhcp.decode(head + b"\x35\1\5" + b"\x0c\1a" * 10_000)
    assert len(found.options) == dhcp._MAX_OPTIONS


def test_ranges_of_one_file(monkeypatch) -> None:
    monkeypatch.setattr(carve, "_MAX_RANGES", 100)
    carver = carve.Carver()
    ends = Ends("ap", "sta", "10.0.0.9", "ap", "10.0.0.1", 80)
    for number in range(1000):
        begin = number * 20
        fields = (("content-range", f"bytes {begin}-{begin + 8}/60000"),)
        message = http.Message(http.Head(status=206, fields=fields), b"PK\x03\x04aaaaa", 9, complete=True)
        carver.take(ends, "a.example", "/a.apk", message, message.body, True, True)
    [file] = carver._files.values()
    assert len(file.have) <= 101
    assert carver.refused == 899


def test_encrypted_records_are_not_waited_for() -> None:
    reader = tls.Reader()
    reader.feed(b"\x17\x03\x03\x40\x00" + bytes(100))
    assert reader.done
