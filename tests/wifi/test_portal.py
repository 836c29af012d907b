import pytest

from rogue_scan.wifi.net.html import Field, Form
from rogue_scan.wifi.net.records import DnsAnswer, Ends, Exchange, PageFacts
from rogue_scan.wifi.portal import portals
from rogue_scan.wifi.traffic import net_of
from rogue_scan.wifi.world import Ref, World

FORM = PageFacts("Login", (Form("", "post", (Field("card_number"),)),), ("bank-account",))


def exchange(host: str, server_ip: str, frame: int = 5, **rest: object) -> Exchange:
    ends = Ends("ap", "sta", "10.0.0.9", "ap", server_ip, 80)
    return Exchange(
        ends, "GET", host, "/", Ref(frame, float(frame)), response=Ref(frame + 1, frame + 0.1), **rest
    )


@pytest.fixture
def world() -> World:
    made = World()
    made.net = net_of(made)
    return made


def test_a_redirect_leads_to_its_target(world) -> None:
    world.net.exchanges += [
        exchange("a.example.org", "198.51.100.1", status=302, location="http://10.0.0.1/login"),
        exchange("10.0.0.1", "10.0.0.1", 9, status=200, page=FORM),
    ]
    [portal] = portals(world)
    assert (portal.actor, portal.address, portal.portal) == ("ap", "10.0.0.1", True)
    assert [e.host for e in portal.led] == ["a.example.org"]
    assert [kinds for _, kinds in portal.asks()] == [{"bank-account"}]


def test_a_target_by_name_is_found_by_its_address(world) -> None:
    world.net.dns.append(
        DnsAnswer(
            "ap", "sta", "10.0.0.9", "ap", "10.0.0.1", "login.example", 1, 0, ("203.0.113.5",), Ref(1, 1.0)
        )
    )
    world.net.exchanges += [
        exchange("a.example.org", "198.51.100.1", status=302, location="http://login.example/x"),
        exchange("login.example", "203.0.113.5", 9, status=200, page=FORM),
    ]
    [portal] = portals(world)
    assert portal.address == "203.0.113.5"
    assert len(portal.served) == 1


def test_a_server_inside_to_which_nobody_was_led_is_no_portal(world) -> None:
    world.net.exchanges.append(exchange("10.0.0.1", "10.0.0.1", status=200, page=FORM))
    [server] = portals(world)
    assert not server.portal


def test_sites_outside_are_none(world) -> None:
    world.net.exchanges.append(exchange("shop.example", "198.51.100.1", status=200, page=FORM))
    assert portals(world) == []


def test_one_page_for_many_hosts_is_imposed(world) -> None:
    world.net.exchanges += [
        exchange("a.example.org", "198.51.100.1", status=200, page=FORM),
        exchange("b.example.com", "203.0.113.1", 9, status=200, page=FORM),
    ]
    [portal] = portals(world)
    assert [e.host for e in portal.imposed] == ["a.example.org", "b.example.com"]
    assert len(portal.served) == 2
