import numpy as np

from rogue_scan.wifi.fold.tools import cells, group


def test_values_within_each_group():
    groups = group(np.array([5, 7, 5, 5]))
    assert sorted(cells(groups, np.array([1, 2, 1, -3]))) == [(0, -3, 1), (0, 1, 2), (1, 2, 1)]


def test_values_too_large_stay_in_their_group():
    """Found by fuzzing: the time of a damaged record lies centuries ahead, and its row was looked for in
    a group that does not exist.
    """
    groups = group(np.array([5, 7]))
    assert sorted(cells(groups, np.array([1 << 40, -(1 << 50)]))) == [
        (0, (1 << 31) - 1, 1),
        (1, -(1 << 31), 1),
    ]


def test_a_time_centuries_ahead(wire, fold):
    probe = wire.radiotap(bytes.fromhex("40000000ffffffffffff020000000001ffffffffffff0000" + "0000"))
    world = fold(wire.pcapng([(0, probe), (9 * 10**18, probe), (10**9, probe)]))
    assert world.rates
