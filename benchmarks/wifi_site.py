"""Makes the capture of a busy site: a stream of frames as a monitor on three channels would hear them.

    python benchmarks/wifi_site.py site.pcap --frames 2000000

150 access points on three channels, 600 clients (a third of them probing under made-up addresses). Of the
frames 35 % are beacons (with traffic maps and loads that change), 5 % probe requests and responses, 28 %
data of protected networks, 32 % control; with retries, a little joining and leaving. ``--open 0.5`` makes
half of the data frames readable: clients of open networks ask for names, open connections (one in seven HTTP
with pages and pictures, one in five QUIC, the others TLS) and load what is there. ``--fcs`` adds the frame
check sum, with one frame in 200 damaged. The same arguments give the same file.
"""

import argparse
import random
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

CHANNELS = (2412, 2437, 2462)
POINTS, CLIENTS = 150, 600
NEAR = 12
"""Access points that one client is near to."""
RADIOTAP = struct.Struct("<BBHIQBBHHbBH")
PRESENT = 0x0000482F
START = 1_750_000_000
RATE = 4000
"""Frames a second."""


def address(first: int, number: int) -> bytes:
    """A unicast address."""
    return bytes((first, 0x5A, 0x10)) + number.to_bytes(3, "big")


def element(kind: int, body: bytes) -> bytes:
    """One information element."""
    return bytes((kind, len(body))) + body


class Point:
    """One access point."""

    def __init__(self, number: int, dice: random.Random) -> None:
        self.bssid = address(0x50, number)
        self.frequency = CHANNELS[number % 3]
        self.open = number % 10 == 0
        self.signal = dice.randint(-88, -40)
        self.born = dice.randrange(10**12)
        self.sequence = dice.randrange(4096)
        self.loaded = number % 3 == 0
        ssid = f"Site-{number // 3:02}{' Guest' if self.open else ''}".encode()
        channel = (self.frequency - 2407) // 5
        head = (
            element(0, ssid) + element(1, b"\x82\x84\x8b\x96\x0c\x12\x18\x24") + element(3, bytes((channel,)))
        )
        rsn = bytes.fromhex("0100000fac040100000fac040100000fac020000")
        tail = element(7, b"DE \x01\x0d\x14") + element(42, b"\x00") + element(50, b"\x30\x48\x60\x6c")
        if not self.open:
            tail += element(48, rsn)
        tail += element(45, dice.randbytes(26)) + element(61, bytes((channel,)) + bytes(21))
        tail += element(127, b"\x04\x00\x08\x00\x00\x00\x00\x40") + element(
            221, bytes.fromhex("0050f2020101800003a4000027a4000042435e0062322f00")
        )
        self.head, self.tail = head, tail
        self.capabilities = 0x0401 if self.open else 0x0411

    def step(self) -> int:
        """The next sequence control field."""
        self.sequence = self.sequence + 1 & 0xFFF
        return self.sequence << 4


class Surfer:
    """One client of an open network: packets of one conversation after another, as (sent by it, packet).

    They are as long on average as the protected ones, so that a share of them changes what is read alone.
    """

    def __init__(self, number: int, noise: bytes, dice: random.Random) -> None:
        self.address = bytes((10, 0, number >> 8, number & 255))
        self.noise, self.dice = noise, dice
        self.port = 40_000 + number

    def packets(self) -> Iterator[tuple[bool, bytes]]:
        """Endless."""
        router = bytes((10, 0, 255, 1))
        while True:
            site = self.dice.randrange(2000)
            server = bytes((93, 184, site >> 8, site & 255))
            name = b"\x03www\x08site%04d\x07example\0\0\1\0\1" % site
            self.port = 32_768 + (self.port + 7) % 28_000
            head = struct.pack(">H", self.port)
            yield True, self.udp(router, 53, head + b"\1\0\0\1\0\0\0\0\0\0" + name, True)
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + server
            yield False, self.udp(router, 53, head + b"\x81\x80\0\1\0\1\0\0\0\0" + name + answer, False)
            kind = self.dice.random()
            if kind < 0.2:
                for _ in range(self.dice.randrange(10, 300)):
                    up = self.dice.random() < 0.3
                    yield (
                        up,
                        self.udp(
                            server,
                            443,
                            b"\x40" + self.some(60 if up else self.dice.choice((200, 600, 1250))),
                            up,
                        ),
                    )
                continue
            yield from self.tcp(server, site, kind > 1 - 1 / 7)

    def tcp(self, server: bytes, site: int, plain: bool) -> Iterator[tuple[bool, bytes]]:
        """A connection: pages and pictures, or TLS."""
        size = self.dice.choice((200, 536, 1400))
        sent = {True: self.dice.getrandbits(32), False: self.dice.getrandbits(32)}

        def segment(up: bool, flags: int, data: bytes = b"") -> tuple[bool, bytes]:
            ports = (self.port, 80 if plain else 443) if up else (80 if plain else 443, self.port)
            head = struct.pack(
                ">HHIIBBHHH", *ports, sent[up], sent[not up], 0x50, flags, 65535, 0, 0
            )  # fmt: skip
            sent[up] = sent[up] + len(data) + bool(flags & 3) & 0xFFFFFFFF
            return up, self.ip(server, 6, head + data, up)

        yield segment(True, 2)
        yield segment(False, 0x12)
        yield segment(True, 0x10)
        for number in range(self.dice.randrange(1, 6) if plain else 1):
            if plain:
                path = b"/%d.jpg" % number if number else b"/"
                yield segment(
                    True, 0x18, b"GET %s HTTP/1.1\r\nHost: www.site%04d.example\r\n\r\n" % (path, site)
                )
                body = self.some(self.dice.randrange(4000, 200_000)) if number else self.page(site)
                kind = b"image/jpeg" if number else b"text/html"
                data = (
                    b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (kind, len(body))
                    + body
                )
            else:
                name = b"www.site%04d.example" % site
                names = struct.pack(">HBH", len(name) + 3, 0, len(name)) + name
                hello = b"\3\3" + self.some(32) + b"\0\0\2\x13\1\1\0"
                hello += struct.pack(">HHH", len(names) + 4, 0, len(names)) + names
                hello = b"\1" + len(hello).to_bytes(3, "big") + hello
                yield segment(True, 0x18, b"\x16\3\1" + struct.pack(">H", len(hello)) + hello)
                answer = b"\2" + (38).to_bytes(3, "big") + b"\3\3" + self.some(32) + b"\0\x13\1\0"
                data = b"\x16\3\3" + struct.pack(">H", len(answer)) + answer + b"\x17\3\3\x40\0"
                data += self.some(self.dice.randrange(4000, 400_000))
            for at in range(0, len(data), size):
                yield segment(False, 0x18, data[at : at + size])
                if at // size % 2:
                    yield segment(True, 0x10)
        yield segment(False, 0x11)
        yield segment(True, 0x11)

    def page(self, site: int) -> bytes:
        """A page with links and a form."""
        row = b"<tr><td class=c><a href='/article/%d?from=home'>News of the day</a> <b>more</b></td></tr>\n"
        rows = b"".join(row % number for number in range(self.dice.randrange(40, 300)))
        form = b"<form action=/search><label for=q>Search</label><input id=q name=q></form>"
        head = b"<!doctype html><html><head><title>Site %d</title></head><body>" % site
        return head + form + b"<table>" + rows + b"</table></body></html>"

    def some(self, size: int) -> bytes:
        """Octets that nobody can read."""
        start = self.dice.randrange(1000)
        return (self.noise[start:] * (size // 3000 + 1))[:size]

    def udp(self, there: bytes, port: int, data: bytes, up: bool) -> bytes:
        """A datagram."""
        ports = (self.port, port) if up else (port, self.port)
        return self.ip(there, 17, struct.pack(">HHHH", *ports, 8 + len(data), 0) + data, up)

    def ip(self, there: bytes, protocol: int, data: bytes, up: bool) -> bytes:
        """A packet."""
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(data), 7, 0x4000, 64, protocol, 0)
        return head + (self.address + there if up else there + self.address) + data


def frames(count: int, share_open: float) -> Iterator[tuple[float, int, int, bytes]]:
    """(time, MHz, dBm, frame from the MAC header on)."""
    dice = random.Random(4711)
    points = [Point(number, dice) for number in range(POINTS)]
    opened = [p for p in points if p.open]
    closed = [p for p in points if not p.open]
    clients = [address(0x3C if n % 3 else 0xDA, n) for n in range(CLIENTS)]
    noise = dice.randbytes(4096)
    counters = [0] * CLIENTS
    surfers = [Surfer(number, noise, dice).packets() for number in range(CLIENTS)]
    turn = 0
    for number in range(count):
        time = number / RATE
        kind = dice.random()
        if kind < 0.35:
            point = points[turn % POINTS]
            turn += 1
            tsf = point.born + int(time * 1e6) + dice.randrange(200)
            dtim = element(5, bytes((turn // POINTS % 3, 3, dice.getrandbits(1), dice.getrandbits(8) & 0x1F)))
            load = (
                element(11, struct.pack("<HBH", dice.randrange(30), dice.randrange(255), 0))
                if point.loaded
                else b""
            )
            body = struct.pack("<QHH", tsf, 100, point.capabilities) + point.head + dtim + point.tail + load
            header = struct.pack("<HH", 0x80, 0) + b"\xff" * 6 + point.bssid * 2
            yield (
                time,
                point.frequency,
                point.signal + dice.randint(-4, 4),
                header + struct.pack("<H", point.step()) + body,
            )
        elif kind < 0.40:
            mine = dice.randrange(CLIENTS)
            point = points[(mine * 7 + dice.randrange(NEAR)) % POINTS]
            if kind < 0.375:
                ssid = b"" if dice.random() < 0.7 else point.head[2 : 2 + point.head[1]]
                body = element(0, ssid) + element(1, b"\x02\x04\x0b\x16") + element(45, noise[:26])
                header = struct.pack("<HH", 0x40, 0) + b"\xff" * 6 + clients[mine] + b"\xff" * 6
            else:
                tsf = point.born + int(time * 1e6)
                body = struct.pack("<QHH", tsf, 100, point.capabilities) + point.head + point.tail
                header = struct.pack("<HH", 0x50, 314) + clients[mine] + point.bssid * 2
            counters[mine] += 1
            yield (
                time,
                point.frequency,
                -60 + dice.randint(-9, 9),
                header + struct.pack("<H", counters[mine] << 4 & 0xFFFF) + body,
            )
        elif kind < 0.68:
            mine = dice.randrange(CLIENTS)
            readable = dice.random() < share_open
            group = opened if readable else closed
            point = group[mine % len(group)]
            up, packet = next(surfers[mine]) if readable else (dice.random() < 0.4, b"")
            retry = 0x0800 if not readable and dice.random() < 0.08 else 0
            protected = 0 if readable else 0x4000
            control = 0x88 | (0x0100 if up else 0x0200) | retry | protected
            ends = point.bssid + clients[mine] if up else clients[mine] + point.bssid
            counters[mine] += not retry
            header = struct.pack("<HH", control, 44) + ends + address(0x04, 1)
            header += struct.pack("<HH", counters[mine] << 4 & 0xFFFF, 0)
            if readable:
                body = b"\xaa\xaa\x03\0\0\0\x08\0" + packet
            else:
                start = dice.randrange(1000)
                body = (
                    struct.pack("<IHH", number & 0xFFFF, 0x2000, 0)
                    + noise[start : start + dice.choice((60, 120, 400, 1400))]
                )
            yield time, point.frequency, -58 + dice.randint(-9, 9), header + body
        elif kind < 0.9995:
            mine = clients[dice.randrange(CLIENTS)]
            point = points[dice.randrange(POINTS)]
            which = dice.random()
            if which < 0.5:
                frame = struct.pack("<HH", 0xD4, 0) + mine
            elif which < 0.65:
                frame = struct.pack("<HH", 0xC4, 120) + mine
            elif which < 0.8:
                frame = struct.pack("<HH", 0xB4, 400) + point.bssid + mine
            else:
                frame = struct.pack("<HH", 0x94, 0) + mine + point.bssid + noise[:12]
            yield time, point.frequency, -60 + dice.randint(-9, 9), frame
        else:
            mine = dice.randrange(CLIENTS)
            point = closed[mine % len(closed)]
            counters[mine] += 1
            subtype = dice.choice((0xB0, 0xA0, 0xC0))
            body = struct.pack("<HHH", 0, 1, 0) if subtype == 0xB0 else struct.pack("<H", 8)
            header = struct.pack("<HH", subtype, 314) + point.bssid + clients[mine] + point.bssid
            yield time, point.frequency, -60, header + struct.pack("<H", counters[mine] << 4 & 0xFFFF) + body


def write(path: Path, count: int, share_open: float, fcs: bool) -> None:
    """Write the capture as pcap with radiotap headers."""
    dice = random.Random(1)
    with path.open("wb", buffering=1 << 20) as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 127))
        for time, frequency, signal, frame in frames(count, share_open):
            micros = START * 1_000_000 + int(time * 1e6)
            head = RADIOTAP.pack(
                0,
                0,
                26,
                PRESENT,
                micros & (1 << 63) - 1,
                0x10 if fcs else 0,
                2,
                frequency,
                0xA0,
                signal,
                1,
                0,
            )
            if fcs:
                frame += struct.pack("<I", zlib.crc32(frame))
                if dice.random() < 0.005:
                    frame = frame[:9] + bytes((frame[9] ^ 0x40,)) + frame[10:]
            size = len(head) + len(frame)
            file.write(
                struct.pack("<IIII", micros // 1_000_000, micros % 1_000_000, size, size) + head + frame
            )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--frames", type=int, default=2_000_000)
    parser.add_argument("--open", type=float, default=0.0, help="share of readable data frames")
    parser.add_argument("--fcs", action="store_true")
    arguments = parser.parse_args()
    write(arguments.path, arguments.frames, arguments.open, arguments.fcs)


if __name__ == "__main__":
    main()
