import struct

AP, CLIENT, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:c1", "02:00:00:00:00:e1"
GATEWAY_IP, CLIENT_IP, OTHER_IP = "10.9.0.1", "10.9.0.50", "10.9.0.66"
RULE = "wifi/arp-spoof"


def join(air, kit, client=CLIENT, ip=CLIENT_IP) -> None:
    options = {3: kit("raw", GATEWAY_IP), 6: kit("raw", GATEWAY_IP), 1: b"\xff\xff\xff\0"}
    air.ip(AP, client, kit("udp", GATEWAY_IP, 67, ip, 68, kit("dhcp", 5, client, ip, GATEWAY_IP, options)))


def who_has(air, kit, client=CLIENT, ip=CLIENT_IP) -> None:
    air.send(client, "ff:ff:ff:ff:ff:ff", 0x0806, kit("arp", 1, client, ip, "00:00:00:00:00:00", GATEWAY_IP))
    air.send(AP, client, 0x0806, kit("arp", 2, AP, GATEWAY_IP, client, ip))


def poison(air, kit, mac=OTHER, ip=GATEWAY_IP, to=CLIENT, times=5) -> None:
    for _ in range(times):
        air.now += 2
        air.send(mac, to, 0x0806, kit("arp", 2, mac, ip, to, CLIENT_IP))


def test_the_labelled_captures(findings) -> None:
    for name, attacker in (("lan-arp-a", "00:c0:ca:a1:00:66"), ("lan-strip-a", "00:c0:ca:55:00:66")):
        [finding] = [f for f in findings(name) if f.rule == RULE]
        assert finding.actors == (attacker,)
        assert finding.severity.value == "high"
    for name in ("hotel-a", "lure-a", "lan-dhcp-a"):
        assert [f for f in findings(name) if f.rule == RULE] == []


def test_a_client_that_claims_the_routers_address(air, kit, ask) -> None:
    join(air, kit)
    who_has(air, kit)
    poison(air, kit)
    [finding] = ask(RULE, air)
    assert finding.actors == (OTHER,)
    assert set(finding.targets) == {AP, CLIENT}
    assert finding.confidence > 0.6
    assert GATEWAY_IP in finding.message
    assert finding.ssids == ("Free WiFi",)


def test_both_directions_make_it_surer(air, kit, ask) -> None:
    join(air, kit)
    poison(air, kit)
    [one] = ask(RULE, air)
    poison(air, kit, ip=CLIENT_IP, to=AP)
    [both] = ask(RULE, air)
    assert both.confidence > one.confidence


def test_an_ordinary_network_is_quiet(air, kit, ask) -> None:
    for number in range(5):
        client, ip = f"02:00:00:00:00:d{number}", f"10.9.0.{70 + number}"
        join(air, kit, client, ip)
        who_has(air, kit, client, ip)
        air.now += 30
        air.send(client, "ff:ff:ff:ff:ff:ff", 0x0806, kit("arp", 1, client, ip, "00:00:00:00:00:00", ip))
    assert ask(RULE, air) == []


def test_an_address_that_was_handed_out_again_changes_its_owner(air, kit, ask) -> None:
    join(air, kit)
    who_has(air, kit)
    air.now += 3600
    join(air, kit, client=OTHER)
    poison(air, kit, ip=CLIENT_IP, to=AP)
    assert ask(RULE, air) == []


def test_routers_that_share_an_address_on_purpose_are_not_accused_loudly(air, kit, ask) -> None:
    who_has(air, kit)
    shared = "00:00:5e:00:01:05"
    for _ in range(5):
        air.now += 10
        air.send(shared, CLIENT, 0x0806, kit("arp", 2, shared, GATEWAY_IP, CLIENT, CLIENT_IP), wired=True)
    assert all(f.severity.value == "low" for f in ask(RULE, air))


def test_a_replaced_router_is_a_question_only(air, kit, ask) -> None:
    who_has(air, kit)
    new = "02:00:00:00:00:99"
    air.now += 100
    for _ in range(3):
        air.now += 10
        air.send(
            new,
            CLIENT,
            0x0806,
            kit("arp", 2, new, GATEWAY_IP, CLIENT, CLIENT_IP),
            wired=True,
            bssid="02:00:00:00:00:02",
        )
    assert all(f.severity.value == "low" for f in ask(RULE, air))


# The same in IPv6, by neighbour discovery.

ROUTER_6, CLIENT_6, OTHER_6 = (bytes.fromhex("fe80" + "00" * 13 + last) for last in ("01", "32", "42"))
ALL = bytes.fromhex("ff02" + "00" * 13 + "01")


def discover(air, kit, mac, to, here, there, kind, target=b"", owner="", flags=0) -> None:
    """One message of neighbour discovery; ``owner`` is the link-layer address that it names."""
    option = (b"\1\1" if kind == 134 else b"\2\1") + kit("raw", owner) if owner else b""
    body = bytes([kind, 0, 0, 0, flags, 0, 0, 0]) + (bytes(8) if kind == 134 else target) + option
    packet = struct.pack("!IHBB", 6 << 28, len(body), 58, 255) + here + there + body
    air.send(mac, to, 0x86DD, packet)
    air.now += 1


def honest(air, kit) -> None:
    for _ in range(3):
        discover(air, kit, AP, "33:33:00:00:00:01", ROUTER_6, ALL, 134, owner=AP)
    for mac, address in ((CLIENT, CLIENT_6), (OTHER, OTHER_6)):
        discover(air, kit, mac, "33:33:00:00:00:01", address, ALL, 136, address, mac, 0x20)
        discover(air, kit, mac, AP, address, ROUTER_6, 135, ROUTER_6)
        discover(air, kit, AP, mac, ROUTER_6, address, 136, ROUTER_6, AP, 0xE0)


def test_a_client_that_claims_the_routers_address_in_ipv6(air, kit, ask) -> None:
    honest(air, kit)
    for _ in range(4):
        discover(air, kit, OTHER, CLIENT, ROUTER_6, CLIENT_6, 136, ROUTER_6, OTHER, 0x60)
        discover(air, kit, OTHER, AP, CLIENT_6, ROUTER_6, 136, CLIENT_6, OTHER, 0x60)
        discover(air, kit, AP, "33:33:00:00:00:01", ROUTER_6, ALL, 134, owner=AP)
    [finding] = ask(RULE, air)
    assert finding.actors == (OTHER,)
    assert set(finding.targets) == {AP, CLIENT}
    assert finding.severity.value == "high"
    assert "fe80::1" in finding.message


def test_an_ordinary_ipv6_network_is_quiet(air, kit, ask) -> None:
    honest(air, kit)
    honest(air, kit)
    assert ask(RULE, air) == []


def test_who_stands_in_for_others_as_the_standard_says_is_quiet(air, kit, ask) -> None:
    """A proxy, or one of several routers behind an anycast address, does not override."""
    honest(air, kit)
    for _ in range(5):
        discover(air, kit, OTHER, AP, CLIENT_6, ROUTER_6, 136, CLIENT_6, OTHER, 0x40)
    assert ask(RULE, air) == []


def test_an_owner_that_left_may_have_given_its_address_away(air, kit, ask) -> None:
    def says_so() -> bool:
        [finding] = ask(RULE, air)
        return any(f"{CLIENT} was not heard again" in item.says for item in finding.evidence)

    who_has(air, kit)
    air.now += 100
    poison(air, kit, ip=CLIENT_IP, to=AP)
    assert says_so()
    who_has(air, kit)
    assert not says_so(), "it is still there"
