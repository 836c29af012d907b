"""Values of DER, the encoding of certificates and signatures (X.690), as far as packages use it."""

from collections.abc import Iterator

from rogue_scan.errors import Malformed, Truncated


def values(data: bytes, at: int = 0) -> Iterator[tuple[int, bytes, bytes]]:
    """Values of a DER sequence as (tag, content, whole).

    :raises Malformed: a form that DER does not have, or a value longer than its container.
    :raises Truncated: it ends inside a tag or a length.
    """
    while at < len(data):
        begin = at
        if at + 2 > len(data):
            raise Truncated("a value ends behind its tag")
        tag, length = data[at], data[at + 1]
        at += 2
        if length == 0x80:
            raise Malformed("length without end (BER)")
        if length & 0x80:
            size = length & 0x7F
            if size > 4:
                raise Malformed("length of more than four bytes")
            if at + size > len(data):
                raise Truncated("a length is cut")
            length = int.from_bytes(data[at : at + size])
            at += size
        if at + length > len(data):
            raise Malformed("a value ends after its container")
        yield tag, data[at : at + length], data[begin : at + length]
        at += length


def inside(data: bytes) -> bytes:
    """Content of the first value. Raises what :func:`values` does, and Malformed where there is none."""
    for _, content, _ in values(data):
        return content
    raise Malformed("a value is missing")
