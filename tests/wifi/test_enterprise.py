"""Login servers by the EAP exchange on the air."""

from pathlib import Path

import pytest

from rogue_scan.rules.load import load
from rogue_scan.wifi import enterprise
from rogue_scan.wifi.analyse import Session

RULES = load()
DATA = Path(__file__).parents[1] / "data" / "wifi"


def logins(name: str) -> list[enterprise.Login]:
    session = Session(RULES)
    session.feed((DATA / name).read_bytes())
    session.finish()
    return enterprise.logins(session.world)


def test_two_access_points_of_one_server() -> None:
    seen = logins("eap-a.pcapng")
    servers = {enterprise.server(login.certificates) for login in seen if login.certificates}
    (server,) = servers
    assert server is not None
    assert server.common_name == "radius.uni.example"
    assert not server.self_signed
    assert {login.bssid for login in seen} == {"70:db:98:aa:10:20", "70:db:98:aa:3f:60"}
    assert any(login.success for login in seen)


def test_a_twin_with_a_server_of_its_own() -> None:
    by_address = {}
    for login in logins("eaptwin-a.pcapng"):
        if login.certificates:
            by_address[login.bssid] = enterprise.server(login.certificates)
    real, false = by_address["70:db:98:31:0a:e0"], by_address["00:c0:ca:3c:e2:10"]
    assert real.sha256 != false.sha256
    assert false.self_signed


def test_a_client_that_checks_says_so() -> None:
    refused = [login for login in logins("eaptwin-a.pcapng") if login.refused]
    assert [login.alert for login in refused] == ["unknown certificate authority"]


@pytest.mark.parametrize("chain", [(), (b"",), (b"\x30\x03\x02\x01\x01",)])
def test_a_chain_that_cannot_be_read_is_no_server(chain: tuple[bytes, ...]) -> None:
    assert enterprise.server(chain) is None
