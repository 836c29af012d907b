"""Makes the capture of a busy site: a stream of frames as a monitor on three channels would hear them.

    python benchmarks/wifi_site.py site.pcap --frames 2000000

150 access points on three channels, 600 clients (a third of them probing under made-up addresses). Of the
frames 35 % are beacons (with traffic maps and loads that change), 5 % probe requests and responses, 28 %
data of protected networks, 32 % control; with retries, a little joining and leaving. ``--open 0.5`` makes
half of the data frames readable (TCP of open networks), ``--fcs`` adds the frame check sum, with one frame
in 200 damaged. The same arguments give the same file.
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


def frames(count: int, share_open: float) -> Iterator[tuple[float, int, int, bytes]]:
    """(time, MHz, dBm, frame from the MAC header on)."""
    dice = random.Random(4711)
    points = [Point(number, dice) for number in range(POINTS)]
    opened = [p for p in points if p.open]
    closed = [p for p in points if not p.open]
    clients = [address(0x3C if n % 3 else 0xDA, n) for n in range(CLIENTS)]
    noise = dice.randbytes(4096)
    counters = [0] * CLIENTS
    http = b"GET /page HTTP/1.1\r\nHost: news.example\r\nUser-Agent: browser\r\n\r\n"
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
            up = dice.random() < 0.4
            retry = 0x0800 if dice.random() < 0.08 else 0
            protected = 0 if readable else 0x4000
            control = 0x88 | (0x0100 if up else 0x0200) | retry | protected
            ends = point.bssid + clients[mine] if up else clients[mine] + point.bssid
            counters[mine] += not retry
            header = struct.pack("<HH", control, 44) + ends + address(0x04, 1)
            header += struct.pack("<HH", counters[mine] << 4 & 0xFFFF, 0)
            if readable:
                size = dice.choice((0, 0, 60, 500, 1400))
                payload = (http + noise)[:size]
                host = bytes((10, 0, mine >> 8, mine & 255))
                there = bytes((93, 184, 216, mine & 63))
                source, target = (host, there) if up else (there, host)
                port = 40_000 + mine
                ports = (port, 80) if up else (80, port)
                tcp = struct.pack(
                    ">HHIIBBHHH", *ports, counters[mine] * 1400 & 0xFFFFFFFF, 1, 0x50, 0x10, 65535, 0, 0
                )
                ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(payload), number & 0xFFFF, 0x4000, 64, 6, 0)
                body = b"\xaa\xaa\x03\0\0\0\x08\0" + ip + source + target + tcp + payload
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
