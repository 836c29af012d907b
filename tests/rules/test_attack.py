"""The shipped list of ATT&CK techniques, and that signatures cite nothing else."""

import msgspec
import pytest

from rogue_scan.errors import RuleError
from rogue_scan.rules.attack import check_techniques, techniques
from rogue_scan.rules.load import load

RULES = load()


def test_both_domains_are_there():
    found = techniques()
    assert found["T1636.004"].name == "SMS Messages"
    assert found["T1557.004"].domain == "enterprise"
    assert found["T1636.004"].url.endswith("/T1636/004/")


@pytest.mark.parametrize("rule", list(RULES), ids=lambda rule: rule.rule)
def test_signatures_cite_live_techniques(rule):
    check_techniques(rule, rule.rule)


def test_a_wrong_number_names_the_file():
    wrong = msgspec.structs.replace(next(iter(RULES)), attack=("T9999",))
    with pytest.raises(RuleError, match=r"x\.yml: attack: T9999"):
        check_techniques(wrong, "x.yml")
