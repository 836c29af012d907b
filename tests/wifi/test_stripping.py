import pytest

from rogue_scan.wifi.net.records import Ends, Exchange, PageFacts, TlsSession
from rogue_scan.wifi.stripping import strips
from rogue_scan.wifi.traffic import net_of
from rogue_scan.wifi.world import Ref, World


def ends(server: str = "ap", bssid: str = "ap", port: int = 80) -> Ends:
    return Ends(bssid, "sta", "10.0.0.9", server, "198.51.100.1", port)


def upgrade(frame: int, host: str = "bank.example", **who: str) -> Exchange:
    ref = Ref(frame, float(frame))
    return Exchange(ends(**who), "GET", host, "/", ref, status=301, response=ref, location=f"https://{host}/")


def plain(frame: int, host: str = "bank.example", **who: str) -> Exchange:
    ref = Ref(frame, float(frame))
    return Exchange(ends(**who), "GET", host, "/", ref, status=200, response=ref, page=PageFacts("Bank"))


@pytest.fixture
def world() -> World:
    made = World()
    made.net = net_of(made)
    return made


def test_a_plain_page_from_somebody_else_after_encryption(world) -> None:
    world.net.exchanges += [upgrade(1), plain(5, server="attacker")]
    [strip] = strips(world)
    assert (strip.host, strip.server, strip.elsewhere) == ("bank.example", "attacker", True)
    assert [ref.frame for ref in strip.refs] == [5]


def test_the_same_party_may_offer_both(world) -> None:
    world.net.exchanges += [upgrade(1), plain(5)]
    [strip] = strips(world)
    assert not strip.elsewhere


def test_a_session_with_encryption_counts_too_even_at_another_access_point(world) -> None:
    world.net.sessions.append(TlsSession(ends(port=443), Ref(2, 2.0), "bank.example", answered=True))
    world.net.exchanges.append(plain(5, server="twin", bssid="twin"))
    [strip] = strips(world)
    assert strip.elsewhere
    assert strip.session is not None


def test_the_letters_that_tools_add_are_seen_through(world) -> None:
    world.net.exchanges += [upgrade(1, "www.bank.example"), plain(5, "wwww.bank.example")]
    assert [s.host for s in strips(world)] == ["wwww.bank.example"]


def test_plain_pages_before_encryption_are_nothing(world) -> None:
    world.net.exchanges += [plain(1), upgrade(5)]
    assert list(strips(world)) == []
