import pytest

from rogue_scan.errors import Malformed
from rogue_scan.model import site


def test_there_and_back():
    known = site.Site(name="cafe", access_points=(site.KnownAccessPoint("02:00:00:00:00:01", ("Cafe",)),))
    assert site.decode(site.encode(known)) == known
    assert site.is_site(site.encode(known))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'{"schema": "rogue-scan/site/9"}',
        b'{"schema": "rogue-scan/site/1", "name": "\xff"}',
        b'{"schema": "\xff"}',
        b'{"schema": "rogue-scan/site/1", "x": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_site(raw):
    """The ones that are no UTF-8 were found by fuzzing."""
    with pytest.raises(Malformed):
        site.decode(raw)
    assert isinstance(site.is_site(raw), bool)
