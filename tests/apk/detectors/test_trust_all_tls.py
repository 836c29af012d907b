"""Checks of certificates and names that object to nothing."""

import msgspec
import pytest

from rogue_scan.apk.detectors.trust_all_tls import evaluate
from rogue_scan.apk.facts import AppFacts
from rogue_scan.rules.load import load
from rogue_scan.rules.registry import NoParams
from rogue_scan.rules.rule import Bound

RULE = Bound(load()["apk/trust-all-tls"], NoParams(), "apk-1")
MANAGER = {
    "name": "Lorg/app/T;",
    "super_class": "Ljava/lang/Object;",
    "interfaces": ["Ljavax/net/ssl/X509TrustManager;"],
    "reachable": True,
}


def call(method, api):
    return {"api": api, "at": {"dex": "classes.dex", "method": method, "offset": 1}}


USE = call("Lorg/app/N;->go()V", "Ljavax/net/ssl/SSLContext;->init([K[T;R)V")


def found(*classes, calls=()):
    facts = {"code": {"classes": list(classes), "calls": list(calls)}}
    return list(evaluate(msgspec.convert(facts, AppFacts), RULE))


def test_a_manager_that_calls_nothing_accepts_everything():
    (finding,) = found(MANAGER, calls=[USE])
    assert finding.severity.value == "medium"
    assert finding.actors == ("org.app.T",)


def test_a_manager_that_asks_another_is_fine():
    asks = call(
        "Lorg/app/T;->checkServerTrusted()V", "Ljavax/net/ssl/X509TrustManager;->checkServerTrusted()V"
    )
    assert found(MANAGER, calls=[USE, asks]) == []


@pytest.mark.parametrize(
    "change",
    [{"reachable": False}, {"interfaces": []}, {"library": True}],
    ids=["not reached", "no trust manager", "of a kit, whose calls are not all known"],
)
def test_what_cannot_harm(change):
    assert found(MANAGER | change, calls=[USE]) == []


def test_an_interface_checks_nothing_and_accepts_nothing():
    interface = MANAGER | {"name": "Lorg/app/I;"}
    implements = {"name": "Lorg/app/J;", "super_class": "Ljava/lang/Object;", "interfaces": ["Lorg/app/I;"]}
    assert found(interface, implements, calls=[USE]) == []


def test_a_verifier_that_calls_nothing_accepts_every_host():
    (finding,) = found(MANAGER | {"interfaces": ["Ljavax/net/ssl/HostnameVerifier;"]}, calls=[USE])
    assert finding.actors == ("org.app.T",)
    assert any("server's name" in item.says for item in finding.evidence)


def test_a_ready_made_acceptance_is_laid_to_who_asks_for_it():
    ready = call("Lorg/app/N;->go()V", "Lorg/apache/http/conn/ssl/AllowAllHostnameVerifier;-><init>()V")
    (finding,) = found(calls=[ready | {"reachable": True}])
    assert finding.actors == ("org.app.N",)
    assert "org.app.N" in finding.message
    assert found(calls=[ready | {"reachable": False}]) == []
    assert found(calls=[ready | {"library": True}]) == []


def test_a_key_that_is_compared_elsewhere_speaks_against_it():
    pin = call(
        "Lorg/app/N;->pin()V", "Ljava/security/cert/Certificate;->getPublicKey()Ljava/security/PublicKey;"
    )
    (without,), (with_pin,) = found(MANAGER, calls=[USE]), found(MANAGER, calls=[USE, pin])
    assert with_pin.confidence < without.confidence
    assert not all(item.supports for item in with_pin.evidence)
