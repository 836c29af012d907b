"""Libraries are told under any name; the app is a real one that brings OkHttp and Okio (Apache-2.0)."""

import base64
import hashlib
import importlib.util
import re
import struct
from pathlib import Path

import msgspec
import numpy as np
import pytest

from rogue_scan.apk import intake, library_code
from rogue_scan.apk.container import open_container
from rogue_scan.apk.dex.reader import read_all

CLASS = base64.b64decode(
    "yv66vgAAADcARQoAAgADBwAEDAAFAAYBABBqYXZhL2xhbmcvT2JqZWN0AQAGPGluaXQ+AQADKClWCQAIAAkHAAoMAAsADAEAEGphdmEvbGFu"
    "Zy9TeXN0ZW0BAANvdXQBABVMamF2YS9pby9QcmludFN0cmVhbTsIAA4BAAtoZWxsbyB0aGVyZQoAEAARBwASDAATABQBABNqYXZhL2lvL1By"
    "aW50U3RyZWFtAQAHcHJpbnRsbgEAFShMamF2YS9sYW5nL1N0cmluZzspVhIAAAAWDAAXABgBABdtYWtlQ29uY2F0V2l0aENvbnN0YW50cwEA"
    "JyhMamF2YS9sYW5nL1N0cmluZztJKUxqYXZhL2xhbmcvU3RyaW5nOwgAGgEACWZpcnN0IG9uZQsAHAAdBwAeDAAfACABAA5qYXZhL3V0aWwv"
    "TGlzdAEAA2FkZAEAFShMamF2YS9sYW5nL09iamVjdDspWggAIgEABnNlY29uZAsAHAAkDAAlAAYBAAVjbGVhcgcAJwEABlNhbXBsZQEABW90"
    "aGVyAQAOTFNhbXBsZSRPdGhlcjsBAARDb2RlAQAFZ3JlZXQBADUoTGphdmEvbGFuZy9TdHJpbmc7TFNhbXBsZSRPdGhlcjtJKUxqYXZhL2xh"
    "bmcvU3RyaW5nOwEABHBpY2sBABQoTGphdmEvdXRpbC9MaXN0O0kpVgEADVN0YWNrTWFwVGFibGUBAAlTaWduYXR1cmUBACgoTGphdmEvdXRp"
    "bC9MaXN0PExqYXZhL2xhbmcvU3RyaW5nOz47SSlWAQALTmVzdE1lbWJlcnMHADQBAAxTYW1wbGUkT3RoZXIBABBCb290c3RyYXBNZXRob2Rz"
    "DwYANwoAOAA5BwA6DAAXADsBACRqYXZhL2xhbmcvaW52b2tlL1N0cmluZ0NvbmNhdEZhY3RvcnkBAJgoTGphdmEvbGFuZy9pbnZva2UvTWV0"
    "aG9kSGFuZGxlcyRMb29rdXA7TGphdmEvbGFuZy9TdHJpbmc7TGphdmEvbGFuZy9pbnZva2UvTWV0aG9kVHlwZTtMamF2YS9sYW5nL1N0cmlu"
    "ZztbTGphdmEvbGFuZy9PYmplY3Q7KUxqYXZhL2xhbmcvaW52b2tlL0NhbGxTaXRlOwgAPQEAEWRlYXIgASwgeW91IGFyZSABAQAMSW5uZXJD"
    "bGFzc2VzAQAFT3RoZXIHAEEBACVqYXZhL2xhbmcvaW52b2tlL01ldGhvZEhhbmRsZXMkTG9va3VwBwBDAQAeamF2YS9sYW5nL2ludm9rZS9N"
    "ZXRob2RIYW5kbGVzAQAGTG9va3VwACAAJgACAAAAAQAAACgAKQAAAAMAAAAFAAYAAQAqAAAAEQABAAEAAAAFKrcAAbEAAAAAAAAAKwAsAAEA"
    "KgAAABwAAgAEAAAAELIABxINtgAPKx26ABUAALAAAAAAAAAALQAuAAIAKgAAAFsAAgADAAAAQxyrAAAAAABBAAAAAwAAAAEAAAAjAAAAAgAA"
    "AC8AAAOEAAAAOysSGbkAGwIAV6cAFSsSIbkAGwIAV6cACSu5ACMBALEAAAABAC8AAAAGAAQkCwsFADAAAAACADEAAwAyAAAABAABADMANQAA"
    "AAgAAQA2AAEAPAA+AAAAEgACADMAJgA/AAgAQABCAEQAGQ=="
)
"""A class with a string put together (invokedynamic), a switch, calls and texts, from javac 17."""
SYSTEM = re.compile(rb"L(?:java|javax|android|dalvik|org/(?:json|w3c|xml))/")


def renamed(data):
    """The DEX file with meaningless names, of the same length so that nothing moves, for all its types."""
    out = bytearray(data)
    count, at = struct.unpack_from("<II", data, 0x38)
    for number in range(count):
        begin = struct.unpack_from("<I", data, at + 4 * number)[0] + 1  # all are shorter than 128 here
        end = data.index(b"\0", begin)
        found = re.fullmatch(rb"(\[*)(L(?:[^/;]+/)*[^/;]+;)", data[begin:end])
        if not found or SYSTEM.match(found.group(2)):
            continue
        above, parts = b"", []
        for part in found.group(2)[1:-1].split(b"/"):
            above += b"/" + part
            digits = hashlib.sha256(above).hexdigest() * 4
            parts.append("".join(chr(97 + int(d, 16)) for d in digits[: len(part)]).encode())
        out[begin + len(found.group(1)) : end] = b"L" + b"/".join(parts) + b";"
    return bytes(out)


@pytest.fixture(scope="module")
def dex_bytes(labelled):
    box = open_container(labelled("real-okhttp"))
    return box.read(box.get("classes.dex"))


def opened(data):
    return read_all("classes.dex", data)


def names(dexes):
    return {dex.class_name(row) for dex in dexes for row in range(len(dex.classes))}


def test_a_library_is_told_whatever_it_is_called(dex_bytes):
    plain, other = opened(dex_bytes), opened(renamed(dex_bytes))
    by_name = {name for name in names(plain) if "okhttp" in name or name.startswith("Lokio/")}
    assert not names(plain) - by_name & names(other)
    found = library_code.known(other, names(other))
    assert len(found) >= 0.97 * len(by_name)
    assert {*found.values()} == {"OkHttp", "Okio"}


def test_the_app_itself_is_not_taken_for_a_library(dex_bytes):
    dexes = opened(dex_bytes)
    found = library_code.known(dexes, names(dexes))
    assert {name for name in found if "appium" in name} == set()


def test_no_labelled_app_s_own_code_is_taken_for_a_library(labelled):
    for app in ("bank-overlay", "stalkerware", "code-okhttp", "hide-xor", "calculator"):
        box = open_container(labelled(app))
        dexes = opened(box.read(box.get("classes.dex")))
        assert library_code.known(dexes, names(dexes)) == {}


def test_a_method_that_is_added_makes_the_class_the_app_s_own(dex_bytes):
    """As if one method of the class were not the library's."""
    dexes = opened(dex_bytes)
    victim = "Lcom/squareup/okhttp/Cache;"
    assert victim in library_code.known(dexes, {victim})
    row = next(r for r in range(len(dexes[0].classes)) if dexes[0].class_name(r) == victim)
    chosen = np.zeros(len(dexes[0].classes), bool)
    chosen[row] = True
    _, numbers, _ = library_code.marks(dexes[0], chosen)
    full = library_code.table()
    keep = full.numbers != numbers[0]
    less = library_code.Table(full.names, full.numbers[keep], full.owners[keep])
    assert victim not in library_code.known(dexes, {victim}, less)


def test_silent_classes_go_with_their_package(dex_bytes):
    dexes = opened(dex_bytes)
    silent = "Lokio/Sink;"  # an interface
    assert library_code.known(dexes, {silent}) == {}
    assert library_code.known(dexes, names(dexes))[silent] == "Okio"


def test_facts_of_a_renamed_library_are_no_own_code(dex_bytes):
    plain = intake.decode(dex_bytes).facts
    facts = intake.decode(renamed(dex_bytes)).facts
    assert facts.foreign.keys() == {"OkHttp", "Okio"}
    assert {"OkHttp", "Okio"} <= {kit.name for kit in facts.kits}
    assert "structure of" in next(kit for kit in facts.kits if kit.name == "OkHttp").signs[0]
    own = [c for c in facts.code.classes if not c.library]
    assert len(own) < 12
    assert not plain.foreign  # names told them
    assert all(call.library for call in facts.code.calls if call.api.startswith("Ljava/net/Socket;"))


def test_told_marks_everything_that_lies_in_the_classes(labelled):
    facts = intake.decode(labelled("bank-overlay")).facts.code
    cls = facts.flows[0].path[0].method.partition("->")[0]
    told = library_code.told(facts, {cls})
    assert next(c for c in told.classes if c.name == cls).library
    assert {c.library for c in told.calls if c.at.method.startswith(cls)} == {True}
    assert {c.library for c in told.calls if not c.at.method.startswith(cls)} == {False}
    assert told.flows[0].library
    assert any(e.library for e in told.endpoints) == any(
        all((w.method or "").startswith(cls) for w in e.where) for e in facts.endpoints
    )
    assert library_code.told(facts, set()) is facts


def test_numbers_of_many_methods_are_those_of_one_by_one(dex_bytes):
    dex = opened(dex_bytes)[0]
    tokens = {}
    for kind, (rows, indices) in (("c", dex.invokes()), ("s", dex.const_strings())):
        for code, index in zip(dex.code_row_of(rows).tolist(), indices.tolist(), strict=True):
            member = dex.method_id(index) if kind == "c" else None
            text = library_code.called(member.cls, member.name) if member else dex.string(index)
            if text and (member or library_code.LEAST_TEXT <= len(text) <= library_code.MOST_TEXT):
                tokens.setdefault(code, set()).add(library_code.token(kind, text))
    expected = set()
    for method, code in zip(dex.def_method.tolist(), dex.def_code.tolist(), strict=True):
        if code in tokens:
            proto = dex.proto(int(dex.method_proto[method]))
            expected.add(library_code.number(proto, tokens[code]))
    _, numbers, _ = library_code.marks(dex, np.ones(len(dex.classes), bool))
    assert set(numbers.tolist()) == expected


@pytest.mark.parametrize(
    ("proto", "signature"),
    [
        ("(La/B;[Lc/D;I)La/B;", "(L;[L;I)L;"),
        ("(Ljava/lang/String;J)V", "(Ljava/lang/String;J)V"),
        ("(Landroid/support/v4/app/X;Landroid/view/View;)V", "(L;Landroid/view/View;)V"),
        ("(Landroidx/core/X;)V", "(L;)V"),
    ],
)
def test_types_of_the_app_are_left_blank(proto, signature):
    assert library_code.signature(proto) == signature


@pytest.mark.parametrize(
    ("cls", "name", "says"),
    [
        ("Ljava/net/Socket;", "connect", "Ljava/net/Socket;->connect"),
        ("Lcom/example/A;", "connect", ""),
        ("Ljava/lang/StringBuilder;", "append", ""),
        ("Ljava/util/Objects;", "requireNonNull", ""),
        ("[Lcom/example/A;", "clone", ""),
    ],
)
def test_calls_that_count(cls, name, says):
    assert library_code.called(cls, name) == says


def test_an_empty_table_knows_nothing(dex_bytes):
    dexes = opened(dex_bytes)
    empty = library_code.unpack(library_code.pack(["A"], {}, "nothing"))
    assert library_code.known(dexes, names(dexes), empty) == {}


def test_an_index_far_beyond_its_table_says_nothing():
    """``const-string/jumbo`` may name any of four milliards of texts; memory goes by those that there are."""
    one, far, other = library_code._spread(np.array([1, 1 << 40, 0]), "s", {1: "text"}).tolist()
    assert one
    assert (far, other) == (0, 0)


def test_pack_and_unpack():
    raw = library_code.pack(["A", "B"], {(1 << 40) - 1: 1, 7: 0}, "test")
    table = library_code.unpack(raw)
    assert (table.names, table.numbers.tolist(), table.owners.tolist()) == (
        ["A", "B"],
        [7, (1 << 40) - 1],
        [0, 1],
    )
    assert msgspec.json.decode(raw.partition(b"\n")[0])["source"] == "test"


def test_class_files_have_the_numbers_of_dex_code():
    path = Path(__file__).parents[2] / "tools" / "refresh_library_code.py"
    spec = importlib.util.spec_from_file_location("refresh_library_code", path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    found = tool.ClassFile(CLASS)
    token = library_code.token
    assert found.name == "Sample"
    assert [(proto, set(found.tokens(code))) for proto, code in found.methods][1:] == [
        (
            "(Ljava/lang/String;LSample$Other;I)Ljava/lang/String;",
            {
                token("c", "Ljava/io/PrintStream;->println"), token("s", "hello there"), token("s", "dear "),
                token("s", ", you are "),
            },
        ),
        (
            "(Ljava/util/List;I)V",
            {
                token("c", "Ljava/util/List;->add"), token("c", "Ljava/util/List;->clear"),
                token("s", "first one"), token("s", "second"),
            },
        ),
    ]  # fmt: skip
