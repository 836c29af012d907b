"""The tables of what methods mean."""

from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.apk.code.models import _Prefixes

NAMES = st.lists(st.text("Lab/", max_size=6).map("L".__add__) | st.text(max_size=3), min_size=1, max_size=30)


@given(NAMES, NAMES)
def test_names_are_told_by_their_beginnings_in_any_order(prefixes: list[str], names: list[str]) -> None:
    found = list(_Prefixes(prefixes).cover(names))
    assert found == [any(name.startswith("L" + prefix) for prefix in prefixes) for name in names]
