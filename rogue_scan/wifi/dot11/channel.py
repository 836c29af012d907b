"""Channel arithmetic for the 2.4, 5 and 6 GHz bands (and what is near them).

IEEE 802.11-2024 Annex E (operating classes) and 17.3.8.4.2; 6 GHz after Draft 802.11ax: channel n is at
5950 + 5n MHz, except channel 2 of class 136 at 5935 MHz.
"""

BAND_2G, BAND_5G, BAND_6G, BAND_60G, BAND_SUB1G = "2.4", "5", "6", "60", "sub-1"

_SIX_GHZ_CLASSES = frozenset(range(131, 138))
_TWO_GHZ_CLASSES = frozenset({81, 82, 83, 84})
_FIVE_GHZ_CLASSES = frozenset(range(115, 131))
_SIXTY_GHZ_CLASSES = frozenset(range(180, 194))


PRIMARY: dict[str, tuple[int, ...]] = {
    BAND_2G: tuple(range(1, 15)),
    BAND_5G: (*range(36, 65, 4), *range(100, 145, 4), *range(149, 178, 4)),
    BAND_6G: (2, *range(1, 234, 4)),
}
"""Channels of 20 MHz that an access point can have as its primary one, by band."""


def channel_of(frequency: int) -> int:
    """Channel number of a centre frequency in MHz; 0 where it is on no channel raster."""
    if frequency == 2484:
        return 14
    if 2407 < frequency < 2484:
        return (frequency - 2407) // 5
    if frequency == 5935:
        return 2
    if 5950 < frequency <= 7125:
        return (frequency - 5950) // 5
    if 4910 <= frequency <= 4980:
        return (frequency - 4000) // 5
    if 5000 < frequency <= 5925:
        return (frequency - 5000) // 5
    if 58320 <= frequency <= 70200:
        return (frequency - 56160) // 2160
    return 0


def band_of(frequency: int) -> str:
    """Band of a frequency in MHz (``2.4``, ``5``, ``6``, ``60``, ``sub-1``), empty for none of them."""
    if 2400 <= frequency <= 2500:
        return BAND_2G
    if frequency == 5935 or 5945 <= frequency <= 7125:
        return BAND_6G
    if 4900 <= frequency <= 5930:
        return BAND_5G
    if 56000 <= frequency <= 71000:
        return BAND_60G
    if 700 <= frequency <= 1000:
        return BAND_SUB1G
    return ""


def frequency_of(channel: int, band: str) -> int | None:
    """Centre frequency in MHz of a channel number in a band; None where the band has no such channel."""
    if band == BAND_2G:
        if channel == 14:
            return 2484
        return 2407 + 5 * channel if 1 <= channel <= 13 else None
    if band == BAND_5G:
        if 182 <= channel <= 196:
            return 4000 + 5 * channel
        return 5000 + 5 * channel if 7 <= channel <= 181 else None
    if band == BAND_6G:
        if channel == 2:
            return 5935
        return 5950 + 5 * channel if 1 <= channel <= 233 else None
    if band == BAND_60G:
        return 56160 + 2160 * channel if 1 <= channel <= 6 else None
    return None


def frequency_in_class(operating_class: int, channel: int) -> int | None:
    """Frequency of a channel within a (global, US, European or Japanese) operating class.

    Classes below 81 are regional and partly ambiguous; their channel numbers are not: up to 14 is 2.4 GHz.
    """
    if operating_class in _TWO_GHZ_CLASSES:
        return frequency_of(channel, BAND_2G)
    if operating_class in _FIVE_GHZ_CLASSES:
        return frequency_of(channel, BAND_5G)
    if operating_class in _SIX_GHZ_CLASSES:
        return frequency_of(channel, BAND_6G)
    if operating_class in _SIXTY_GHZ_CLASSES:
        return frequency_of(channel, BAND_60G)
    if 1 <= operating_class < 81:
        return frequency_of(channel, BAND_2G if channel <= 14 else BAND_5G)
    return None


def near(frequency: int, other: int) -> bool:
    """Whether a frame sent on one frequency spills over to the other (2.4 GHz, within 20 MHz)."""
    if frequency == other:
        return True
    return band_of(frequency) == band_of(other) == BAND_2G and abs(frequency - other) <= 20
