AP, CLIENT, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:c1", "02:00:00:00:00:e1"
GATEWAY_IP, CLIENT_IP, OTHER_IP = "10.9.0.1", "10.9.0.50", "10.9.0.66"
RULE = "wifi/rogue-dhcp"


def answer(
    air, kit, kind=2, server=AP, ip=GATEWAY_IP, given=CLIENT_IP, router=None, client=CLIENT, **header
) -> None:
    options = {3: kit("raw", router or ip), 6: kit("raw", router or ip), 1: b"\xff\xff\xff\0"}
    message = kit("dhcp", kind, client, given, ip, options if kind != 6 else {})
    air.ip(server, client, kit("udp", ip, 67, given, 68, message), **header)


def test_the_labelled_captures(findings) -> None:
    [finding] = [f for f in findings("lan-dhcp-a") if f.rule == RULE]
    assert finding.actors == ("00:c0:ca:d4:00:66",)
    for name in ("hotel-a", "lure-a", "lan-arp-a"):
        assert [f for f in findings(name) if f.rule == RULE] == []


def test_a_client_that_hands_out_itself(air, kit, ask) -> None:
    answer(air, kit, server=OTHER, ip=OTHER_IP)
    answer(air, kit, kind=5, server=OTHER, ip=OTHER_IP)
    answer(air, kit)
    answer(air, kit, kind=6)
    [finding] = ask(RULE, air)
    assert finding.actors == (OTHER,)
    assert set(finding.targets) == {AP, CLIENT}
    assert finding.endpoints == (OTHER_IP,)
    assert finding.confidence > 0.9


def test_the_networks_own_server_need_not_be_heard(air, kit, ask) -> None:
    answer(air, kit, server=OTHER, ip=OTHER_IP)
    [finding] = ask(RULE, air)
    assert finding.actors == (OTHER,)
    assert finding.severity.value == "high"


def test_the_networks_own_server_is_quiet(air, kit, ask) -> None:
    answer(air, kit)
    answer(air, kit, kind=5)
    assert ask(RULE, air) == []


def test_a_server_behind_the_access_point_is_quiet(air, kit, ask) -> None:
    answer(air, kit, server="02:00:00:00:00:77", wired=True)
    assert ask(RULE, air) == []


def test_a_pair_of_servers_with_the_same_answers_is_quiet_or_a_question(air, kit, ask) -> None:
    answer(air, kit)
    answer(air, kit, server="02:00:00:00:00:77", ip="10.9.0.2", router=GATEWAY_IP, wired=True)
    assert ask(RULE, air) == []


def test_a_second_server_behind_the_access_point_is_a_question(air, kit, ask) -> None:
    answer(air, kit)
    air.now += 60
    answer(air, kit, server="02:00:00:00:00:77", ip="192.168.1.1", given="192.168.1.50", wired=True)
    [finding] = ask(RULE, air)
    assert finding.actors == ("02:00:00:00:00:77",)
    assert finding.severity.value == "low"


def test_only_a_refusal_soon_after_is_told(air, kit, ask) -> None:
    def refuses(kind: int, after: float) -> bool:
        air.frames.clear()
        answer(air, kit, server=OTHER, ip=OTHER_IP)
        answer(air, kit, kind=5, server=OTHER, ip=OTHER_IP)
        air.now += after
        answer(air, kit, kind=kind)
        return any("refuses" in item.says for finding in ask(RULE, air) for item in finding.evidence)

    assert refuses(6, 1.0)
    assert not refuses(2, 1.0), "another offer"
    assert not refuses(6, 3600.0), "much later"


def test_a_second_server_with_the_same_answers_is_told(air, kit, ask) -> None:
    """A pair of one operator does that."""
    for kind in (2, 5):
        answer(air, kit, kind=kind, server=OTHER, ip=OTHER_IP, router=GATEWAY_IP)
    answer(air, kit, router=GATEWAY_IP)
    says = [item.says for finding in ask(RULE, air) for item in finding.evidence if not item.supports]
    assert any("gives the same answers" in line for line in says)
