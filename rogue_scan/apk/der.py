"""Values of DER, the encoding of certificates and signatures (X.690), as far as packages use it."""

from collections.abc import Iterator

from rogue_scan.errors import Malformed, Truncated

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, OID = 0x01, 0x02, 0x03, 0x04, 0x06
SEQUENCE, SET = 0x30, 0x31


def values(data: bytes, at: int = 0, *, strict: bool = False) -> Iterator[tuple[int, bytes, bytes]]:
    """Values of a DER sequence as (tag, content, whole).

    ``strict`` takes only the shortest form of a length and tags of one byte; Android itself does not mind the
    others in signature files.

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
            if strict and (length < 0x80 or not length >> 8 * (size - 1)):
                raise Malformed("length longer than it needs to be")
        if strict and tag & 0x1F == 0x1F:
            raise Malformed("tag of more than one byte")
        if at + length > len(data):
            raise Malformed("a value ends after its container")
        yield tag, data[at : at + length], data[begin : at + length]
        at += length


def inside(data: bytes) -> bytes:
    """Content of the first value. Raises what :func:`values` does, and Malformed where there is none."""
    for _, content, _ in values(data):
        return content
    raise Malformed("a value is missing")


def exactly(data: bytes, *tags: int) -> list[bytes]:
    """Contents of values that have these tags, with nothing else between or behind them.

    :raises Malformed: other values, or what the strict :func:`values` raises.
    :raises Truncated: it ends inside a tag or a length.
    """
    found = list(values(data, strict=True))
    if tuple(tag for tag, _, _ in found) != tags:
        raise Malformed("other values than there have to be")
    return [content for _, content, _ in found]


def integer(content: bytes) -> int:
    """Value of an INTEGER.

    :raises Malformed: not the shortest form.
    """
    if not content or (len(content) > 1 and -0x80 <= int.from_bytes(content[:2], signed=True) < 0x80):
        raise Malformed("integer longer than it needs to be")
    return int.from_bytes(content, signed=True)


def bits(content: bytes) -> bytes:
    """Bytes of a BIT STRING, the last one filled with zeros.

    :raises Malformed: no count of unused bits, or unused bits that are not zero.
    """
    if not content or content[0] > 7 or (b"\0" + content[1:])[-1] & ((1 << content[0]) - 1):
        raise Malformed("unused bits that are not zero")
    if content[0] and len(content) == 1:
        raise Malformed("more unused bits than there are")
    return content[1:]


def object_identifier(content: bytes) -> str:
    """Value of an OBJECT IDENTIFIER with dots.

    :raises Malformed: an arc that is cut, or not in its shortest form, or of more than 128 bits; more than 63
        bytes.
    """
    if not 0 < len(content) <= 63 or content[-1] & 0x80:
        raise Malformed("object identifier is cut")
    arcs, arc = [], 0
    for byte in content:
        if byte == 0x80 and not arc:
            raise Malformed("arc longer than it needs to be")
        arc = arc << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(arc)
            arc = 0
    if max(arcs) >> 128:
        raise Malformed("arc of more than 128 bits")
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))
