AP, CLIENT, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:c1", "02:00:00:00:00:e1"
GATEWAY_IP, CLIENT_IP, OTHER_IP = "10.9.0.1", "10.9.0.50", "10.9.0.66"
RULE = "wifi/dns-hijack"


def join(air, kit, portal=b"") -> None:
    options = {3: kit("raw", GATEWAY_IP), 6: kit("raw", GATEWAY_IP), 1: b"\xff\xff\xff\0"}
    options |= {114: portal} if portal else {}
    air.ip(
        AP,
        CLIENT,
        kit("udp", GATEWAY_IP, 67, CLIENT_IP, 68, kit("dhcp", 5, CLIENT, CLIENT_IP, GATEWAY_IP, options)),
    )


def name(air, kit, host, *addresses, server=AP, ip=GATEWAY_IP, number=1, **ends) -> None:
    air.now += 3
    air.ip(server, CLIENT, kit("udp", ip, 53, CLIENT_IP, 5000, kit("dns", host, addresses, number)), **ends)


def redirect(air, host, target, ip=GATEWAY_IP) -> None:
    request = f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    answer = f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
    air.talk(("client", request), ("server", answer), server_ip=ip)


def test_the_labelled_captures(findings) -> None:
    actors = {"lure-a": "00:c0:ca:82:0c:11", "lan-dhcp-a": "00:c0:ca:d4:00:66"}
    for capture, actor in actors.items():
        [finding] = [f for f in findings(capture) if f.rule == RULE]
        assert finding.actors == (actor,)
    for capture in ("hotel-a", "lan-strip-a", "lan-arp-a"):
        assert [f for f in findings(capture) if f.rule == RULE] == []


def test_every_name_leads_to_one_address(air, kit, ask) -> None:
    join(air, kit)
    for host in ("www.example.org", "connectivity.example.com", "news.example.net"):
        name(air, kit, host, GATEWAY_IP)
    [finding] = ask(RULE, air)
    assert finding.actors == (AP,)
    assert finding.severity.value == "high"
    assert finding.endpoints == (GATEWAY_IP,)


def test_an_address_outside_private_space_may_be_inside_the_network(air, kit, ask) -> None:
    options = {3: kit("raw", "172.0.0.1"), 6: kit("raw", "172.0.0.1"), 1: b"\xff\xff\xff\0"}
    message = kit("dhcp", 5, CLIENT, "172.0.0.9", "172.0.0.1", options)
    air.ip(AP, CLIENT, kit("udp", "172.0.0.1", 67, "172.0.0.9", 68, message))
    for host in ("www.example.org", "connectivity.example.com", "news.example.net"):
        name(air, kit, host, "172.0.0.1", ip="172.0.0.1")
    assert len(ask(RULE, air)) == 1


def test_one_name_and_a_server_that_leads_away_from_it(air, kit, ask) -> None:
    join(air, kit)
    name(air, kit, "bank.example", GATEWAY_IP)
    assert ask(RULE, air) == []
    redirect(air, "bank.example", f"http://{GATEWAY_IP}/login")
    [finding] = ask(RULE, air)
    assert finding.severity.value == "low"  # a router answers under a name of its own in this way, too
    name(air, kit, "mail.example.org", GATEWAY_IP)
    assert ask(RULE, air)[0].severity.value == "high"


def test_an_honest_portal_is_quiet(air, kit, ask) -> None:
    join(air, kit, b"https://portal.hotel.example/api")
    name(air, kit, "portal.hotel.example", GATEWAY_IP)
    name(air, kit, "www.example.org", "198.51.100.1")
    redirect(air, "www.example.org", "https://portal.hotel.example/", ip="198.51.100.1")
    assert ask(RULE, air) == []


def test_a_portal_that_answers_falsely_before_login_but_leads_to_encryption_is_a_question(
    air, kit, ask
) -> None:
    join(air, kit, b"https://portal.hotel.example/api")
    for host in ("www.example.org", "connectivity.example.com", "news.example.net"):
        name(air, kit, host, GATEWAY_IP)
    redirect(air, "www.example.org", "https://portal.hotel.example/")
    name(air, kit, "www.example.org", "198.51.100.1", number=9)
    assert all(f.severity.value == "low" for f in ask(RULE, air))


def test_names_inside_an_organisation_are_quiet(air, kit, ask) -> None:
    join(air, kit)
    for host in ("intranet.corp.example", "mail.corp.example", "printer.local", "nas.lan", "router"):
        name(air, kit, host, "10.9.0.200")
    assert ask(RULE, air) == []


def test_a_race_against_the_name_server(air, kit, ask) -> None:
    join(air, kit)
    name(air, kit, "bank.example", OTHER_IP, server=OTHER, number=77)
    air.now -= 2.9
    name(air, kit, "bank.example", "198.51.100.9", number=77)
    [finding] = ask(RULE, air)
    assert finding.actors == (OTHER,)
    assert "twice" in finding.evidence[0].says


def test_many_sites_of_one_host_in_public_space_are_quiet(air, kit, ask) -> None:
    join(air, kit)
    for host in ("a.example.org", "b.example.com", "c.example.net"):
        name(air, kit, host, "198.51.100.80")
    assert ask(RULE, air) == []


def test_encryption_under_an_address_instead_of_a_name_proves_nothing(air, kit, ask) -> None:
    join(air, kit)
    for host in ("www.example.org", "connectivity.example.com", "news.example.net"):
        name(air, kit, host, GATEWAY_IP)
    redirect(air, "www.example.org", f"https://{GATEWAY_IP}/login")
    assert ask(RULE, air)[0].severity.value == "high"


def test_one_name_that_leads_to_a_page_which_takes_secrets(air, kit, ask) -> None:
    join(air, kit)
    name(air, kit, "bank.example", GATEWAY_IP)
    redirect(air, "bank.example", f"http://{GATEWAY_IP}/login")
    body = b"card_number=4111111111111111"
    head = b"POST / HTTP/1.1\r\nHost: bank.example\r\nContent-Length: 28\r\n\r\n"
    air.talk(("client", head + body), ("server", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    assert ask(RULE, air)[0].severity.value == "high"


def test_a_value_that_only_looks_like_a_secret_is_none(air, kit, ask) -> None:
    """Its digits may be those of a card; the name of the field says that they are not."""
    join(air, kit)
    name(air, kit, "bank.example", GATEWAY_IP)
    redirect(air, "bank.example", f"http://{GATEWAY_IP}/login")
    head = b"POST / HTTP/1.1\r\nHost: bank.example\r\nContent-Length: 22\r\n\r\n"
    air.talk(
        ("client", head + b"track=4111111111111111"),
        ("server", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    )
    assert [f.severity.value for f in ask(RULE, air)] == ["low"]


def against(finding) -> set[str]:
    return {item.says for item in finding.evidence if not item.supports}


def test_an_announced_portal_and_one_with_encryption_speak_against_it(air, kit, ask) -> None:
    join(air, kit, b"https://portal.hotel.example/api")
    for host in ("www.example.org", "connectivity.example.com", "news.example.net"):
        name(air, kit, host, GATEWAY_IP)
    [announced] = ask(RULE, air)
    told = (
        "the network announces a portal with encryption (https://portal.hotel.example/api), as RFC 8910 says"
    )
    assert against(announced) == {told}
    redirect(air, "www.example.org", "https://portal.hotel.example/")
    [both] = ask(RULE, air)
    assert against(both) == {told, "browsers are led on to portal.hotel.example with encryption"}
    assert both.confidence < announced.confidence


def test_another_network_s_name_server_tells_the_truth(air, kit, ask) -> None:
    """The same device asks at home, or beside: there the name leads to its public address."""
    home, home_ip = "02:00:00:00:00:02", "10.3.0.1"
    join(air, kit)
    for host in ("bank.example", "mail.example.org"):
        name(air, kit, host, GATEWAY_IP)
    name(air, kit, "news.example.net", "198.51.100.7", server=home, ip=home_ip, bssid=home)
    [alone] = ask(RULE, air)
    name(air, kit, "bank.example", "198.51.100.9", server=home, ip=home_ip, bssid=home)
    [told] = ask(RULE, air)
    assert {item.says for item in told.evidence} - {item.says for item in alone.evidence} == {
        f"another name server, {home_ip}, says that bank.example is at 198.51.100.9, not {GATEWAY_IP}"
    }
    assert told.confidence > alone.confidence
