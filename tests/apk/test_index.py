"""Facts made quick to ask."""

import msgspec
import pytest

from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.index import Index, dotted, outer, outermost, pretty


def index(**facts):
    return Index(msgspec.convert(facts, AppFacts))


def test_names():
    assert dotted("Lorg/app/A$B;") == "org.app.A$B"
    assert outer("Lorg/app/A$B$1;") == "Lorg/app/A$B;"
    assert outermost("Lorg/app/A$B$1;") == "Lorg/app/A;"
    assert outer("Lorg/app/A;") == "Lorg/app/A;"
    assert pretty("Lorg/app/A;->b(I)V") == "org.app.A.b"


def test_ancestors_stop_at_loops():
    classes = [
        {"name": "La;", "super_class": "Lb;", "interfaces": ["Li;"]},
        {"name": "Lb;", "super_class": "La;"},
    ]
    assert index(code={"classes": classes}).ancestors("La;") == {"La;", "Lb;", "Li;"}


@pytest.mark.parametrize(
    ("component", "roles"),
    [
        ("org.app.Eyes", ("service", "accessibility")),
        ("org.app.Eyes$1", ("service", "accessibility")),
        ("org.app.App", ("application",)),
        ("org.app.Helper", ("callback",)),
    ],
)
def test_what_starts_a_flow(component, roles):
    manifest = {
        "application": "org.app.App",
        "components": [{"name": "org.app.Eyes", "kind": "service", "role": "accessibility"}],
    }
    assert index(manifest=manifest).roles(component) == roles


@pytest.mark.parametrize(
    ("texts", "put_together"),
    [
        (["https://api.host.example/v1"], False),
        (["https://api.host.example", "/v1"], False),
        (["https://", "api.host.example"], False),
        (["https", "api.host.example", "%s://%s/v1"], True),
        ([], True),
    ],
)
def test_whether_an_address_is_put_together(texts, put_together):
    place = {"dex": "classes.dex", "method": "La;->b()V", "offset": 0}
    facts = index(
        code={"strings": [{"value": text, "at": place} for text in texts]},
        endpoints=[{"value": "https://api.host.example/v1", "host": "api.host.example", "where": [place]}],
    )
    assert facts.assembled(facts.endpoints[0]) is put_together


@pytest.mark.parametrize(
    ("package", "kin"), [("org.hostmaker.example2", False), ("org.shop.corner", True), ("org.a.b", False)]
)
def test_an_endpoint_called_like_the_app(package, kin):
    facts = index(manifest={"package": package}, endpoints=[{"value": "https://api.shop-corner.example/"}])
    assert facts.kin(facts.endpoints[0]) is kin


def test_what_is_known_of_a_flows_end():
    facts = index(
        endpoints=[{"value": "http://api.host.example/x", "host": "api.host.example"}],
        flows=[
            {"data": "sms", "sink": "http", "endpoint": "api.host.example"},
            {"data": "sms", "sink": "socket", "endpoint": "192.0.2.1:99"},
            {"data": "sms", "sink": "http"},
        ],
    )
    known, bare, unknown = (facts.end_of(flow) for flow in facts.flows)
    assert known[0].remarks == ("cleartext",)
    assert bare[0].remarks == ("raw address",)
    assert unknown == []


@pytest.mark.parametrize(
    ("hidden", "texts", "concealed"),
    [
        (None, [], False),
        ("base64", ["shop.example"], True),
        ("string resource", [], False),
        ("base64, file in the package", [], True),
        ("joined", [".api.shop.example", "eu"], False),
        ("text put together from pieces", ["http:", "//eu.ap", "i.sho", "p.exam"], True),
        ("format, reversed", ["api.shop.example"], True),
    ],
)
def test_whether_an_address_is_kept_from_readers(hidden, texts, concealed):
    place = {"dex": "classes.dex", "method": "La;->b()V", "offset": 0}
    facts = index(
        code={"strings": [{"value": text, "at": place} for text in texts]},
        endpoints=[{"value": "http://eu.api.shop.example/v1", "hidden": hidden}],
    )
    assert facts.concealed(facts.endpoints[0]) is concealed
