"""The DEX reader against a second reader, against broken files, and against noise."""

import contextlib
import zipfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rogue_scan.apk.dex import reader, values
from rogue_scan.errors import Malformed, Truncated

DATA = Path(__file__).parent.parent.parent / "data" / "apk"
APPS = sorted(DATA.glob("code-*.apk"))


def dex_of(app: Path, name: str = "classes.dex") -> bytes:
    with zipfile.ZipFile(app) as archive:
        return archive.read(name)


@pytest.fixture(scope="module")
def sample() -> bytes:
    return dex_of(DATA / "code-forwarder.apk")


def test_there_are_sample_apps() -> None:
    assert len(APPS) >= 3


@pytest.mark.parametrize("app", APPS, ids=lambda p: p.stem)
def test_counts_equal_androguard(app: Path) -> None:
    from androguard.core.dex import DEX
    from loguru import logger

    logger.disable("androguard")
    raw = dex_of(app)
    theirs = DEX(raw)
    ours = reader.read("classes.dex", raw)
    instructions = invokes = strings = 0
    for method in theirs.get_encoded_methods():
        for instruction in method.get_instructions() if method.get_code() else ():
            instructions += 1
            invokes += instruction.get_name().startswith("invoke")
            strings += instruction.get_name().startswith("const-string")
    assert len(ours.classes) == len(theirs.get_classes())
    assert len(ours.def_method) == len(theirs.get_encoded_methods())
    assert ours.instruction_count == instructions
    assert len(ours.invokes()[0]) == invokes
    assert len(ours.const_strings()[0]) == strings
    assert [ours.method_id(i).name for i in ours.def_method.tolist()] == [
        m.get_name() for m in theirs.get_encoded_methods()
    ]


def test_strings_are_found_where_they_are_used(sample: bytes) -> None:
    dex = reader.read("classes.dex", sample)
    rows, index = dex.const_strings()
    assert any("http" in dex.string(i) for i in index.tolist())
    assert (dex.code_row_of(rows) >= 0).all()


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        (b"nul\xc0\x80", "nul\0"),
        ("皮".encode(), "皮"),
        (b"\xed\xa0\xbd\xed\xb8\x80", "\U0001f600"),
        (b"\xed\xa0\xbd", "�"),
        (b"\xff", "�"),
    ],
)
def test_modified_utf8(raw: bytes, text: str) -> None:
    assert reader.decode_mutf8(raw) == text


@pytest.mark.parametrize(("raw", "value"), [(b"\x00", 0), (b"\x7f", -1), (b"\x80\x7f", -128), (b"\x3f", 63)])
def test_signed_leb128(raw: bytes, value: int) -> None:
    assert reader.sleb128(raw, 0) == (value, len(raw))


def test_a_wrong_checksum_is_noted_and_read(sample: bytes) -> None:
    broken = bytearray(sample)
    broken[8] ^= 1
    dex = reader.read("classes.dex", bytes(broken))
    assert [p.what for p in dex.problems] == ["the checksum is wrong"]


@pytest.mark.parametrize("magic", [b"dex\n099\0", b"dey\n036\0", b"PK\3\4\0\0\0\0"])
def test_another_magic_is_refused(sample: bytes, magic: bytes) -> None:
    with pytest.raises(Malformed, match="magic"):
        reader.read("classes.dex", magic + sample[8:])


def test_a_file_cut_in_the_middle_is_refused(sample: bytes) -> None:
    with pytest.raises((Truncated, Malformed)):
        reader.read("classes.dex", sample[: len(sample) // 2])


def test_four_billion_strings_are_refused(sample: bytes) -> None:
    broken = bytearray(sample)
    broken[0x38:0x3C] = b"\xff\xff\xff\xff"
    with pytest.raises(Malformed, match="strings"):
        reader.read("classes.dex", bytes(broken))


def walk(raw: bytes) -> None:
    for dex in reader.read_all("fuzz", raw):
        dex.strings_with("://", np.ones(len(dex.string_offsets), bool))
        rows, index = dex.const_strings()
        [dex.string(i) for i in index[:64].tolist()]
        [dex.method_id(i) for i in dex.invokes()[1][:64].tolist()]
        [dex.field_id(i) for i in dex.fdef_field[:64].tolist()]
        assert dex.parameters()[0].sum() <= len(raw)
        for row in range(min(len(dex.classes), 32)):
            dex.type(dex.classes.item(row, 2)), dex.type_list(dex.classes.item(row, 3))
            values.static_values(dex, row)
            values.annotations(dex, row)
        for row in range(min(len(dex.code_offset), 64)):
            dex.registers(row), dex.tries(row)
        assert len(rows) == len(index)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=8)), max_size=12))
def test_damaged_files_raise_only_our_errors(sample: bytes, damage: list[tuple[int, bytes]]) -> None:
    broken = bytearray(sample)
    for at, data in damage:
        at %= len(broken)
        broken[at : at + len(data)] = data
    with contextlib.suppress(Malformed, Truncated):
        walk(bytes(broken))


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([b"035", b"038", b"041"]),
    st.lists(st.integers(0, 0x300) | st.integers(0, 0xFFFFFFFF), min_size=22, max_size=22),
    st.binary(max_size=600),
)
def test_noise_behind_a_header_raises_only_our_errors(version: bytes, fields: list[int], tail: bytes) -> None:
    fields[2] = 0x12345678
    header = b"dex\n" + version + b"\0" + bytes(24) + b"".join(f.to_bytes(4, "little") for f in fields)
    with contextlib.suppress(Malformed, Truncated):
        walk(header + tail)


def one_by_one(raw: bytes, offset: int) -> str:
    """A string as a reader that looks at nothing else would read it."""
    while raw[offset] >= 0x80:
        offset += 1
    return reader.decode_mutf8(raw[offset + 1 : raw.index(b"\0", offset + 1)])


def everything(dex: reader.Dex) -> list[str]:
    return dex.strings_at(list(range(len(dex.string_offsets))))


@pytest.mark.parametrize("app", APPS, ids=lambda p: p.stem)
@pytest.mark.parametrize("region", [reader.MAX_REGION, 0])
def test_all_strings_at_once_are_those_read_one_by_one(
    app: Path, region: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_REGION", region)
    raw = dex_of(app)
    dex = reader.read("classes.dex", raw)
    assert everything(dex) == [one_by_one(raw, at) for at in dex.string_offsets.tolist()]


def shuffled(texts: list[str], random: Random, gaps: Sequence[bytes] = (b"",)) -> reader.Dex:
    """A file of nothing but strings, that stand in it in some other order, and what is between them."""
    raw, offsets = b"", {}
    for index in random.sample(range(len(texts)), len(texts)):
        text = texts[index]
        offsets[index] = len(raw)
        body = text.encode("utf-8", "replace").replace(b"\0", b"\xc0\x80")
        raw += (
            (bytes((0x80 | len(text) & 0x7F, 1)) if len(text) > 127 else bytes((len(text),))) + body + b"\0"
        )
        raw += random.choice(gaps)
    dex = reader.Dex("classes.dex", raw, "035", 0)
    dex.string_offsets = np.array([offsets[i] for i in range(len(texts))], np.uint32)
    return dex


@given(st.lists(st.text(max_size=200), min_size=1, max_size=20), st.randoms())
def test_strings_in_any_order_of_the_file(texts: list[str], random: Random) -> None:
    dex = shuffled(texts, random)
    assert everything(dex) == [one_by_one(dex.data, at) for at in dex.string_offsets.tolist()]


@given(
    st.lists(st.text("://\0", max_size=8), min_size=1, max_size=8),
    st.lists(st.sampled_from((b"", b"\0", b"://", b"://\0")), min_size=1),
    st.randoms(),
)
def test_strings_with_anything_between_them(texts: list[str], gaps: list[bytes], random: Random) -> None:
    state = random.getstate()
    dex = shuffled(texts, random, gaps)
    found = dex.strings_with("://", np.ones(len(texts), bool))
    assert found == [i for i, text in enumerate(everything(dex)) if "://" in text]
    random.setstate(state)
    dex = shuffled(texts, random, gaps)
    assert everything(dex) == [one_by_one(dex.data, at) for at in dex.string_offsets.tolist()]


@given(st.lists(st.text(":/@a\0é😀", max_size=70), min_size=1, max_size=20), st.randoms())
def test_strings_that_contain_a_text_are_found_without_reading_the_others(
    texts: list[str], random: Random
) -> None:
    asked = np.array([random.random() < 0.9 for _ in texts])
    for mark in ("://", "@"):
        found = shuffled(texts, random).strings_with(mark, asked)
        assert found == [i for i, text in enumerate(texts) if asked[i] and mark in text]


@pytest.mark.parametrize("region", [reader.MAX_REGION, 0])
def test_strings_with_a_text_are_those_found_by_reading_all(
    sample: bytes, region: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_REGION", region)
    dex = reader.read("classes.dex", sample)
    asked = np.ones(len(dex.string_offsets), bool)
    assert dex.strings_with("/", asked) == [i for i, text in enumerate(everything(dex)) if "/" in text]


@pytest.mark.parametrize("region", [reader.MAX_REGION, 0])
def test_strings_that_share_their_bytes_are_bounded(region: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_REGION", region)
    raw = b"\x05" + b"a" * 50_000 + b"\0"
    dex = reader.Dex("classes.dex", raw, "035", 0)
    dex.string_offsets = np.zeros(20_000, np.uint32)
    strings = everything(dex)
    assert len(strings) == 20_000
    assert strings[0] == "a" * 50_000
    assert sum(map(len, strings)) <= (reader.MAX_SHARED + 1) * len(raw)


@pytest.mark.parametrize("app", APPS, ids=lambda p: p.stem)
def test_the_parameters_of_all_prototypes_are_those_read_one_by_one(app: Path) -> None:
    dex = reader.read("classes.dex", dex_of(app))
    counts, types = dex.parameters()
    lists = [dex.type_list(offset) for offset in dex.protos[:, 2].tolist()]
    assert counts.tolist() == [len(listed) for listed in lists]
    assert [dex.type(i) for i in types.tolist()] == [name for listed in lists for name in listed]


def test_prototypes_that_share_their_parameters_are_bounded() -> None:
    name = b"L" + b"a" * 1000 + b";"
    raw = b"\x80\x08" + name + b"\0"
    raw += b"\0" * (-len(raw) % 4)
    lists = len(raw)
    for _ in range(200):
        raw += (200).to_bytes(4, "little") + bytes(400)
    dex = reader.Dex("classes.dex", raw, "035", 0)
    dex.string_offsets, dex.type_strings = np.zeros(1, np.uint32), np.zeros(1, np.uint32)
    dex.protos = np.array([[0, 0, lists + 404 * i] for i in range(200)], np.uint32)
    dex.units = np.frombuffer(raw, np.uint16)
    assert dex.proto(0) == "(" + name.decode() * 200 + ")" + name.decode()
    assert sum(len(dex.proto(i)) for i in range(200)) < (reader.MAX_SHARED + 4) * len(raw)
    assert dex.proto(1000) == "()V"
    counts, types = dex.parameters()
    assert counts[0] == 200 and counts.sum() == len(types) <= len(raw)


def test_a_file_is_read_alike_in_blocks_of_any_size(sample: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = reader.read("classes.dex", sample)
    asked = np.ones(len(whole.string_offsets), bool)
    with_slash = whole.strings_with("//", asked)
    monkeypatch.setattr(reader, "_BLOCK", 7)
    parts = reader.read("classes.dex", sample)
    assert with_slash and parts.strings_with("//", asked) == with_slash
    for name in ("ins_unit", "ins_op", "code_first"):
        assert getattr(parts, name).tolist() == getattr(whole, name).tolist()


@pytest.mark.parametrize("app", APPS, ids=lambda p: p.stem)
def test_instructions_are_found_by_runs_of_opcodes(app: Path) -> None:
    dex = reader.read("classes.dex", dex_of(app))
    for runs in ((range(0x60, 0x67),), (range(256),), (range(2), range(0xFA, 256)), (range(0x1A, 0x1B),)):
        wanted = [row for row, op in enumerate(dex.ins_op.tolist()) if any(op in run for run in runs)]
        assert dex.instructions(*runs).tolist() == wanted
