import pytest

from rogue_scan.apk.analyse import unread
from rogue_scan.apk.facts import AppFacts, Problem


@pytest.mark.parametrize(("kind", "found"), [("malformed", "no-app"), ("limit", "died"), ("crashed", "died")])
def test_reasons(evidence_of, kind, found):
    assert evidence_of("unreadable-package", unread(b"x", kind, "why")) == {found}


def test_an_app_with_one_unreadable_part_was_vetted(evidence_of):
    assert evidence_of("unreadable-package", AppFacts(problems=(Problem("a", "malformed", "why"),))) == set()
