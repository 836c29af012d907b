import msgspec
import pytest

from rogue_scan.wifi import traffic
from rogue_scan.wifi.net.records import DhcpMessage, DnsAnswer, Ends, Exchange, TlsSession
from rogue_scan.wifi.net.tls import Certificate
from rogue_scan.wifi.traffic import Site
from rogue_scan.wifi.world import Bss, Link, Ref, SsidUse, Station, World


def answer(name: str, *addresses: str) -> DnsAnswer:
    return DnsAnswer("b", "c", "10.0.0.9", "s", "10.0.0.1", name, 1, 0, addresses, Ref(1, 1.0))


@pytest.mark.parametrize(
    ("name", "public"),
    [("www.example.org", True), ("printer.local", False), ("router", False), ("nas.lan", False),
     ("10.0.0.1", False), ("fritz.box", False), ("1.0.0.10.in-addr.arpa", False)],
)  # fmt: skip
def test_public_names(name: str, public: bool) -> None:
    assert traffic.is_public_name(name) is public


def test_the_site_of_a_host() -> None:
    assert traffic.site_of("a.b.example.co.uk") == "example.co.uk"
    assert traffic.site_of("localhost") == "localhost"


def test_only_a_client_that_was_heard_is_accused_itself() -> None:
    world = World()
    assert traffic.blamed(world, "ap", "sta") == "ap"
    world.links["sta", "ap"] = Link("sta", "ap", up=3)
    assert traffic.blamed(world, "ap", "sta") == "sta"
    assert traffic.blamed(world, "ap", "ap") == "ap"


def test_addresses_of_the_network_itself() -> None:
    net = traffic.net_of(World())
    net.dhcp.append(
        DhcpMessage("b", "s", "192.169.1.1", "c", "ack", Ref(1, 1.0), offered="192.169.1.40",
                    mask="255.255.255.0", routers=("192.169.1.1",))
    )  # fmt: skip
    net.dns.append(answer("a.example", "192.169.1.7"))
    [site] = traffic.sites(net)
    assert site.local("192.169.1.7")
    assert site.local("10.1.2.3")
    assert not site.local("192.169.2.1")
    assert traffic.hijacked(site, net.dns[0]) == ["192.169.1.7"]


@pytest.mark.parametrize("mask", ["255.31.255.0", "0.0.0.0", "", "128.0.0.0"])
def test_a_mask_that_makes_no_sense_is_no_range(mask: str) -> None:
    net = traffic.net_of(World())
    net.dhcp.append(DhcpMessage("b", "s", "10.0.0.1", "c", "ack", Ref(1, 1.0), offered="10.0.0.9", mask=mask))
    [site] = traffic.sites(net)
    assert site.subnets == []


def test_the_portals_own_name_is_not_hijacked() -> None:
    site = Site("b", own_names={"portal.example"})
    assert traffic.hijacked(site, answer("portal.example", "10.0.0.1")) == []
    assert traffic.hijacked(site, answer("nas.lan", "10.0.0.1")) == []
    assert traffic.hijacked(site, answer("other.example", "10.0.0.1", "198.51.100.1")) == ["10.0.0.1"]


def test_kinds_are_told_in_words() -> None:
    assert traffic.words(["sms", "bank-account"]) == "card or bank details, one-time code"
    assert traffic.secrets(["sms", "e-mail"]) == {"sms"}


def test_a_client_of_another_access_point_of_the_same_network_is_a_client() -> None:
    world = World(bss={name: Bss(name) for name in ("one", "two", "three")})
    for name, ssid in (("one", b"Cafe"), ("two", b"Cafe"), ("three", b"Shop")):
        world.bss[name].ssids[ssid] = SsidUse(ssid)
    world.links["sta", "one"] = Link("sta", "one", up=3)
    world.stations["sta"] = Station("sta")
    assert traffic.blamed(world, "two", "sta") == "sta"
    assert traffic.blamed(world, "three", "sta") == "three"


def test_a_certificate_covers_its_names() -> None:
    made = Certificate("00", ("portal.example", "*.hotel.example"))
    assert traffic.covers(made, "portal.example")
    assert traffic.covers(made, "wifi.hotel.example")
    assert not traffic.covers(made, "a.wifi.hotel.example")
    assert not traffic.covers(made, "hotel.example")


@pytest.mark.parametrize(
    ("names", "self_signed", "trusted"),
    [
        (("portal.example",), False, True),
        (("portal.example",), True, False),
        (("other.example",), False, False),
    ],
)
def test_a_portal_is_trusted_by_its_certificate_where_that_can_be_seen(names, self_signed, trusted) -> None:
    net = traffic.net_of(World())
    ends = Ends("b", "c", "10.0.0.9", "s", "10.0.0.1", 443)
    ref = Ref(1, 1.0)
    away = Exchange(ends, "GET", "a.example.org", "/", ref, status=302, response=ref)
    net.exchanges.append(msgspec.structs.replace(away, location="https://portal.example/"))
    made = Certificate("00", names, self_signed=self_signed)
    net.sessions.append(TlsSession(ends, ref, "portal.example", version="TLS 1.2", certificates=(made,)))
    [site] = traffic.sites(net)
    assert (site.secure is not None) is trusted
