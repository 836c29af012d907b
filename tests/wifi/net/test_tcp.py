import random

from hypothesis import given, settings
from hypothesis import strategies as st

from rogue_scan.wifi.net.tcp import MAX_WAITING, PATIENCE, Gap, Half, Piece


def joined(events: list[Piece | Gap]) -> bytes:
    return b"".join(e.data if isinstance(e, Piece) else b"?" * e.length for e in events)


def test_segments_in_order_come_out_at_once() -> None:
    half = Half()
    half.open(99, 0.0)
    assert joined(half.add(100, b"one", 1, 0.0)) == b"one"
    assert joined(half.add(103, b"two", 2, 0.1)) == b"two"


def test_a_late_segment_fills_its_hole() -> None:
    half = Half()
    half.open(0, 0.0)
    assert half.add(4, b"def", 2, 0.0) == []
    assert joined(half.add(1, b"abc", 3, 0.1)) == b"abcdef"


def test_overlapping_octets_count_once_the_first_ones() -> None:
    half = Half()
    half.open(0, 0.0)
    half.add(1, b"abc", 1, 0.0)
    assert joined(half.add(2, b"XXde", 2, 0.1)) == b"de"
    assert half.add(1, b"abcde", 3, 0.2) == []


def test_a_hole_that_stays_is_a_gap() -> None:
    half = Half()
    half.open(0, 0.0)
    half.add(1, b"abc", 1, 0.0)
    assert half.add(6, b"f", 2, 0.1) == []
    late = half.add(7, b"g", 3, 0.2 + PATIENCE)
    assert joined(late) == b"??fg"
    assert next(e for e in late if isinstance(e, Gap)).length == 2


def test_a_conversation_heard_from_the_middle_begins_where_it_was_heard() -> None:
    half = Half()
    assert half.add(5000, b"middle", 1, 0.0) == []
    assert joined(half.finish(1.0)) == b"middle"


def test_numbers_wrap_around() -> None:
    half = Half()
    half.open(0xFFFF_FFFD, 0.0)
    assert joined(half.add(0xFFFF_FFFE, b"abc", 1, 0.0)) == b"abc"
    assert joined(half.add(1, b"def", 2, 0.0)) == b"def"


def test_the_end_is_reached_only_with_all_octets() -> None:
    half = Half()
    half.open(0, 0.0)
    half.close(4, 0.0)
    assert not half.closed
    half.add(1, b"abc", 1, 0.1)
    assert half.closed


def test_what_waits_is_bounded() -> None:
    half = Half()
    half.open(0, 0.0)
    for at in range(2000):
        half.add(2 + at * 1401, bytes(1400), at, 0.0)
        assert half.held <= MAX_WAITING + 1400


def test_segments_far_ahead_are_forged() -> None:
    half = Half()
    half.open(0, 0.0)
    assert half.add(1 << 30, b"forged", 1, 0.0) == []
    assert half.held == 0


@settings(max_examples=150)
@given(st.binary(min_size=1, max_size=3000), st.integers(1, 700), st.integers(0, 2**32 - 1), st.randoms())
def test_any_order_with_repeats_and_overlaps_gives_the_octets_back(
    data: bytes, size: int, start: int, order: random.Random
) -> None:
    cuts = [(at, data[at : at + size + order.randint(0, 40)]) for at in range(0, len(data), size)]
    cuts += order.sample(cuts, len(cuts) // 3)
    order.shuffle(cuts)
    opened = order.randint(0, len(cuts))
    half, events = Half(), []
    for i, (at, piece) in enumerate(cuts):
        if i == opened:
            events += half.open(start, 0.0)
        events += half.add(start + 1 + at, piece, i, i * PATIENCE / len(cuts) / 2)
    if opened >= len(cuts):
        events += half.open(start, 0.0)
    events += half.finish(1.0)
    assert joined(events) == data


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=50), st.integers(0, 3)), max_size=60))
def test_any_segments_at_all_do_no_harm(segments: list[tuple[int, bytes, int]]) -> None:
    half = Half()
    for i, (sequence, data, what) in enumerate(segments):
        time = i / 10
        if what == 0:
            half.open(sequence, time)
        elif what == 1:
            half.close(sequence, time)
        else:
            half.add(sequence, data, i, time)
    half.finish(100.0)
    assert half.held == 0
