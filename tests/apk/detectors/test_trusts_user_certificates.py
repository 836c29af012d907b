from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import DomainRule, Manifest, NetworkSecurity, Permission


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
