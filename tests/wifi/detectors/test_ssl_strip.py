# ruff: noqa: E501  (packets are easier to read in one line)
import pytest

from rogue_scan.model.data import DataCategory

AP, CLIENT, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:c1", "02:00:00:00:00:e1"
SITE_IP = "198.51.100.80"
RULE = "wifi/ssl-strip"
LOGIN = b"<html><form action='http://bank.example/login' method=post><input name=u><input type=password name=p></form></html>"


def upgrade(air, host="bank.example", policy="", **ends) -> None:
    answer = f"HTTP/1.1 301 Moved\r\nServer: nginx/1\r\nLocation: https://{host}/\r\n{policy}Content-Length: 0\r\n\r\n".encode()
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


# Sites on the preload list: nothing has to be heard of them before. The names are examples of the list's kinds:
# an entry with its subdomains, a top-level domain all of whose names are meant.

HSTS = "Strict-Transport-Security: max-age=31536000\r\n"
PORTAL_IP = "10.9.0.1"
FORM = b"<html><title>Sign in</title><form action=/session method=post><input name=login><input type=password name=password></form><a href=http://www.paypal.com/help>Help</a></html>"
SEARCH = b"<html><title>Search</title><form action=/search><input name=q></form><a href=http://maps.google.com/>Maps</a></html>"


def page(air, host, body=FORM, path="/", status="200 OK", kind="text/html", head="", **ends) -> None:
    answer = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    ends.setdefault("server_ip", SITE_IP)
    air.talk(("client", f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()), ("server", answer), **ends)


def says(finding) -> str:
    return " | ".join(item.says for item in finding.evidence)


@pytest.mark.parametrize("host", ["github.com", "www.paypal.com", "login.some-shop.app", "my.savings.bank"])
def test_a_login_of_a_preloaded_site_in_the_clear(air, ask, host) -> None:
    page(air, host)
    [finding] = ask(RULE, air)
    assert finding.severity.value == "critical"
    assert finding.actors == (AP,)
    assert finding.endpoints == (host,)
    assert "preload list" in says(finding)


def test_a_neighbour_in_between_is_blamed_for_it(air, ask) -> None:
    page(air, "github.com", server=OTHER)
    [finding] = ask(RULE, air)
    assert finding.actors == (OTHER,)
    assert finding.confidence > 0.9


def test_a_password_sent_to_a_preloaded_site_counts_like_one_asked_for(air, ask) -> None:
    body = b"<html>Welcome</html>"
    answer = (
        f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    )
    sent = b"login=anna&password=correct-horse"
    air.talk(
        (
            "client",
            b"POST /session HTTP/1.1\r\nHost: github.com\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            + f"Content-Length: {len(sent)}\r\n\r\n".encode()
            + sent,
        ),
        ("server", answer),
        server_ip=SITE_IP,
    )
    page(air, "github.com")
    [finding] = ask(RULE, air)
    assert "password went out in the clear" in says(finding)


def test_a_name_that_a_tool_made_up(air, ask) -> None:
    page(air, "www.paypal.corn", b"<html>Pay</html>")
    [finding] = ask(RULE, air)
    assert "stripping tools" in says(finding)
    assert finding.severity.value == "critical"


@pytest.mark.parametrize(
    ("host", "what"),
    [
        ("bank.example", {}),  # a site that is not on the list
        ("www.paypal.com", {"body": SEARCH}),  # nothing asked for: old devices fetch such pages
        ("www.google.com", {"body": SEARCH}),
        ("www.paypal.com", {"status": "404 Not Found"}),
        ("www.paypal.com", {"status": "301 Moved", "head": "Location: https://www.paypal.com/\r\n"}),
        ("dl.google.com", {"body": b"PK\x03\x04" + bytes(400), "kind": "application/octet-stream", "path": "/update.zip"}),
        ("dl.google.com", {"body": b"{}", "kind": "application/json"}),
        ("ocsp.github.com", {"body": bytes(200), "kind": "application/ocsp-response"}),
        ("connectivitycheck.gstatic.com", {"body": b"", "status": "204 No Content"}),
        ("connectivitycheck.gstatic.com", {}),  # a portal's page in its place: other rules judge that
        ("www.paypal.com", {"server_ip": PORTAL_IP}),  # the network itself answers: a portal, or a device's own page
        ("www.paypal.corn.example", {}),
    ],
)  # fmt: skip
def test_honest_pages_in_the_clear(air, ask, host, what) -> None:
    page(air, host, **what)
    assert ask(RULE, air) == []


def test_a_portal_that_answers_for_every_site_before_login(air, ask) -> None:
    form = b"<html><title>Hotel</title><form action=/login method=post>Room <input name=room> Password <input type=password name=password></form></html>"
    for host in ("github.com", "www.paypal.com", "news.example.org", "captive.apple.com"):
        page(air, host, form)
    assert ask(RULE, air) == []


def test_a_portal_that_only_a_check_shows_makes_it_a_question(air, ask) -> None:
    page(air, "captive.apple.com", b"", status="302 Found", head="Location: http://login.hotel.example/\r\n")
    page(air, "github.com", FORM)
    assert [f.severity.value for f in ask(RULE, air)] == ["low"]


def test_after_login_the_check_is_answered_and_no_excuse(air, ask) -> None:
    page(air, "captive.apple.com", b"", status="302 Found", head="Location: http://login.hotel.example/\r\n")
    page(air, "captive.apple.com", b"<html>Success</html>")
    page(air, "github.com", FORM)
    assert [f.severity.value for f in ask(RULE, air)] == ["critical"]


@pytest.mark.parametrize("action", ["http://login.hotel.example/", "https://github.com/session"])
def test_a_form_that_leads_elsewhere_or_to_encryption_makes_it_a_question(air, ask, action) -> None:
    page(air, "github.com", FORM.replace(b"/session", action.encode()))
    assert [f.severity.value for f in ask(RULE, air)] == ["low"]


# What a site itself said of encryption, and its own pages.


def test_an_order_to_use_encryption_that_is_gone(air, ask) -> None:
    upgrade(air, policy=HSTS)
    plain(air)
    [finding] = ask(RULE, air)
    assert "lost that order" in says(finding)
    assert "very address" in says(finding)
    assert finding.severity.value == "critical"


def test_a_site_that_sends_the_order_with_some_pages_only_is_quiet(air, ask) -> None:
    page(air, "shop.example", b"<html>Shop</html>", head=HSTS)
    page(air, "shop.example", b"<html>More</html>", path="/more")
    page(air, "shop.example", FORM, path="/login")
    assert ask(RULE, air) == []


NEWS = b"<html>News<form action='%s://news.example/login' method=post><input type=password name=p></form><a href=%s://news.example/account>account</a></html>"


def test_links_that_lose_their_encryption_on_the_way(air, ask) -> None:
    page(air, "news.example", NEWS % (b"https", b"https"))
    page(air, "news.example", NEWS % (b"http", b"http"), server=OTHER)
    [finding] = ask(RULE, air)
    assert finding.actors == (OTHER,)
    assert finding.severity.value == "critical"
    assert "(2) lead to encryption where it comes from the site" in says(finding)


def test_the_stripped_page_may_be_heard_first(air, ask) -> None:
    page(air, "news.example", NEWS % (b"http", b"http"), server=OTHER)
    page(air, "news.example", NEWS % (b"https", b"https"), client="02:00:00:00:00:c2", client_ip="10.9.0.51")
    assert [f.actors for f in ask(RULE, air)] == [(OTHER,)]


def test_a_site_that_comes_to_encryption_is_quiet(air, ask) -> None:
    page(air, "news.example", NEWS % (b"http", b"http"))
    page(air, "news.example", NEWS % (b"https", b"https"))
    assert ask(RULE, air) == []


def test_old_pages_that_link_without_encryption_are_quiet(air, ask) -> None:
    links = b"".join(
        b"<a href=http://%s/x>x</a>" % h for h in (b"www.facebook.com", b"twitter.com", b"github.com")
    )
    page(
        air,
        "hobby.example.org",
        b"<html>2009" + links + b"<form action=/login><input type=password name=p></form></html>",
    )
    assert ask(RULE, air) == []
