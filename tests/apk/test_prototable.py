"""Tables written here field by field, and one that the build tools wrote for the same app as
``build-tools.apk``."""

import contextlib
import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.apk import axml, intake, prototable
from rogue_scan.errors import Malformed, Truncated


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def string(text):
    return field(4, field(2, field(1, text)))


def entry(number, name, *values):
    """``values``: (locale, Value message) or a Value message."""
    configs = b""
    for value in values:
        locale, value = value if isinstance(value, tuple) else ("", value)
        config = field(1, field(3, locale) if locale else b"")
        configs += field(6, config + field(2, value))
    return field(3, field(1, field(1, number)) + field(2, name) + configs)


def table(*types, package=0x7F):
    body = field(1, field(1, package)) + field(2, "org.example")
    for number, name, *entries in types:
        body += field(3, field(1, field(1, number)) + field(2, name) + b"".join(entries))
    return prototable.parse(field(2, body))


def test_texts_in_several_languages():
    found = table((1, "string", entry(
        3, "title", string("Bank"), ("de", string("Sparkasse")), ("zh-Hant-TW", string("銀行")),
        ("es-419", string("Banco")),
    )))  # fmt: skip
    assert found.texts(0x7F010003) == {"": "Bank", "de": "Sparkasse", "es-419": "Banco", "zh-TW": "銀行"}
    assert found.locales == ("de", "es-419", "zh-TW")
    assert (found.name(0x7F010003), found.type_name(0x7F010003)) == ("title", "string")
    assert found.identifier("title", "string") == 0x7F010003
    assert [(s.id, s.value) for s in found.strings()] == [(0x7F010003, "Bank")]


def test_references_are_followed_but_not_for_ever():
    found = table((
        1, "string",
        entry(0, "a", field(4, field(1, field(2, 0x7F010001)))), entry(1, "b", string("end")),
        entry(2, "c", field(4, field(1, field(2, 0x7F010002)))),
    ))  # fmt: skip
    assert found.text(0x7F010000) == "end"
    assert found.text(0x7F010002) is None
    assert "arsc:loop" in {d.kind for d in found.differences}


def test_arrays_plurals_and_styles_are_their_items():
    text = field(2, field(1, "x"))
    array = field(5, field(4, field(1, field(3, text)) + field(1, field(3, field(1, field(2, 7))))))
    plural = field(5, field(5, field(1, field(4, text))))
    style = field(5, field(2, field(3, field(3, field(2, 1)) + field(4, text))))
    found = table((1, "array", entry(0, "a", array), entry(1, "p", plural), entry(2, "s", style)))
    assert [(v.kind, v.text) for v in found.array(0x7F010000)] == [
        (axml.STRING, "x"), (axml.REFERENCE, "@0x00000007"),
    ]  # fmt: skip
    assert [found.array(0x7F010000 + n)[0].text for n in (1, 2)] == ["x", "x"]
    assert list(found.pool_strings()) == ["x", "x", "x"]


@pytest.mark.parametrize(
    ("primitive", "kind", "text"),
    [
        (field(6, (1 << 64) - 5), axml.INT_DEC, "-5"),
        (field(7, 0x81), axml.INT_HEX, "129"),
        (field(8, 1), axml.INT_BOOLEAN, "true"),
        (field(8, 0), axml.INT_BOOLEAN, "false"),
        (field(9, 0xFF0000FF), 0x1C, "-16776961"),
        (bytes([3 << 3 | 5]) + struct.pack("<f", 1.5), axml.FLOAT, "1.5"),
        (field(13, 257), 5, ""),
    ],
)
def test_numbers_have_the_types_of_binary_resources(primitive, kind, text):
    value = prototable.item(field(7, primitive))
    assert (value.kind, value.text) == (kind, text)


def test_an_attribute_reference_and_one_by_name():
    assert prototable.item(field(1, field(1, 1) + field(2, 0x01010000))).text == "?0x01010000"
    assert prototable.item(field(1, field(3, "string/x"))).text == "@string/x"
    assert prototable.item(field(6, b"")) is None


def test_a_configuration_that_is_more_than_a_language():
    night = field(6, field(1, field(3, "de") + field(10, 2)) + field(2, string("dark")))
    plain = field(6, field(1, b"") + field(2, string("day")))
    raw = field(3, field(1, field(1, 1)) + field(2, "n") + night + plain)
    found = table((1, "string", raw))
    assert [(v.text, v.locale, v.qualified) for v in found.values(0x7F010001)] == [
        ("day", "", False), ("dark", "de", True),
    ]  # fmt: skip


def test_no_table():
    with pytest.raises(Malformed):
        prototable.parse(b"")
    with pytest.raises(Truncated):
        prototable.parse(b"\x12\x20abc")


def test_a_broken_value_costs_that_value():
    bad = field(3, field(1, field(1, 0)) + field(2, "bad") + field(6, b"\x12\x50"))
    found = table((1, "string", bad, entry(1, "good", string("x"))))
    assert [s.value for s in found.strings()] == ["x"]
    assert "arsc:entry-outside" in {d.kind for d in found.differences}


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes(data, inside):
    with contextlib.suppress(Malformed, Truncated):
        found = prototable.parse(field(2, field(3, field(3, data))) if inside else data)
        list(found.strings()), list(found.pool_strings())


def test_a_bundle_says_what_the_apk_of_the_same_sources_says(labelled):
    """Manifest, network security, service configuration, texts: both written by aapt2."""
    bundle = intake.decode(labelled("build-tools-bundle")).facts
    apk = intake.decode(labelled("build-tools")).facts

    def plain(manifest):
        # places in the file, and files of one tool version, differ
        raw = msgspec.to_builtins(
            msgspec.structs.replace(manifest, app_offset=-1, differences=(), compile_sdk=None)
        )

        def strip(item):
            if isinstance(item, dict):
                return {k: strip(v) for k, v in item.items() if k != "offset"}
            return [strip(v) for v in item] if isinstance(item, list | tuple) else item

        return strip(raw)

    assert plain(bundle.manifest) == plain(apk.manifest)
    assert bundle.manifest.labels["de"] == "Name de"
    assert bundle.manifest.network.rules[0].trusts_user
    assert bundle.strings == apk.strings
    assert [e.value for e in bundle.endpoints] == [e.value for e in apk.endpoints]
    assert {*apk.locales} <= {*bundle.locales}
