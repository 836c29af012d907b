"""Builds data frames of an open network as a monitor hears them."""

import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from rogue_scan.rules.load import load
from rogue_scan.wifi.analyse import Session
from rogue_scan.wifi.net.decrypt import Key
from rogue_scan.wifi.net.fold import NetFold
from rogue_scan.wifi.observe import CleartextBatch

DATA = Path(__file__).parents[2] / "data" / "wifi"

AP = "02:00:00:00:00:01"
CLIENT = "02:00:00:00:00:c1"
OTHER = "02:00:00:00:00:e1"
GATEWAY_IP, CLIENT_IP, OTHER_IP = "10.9.0.1", "10.9.0.50", "10.9.0.66"
BROADCAST = "ff:ff:ff:ff:ff:ff"


def raw(address: str) -> bytes:
    if ":" in address:
        return bytes.fromhex(address.replace(":", ""))
    return bytes(int(part) for part in address.split("."))


def ipv4(
    source: str, destination: str, protocol: int, payload: bytes, more: int = 0, identification: int = 7
) -> bytes:
    return (
        struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), identification, more, 64, protocol, 0)
        + raw(source) + raw(destination) + payload
    )  # fmt: skip


def udp(source: str, sport: int, destination: str, dport: int, payload: bytes) -> bytes:
    return ipv4(source, destination, 17, struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload)


def tcp(
    source: str, sport: int, destination: str, dport: int, sequence: int, flags: int, payload: bytes = b""
) -> bytes:
    head = struct.pack("!HHIIBBHHH", sport, dport, sequence & 0xFFFFFFFF, 0, 0x50, flags, 1024, 0, 0)
    return ipv4(source, destination, 6, head + payload)


def arp(operation: int, mac: str, ip: str, target_mac: str, target_ip: str) -> bytes:
    return (
        struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
        + raw(mac)
        + raw(ip)
        + raw(target_mac)
        + raw(target_ip)
    )


def dns(name: str, addresses: Sequence[str] = (), transaction: int = 1, response: bool = True) -> bytes:
    question = b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0\0\1\0\1"
    answers = b"".join(b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + raw(a) for a in addresses)
    flags = 0x8180 if response else 0x0100
    return struct.pack("!6H", transaction, flags, 1, len(addresses), 0, 0) + question + answers


def dhcp(kind: int, client: str, given: str, server: str, options: dict[int, bytes] | None = None) -> bytes:
    head = struct.pack("!BBBBIHH", 2, 1, 6, 0, 99, 0, 0) + bytes(4) + raw(given) + bytes(8) + raw(client)
    values = {53: bytes([kind]), 54: raw(server), **(options or {})}
    tail = b"".join(bytes([code, len(value)]) + value for code, value in values.items()) + b"\xff"
    return head.ljust(236, b"\0") + b"\x63\x82\x53\x63" + tail


class Air:
    """Frames of one BSS, in the order sent."""

    def __init__(self) -> None:
        self.frames: list[tuple[bytes, int, float, dict[str, object]]] = []
        self.now = 1.0
        self.port = 40_000
        self.sequence = 0

    def send(self, source: str, destination: str, ethertype: int, payload: bytes, **header: object) -> None:
        """One frame: from a client (to the access point) or from the access point (to a client)."""
        body = b"\xaa\xaa\x03\0\0\0" + struct.pack("!H", ethertype) + payload
        self.body(source, destination, body, **header)

    def body(self, source: str, destination: str, body: bytes, **header: object) -> None:
        """One frame with any body."""
        self.sequence = (self.sequence + 1) % 4096
        self.frames.append(
            (body, self.sequence, self.now, {"source": source, "destination": destination, **header})
        )
        self.now += 0.001

    def ip(self, source: str, destination: str, packet: bytes, **header: object) -> None:
        self.send(source, destination, 0x0800, packet, **header)

    def talk(
        self,
        *turns: tuple[str, bytes],
        client: str = CLIENT,
        server: str = AP,
        client_ip: str = CLIENT_IP,
        server_ip: str = GATEWAY_IP,
        port: int = 80,
        size: int = 1400,
        hear: str = "both",
        close: bool = True,
        start: int = 1000,
        bssid: str = AP,
    ) -> None:
        """A TCP conversation: ``("client", octets)`` and ``("server", octets)`` in turn."""
        self.port += 1
        numbers = {"client": start, "server": start + 4000}
        ends = {
            "client": (client, server, client_ip, self.port, server_ip, port),
            "server": (server, client, server_ip, port, client_ip, self.port),
        }

        def segment(side: str, flags: int, data: bytes = b"") -> None:
            source, destination, here, hport, there, tport = ends[side]
            if hear in ("both", side):
                packet = tcp(here, hport, there, tport, numbers[side], flags, data)
                self.ip(source, destination, packet, bssid=bssid)
            numbers[side] += len(data) + bool(flags & 3)

        segment("client", 0x02)
        segment("server", 0x12)
        for side, data in turns:
            for at in range(0, len(data), size):
                segment(side, 0x18, data[at : at + size])
        if close:
            segment("server", 0x11)
            segment("client", 0x11)
        self.now += 0.05

    def batch(self, rows: Sequence[int] | None = None) -> CleartextBatch:
        """The frames as a batch; ``rows`` picks and orders them."""
        chosen = list(range(len(self.frames))) if rows is None else list(rows)
        buffer, offset, length = bytearray(), [], []
        columns: dict[str, list[object]] = {key: [] for key in (
            "transmitter", "receiver", "source", "destination", "bssid", "to_ds", "from_ds", "sequence",
            "fragment", "more_fragments", "retry", "amsdu", "cut", "frame", "time",
        )}  # fmt: skip
        for row in chosen:
            body, sequence, time, header = self.frames[row]
            offset.append(len(buffer))
            length.append(len(body))
            buffer += body
            bssid = str(header.get("bssid", AP))
            source, destination = str(header["source"]), str(header["destination"])
            up = bool(header.get("up", source not in (bssid,) and not header.get("wired")))
            for key, value in {
                "transmitter": number(source if up else bssid),
                "receiver": number(bssid if up else destination),
                "source": number(source),
                "destination": number(destination),
                "bssid": number(bssid),
                "to_ds": up,
                "from_ds": not up,
                "sequence": header.get("sequence", sequence),
                "fragment": header.get("fragment", 0),
                "more_fragments": header.get("more", False),
                "retry": header.get("retry", False),
                "amsdu": header.get("amsdu", False),
                "cut": False,
                "frame": row + 1,
                "time": time,
            }.items():
                columns[key].append(value)
        none = np.zeros(len(chosen), np.bool_)
        protected = np.array([bool(self.frames[row][3].get("protected")) for row in chosen], np.bool_)
        kinds = {"sequence": np.uint16, "fragment": np.uint8, "frame": np.int64, "time": np.float64}
        address = ("transmitter", "receiver", "source", "destination", "bssid")
        arrays = {
            key: np.array(values, kinds.get(key, np.uint64 if key in address else np.bool_))
            for key, values in columns.items()
        }
        return CleartextBatch(
            buffer=np.frombuffer(bytes(buffer) + bytes(4096), np.uint8),
            offset=np.array(offset, np.int64),
            length=np.array(length, np.int64),
            header=np.array(offset, np.int64),
            protected=protected,
            qos=none,
            tid=np.zeros(len(chosen), np.uint8),
            **arrays,
        )

    def fold(self, rows: Sequence[int] | None = None, cut: int = 10**9, finish: bool = True) -> NetFold:
        """What a fold makes of the frames, given in batches of ``cut``."""
        chosen = list(range(len(self.frames))) if rows is None else list(rows)
        net = NetFold()
        for at in range(0, len(chosen), cut):
            net.fold(self.batch(chosen[at : at + cut]))
        if finish:
            net.finish()
        return net


def number(address: str) -> int:
    return int(address.replace(":", ""), 16)


@pytest.fixture
def air() -> Air:
    """An empty air."""
    return Air()


@pytest.fixture
def kit() -> Callable[..., object]:
    """The builders of packets, by name."""
    builders = {f.__name__: f for f in (ipv4, udp, tcp, arp, dns, dhcp, raw)}
    return lambda name, *args, **options: builders[name](*args, **options)


@pytest.fixture(scope="session")
def folded() -> Callable[..., NetFold]:
    """What the whole engine hands to the fold: ``folded(path or bytes, keys=…, cut=…)``."""
    rules = load()

    def fold(source: Path | bytes, keys: Sequence[Key] = (), cut: int = 1 << 20) -> NetFold:
        data = source if isinstance(source, bytes) else source.read_bytes()
        session = Session(rules, keys=keys)
        for at in range(0, len(data), cut):
            session.feed(data[at : at + cut])
        session.finish()
        assert session.world.net is not None
        return session.world.net

    return fold


@pytest.fixture
def capture() -> Callable[[str], Path]:
    """Path of a labelled capture."""
    return lambda name: DATA / f"{name}.pcapng"
