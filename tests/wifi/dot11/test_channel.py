import pytest

from rogue_scan.wifi.dot11.channel import band_of, channel_of, frequency_in_class, frequency_of, near

KNOWN = [
    (2412, 1, "2.4"),
    (2472, 13, "2.4"),
    (2484, 14, "2.4"),
    (4920, 184, "5"),
    (5180, 36, "5"),
    (5825, 165, "5"),
    (5885, 177, "5"),
    (5935, 2, "6"),
    (5955, 1, "6"),
    (6115, 33, "6"),
    (7115, 233, "6"),
    (58320, 1, "60"),
]


@pytest.mark.parametrize(("frequency", "channel", "band"), KNOWN)
def test_channels_and_frequencies(frequency, channel, band):
    assert channel_of(frequency) == channel
    assert band_of(frequency) == band
    assert frequency_of(channel, band) == frequency


@pytest.mark.parametrize("frequency", [0, 1000, 2400, 3000, 8000])
def test_frequencies_of_no_channel(frequency):
    assert channel_of(frequency) == 0


@pytest.mark.parametrize(
    ("operating_class", "channel", "frequency"),
    [
        (81, 6, 2437),
        (82, 14, 2484),
        (115, 36, 5180),
        (124, 149, 5745),
        (131, 37, 6135),
        (136, 2, 5935),
        (4, 1, 2412),
        (1, 36, 5180),
        (250, 1, None),
    ],
)
def test_operating_classes(operating_class, channel, frequency):
    assert frequency_in_class(operating_class, channel) == frequency


def test_no_such_channel():
    assert frequency_of(15, "2.4") is None
    assert frequency_of(0, "6") is None
    assert frequency_of(1, "") is None


def test_only_2_4_ghz_spills_over():
    assert near(2412, 2427)
    assert not near(2412, 2437)
    assert near(5180, 5180)
    assert not near(5180, 5200)
