"""What several rules on the network configuration need."""

from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import DomainRule

INTERNET = "android.permission.INTERNET"


def on_network(facts: AppFacts) -> bool:
    """Whether the app can talk to the network at all."""
    return any(p.name == INTERNET for p in facts.manifest.permissions)


def shown(rule: DomainRule) -> str:
    """Domains of a rule for people."""
    more = len(rule.domains) - 3
    return ", ".join(rule.domains[:3]) + (f" and {more} more" if more > 0 else "")
