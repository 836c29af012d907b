import msgspec
import pytest

from rogue_scan.apk.detectors.trusts_user_certificates import evaluate
from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import DomainRule, Manifest, NetworkSecurity, Permission
from rogue_scan.rules.load import load
from rogue_scan.rules.registry import NoParams
from rogue_scan.rules.rule import Bound


def app(*rules, target=33, entry="net.xml"):
    network = NetworkSecurity(entry, rules=rules)
    permissions = (Permission("android.permission.INTERNET"),)
    return AppFacts(
        manifests=1, manifest=Manifest(target_sdk=target, permissions=permissions, network=network)
    )


def test_for_all_or_some_hosts(evidence_of):
    ask = lambda facts: evidence_of("trusts-user-certificates", facts)  # noqa: E731
    assert ask(app(DomainRule(trusts_user=True))) == {"all-hosts"}
    assert ask(app(DomainRule(("a.example",), trusts_user=True))) == {"some-hosts"}
    assert ask(app(DomainRule(pins=2))) == set()


def test_old_targets_do_so_by_default(evidence_of):
    assert evidence_of("trusts-user-certificates", app(target=23, entry="")) == {"old-target"}
    assert evidence_of("trusts-user-certificates", app(target=24, entry="")) == set()


@pytest.mark.parametrize(
    "change", [{"manifests": 0}, {"manifest": Manifest()}], ids=["no manifest", "no network"]
)
def test_nothing_is_said_of_an_app_that_reaches_nothing(evidence_of, change):
    facts = msgspec.structs.replace(app(DomainRule(trusts_user=True)), **change)
    assert evidence_of("trusts-user-certificates", facts) == set()


@pytest.mark.parametrize(
    ("domains", "shown"),
    [(("a.x", "b.x"), "a.x, b.x"), (("a.x", "b.x", "c.x"), "a.x, b.x, c.x"),
     (("a.x", "b.x", "c.x", "d.x", "e.x"), "a.x, b.x, c.x and 2 more")],
)  # fmt: skip
def test_the_first_three_hosts_are_named(domains, shown):
    rule = Bound(load()["apk/trusts-user-certificates"], NoParams(), "apk-1")
    (finding,) = evaluate(app(DomainRule(domains, trusts_user=True)), rule)
    assert finding.evidence[0].says.count(shown)
    assert "and 0 more" not in finding.evidence[0].says
