import pytest

CLIENT, AP = "02:00:00:00:00:c1", "02:00:00:00:00:01"
GET = b"GET /%s HTTP/1.1\r\nHost: a.example\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


def test_requests_sent_ahead_meet_their_answers(air) -> None:
    no = b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"
    air.talk(("client", GET % b"a" + GET % b"b"), ("server", OK + no))
    assert [(e.path, e.status) for e in air.fold().exchanges] == [("/a", 200), ("/b", 404)]


def test_a_lost_request_does_not_shift_the_answers(air) -> None:
    no = b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"
    air.talk(
        ("client", GET % b"a"),
        ("server", OK),
        ("client", GET % b"b"),
        ("server", no),
        ("client", GET % b"c"),
        ("server", OK),
    )
    rows = [i for i in range(len(air.frames)) if i != 4]
    assert [(e.path, e.status) for e in air.fold(rows).exchanges] == [("/a", 200), ("", 404), ("/c", 200)]


def test_one_octet_at_a_time(air) -> None:
    air.talk(("client", GET % b"slow"), ("server", OK), size=1, port=9999)
    assert [(e.path, e.status) for e in air.fold().exchanges] == [("/slow", 200)]


@pytest.mark.parametrize("close", [True, False])
def test_a_new_connection_on_the_same_ports(air, close) -> None:
    air.talk(("client", GET % b"a"), ("server", OK), close=close)
    air.port -= 1
    air.talk(("client", GET % b"b"), ("server", OK), start=3_000_000)
    assert [(e.path, e.status) for e in air.fold().exchanges] == [("/a", 200), ("/b", 200)]


def test_an_upgrade_to_a_web_socket_is_noted_and_let_go(air) -> None:
    answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    air.talk(
        ("client", GET % b"keys"), ("server", answer), ("client", b"\x81\x85abcdefghi"), ("server", bytes(90))
    )
    [exchange] = air.fold().exchanges
    assert (exchange.path, exchange.upgrade) == ("/keys", "websocket")


@pytest.mark.parametrize("hear", ["client", "server"])
def test_the_ends_are_known_from_one_side_alone(air, hear) -> None:
    air.talk(("client", GET % b"a"), ("server", OK), hear=hear)
    ends = air.fold().exchanges[0].ends
    assert (ends.client_ip, ends.server_ip, ends.port) == ("10.9.0.50", "10.9.0.1", 80)
    assert (ends.client, ends.server) == (CLIENT, AP)
