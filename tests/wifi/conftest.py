"""Builds captures byte by byte, and reads them back as plain values."""

import dataclasses
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rogue_scan.wifi.capture.chunk import Chunk, Reader
from rogue_scan.wifi.capture.open import reader_for
from rogue_scan.wifi.fold.folder import Folder
from rogue_scan.wifi.observe import Observer
from rogue_scan.wifi.world import Receiver, World

DATA = Path(__file__).parents[1] / "data" / "wifi"

Frame = tuple[int, bytes]
"""(nanoseconds since 1970, bytes from the link-layer header on)."""


class Wire:
    """How captures and frames look on the wire."""

    @staticmethod
    def frames(chunks: Iterable[Chunk]) -> list[Frame]:
        """The frames of chunks."""
        found = []
        for chunk in chunks:
            for offset, captured, time in zip(
                chunk.offset.tolist(), chunk.captured.tolist(), chunk.time_ns.tolist(), strict=True
            ):
                found.append((time, chunk.buffer[offset : offset + captured].tobytes()))
        return found

    @staticmethod
    def pieces(reader: Reader, raw: bytes, size: int) -> Iterator[Chunk]:
        """Chunks of a reader that gets its bytes in pieces."""
        for start in range(0, len(raw), size):
            yield from reader.feed(raw[start : start + size])
        yield from reader.finish()

    def read(self, raw: bytes, size: int = 1 << 20) -> list[Frame]:
        """The frames of a file."""
        reader = reader_for(raw)
        assert reader is not None
        return self.frames(self.pieces(reader, raw, size))

    @staticmethod
    def pcap(frames: Iterable[Frame], order: str = "<", nano: bool = True, link: int = 127) -> bytes:
        """A pcap file."""
        magic = 0xA1B23C4D if nano else 0xA1B2C3D4
        out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)]
        for time, raw in frames:
            seconds, rest = divmod(time, 1_000_000_000)
            rest = rest if nano else rest // 1000
            out.append(struct.pack(order + "IIII", seconds, rest, len(raw), len(raw)) + raw)
        return b"".join(out)

    @staticmethod
    def block(order: str, kind: int, body: bytes) -> bytes:
        """One pcapng block."""
        body += bytes(-len(body) % 4)
        size = struct.pack(order + "I", 12 + len(body))
        return struct.pack(order + "I", kind) + size + body + size

    def section(self, order: str = "<") -> bytes:
        """A pcapng section header."""
        return self.block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))

    @staticmethod
    def option(code: int, value: bytes, order: str = "<") -> bytes:
        """A pcapng option."""
        return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)

    def interface(self, *options: bytes, order: str = "<", link: int = 127) -> bytes:
        """A pcapng interface description."""
        return self.block(order, 1, struct.pack(order + "HHI", link, 0, 0) + b"".join(options))

    def packet(
        self, frame: Frame, *options: bytes, order: str = "<", number: int = 0, per_second: int = 1_000_000
    ) -> bytes:
        """A pcapng enhanced packet block."""
        ticks = frame[0] * per_second // 1_000_000_000
        raw = frame[1]
        head = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(raw), len(raw))
        return self.block(order, 6, head + raw + bytes(-len(raw) % 4) + b"".join(options))

    def pcapng(self, frames: Iterable[Frame], order: str = "<") -> bytes:
        """A pcapng file with one interface and nanoseconds."""
        nano = self.option(9, b"\x09", order)
        out = [self.section(order), self.interface(nano, order=order)]
        return b"".join(out + [self.packet(f, order=order, per_second=10**9) for f in frames])

    @staticmethod
    def element(kind: int, body: bytes) -> bytes:
        """An information element."""
        return bytes((kind, len(body))) + body

    @staticmethod
    def radiotap(
        frame: bytes, frequency: int = 2412, signal: int = -50, tsft: int | None = None, flags: int = 0
    ) -> bytes:
        """A frame behind a radiotap header: flags, channel, signal, and TSFT if given."""
        if tsft is None:
            head = struct.pack("<BBHIBBHHb", 0, 0, 15, 0x2A, flags, 0, frequency, 0, signal)
        else:
            head = struct.pack("<BBHIQBBHHb", 0, 0, 23, 0x2B, tsft, flags, 0, frequency, 0, signal)
        return head + frame

    @staticmethod
    def management(
        subtype: int, receiver: str, sender: str, bssid: str, body: bytes, sequence: int = 0, flags: int = 0
    ) -> bytes:
        """A management frame."""
        ends = b"".join(bytes.fromhex(a.replace(":", "")) for a in (receiver, sender, bssid))
        return struct.pack("<BBH", subtype << 4, flags, 0) + ends + struct.pack("<H", sequence << 4) + body

    def beacon(
        self,
        bssid: str,
        ssid: bytes,
        *more: bytes,
        tsf: int = 0,
        sequence: int = 0,
        interval: int = 100,
        capabilities: int = 0x0401,
        channel: int = 1,
        receiver: str = "ff:ff:ff:ff:ff:ff",
        subtype: int = 8,
    ) -> bytes:
        """A beacon (or, with subtype 5, a probe response)."""
        body = struct.pack("<QHH", tsf & (1 << 64) - 1, interval, capabilities) + self.element(0, ssid)
        body += self.element(1, b"\x82\x84\x8b\x96") + self.element(3, bytes((channel,))) + b"".join(more)
        return self.management(subtype, receiver, bssid, bssid, body, sequence)

    @staticmethod
    def plain(value: Any) -> Any:
        """A world, or a part of it, as lists and dictionaries that compare; tables sorted by key."""
        if isinstance(value, np.ndarray):
            return value.tolist()
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {f.name: Wire.plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        if isinstance(value, dict):
            return {str(k): Wire.plain(value[k]) for k in sorted(value, key=str)}
        if isinstance(value, list | tuple):
            return [Wire.plain(v) for v in value]
        return value


@pytest.fixture(scope="session")
def wire() -> Wire:
    """The builders."""
    return Wire()


@pytest.fixture(scope="session")
def fold() -> Any:
    """A function that folds chunks of one interface list into a world."""

    def run(raw: bytes, size: int = 1 << 20, *, each: bool = False) -> World:
        """``size``: bytes fed at a time; ``each``: fold after every piece."""
        reader = reader_for(raw)
        assert reader is not None
        observer, world = Observer(), World()
        folder = Folder(world)
        for chunk in Wire.pieces(reader, raw, size):
            known = len(world.receivers)
            observer.learn(reader.interfaces[known:])
            for interface in reader.interfaces[known:]:
                world.receivers.append(
                    Receiver(len(world.receivers), "", interface.name, interface.link_type)
                )
            for batch in observer.batches(chunk):
                folder.fold(batch)
            for batch in observer.flush() if each else ():
                folder.fold(batch)
        for batch in observer.flush():
            folder.fold(batch)
        folder.finish()
        folder.settle()
        return world

    return run


@pytest.fixture(scope="session")
def sample() -> Path:
    """A small real capture."""
    return DATA / "weak-c.pcapng"


@pytest.fixture(scope="session")
def frames(sample: Path, wire: Wire) -> list[Frame]:
    """Its frames."""
    return wire.read(sample.read_bytes())
