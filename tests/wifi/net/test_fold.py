# ruff: noqa: E501  (packets are easier to read in one line)
"""The fold as a whole: from data frames to records."""

import ipaddress
import random
import struct
import tracemalloc

from rogue_scan.source.sniff import Kind
from rogue_scan.source.walk import Source
from rogue_scan.wifi.capture import writer
from rogue_scan.wifi.capture.open import Stream
from rogue_scan.wifi.net import fold as module
from rogue_scan.wifi.net.fold import NetFold

AP, CLIENT, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:c1", "02:00:00:00:00:e1"
BROADCAST = "ff:ff:ff:ff:ff:ff"
GATEWAY_IP, CLIENT_IP, OTHER_IP = "10.9.0.1", "10.9.0.50", "10.9.0.66"
FORM = (
    b"<html><title>Free Wi-Fi</title><form action=/submit method=post>Card number <input name=f1>"
    b"<input type=password name=f2></form><a href='/app.apk?x=1'>app</a></html>"
)


def page(body: bytes, extra: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n%sContent-Length: %d\r\n\r\n%s" % (
        extra,
        len(body),
        body,
    )


def state(net: NetFold) -> object:
    """Everything a detector can see."""
    return (
        net.exchanges, net.dhcp, net.dns, net.claims, net.sessions, net.logins, net.routes, net.contacts,
        net.questions, net.offers, net.evicted,
    )  # fmt: skip


def test_a_request_and_its_page(air) -> None:
    air.talk(
        ("client", b"GET /login?lang=en HTTP/1.1\r\nHost: Portal.Example:80\r\n\r\n"), ("server", page(FORM))
    )
    [exchange] = air.fold().exchanges
    assert (exchange.method, exchange.host, exchange.path, exchange.status) == (
        "GET",
        "portal.example",
        "/login",
        200,
    )
    assert exchange.page is not None
    assert exchange.page.asks == ("account-password", "bank-account")
    assert exchange.page.links == ("http://Portal.Example:80/app.apk",)
    assert exchange.page.forms[0].action == "http://Portal.Example:80/submit"
    assert (exchange.ends.client, exchange.ends.server, exchange.ends.server_ip) == (CLIENT, AP, GATEWAY_IP)
    assert exchange.request is not None
    assert exchange.request.frame == 3


def test_what_was_sent_is_told_by_kind_and_length_never_by_value(air) -> None:
    body = b"phone=13800138000&f9=4111111111111111&mail=me%40example.org&empty="
    head = b"POST /submit?token=alice-secret-99 HTTP/1.1\r\nHost: x.example\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    air.talk(("client", head + b"Content-Length: %d\r\n\r\n" % len(body) + body), ("server", page(b"thanks")))
    net = air.fold()
    sent = {item.name: (item.kinds, item.length, item.by_shape) for item in net.exchanges[0].sent}
    assert sent["phone"] == (("phone-number",), 11, True)
    assert sent["f9"] == (("bank-account",), 16, True)
    assert sent["mail"] == (("e-mail",), 14, True)
    for value in ("13800138000", "4111111111111111", "me@example.org", "alice-secret-99"):
        assert value not in repr(state(net))


def test_a_personal_value_in_a_path_is_blanked(air) -> None:
    air.talk(("client", b"GET /u/me@example.org/13800138000/x HTTP/1.1\r\nHost: a.example\r\n\r\n"))
    assert air.fold().exchanges[0].path == "/u/…/…/x"


def test_multipart_and_json_bodies(air) -> None:
    part = b'--zz\r\nContent-Disposition: form-data; name="passport_no"\r\n\r\nX123\r\n--zz--\r\n'
    for kind, body in (
        (b"multipart/form-data; boundary=zz", part),
        (b"application/json", b'{"user": {"passport_no": "X123", "ok": true}, "list": [1]}'),
    ):
        head = b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Type: " + kind
        air.talk(("client", head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body))
    for exchange in air.fold().exchanges:
        assert exchange.sent[0].kinds == ("identity-number",)
        assert exchange.sent[0].length == 4


def test_either_side_may_be_out_of_range(air) -> None:
    request = b"GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"
    air.talk(("client", request), ("server", page(FORM)), hear="client")
    air.talk(("client", request), ("server", page(FORM)), hear="server")
    asked, answered = air.fold().exchanges
    assert (asked.method, asked.status, asked.response) == ("GET", 0, None)
    assert (answered.method, answered.status, answered.request) == ("", 200, None)
    assert answered.ends.client_ip == CLIENT_IP


def test_a_conversation_heard_from_the_middle_on(air) -> None:
    air.talk(("client", b"GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"), ("server", page(b"x" * 4000 + FORM)))
    rows = [i for i in range(len(air.frames)) if i not in (0, 1)]
    assert [e.status for e in air.fold(rows).exchanges] == [200]


def test_the_port_does_not_tell_the_protocol(air) -> None:
    air.talk(("client", b"GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"), ("server", page(FORM)), port=4711)
    assert air.fold().exchanges[0].ends.port == 4711


def test_a_redirect_is_absolute_and_without_its_query(air) -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: /next?user=alice\r\nContent-Length: 0\r\n\r\n"
    air.talk(("client", b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"), ("server", answer))
    assert air.fold().exchanges[0].location == "http://a.example/next"


def test_logins_of_mail_and_files(air) -> None:
    air.talk(("server", b"220 ready\r\n"), ("client", b"USER alice\r\n"), ("server", b"331\r\n"),
             ("client", b"PASS hunter2\r\n"), port=21)  # fmt: skip
    [found] = air.fold().logins
    assert (found.login.protocol, found.login.secret_length, found.ends.client) == ("ftp", 7, CLIENT)


def test_names_over_udp_and_tcp(air, kit) -> None:
    air.ip(CLIENT, AP, kit("udp", CLIENT_IP, 5000, GATEWAY_IP, 53, kit("dns", "a.example", response=False)))
    air.ip(AP, CLIENT, kit("udp", GATEWAY_IP, 53, CLIENT_IP, 5000, kit("dns", "a.example", ["10.9.0.1"])))
    message = kit("dns", "b.example", ["198.51.100.1"], 2)
    air.talk(("server", struct.pack("!H", len(message)) + message), port=53)
    net = air.fold()
    assert [(a.name, a.addresses, a.via, a.server) for a in net.dns] == [
        ("a.example", ("10.9.0.1",), "udp", AP), ("b.example", ("198.51.100.1",), "tcp", AP),
    ]  # fmt: skip
    assert list(net.questions) == [(AP, CLIENT, "a.example")]


def test_a_forwarded_answer_is_one_answer(air, kit) -> None:
    packet = kit("udp", GATEWAY_IP, 53, CLIENT_IP, 5000, kit("dns", "a.example", ["198.51.100.1"]))
    air.ip(AP, OTHER, packet)  # the victim's traffic runs through OTHER
    air.ip(OTHER, CLIENT, packet)
    air.ip(OTHER, CLIENT, packet, up=False)
    [answer] = air.fold().dns
    assert answer.server == AP


def test_who_hands_over_what_others_answered(air, kit) -> None:
    client = (CLIENT_IP, 50_000, "198.51.100.1", 80)
    server = ("198.51.100.1", 80, CLIENT_IP, 50_000)
    air.ip(CLIENT, OTHER, kit("tcp", *client, 1, 2))
    request = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
    air.ip(CLIENT, OTHER, kit("tcp", *client, 2, 0x18, request))
    for packet in (kit("tcp", *server, 9, 0x12), kit("tcp", *server, 10, 0x18, page(FORM))):
        air.ip(AP, OTHER, packet)
        air.ip(OTHER, CLIENT, packet)
    [exchange] = air.fold().exchanges
    assert (exchange.ends.server, exchange.ends.handed_by) == (AP, OTHER)


def test_addresses_handed_out(air, kit) -> None:
    options = {
        3: kit("raw", GATEWAY_IP),
        6: kit("raw", GATEWAY_IP),
        1: b"\xff\xff\xff\0",
        114: b"https://p.example",
    }
    message = kit("dhcp", 5, CLIENT, CLIENT_IP, GATEWAY_IP, options)
    air.ip(AP, CLIENT, kit("udp", GATEWAY_IP, 67, CLIENT_IP, 68, message))
    [found] = air.fold().dhcp
    assert (found.kind, found.server, found.client, found.routers) == ("ack", AP, CLIENT, (GATEWAY_IP,))
    assert found.portal == "https://p.example"


def test_claims_that_nobody_asked_for_are_counted(air, kit) -> None:
    air.send(CLIENT, BROADCAST, 0x0806, kit("arp", 1, CLIENT, CLIENT_IP, "00:00:00:00:00:00", GATEWAY_IP))
    air.send(AP, CLIENT, 0x0806, kit("arp", 2, AP, GATEWAY_IP, CLIENT, CLIENT_IP))
    for _ in range(3):
        air.now += 2
        for up in (True, False):  # the frame, and the access point's copy of it
            air.send(OTHER, CLIENT, 0x0806, kit("arp", 2, OTHER, GATEWAY_IP, CLIENT, CLIENT_IP), up=up)
    claims = air.fold().claims
    assert claims[AP, GATEWAY_IP, AP, AP].unsolicited == 0
    false = claims[AP, GATEWAY_IP, OTHER, OTHER]
    assert (false.replies, false.unsolicited, false.told) == (3, 3, [CLIENT])
    assert [ref.frame for ref in false.refs] == [3, 5, 7]


def test_aggregates_and_retransmissions(air, kit) -> None:
    packet = kit("udp", GATEWAY_IP, 53, CLIENT_IP, 5000, kit("dns", "a.example", ["10.9.0.1"]))
    inside = b"\xaa\xaa\x03\0\0\0\x08\0" + packet
    body = kit("raw", CLIENT) + kit("raw", AP) + struct.pack("!H", len(inside)) + inside
    for retry in (False, True):
        air.body(AP, CLIENT, body, amsdu=True, sequence=77, retry=retry)
    assert len(air.fold().dns) == 1


def busy(air, kit) -> None:
    """A little of everything."""
    draw = random.Random(11)
    for i in range(12):
        air.talk(
            ("client", b"GET /%d HTTP/1.1\r\nHost: a.example\r\n\r\n" % i),
            ("server", page(FORM + b"x" * draw.randint(0, 9000))),
            port=draw.choice([80, 8080, 443, 4711]),
        )
        air.talk(
            ("client", b"\x16\x03\x01\x02\x00" + draw.randbytes(3000)),
            ("server", draw.randbytes(9000)),
            port=443,
        )
        air.ip(
            AP,
            CLIENT,
            kit("udp", GATEWAY_IP, 53, CLIENT_IP, 5000, kit("dns", f"n{i}.example", ["10.9.0.1"], i)),
        )
        air.send(OTHER, CLIENT, 0x0806, kit("arp", 2, OTHER, GATEWAY_IP, CLIENT, CLIENT_IP))


def test_how_frames_are_cut_into_batches_does_not_matter(air, kit) -> None:
    busy(air, kit)
    rows = list(range(len(air.frames)))
    random.Random(3).shuffle(rows)
    whole = state(air.fold(rows))
    for cut in (1, 7, 100):
        assert state(air.fold(rows, cut=cut)) == whole


def test_an_encrypted_conversation_is_let_go(air) -> None:
    air.talk(("client", b"\x17\x03\x03" + bytes(500)), ("server", bytes(200_000)), port=443)
    net = air.fold(finish=False)
    assert len(net._talks) == 0
    assert len(net._let_go) == 1


def test_a_million_tiny_streams_stay_small(air, kit, monkeypatch) -> None:
    """Scaled down: the caps are what is tested."""
    monkeypatch.setattr(module, "MAX_CONVERSATIONS", 100)
    monkeypatch.setattr(module, "MAX_RECORDS", 50)
    for port in range(1000):
        air.ip(CLIENT, AP, kit("tcp", CLIENT_IP, port + 1024, GATEWAY_IP, 80, 1, 0x18, b"GET / HTTP/1.1\r\n"))
        air.ip(
            CLIENT,
            AP,
            kit("udp", CLIENT_IP, 5000, GATEWAY_IP, 53, kit("dns", f"{port}.example", (), port, False)),
        )
    batch = air.batch()
    tracemalloc.start()
    net = NetFold()
    net.fold(batch)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(net._talks) <= 100
    assert len(net.questions) <= 50
    assert net.evicted["conversations"] == 900
    assert held < 8_000_000


def test_what_unfinished_conversations_hold_is_bounded(air, kit, monkeypatch) -> None:
    monkeypatch.setattr(module, "MAX_HELD", 500_000)
    net = NetFold()
    for _ in range(40):
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: 9999999\r\n\r\n"
        air.talk(("server", head + bytes(60_000)), port=80, close=False)
        net.fold(air.batch(range(len(air.frames))[-46:]))
        assert net._held <= 500_000
        assert net._held == sum(talk.kept for talk in net._talks.values())


def test_the_whole_lure(capture, folded) -> None:
    net = folded(capture("lure-a"))
    assert [(e.method, e.status) for e in net.exchanges] == [
        ("GET", 302), ("GET", 302), ("GET", 302), ("GET", 200), ("POST", 200), ("GET", 200),
    ]  # fmt: skip
    assert [o.complete for o in net.offers] == [True]
    assert state(folded(capture("lure-a"), cut=5000)) == state(net)


def test_the_weight_of_all_records_is_bounded(air, monkeypatch) -> None:
    monkeypatch.setattr(module, "MAX_WEIGHT", 20_000)
    for i in range(60):
        air.talk(("client", b"GET /%d HTTP/1.1\r\nHost: a.example\r\n\r\n" % i), ("server", page(FORM)))
    net = air.fold()
    assert 5 < len(net.exchanges) < 60
    assert net.evicted["exchanges"] == 60 - len(net.exchanges)


def blocks(path) -> list[tuple[bytes, int]]:
    """Frames of a capture with their times."""
    stream = Stream(Source(str(path), Kind.CAPTURE))
    return [
        (chunk.buffer[a : a + n].tobytes(), t)
        for chunk in stream.chunks()
        for a, n, t in zip(
            chunk.offset.tolist(), chunk.captured.tolist(), chunk.time_ns.tolist(), strict=True
        )
    ]


def written(frames) -> bytes:
    return (
        writer.section_header()
        + writer.interface()
        + b"".join(writer.packet(data, time) for data, time in frames)
    )


APP = "ee8890dea06e4791f082acd500c0b8e6e87d00503a8a0f762811d41a70f7f709"  # as tshark exports it


def test_the_app_of_the_lure_with_frames_shuffled_within_a_second(capture, folded) -> None:
    frames = blocks(capture("lure-a"))
    for seed in range(4):
        draw = random.Random(seed)
        moved = sorted(frames, key=lambda frame: frame[1] + draw.randrange(10**9))
        [offer] = folded(written(moved)).offers
        assert (offer.complete, offer.sha256) == (True, APP)


def test_the_app_of_the_lure_with_frames_lost(capture, folded) -> None:
    frames = blocks(capture("lure-a"))
    states = set()
    for seed in range(8):
        draw = random.Random(seed)
        kept = [frame for frame in frames if draw.random() > 0.03]
        for offer in folded(written(kept)).offers:
            states.add(offer.complete)
            assert offer.complete == (offer.sha256 == APP)
    assert states == {True, False}


def test_damaged_captures_are_survived(capture, folded) -> None:
    for name in ("lure-a", "lan-dhcp-a"):
        frames = blocks(capture(name))
        for seed in range(6):
            draw = random.Random(seed)
            hurt = []
            for data, time in frames:
                octets = bytearray(data)
                if draw.random() < 0.3:
                    for _ in range(draw.randint(1, 5)):
                        octets[draw.randrange(min(40, len(octets) - 1), len(octets))] = draw.randrange(256)
                hurt.append((bytes(octets), time))
            folded(written(hurt))


def ipv6(source: str, destination: str, protocol: int, payload: bytes) -> bytes:
    ends = ipaddress.IPv6Address(source).packed + ipaddress.IPv6Address(destination).packed
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + ends + payload


def test_ipv6_is_read_like_ipv4(air, kit) -> None:
    here, there = "fe80::50", "fd00::1"
    question = struct.pack("!HHHH", 5000, 53, 8 + len(kit("dns", "a.example", response=False)), 0)
    air.send(CLIENT, AP, 0x86DD, ipv6(here, there, 17, question + kit("dns", "a.example", response=False)))
    for source, destination, ports, sequence, flags, data in (
        (here, there, (40_000, 80), 0, 2, b""), (there, here, (80, 40_000), 0, 0x12, b""),
        (here, there, (40_000, 80), 1, 0x18, b"GET /six HTTP/1.1\r\nHost: a.example\r\n\r\n"),
        (there, here, (80, 40_000), 1, 0x18, page(FORM)),
    ):  # fmt: skip
        head = struct.pack("!HHIIBBHHH", *ports, sequence, 0, 0x50, flags, 1024, 0, 0)
        ends = (CLIENT, AP) if source == here else (AP, CLIENT)
        air.send(*ends, 0x86DD, ipv6(source, destination, 6, head + data))
    net = air.fold()
    assert list(net.questions) == [(AP, CLIENT, "a.example")]
    [exchange] = net.exchanges
    assert (exchange.path, exchange.status, exchange.ends.server_ip) == ("/six", 200, "fd00::1")


def test_vlan_tags_mesh_headers_and_four_addresses(air, kit) -> None:
    packet = kit("udp", GATEWAY_IP, 53, CLIENT_IP, 5000, kit("dns", "a.example", ["10.9.0.1"]))
    air.send(AP, CLIENT, 0x8100, b"\0\5\x08\0" + packet)
    packet = kit("udp", GATEWAY_IP, 53, CLIENT_IP, 5000, kit("dns", "b.example", ["10.9.0.1"], 2))
    air.body(AP, CLIENT, b"\0\x1f\0\0\0\0\xaa\xaa\x03\0\0\0\x08\0" + packet)
    assert [a.name for a in air.fold().dns] == ["a.example", "b.example"]


def test_fragments_of_the_air_and_of_packets(air, kit) -> None:
    packet = kit("udp", GATEWAY_IP, 53, CLIENT_IP, 5000, kit("dns", "a.example", ["10.9.0.1"]))
    body = b"\xaa\xaa\x03\0\0\0\x08\0" + packet
    for number, part in enumerate((body[:30], body[30:60], body[60:])):
        air.body(AP, CLIENT, part, sequence=9, fragment=number, more=number < 2)
    inside = kit("udp", GATEWAY_IP, 53, CLIENT_IP, 5000, kit("dns", "b.example", ["10.9.0.1"], 2))[20:]
    air.ip(AP, CLIENT, kit("ipv4", GATEWAY_IP, CLIENT_IP, 17, inside[24:], 3))
    air.ip(AP, CLIENT, kit("ipv4", GATEWAY_IP, CLIENT_IP, 17, inside[:24], 0x2000))
    assert [a.name for a in air.fold().dns] == ["a.example", "b.example"]


def test_multicast_names_are_kept_apart(air, kit) -> None:
    message = kit("dns", "printer.local", ["10.9.0.80"], 0)
    air.ip(CLIENT, "01:00:5e:00:00:fb", kit("udp", CLIENT_IP, 5353, "224.0.0.251", 5353, message))
    [found] = air.fold().dns
    assert (found.name, found.via) == ("printer.local", "mdns")


def test_a_gateway_that_sends_clients_elsewhere(air, kit) -> None:
    icmp = b"\5\1\0\0" + kit("raw", OTHER_IP) + kit("ipv4", CLIENT_IP, "198.51.100.1", 6, bytes(8))
    air.ip(OTHER, CLIENT, kit("ipv4", GATEWAY_IP, CLIENT_IP, 1, icmp))
    [change] = air.fold().routes
    assert (change.sender, change.gateway, change.destination) == (OTHER, OTHER_IP, "198.51.100.1")
