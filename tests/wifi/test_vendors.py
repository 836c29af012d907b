import re

import pytest

from rogue_scan.wifi.vendors import about, vendor, vendor_of


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("50:c7:bf:12:34:56", "Tp-Link"),  # MA-L
        ("00:13:37:00:00:00", "Orient Power"),
        ("70:b3:d5:00:10:01", "SOREDI"),  # MA-S inside a block of the registry
        ("02:c7:bf:12:34:56", "locally administered"),
        ("01:00:5e:00:00:01", "group address"),
    ],
)
def test_makers(address, name):
    assert vendor(address).startswith(name)


def test_unknown_blocks_have_no_maker():
    assert vendor_of("02:00:00:00:00:00") == ""


def test_source_and_date_are_told():
    assert re.fullmatch(r"IEEE registry by .+, \d{4}-\d\d-\d\d", about())
