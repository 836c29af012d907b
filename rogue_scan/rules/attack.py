"""The ATT&CK techniques that signatures may cite."""

import functools

import msgspec

from rogue_scan.errors import RuleError
from rogue_scan.rules.rule import Rule
from rogue_scan.shipped import data_file

_TABLE = "attack_techniques.tsv"


class Technique(msgspec.Struct, frozen=True):
    """One technique or sub-technique of MITRE ATT&CK."""

    id: str
    """``T1636`` or ``T1636.004``."""
    domain: str
    """``mobile`` or ``enterprise``."""
    name: str

    @property
    def url(self) -> str:
        """Its page."""
        return f"https://attack.mitre.org/techniques/{self.id.replace('.', '/')}/"


@functools.cache
def techniques() -> dict[str, Technique]:
    """All live techniques by id, from the shipped table (its head names version, date and licence).

    No number stands in both domains, so the id alone tells them apart.
    """
    text = data_file(_TABLE).read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {number: Technique(number, domain, name) for number, domain, name in rows}


def check_techniques(rule: Rule, file: str) -> None:
    """Raises RuleError where a rule cites a technique that does not exist, or no longer does."""
    for number in rule.attack:
        if number not in techniques():
            raise RuleError(
                file, "attack", f"{number} is no live technique of ATT&CK for mobile or enterprise"
            )
