"""Peaks in counts by the second."""

from rogue_scan.wifi.floods import peak


def test_nothing_is_no_peak() -> None:
    assert peak({}, 10) is None


def test_a_flood_begins_and_ends_where_it_does() -> None:
    seconds = {0: 1, 3: 1} | dict.fromkeys(range(20, 28), 50) | {40: 1}
    found = peak(seconds, 10)
    assert (found.start, found.end, found.total) == (20, 28, 400)


def test_a_long_flood_is_followed_beyond_the_window() -> None:
    found = peak(dict.fromkeys(range(5, 65), 20), 10)
    assert (found.start, found.end, found.most) == (5, 65, 200)


def test_a_pause_of_one_second_does_not_end_it() -> None:
    seconds = dict.fromkeys(range(5, 12), 20)
    del seconds[8]
    found = peak(seconds, 3)
    assert (found.start, found.end) == (5, 12)
