"""The hop plan visits every channel and lingers where it pays."""

from collections import Counter

import pytest

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
    parts = share([set(BAND)] * 3)
    assert sorted(frequency for part in parts for frequency in part) == sorted(BAND)
    assert all(len(part) >= 2 for part in parts)
    assert share([{2412}, {2412}]) == [[2412], [2412]]


def test_a_radio_gets_only_what_it_can_tune_to_and_no_channel_is_forgotten() -> None:
    old, new = {2412, 2437, 2462}, {2412, 2437, 2462, 5180, 5200, 5955}
    for able in ([old, new], [new, old]):
        parts = share(able)
        assert sorted(parts[0] + parts[1]) == sorted(new)
        assert all(set(part) <= one for part, one in zip(parts, able, strict=True))
        assert [len(part) for part in parts] == [3, 3]


def test_a_lost_radios_channel_is_taken_over_once() -> None:
    plan = HopPlan([2412], 0.25)
    plan.add(2437)
    plan.add(2437)
    assert walk(plan, 5) == {2412: 10, 2437: 10}
