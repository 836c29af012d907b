"""Likeness of code: what it sees through, and what it keeps apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.apk.code.sketch import ALIKE, BANDS, bands, likeness, sketch
from rogue_scan.apk.dex import opcodes
from rogue_scan.apk.dex.reader import Dex


class Made(Dex):
    def class_names(self) -> list[str]:
        return [self.name]


def program(methods: list[list[int]], name: str = "Lown/A;") -> Dex:
    """A DEX file as far as the sketch looks at it: opcodes of methods of one class."""
    dex = Made(name, b"", "035", 0)
    dex.classes = np.zeros((1, 8), np.uint32)
    count = len(methods)
    dex.def_class = np.zeros(count, np.int64)
    dex.def_code = np.arange(count, dtype=np.int64)
    dex.code_offset = np.arange(count, dtype=np.int64)
    dex.code_first = np.concatenate([[0], np.cumsum([len(m) for m in methods])]).astype(np.int64)
    dex.ins_op = np.array([op for method in methods for op in method], np.uint8)
    return dex


def code(seed: int, methods: int = 30, length: int = 20) -> list[list[int]]:
    plain = np.flatnonzero(~opcodes.IS_INVOKE)[1:120]
    random = np.random.Generator(np.random.PCG64(seed))
    return [random.choice(plain, length).tolist() for _ in range(methods)]


def made(methods: list[list[int]], name: str = "Lown/A;") -> bytes:
    return sketch([program(methods, name)], {name})


def test_the_same_code_under_other_names_is_the_same() -> None:
    assert likeness(made(code(1)), made(code(1), "La/b;")) == 1.0


def test_order_of_methods_does_not_matter() -> None:
    assert likeness(made(code(1)), made(code(1)[::-1])) == 1.0


def test_a_little_changed_is_alike_and_other_code_is_not() -> None:
    changed = code(1)[:27] + code(2)[:3]
    assert ALIKE < likeness(made(code(1)), made(changed)) < 1
    assert likeness(made(code(1)), made(code(2))) < 0.1


def test_library_code_plays_no_part() -> None:
    own, library = program(code(1)), program(code(3), "Llib/B;")
    assert sketch([own, library], {"Lown/A;"}) == made(code(1))


def test_too_little_code_has_no_sketch() -> None:
    assert made([[14, 14, 14]]) == b""
    assert sketch([], set()) == b""
    assert likeness(b"", b"") == 0.0
    assert bands(b"") == []


def test_alike_sketches_meet_in_a_band() -> None:
    one, other = made(code(1)), made(code(1)[:28] + code(2)[:2])
    assert set(bands(one)) & set(bands(other))
    assert len(bands(one)) == BANDS
    assert not set(bands(one)) & set(bands(made(code(9))))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_the_estimate_is_near_the_truth(share: float) -> None:
    keep = int(60 * share)
    one, other = code(1, methods=60), code(1, methods=60)[:keep] + code(5, methods=60 - keep)
    truth = keep / (120 - keep)
    assert likeness(made(one), made(other)) == pytest.approx(truth, abs=0.15)


@given(st.binary(max_size=600), st.binary(max_size=600))
def test_any_bytes_can_be_compared(one: bytes, other: bytes) -> None:
    assert 0 <= likeness(one, other) <= 1
    bands(one)
