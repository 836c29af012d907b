import gzip
import lzma

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from rogue_scan.errors import Malformed, SourceError, Truncated
from rogue_scan.source.sniff import Kind
from rogue_scan.source.walk import Source
from rogue_scan.wifi.capture.open import Stream, ahead, unpack

CONTENT = bytes(range(256)) * 4000


def pieces(raw, size=1000):
    return iter([raw[start : start + size] for start in range(0, len(raw), size)])


PACKED = {
    "gz": gzip.compress(CONTENT),
    "xz": lzma.compress(CONTENT),
    "zst": zstandard.compress(CONTENT),
}


@pytest.mark.parametrize("packing", PACKED)
def test_unpacked_is_what_was_packed(packing):
    assert b"".join(unpack(packing, pieces(PACKED[packing]))) == CONTENT
    assert b"".join(unpack(packing, pieces(PACKED[packing] * 3))) == CONTENT * 3


@pytest.mark.parametrize("packing", ["gz", "xz"])
def test_zeros_behind_the_last_member_are_padding(packing):
    assert b"".join(unpack(packing, pieces(PACKED[packing] + bytes(512)))) == CONTENT


@pytest.mark.parametrize("packing", ["gz", "xz"])
def test_a_cut_archive_gives_what_it_holds_and_says_so(packing):
    found = b""
    with pytest.raises(Truncated):
        for piece in unpack(packing, pieces(PACKED[packing][:-20])):
            found += piece
    assert CONTENT.startswith(found)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(PACKED)), st.binary(max_size=300), st.integers(0, 200))
def test_any_damage_is_an_error_of_ours(packing, tail, keep):
    try:
        for _ in unpack(packing, pieces(PACKED[packing][:keep] + tail)):
            pass
    except SourceError as error:
        assert isinstance(error, Malformed | Truncated)


def test_what_the_reader_raises_comes_after_its_chunks():
    def chunks():
        yield 1
        yield 2
        raise Truncated("the end")

    found = []
    with pytest.raises(Truncated):
        for item in ahead(chunks()):
            found.append(item)
    assert found == [1, 2]


def test_a_reader_that_is_not_read_to_the_end_is_closed():
    closed = []

    def chunks():
        try:
            while True:
                yield 0
        finally:
            closed.append(True)

    reading = ahead(chunks())
    assert next(reading) == 0
    reading.close()
    assert closed == [True]


def test_a_named_pipe_is_read_once(sample, tmp_path):
    import os
    import threading

    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(sample.read_bytes()))
    writer.start()
    stream = Stream(Source(str(path), Kind.UNKNOWN))
    assert stream.kind() is Kind.CAPTURE
    assert sum(len(chunk) for chunk in stream.chunks()) > 100
    writer.join()


def test_digest_and_size_are_those_of_the_bytes_given(sample, tmp_path):
    import hashlib

    raw = gzip.compress(sample.read_bytes())
    path = tmp_path / "x"
    path.write_bytes(raw)
    stream = Stream(Source(str(path), Kind.CAPTURE))
    assert sum(len(chunk) for chunk in stream.chunks()) > 100
    assert (stream.sha256, stream.size) == (hashlib.sha256(raw).hexdigest(), len(raw))
