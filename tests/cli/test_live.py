"""Channel lists, and live options that do not fit."""

import pytest

from rogue_scan.cli.live import frequencies
from rogue_scan.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("1,6,11", [2412, 2437, 2462]),
        ("36-48", [5180, 5200, 5220, 5240]),
        ("6g:5", [5975]),
        ("2437, 5180", [2437, 5180]),
        ("6,6", [2437]),
    ],
)
def test_channels_by_number_range_band_and_frequency(text: str | None, expected: list[int] | None) -> None:
    assert frequencies(text) == expected


@pytest.mark.parametrize("text", ["x", "1-", "15-35", "6g:", "0"])
def test_what_is_no_channel_is_named(text: str) -> None:
    with pytest.raises(UsageError, match="--channels"):
        frequencies(text)
