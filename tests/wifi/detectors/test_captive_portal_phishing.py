from rogue_scan.model.data import DataCategory

AP, CLIENT, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:c1", "02:00:00:00:00:e1"
GATEWAY_IP, CLIENT_IP, OTHER_IP = "10.9.0.1", "10.9.0.50", "10.9.0.66"
RULE = "wifi/captive-portal-phishing"
ID_FORM = "身份证号 <input name=a> 银行卡号 <input name=b> 验证码 <input name=c>"
LOGIN_FORM = "User <input name=username> <input type=password name=password>"
ROOM_FORM = "Room <input name=room> Voucher <input name=voucher>"


def page(air, body, host=GATEWAY_IP, path="/login", ip=GATEWAY_IP, action="/submit", **ends) -> None:
    html = f"<html><title>Free Wi-Fi</title><form method=post action='{action}'>{body}</form></html>".encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(html)}\r\n\r\n"
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    air.talk(("client", request), ("server", head.encode() + html), server_ip=ip, **ends)


def post(air, body, host=GATEWAY_IP, ip=GATEWAY_IP, **ends) -> None:
    head = f"POST /submit HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    air.talk(("client", head.encode() + body.encode()), ("server", answer), server_ip=ip, **ends)


def redirect(air, host, target, ip="198.51.100.1", **ends) -> None:
    request = f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    answer = f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
    air.talk(("client", request), ("server", answer), server_ip=ip, **ends)


def name(air, kit, host, address, server=AP) -> None:
    air.now += 3
    air.ip(server, CLIENT, kit("udp", GATEWAY_IP, 53, CLIENT_IP, 5000, kit("dns", host, [address])))


def test_the_labelled_captures(findings) -> None:
    for capture, actor in (("lure-a", "00:c0:ca:82:0c:11"), ("lan-dhcp-a", "00:c0:ca:d4:00:66")):
        [finding] = [f for f in findings(capture) if f.rule == RULE]
        assert finding.actors == (actor,)
        assert finding.severity.value == "critical"
    for capture in ("hotel-a", "lan-strip-a", "lan-arp-a"):
        assert [f for f in findings(capture) if f.rule == RULE] == []


def test_a_portal_that_asks_for_identity_and_card(air, ask) -> None:
    redirect(air, "connectivity.example.com", f"http://{GATEWAY_IP}/login")
    page(air, ID_FORM)
    [finding] = ask(RULE, air)
    assert finding.actors == (AP,)
    assert finding.targets == (CLIENT,)
    assert finding.severity.value == "critical"
    assert finding.data == (DataCategory.BANK_ACCOUNT, DataCategory.IDENTITY_NUMBER, DataCategory.SMS)


def test_a_portal_in_public_space_by_name(air, kit, ask) -> None:
    name(air, kit, "wifi-login.example.net", "203.0.113.77")
    redirect(air, "connectivity.example.com", "http://wifi-login.example.net/start")
    page(air, ID_FORM, host="wifi-login.example.net", ip="203.0.113.77")
    assert ask(RULE, air)[0].severity.value == "critical"


def test_a_form_that_was_not_heard_but_answered(air, kit, ask) -> None:
    name(air, kit, "bank.example", GATEWAY_IP)
    redirect(air, "bank.example", f"http://{GATEWAY_IP}/", ip=GATEWAY_IP)
    post(air, "card_number=4111111111111111&cvv=123", host="bank.example")
    [finding] = ask(RULE, air)
    assert finding.data == (DataCategory.BANK_ACCOUNT,)
    assert finding.severity.value == "critical"


def test_a_client_that_plays_the_portal_is_accused_itself(air, kit, ask) -> None:
    name(air, kit, "bank.example", OTHER_IP, server=OTHER)
    page(air, LOGIN_FORM, host="bank.example", ip=OTHER_IP, server=OTHER)
    assert ask(RULE, air)[0].actors == (OTHER,)


def test_a_known_kit_is_named(air, ask) -> None:
    redirect(air, "connectivity.example.com", f"http://{GATEWAY_IP}/")
    page(air, "Router password <input name=wfphshr-wpa-password type=password>")
    [finding] = ask(RULE, air)
    assert any("wifiphisher" in item.says for item in finding.evidence)
    assert finding.severity.value == "critical"


def test_a_portal_with_encryption_is_quiet(air, ask) -> None:
    redirect(air, "connectivity.example.com", "https://portal.hotel.example/")
    assert ask(RULE, air) == []


def test_a_portal_that_asks_for_room_or_voucher_is_quiet(air, ask) -> None:
    redirect(air, "connectivity.example.com", f"http://{GATEWAY_IP}/login")
    page(air, ROOM_FORM)
    assert ask(RULE, air) == []


def test_an_old_portal_with_accounts_is_a_question(air, ask) -> None:
    redirect(air, "connectivity.example.com", f"http://{GATEWAY_IP}/login")
    page(air, LOGIN_FORM)
    assert [f.severity.value for f in ask(RULE, air)] == ["low"]


def test_ones_own_routers_login_is_a_question_at_most(air, ask) -> None:
    page(air, LOGIN_FORM)
    assert all(f.severity.value == "low" for f in ask(RULE, air))


def test_an_ordinary_site_without_encryption_is_no_portal(air, ask) -> None:
    page(air, ID_FORM, host="old-shop.example", ip="198.51.100.44")
    redirect(air, "old-shop.example", "http://www.old-shop.example/", ip="198.51.100.44")
    assert ask(RULE, air) == []


def test_a_network_that_answers_whatever_address_is_asked(air, ask) -> None:
    page(air, ID_FORM, host="shop.example.com", ip="198.51.100.1")
    assert ask(RULE, air) == []
    page(air, ID_FORM, host="news.example.org", ip="203.0.113.9")
    [finding] = ask(RULE, air)
    assert finding.severity.value == "critical"
    assert any("news.example.org, shop.example.com" in item.says for item in finding.evidence)


def test_a_form_in_the_place_of_a_connectivity_check(air, ask) -> None:
    page(air, ID_FORM, host="connectivitycheck.gstatic.com", path="/generate_204", ip="198.51.100.1")
    assert ask(RULE, air)[0].severity.value == "critical"


def test_a_form_that_sends_with_encryption_weighs_less(air, ask) -> None:
    redirect(air, "connectivity.example.com", f"http://{GATEWAY_IP}/login")
    page(air, LOGIN_FORM, action="https://portal.hotel.example/login")
    weaker = ask(RULE, air)
    assert all(f.severity.value == "low" for f in weaker)
    assert any("though the page itself" in item.says for f in weaker for item in f.evidence)


def test_a_page_that_can_take_keys_as_they_are_typed(air, ask) -> None:
    redirect(air, "connectivity.example.com", f"http://{GATEWAY_IP}/login")
    page(air, LOGIN_FORM)
    [before] = ask(RULE, air)
    request = f"GET /log HTTP/1.1\r\nHost: {GATEWAY_IP}\r\nUpgrade: websocket\r\n\r\n".encode()
    air.talk(
        ("client", request), ("server", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
    )
    [after] = ask(RULE, air)
    assert after.confidence > before.confidence


def test_a_telephone_number_checked_by_message_is_a_question(air, ask) -> None:
    redirect(air, "connectivity.example.com", f"http://{GATEWAY_IP}/login")
    page(air, "手机号 <input name=mobile> 验证码 <input name=yzm>")
    assert [f.severity.value for f in ask(RULE, air)] == ["low"]


def test_a_voucher_with_a_pin_is_quiet(air, ask) -> None:
    redirect(air, "connectivity.example.com", f"http://{GATEWAY_IP}/login")
    page(air, "Voucher PIN <input name=pin> Access code <input name=code>")
    assert ask(RULE, air) == []


def test_a_portal_with_encryption_is_told_by_the_answer_that_leads_there(air, ask) -> None:
    redirect(air, "www.example.org", "https://portal.hotel.example/start")
    page(air, ID_FORM)
    (exchange, _) = air.fold().exchanges[:2]
    (finding,) = ask(RULE, air)
    (item,) = [item for item in finding.evidence if "portal.hotel.example" in item.says and not item.supports]
    assert item.where.frame == exchange.response.frame != exchange.ref.frame
