"""What speaks for an honest portal, in two rules alike."""

from rogue_scan.rules.rule import Case
from rogue_scan.wifi.judge import place
from rogue_scan.wifi.traffic import Site, host_of


def honest_portal(case: Case, site: Site) -> None:
    """A portal with encryption, or one that the network announces."""
    if site.secure:
        answer, target = site.secure
        case.add("portal-encrypted", place(answer.response or answer.ref), host=host_of(target))
    if site.announced:
        case.add("announced-portal", place(site.announced.ref), url=(site.announced.portal or "")[:120])
