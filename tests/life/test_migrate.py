import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.errors import Malformed
from rogue_scan.life.migrate import read
from rogue_scan.model.report import Report, encode


def test_the_current_number_is_read_as_it_is(full):
    assert read(encode(full)) == full


def test_older_numbers_are_brought_up_step_by_step(full):
    old = msgspec.json.decode(encode(full))
    old["schema"] = "rogue-scan/report/0"
    old["results"] = old.pop("findings")

    def from_zero(document):
        return {**document, "findings": document["results"]}

    assert read(msgspec.json.encode(old), {0: from_zero}) == full


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"schema": "rogue-scan/report/99"}', "please update"),
        (b'{"schema": "rogue-scan/report/0"}', "too old"),
        (b'{"schema": "sarif"}', "another schema"),
        (b"{}", "no rogue-scan report"),
        (b"[1", "no rogue-scan report"),
        (b'{"schema": "rogue-scan/report/1", "findings": [{"id": 3}]}', "findings"),
        (b'{"schema": "rogue-scan/report/1", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "report"),
    ],
)
def test_what_is_no_report_says_why(raw, message):
    with pytest.raises(Malformed, match=message):
        read(raw)


@given(st.binary(max_size=400))
def test_garbage_is_malformed(raw):
    with pytest.raises(Malformed):
        read(raw)


@given(st.data())
def test_damaged_reports_are_malformed_or_read(data):
    raw = bytearray(encode(Report()))
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Malformed):
        assert isinstance(read(bytes(raw)), Report)
