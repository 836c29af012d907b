import gzip
import itertools
import random
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from rogue_scan.wifi.net import http
from rogue_scan.wifi.net.http import Message, Reader
from rogue_scan.wifi.net.tcp import Gap, Piece


def read(data: bytes, *more: bytes | int, closed: bool = False, method: str = "") -> list[Message]:
    """Messages in some octets; a number stands for so many lost ones."""
    reader = Reader(lambda _: method)
    found = []
    for i, part in enumerate((data, *more)):
        found += reader.feed(Gap(part, float(i)) if isinstance(part, int) else Piece(part, i + 1, float(i)))
    return found + reader.finish(closed)


def test_a_request_with_a_body() -> None:
    [message] = read(b"POST /login?next=1 HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello")
    assert message.head is not None
    assert (message.head.method, message.head.target, message.head.get("host")) == (
        "POST",
        "/login?next=1",
        "a.example",
    )
    assert (message.body, message.complete) == (b"hello", True)


def test_pipelined_messages_are_told_apart() -> None:
    found = read(b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\nGET /c HTTP/1.0\r\n\r\n")
    assert [m.head.target for m in found if m.head] == ["/a", "/b", "/c"]


def test_chunks_with_extensions_and_trailer() -> None:
    [message] = read(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nExpires: 0\r\n\r\n"
    )
    assert (message.body, message.complete) == (b"hello!", True)


def test_a_body_without_length_ends_with_the_conversation() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    assert read(head + b"to the end", closed=True)[0].complete
    assert not read(head + b"to the end", closed=False)[0].complete


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_some_answers_have_no_body(status: bytes) -> None:
    found = read(
        b"HTTP/1.1 " + status + b"\r\nContent-Length: 10\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    )
    assert len(found) == 2


def test_the_answer_to_head_has_no_body() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    assert read(answer, method="HEAD")[0].complete
    assert not read(answer, method="GET")[0].complete


def test_an_interim_answer_is_passed_over() -> None:
    [message] = read(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert message.head is not None
    assert (message.head.status, message.body) == (200, b"ok")


def test_an_upgrade_ends_http() -> None:
    reader = Reader()
    [message] = reader.feed(
        Piece(b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n\x81\x05abcde", 1, 0.0)
    )
    assert message.head is not None
    assert message.head.status == 101
    assert reader.dead


def test_octets_lost_in_a_body_are_counted_and_the_next_message_is_read() -> None:
    first, second = read(
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        4,
        b"hijHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
    )
    assert (first.body, first.missing, first.holes, first.complete) == (
        b"abc\0\0\0\0hij",
        4,
        ((3, 7),),
        False,
    )
    assert second.head is not None
    assert second.head.status == 404


def test_octets_lost_in_a_head_cost_that_message() -> None:
    found = read(b"GET /a HTTP/1.1\r\nHos", 30, b"GET /b HTTP/1.1\r\n\r\n")
    assert [m.head.target if m.head else None for m in found] == [None, "/b"]


def test_octets_lost_beyond_a_body_end_it_and_reading_goes_on() -> None:
    found = read(
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        400,
        b"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n",
    )
    assert [(m.head.status, m.complete) for m in found if m.head] == [(200, False), (301, True)]


def test_the_frames_of_a_message_are_known() -> None:
    [message] = read(b"POST / HTTP/1.1\r\nContent-", b"Length: 4\r\n\r\nab", b"cd")
    assert (message.frame, message.last_frame) == (1, 3)


def test_an_endless_head_is_given_up() -> None:
    reader = Reader()
    reader.feed(Piece(b"GET / HTTP/1.1\r\n", 1, 0.0))
    for i in range(400):
        reader.feed(Piece(b"X-Filler: " + b"a" * 1000 + b"\r\n", i, 0.0))
        assert reader.kept <= http.MAX_HEAD + 2000
    assert reader.dead
    assert reader.kept == 0


@pytest.mark.parametrize(
    ("coding", "encode"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress),
     ("zstd", zstandard.compress), ("deflate", lambda d: zlib.compress(d)[2:-4]), ("identity", bytes)],
)  # fmt: skip
def test_content_codings(coding: str, encode: object) -> None:
    body = encode(b"<html>page</html>")  # type: ignore[operator]
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    assert http.content(read(head + body)[0]) == (b"<html>page</html>", True)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_bomb_is_opened_to_its_limit_only(coding: str) -> None:
    encode = {"gzip": gzip.compress, "br": brotli.compress, "zstd": zstandard.compress}[coding]
    bomb = encode(bytes(20_000_000))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    data, whole = http.content(read(head + bomb)[0], limit=100_000)
    assert len(data) <= 100_000
    assert not whole


def test_a_damaged_coding_gives_what_there_is() -> None:
    noise = random.Random(1).randbytes(50_000)
    packed = gzip.compress(noise)[:-2000]
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    data, whole = http.content(read(head + packed, closed=True)[0])
    assert noise.startswith(data)
    assert len(data) > 40_000
    assert not whole


def test_pictures_are_counted_not_kept() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 100000\r\n\r\n"
    [message] = read(head + bytes(100_000))
    assert (message.size, len(message.body)) == (100_000, 4096)


EXAMPLE = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n0\r\n\r\n"
    b"HTTP/1.1 302 Found\r\nLocation: http://x.example/\r\nContent-Length: 0\r\n\r\n"
)


@given(st.lists(st.integers(1, len(EXAMPLE) - 1), max_size=12))
def test_where_the_octets_are_cut_does_not_matter(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(EXAMPLE)]
    parts = [EXAMPLE[a:b] for a, b in itertools.pairwise(places) if a < b]
    found = read(parts[0], *parts[1:])
    assert [(m.head, m.body, m.complete) for m in found] == [
        (m.head, m.body, m.complete) for m in read(EXAMPLE)
    ]


TOKENS = st.sampled_from(
    [b"GET / HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n", b"\r\n", b"Content-Length: 7\r\n", b"5\r\n", b"0\r\n\r\n",
     b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"\x1f\x8b\x08", b" ",
     b"HTTP/1.1 100 C\r\n\r\n",
     b"Content-Length: 99999999999\r\n", b"FFFFFFFFFFFF\r\n"]
)  # fmt: skip


@settings(max_examples=200)
@given(
    st.lists(
        st.one_of(TOKENS, st.binary(max_size=30), st.integers(1, 2_000_000_000)), min_size=1, max_size=25
    )
)
def test_any_octets_and_gaps_are_survived(parts: list[bytes | int]) -> None:
    for message in read(b"", *(p for p in parts if p), closed=True):
        http.content(message, 10_000)
        assert len(message.body) <= http.MAX_BODY
