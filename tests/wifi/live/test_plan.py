"""The hop plan visits every channel and lingers where it pays."""

from collections import Counter

import pytest

from rogue_scan.wifi.live.nl80211 import Channel
from rogue_scan.wifi.live.plan import HopPlan, share

BAND = [2412, 2417, 2422, 2427, 2432, 2437, 2462, 5180]


def walk(plan: HopPlan, seconds: float) -> Counter[int]:
    now, visits = 0.0, Counter[int]()
    while now < seconds:
        frequency, dwell = plan.next(now)
        visits[frequency] += 1
        now += dwell
    return visits


def test_the_first_round_sees_every_channel_once_the_usual_ones_first() -> None:
    plan = HopPlan(BAND, 0.25)
    seen = [plan.next(number * 0.25)[0] for number in range(len(BAND))]
    assert seen[:3] == [2412, 2437, 2462]
    assert sorted(seen) == sorted(BAND)


def test_busy_and_suspect_channels_get_more_and_none_starves() -> None:
    plan = HopPlan(BAND, 0.25)
    plan.learn(busy=[2437], suspect=[5180])
    visits = walk(plan, 60)
    assert visits[5180] > visits[2437] > visits[2417]
    assert min(visits[frequency] for frequency in BAND) >= 5


def test_a_lock_stays_and_lets_go() -> None:
    plan = HopPlan(BAND, 0.25)
    plan.lock(2462)
    assert set(walk(plan, 5)) == {2462}
    plan.lock(None)
    assert len(walk(plan, 5)) == len(BAND)


def test_refused_channels_are_left_out_until_none_is_left() -> None:
    plan = HopPlan([2412, 2437], 0.25)
    plan.give_up(2412)
    assert set(walk(plan, 2)) == {2437}
    plan.give_up(2437)
    with pytest.raises(LookupError):
        plan.next(9.0)


def test_several_radios_share_the_channels_without_overlap() -> None:
    channels = [Channel(frequency, no_ir=False, radar=False) for frequency in BAND]
    parts = share(channels, 3)
    assert sorted(frequency for part in parts for frequency in part) == sorted(BAND)
    assert all(len(part) >= 2 for part in parts)
    assert share(channels[:1], 2) == [[2412], [2412]]
