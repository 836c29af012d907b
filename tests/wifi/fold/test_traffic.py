"""Links, and the hand-over to ``net``."""

import struct

from rogue_scan.wifi.fold.folder import Folder
from rogue_scan.wifi.observe import Observer
from rogue_scan.wifi.world import Kind, Receiver, World

AP, CLIENT, FAR = "50:c7:bf:00:00:01", "02:00:00:00:00:c1", "04:00:00:00:00:09"
SECOND = 1_000_000_000
LLC = b"\xaa\xaa\x03\0\0\0\x08\0"


def raw(*addresses):
    return b"".join(bytes.fromhex(a.replace(":", "")) for a in addresses)


def data(up=True, *, protected=False, body=LLC + b"payload", qos=None, sequence=0, control=0):
    flags = (0x0100 if up else 0x0200) | (0x4000 if protected else 0) | control
    head = struct.pack("<HH", 0x08 | (0x80 if qos is not None else 0) | flags, 0)
    ends = raw(AP, CLIENT, FAR) if up else raw(CLIENT, AP, FAR)
    return (
        head
        + ends
        + struct.pack("<H", sequence << 4)
        + (b"" if qos is None else struct.pack("<H", qos))
        + body
    )


def frames(wire, *parts):
    return wire.pcap([(n * SECOND, wire.radiotap(part)) for n, part in enumerate(parts)])


def test_links_count_both_directions(wire, fold):
    null = struct.pack("<HH", 0x0148, 0) + raw(AP, CLIENT, AP) + b"\0\0"
    world = fold(
        frames(wire, data(), data(protected=True), data(up=False, protected=True), null, data(control=0x0800))
    )
    link = world.links[(CLIENT, AP)]
    assert (link.up, link.up_protected, link.down, link.down_protected) == (3, 1, 1, 1)
    assert (link.null_up, link.retries) == (1, 1)
    assert (link.first_protected.frame, link.first_clear.frame, link.last_clear.frame) == (2, 1, 5)


def test_cleartext_after_protection_is_noticed(wire, fold):
    world = fold(frames(wire, data(), data(protected=True), data(), data()))
    rate = world.rate(Kind.CLEAR_TO_PROTECTED, CLIENT, AP)
    assert (rate.seen.count, rate.seen.first.frame) == (2, 3)


def test_eapol_is_no_cleartext(wire, fold):
    eapol = b"\xaa\xaa\x03\0\0\0\x88\x8e\x02\x01\0\0"
    world = fold(frames(wire, data(protected=True), data(body=eapol)))
    assert world.links[(CLIENT, AP)].first_clear is None
    assert world.rate(Kind.CLEAR_TO_PROTECTED) is None


def test_group_frames_make_no_link(wire, fold):
    frame = struct.pack("<HH", 0x0208, 0) + raw("ff:ff:ff:ff:ff:ff", AP, FAR) + b"\0\0" + LLC
    assert not fold(frames(wire, frame)).links


class Net:
    """Keeps what it is given."""

    def __init__(self):
        self.rows, self.names = [], []

    def fold(self, batch):
        for i in range(len(batch)):
            start, size = int(batch.offset[i]), int(batch.length[i])
            self.rows.append(
                (
                    int(batch.frame[i]),
                    batch.buffer[start : start + size].tobytes(),
                    f"{int(batch.source[i]):012x}",
                    f"{int(batch.destination[i]):012x}",
                    f"{int(batch.bssid[i]):012x}",
                    bool(batch.protected[i]),
                    bool(batch.amsdu[i]),
                    int(batch.tid[i]),
                )
            )

    def learn_ssid(self, bssid, ssid):
        self.names.append((bssid, ssid))


def hand_over(wire, with_protected, *parts):
    from rogue_scan.wifi.capture.open import reader_for

    content = frames(wire, *parts)
    reader, observer, net = reader_for(content), Observer(), Net()
    world = World(receivers=[Receiver(0, "")])
    folder = Folder(world, net, with_protected=with_protected)
    for chunk in wire.pieces(reader, content, 1 << 20):
        observer.learn(reader.interfaces[len(observer.interfaces) :])
        for batch in observer.batches(chunk):
            folder.fold(batch)
    for batch in observer.flush():
        folder.fold(batch)
    return net


def test_readable_frames_go_to_net_with_their_ends(wire):
    wide = (
        struct.pack("<HH", 0x0308, 0) + raw(AP, "50:c7:bf:00:00:02", FAR) + b"\0\0" + raw(CLIENT) + LLC + b"w"
    )
    parts = (
        wire.beacon(AP, b"net"),
        data(),
        data(protected=True),
        data(up=False, qos=0x85, body=b"A-MSDU"),
        wide,
    )
    net = hand_over(wire, False, *parts)
    assert net.names == [(0x50C7BF000001, b"net")]
    up, down, four = net.rows
    assert up == (2, LLC + b"payload", "0200000000c1", "040000000009", "50c7bf000001", False, False, 0)
    assert down == (4, b"A-MSDU", "040000000009", "0200000000c1", "50c7bf000001", False, True, 5)
    assert four[1:4] == (LLC + b"w", "0200000000c1", "040000000009")
    assert [row[0] for row in hand_over(wire, True, *parts).rows] == [2, 3, 4, 5]
