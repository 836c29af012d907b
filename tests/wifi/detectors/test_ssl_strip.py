# ruff: noqa: E501  (packets are easier to read in one line)
from rogue_scan.model.data import DataCategory

AP, CLIENT, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:c1", "02:00:00:00:00:e1"
SITE_IP = "198.51.100.80"
RULE = "wifi/ssl-strip"
LOGIN = b"<html><form action='http://bank.example/login' method=post><input name=u><input type=password name=p></form></html>"


def upgrade(air, host="bank.example", **ends) -> None:
    answer = f"HTTP/1.1 301 Moved\r\nServer: nginx/1\r\nLocation: https://{host}/\r\nContent-Length: 0\r\n\r\n".encode()
    air.talk(
        ("client", f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()),
        ("server", answer),
        server_ip=SITE_IP,
        **ends,
    )


def plain(air, body=LOGIN, host="bank.example", **ends) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    air.talk(
        ("client", f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()),
        ("server", head + body),
        server_ip=SITE_IP,
        **ends,
    )


def test_the_labelled_captures(findings) -> None:
    [finding] = [f for f in findings("lan-strip-a") if f.rule == RULE]
    assert finding.actors == ("00:c0:ca:55:00:66",)
    assert finding.severity.value == "critical"
    for capture in ("hotel-a", "lure-a", "lan-arp-a", "lan-dhcp-a"):
        assert [f for f in findings(capture) if f.rule == RULE] == []


def test_a_client_that_delivers_a_site_without_its_encryption(air, ask) -> None:
    upgrade(air)
    plain(air, server=OTHER)
    [finding] = ask(RULE, air)
    assert finding.actors == (OTHER,)
    assert finding.targets == (CLIENT,)
    assert finding.endpoints == ("bank.example",)
    assert finding.data == (DataCategory.ACCOUNT_PASSWORD,)
    assert finding.severity.value == "critical"


def test_the_access_point_itself_by_the_letters_it_adds(air, ask) -> None:
    upgrade(air, host="www.bank.example")
    plain(air, host="wwww.bank.example")
    assert any("stripping tools" in item.says for item in ask(RULE, air)[0].evidence)


def test_a_site_that_only_leads_to_encryption_is_quiet(air, ask) -> None:
    upgrade(air)
    upgrade(air)
    assert ask(RULE, air) == []


def test_a_site_without_encryption_is_quiet(air, ask) -> None:
    plain(air)
    plain(air, server=OTHER)
    assert ask(RULE, air) == []


def test_a_site_that_offers_both_is_quiet(air, ask) -> None:
    upgrade(air)
    plain(air, b"<html>news</html>")
    assert ask(RULE, air) == []


def test_what_came_before_the_encryption_proves_nothing(air, ask) -> None:
    plain(air, server=OTHER)
    upgrade(air)
    assert ask(RULE, air) == []


def test_another_networks_portal_in_the_place_of_a_site_is_a_question(air, ask) -> None:
    upgrade(air)
    form = b"<html><title>Hotel</title><form>Room <input name=room> Phone <input name=phone></form></html>"
    for host in ("bank.example", "news.example.org"):
        plain(air, form, host=host, server="02:00:00:00:00:02", bssid="02:00:00:00:00:02")
    assert all(f.severity.value == "low" for f in ask(RULE, air))
