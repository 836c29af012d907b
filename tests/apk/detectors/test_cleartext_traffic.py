import pytest

from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import DomainRule, Manifest, NetworkSecurity, Permission
from rogue_scan.model.subject import Endpoint

INTERNET = (Permission("android.permission.INTERNET"),)


def app(network, permissions=INTERNET, endpoints=()):
    return AppFacts(
        manifests=1,
        manifest=Manifest(package="a.b", permissions=permissions, network=network),
        endpoints=endpoints,
    )


@pytest.mark.parametrize(
    ("network", "found"),
    [
        (NetworkSecurity(said_cleartext=True, cleartext=True), {"asked"}),
        (NetworkSecurity(cleartext=True), {"by-default"}),
        (
            NetworkSecurity("net.xml", True, False, (DomainRule(("a.example",), cleartext=True),)),
            {"configured-domain"},
        ),
        (NetworkSecurity("net.xml", None, True, (DomainRule(cleartext=True),)), {"configured"}),
        (NetworkSecurity(said_cleartext=False), set()),
        (NetworkSecurity("net.xml", True, False, (DomainRule(cleartext=False),)), set()),
    ],
)
def test_where_it_is_allowed(evidence_of, network, found):
    assert evidence_of("cleartext-traffic", app(network)) == found


def test_an_address_without_tls_adds_to_it(evidence_of):
    network = NetworkSecurity(said_cleartext=True, cleartext=True)
    ends = (Endpoint("http://a.example/"), Endpoint("https://b.example/"))
    assert evidence_of("cleartext-traffic", app(network, endpoints=ends)) == {"asked", "used"}


def test_without_the_network_it_does_not_matter(evidence_of):
    assert evidence_of("cleartext-traffic", app(NetworkSecurity(cleartext=True), ())) == set()
