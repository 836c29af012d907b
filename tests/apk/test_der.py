import pytest

from rogue_scan.apk import der
from rogue_scan.errors import Malformed, Truncated


def test_values():
    data = b"\x30\x03\x02\x01\x07" + b"\x04\x81\x02hi"
    assert [(tag, content) for tag, content, _ in der.values(data)] == [(0x30, b"\x02\x01\x07"), (4, b"hi")]
    assert b"".join(whole for _, _, whole in der.values(data)) == data
    assert der.inside(der.inside(data)) == b"\x07"


@pytest.mark.parametrize("data", [b"\x30\x80", b"\x30\x05\x02", b"\x30\x85\1\1\1\1\1", b""])
def test_broken(data):
    with pytest.raises(Malformed):
        der.inside(data)


@pytest.mark.parametrize("data", [b"\x30", b"\x30\x82\x01"])
def test_cut_inside_tag_or_length(data):
    """Found by fuzzing: a lone tag raised IndexError."""
    with pytest.raises(Truncated):
        der.inside(data)
