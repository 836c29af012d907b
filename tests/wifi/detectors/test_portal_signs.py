"""What speaks for an honest portal, as the rules on open networks tell it."""

AP, CLIENT = "02:00:00:00:00:01", "02:00:00:00:00:c1"
GATEWAY_IP, CLIENT_IP = "10.9.0.1", "10.9.0.50"


def test_a_long_address_of_a_portal_is_cut_after_120_letters(air, kit, ask) -> None:
    url = "https://portal.hotel.example/api?site=" + "0123456789" * 10
    options = {3: kit("raw", GATEWAY_IP), 6: kit("raw", GATEWAY_IP), 114: url.encode()}
    message = kit("dhcp", 5, CLIENT, CLIENT_IP, GATEWAY_IP, options)
    air.ip(AP, CLIENT, kit("udp", GATEWAY_IP, 67, CLIENT_IP, 68, message))
    for host in ("bank.example", "mail.example.org"):
        air.ip(AP, CLIENT, kit("udp", GATEWAY_IP, 53, CLIENT_IP, 5000, kit("dns", host, [GATEWAY_IP])))
    [finding] = ask("wifi/dns-hijack", air)
    [announced] = [item.says for item in finding.evidence if "announces a portal" in item.says]
    assert announced == f"the network announces a portal with encryption ({url[:120]}), as RFC 8910 says"
