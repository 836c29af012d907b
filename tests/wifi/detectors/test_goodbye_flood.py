"""Reasoning that floods of deauthentications and of disassociations share."""

import pytest

AP = "50:c7:bf:f1:00:10"


def flood(findings_of, listing: str, security: str = "wpa2", rule: str = "deauth-flood"):
    real = f"ap real {AP} Office ch=6 sec={security} make=tplink up=90000 seq=3000 to=14\n"
    [finding] = [f for f in findings_of(real + listing) if f.rule == f"wifi/{rule}"]
    return finding


def test_the_eight_clients_aimed_at_most_often_are_named(findings_of) -> None:
    addresses = [f"3c:a9:f4:00:01:{i:02x}" for i in range(9)]
    finding = flood(
        findings_of,
        "\n".join(
            f"station c{i} {address}\ngoodbye {5 + i / 100} real c{i} count={30 - i} every=0.1 seq={100 * i}"
            for i, address in enumerate(addresses)
        ),
    )
    assert finding.targets == (*addresses[:8], AP)


def test_a_client_of_the_second_burst_is_named_beside_those_of_both(findings_of) -> None:
    addresses = [f"3c:a9:f4:00:01:{i:02x}" for i in range(6)]
    stations = [f"station c{i} {address}" for i, address in enumerate(addresses)]
    bursts = [
        f"goodbye {at + i / 100} real c{i} count=12 every=0.1 seq={100 * i}"
        for at, clients in ((1, 5), (100, 6))
        for i in range(clients)
    ]
    finding = flood(findings_of, "\n".join(stations + bursts))
    assert set(finding.targets) == {*addresses, AP}


@pytest.mark.parametrize(("rule", "kind"), [("deauth-flood", ""), ("disassoc-flood", "disassoc")])
def test_clients_that_protect_management_frames_make_forged_ones_less_grave(
    findings_of, rule: str, kind: str
) -> None:
    listing = f"goodbye 5 real all {kind} count=14 every=0.5 reason=3 seq=1200"
    plain, protected = (flood(findings_of, listing, security, rule) for security in ("wpa23", "wpa3"))
    [extra] = {item.says for item in protected.evidence} - {item.says for item in plain.evidence}
    assert extra == "its clients protect management frames and ignore forged ones"
    assert protected.confidence < plain.confidence
