import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_values_that_have_to_be_there():
    assert der.exactly(b"\x02\x01\x07\x05\x00", der.INTEGER, 5) == [b"\x07", b""]
    for data in (b"\x02\x01\x07", b"\x02\x01\x07\x05\x00\x05\x00", b"\x05\x00\x02\x01\x07"):
        with pytest.raises(Malformed):
            der.exactly(data, der.INTEGER, 5)


@pytest.mark.parametrize("data", [b"\x04\x81\x02hi", b"\x04\x82\x00\x80" + bytes(128), b"\x1f\x01\x00"])
def test_forms_that_only_ber_has(data):
    assert len(list(der.values(data))) == 1
    with pytest.raises(Malformed):
        list(der.values(data, strict=True))


@given(st.integers())
def test_integers(number):
    content = number.to_bytes((number if number >= 0 else ~number).bit_length() // 8 + 1, signed=True)
    assert der.integer(content) == number
    with pytest.raises(Malformed):
        der.integer((b"\xff" if number < 0 else b"\0") + content)


@pytest.mark.parametrize(("content", "value"), [(b"\0", b""), (b"\0ab", b"ab"), (b"\4\xf0", b"\xf0")])
def test_bits(content, value):
    assert der.bits(content) == value


@pytest.mark.parametrize("content", [b"", b"\1", b"\x08a", b"\4\x08"])
def test_bits_that_are_wrong(content):
    with pytest.raises(Malformed):
        der.bits(content)


@pytest.mark.parametrize(
    ("content", "text"),
    [("550403", "2.5.4.3"), ("2a864886f70d0101", "1.2.840.113549.1.1"), ("00", "0.0"), ("8837", "2.999")],
)
def test_object_identifiers(content, text):
    assert der.object_identifier(bytes.fromhex(content)) == text


@pytest.mark.parametrize("content", ["", "80", "5580", "558003", "2a84" + "ff" * 17 + "7f", "2a" + "01" * 63])
def test_object_identifiers_that_are_wrong(content):
    with pytest.raises(Malformed):
        der.object_identifier(bytes.fromhex(content))
