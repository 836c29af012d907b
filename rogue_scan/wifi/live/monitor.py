"""Radios in monitor mode as one stream of pcapng: what is decoded is what can be written to a file.

Nothing is transmitted: the sockets listen, scans are passive, and injection is not in this package.
"""

from __future__ import annotations

import contextlib
import queue
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

import msgspec

from rogue_scan.errors import SourceError, Unreadable, Unsupported
from rogue_scan.wifi.capture import writer
from rogue_scan.wifi.live.guard import Guard, Restore
from rogue_scan.wifi.live.link import is_up, set_up
from rogue_scan.wifi.live.nl80211 import Busy, Interface, Nl80211, Radio
from rogue_scan.wifi.live.plan import HopPlan, share

_ARPHRD_IEEE80211_RADIOTAP = 803
_SOL_PACKET, _PACKET_STATISTICS = 263, 6
_BATCH_SECONDS = 0.1
"""Frames are handed on in batches: often enough for eyes, seldom enough for speed."""
_MOST_WAITING = 2000
"""Batches that may wait when decoding falls behind; then they are dropped and counted."""


class Dwell(msgspec.Struct):
    """How one channel was listened to."""

    seconds: float = 0.0
    frames: int = 0


class Monitor:
    """One or several radios, hopping; use as a context manager.

    Raises Unsupported where a radio cannot monitor, Unreadable with the kernel's reason where it may not.
    Everything is put back at the end, also when this process is killed (:mod:`.guard`).
    """

    def __init__(self, interfaces: Sequence[str], frequencies: Sequence[int] | None, dwell: float) -> None:
        self._names = list(dict.fromkeys(interfaces))
        self._wanted = frequencies
        self._dwell = dwell
        self._stack = contextlib.ExitStack()
        self._batches: queue.Queue[bytes] = queue.Queue(_MOST_WAITING)
        self._stop = threading.Event()
        self._paused = threading.Event()
        self._threads: list[threading.Thread] = []
        self._receivers: list[_Receiver] = []
        self.notes: list[str] = []
        """Sentences on what this run cannot do, for the report's coverage."""
        self.errors: list[SourceError] = []
        """Radios that were lost on the way."""

    def __enter__(self) -> Monitor:
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        for thread in self._threads:
            thread.join(timeout=5)
        self._stack.close()

    @property
    def plans(self) -> list[HopPlan]:
        """The hop plan of each radio."""
        return [receiver.plan for receiver in self._receivers]

    @property
    def dwell(self) -> dict[int, Dwell]:
        """Frequency in MHz → how it was listened to, over all radios."""
        total: dict[int, Dwell] = {}
        for receiver in self._receivers:
            for frequency, part in list(receiver.dwell.items()):
                one = total.setdefault(frequency, Dwell())
                one.seconds += part.seconds
                one.frames += part.frames
        return total

    @property
    def tuned(self) -> list[int]:
        """Where each radio listens now, MHz."""
        return [receiver.tuned for receiver in self._receivers]

    @property
    def dropped(self) -> int:
        """Frames lost by the kernel, or here because decoding fell behind."""
        return sum(receiver.dropped for receiver in self._receivers)

    def stop(self) -> None:
        """End the stream; what was received so far still comes."""
        self._stop.set()

    def pause(self, paused: bool) -> None:
        """Stop hopping and reading for a while; the gap shows in the coverage."""
        (self._paused.set if paused else self._paused.clear)()

    def stream(self, *, idle: float = 0.25) -> Iterator[bytes]:
        """Pcapng bytes, beginning with the headers; ``b""`` each ``idle`` seconds without frames."""
        yield writer.section_header() + b"".join(writer.interface(name=name) for name in self._names)
        while True:
            try:
                yield self._batches.get(timeout=idle)
            except queue.Empty:
                if self._stop.is_set() or not any(thread.is_alive() for thread in self._threads):
                    return
                yield b""

    def _open(self) -> None:
        kernel = self._stack.enter_context(Nl80211())
        radios = kernel.radios()
        chosen = [_find(radios, name) for name in self._names]
        for (radio, _), name in zip(chosen, self._names, strict=True):
            if not radio.can_monitor:
                raise Unsupported(f"{name}: the driver ({radio.driver or radio.name}) knows no monitor mode")
        common = [channel for channel in chosen[0][0].channels if self._listens(channel.frequency)]
        if not common:
            raise Unsupported(f"{self._names[0]}: none of the channels asked for is enabled on this radio")
        if self._wanted:
            for frequency in sorted(set(self._wanted) - {channel.frequency for channel in common}):
                self.notes.append(f"{frequency} MHz is not enabled on this radio and was not watched")
        parts = share(common, len(chosen))
        for number, ((radio, interface), part) in enumerate(zip(chosen, parts, strict=True)):
            able = {channel.frequency for channel in radio.channels}
            plan = HopPlan([frequency for frequency in part if frequency in able] or part, self._dwell)
            index, name = self._monitor_interface(kernel, radio, interface)
            receiver = _Receiver(self, number, name, index, plan)
            self._stack.callback(receiver.close)
            self._receivers.append(receiver)
        for receiver in self._receivers:
            thread = threading.Thread(target=receiver.run, name=f"monitor-{receiver.name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _listens(self, frequency: int) -> bool:
        return not self._wanted or frequency in self._wanted

    def _monitor_interface(self, kernel: Nl80211, radio: Radio, interface: Interface) -> tuple[int, str]:
        """An interface to monitor with: one of its own where the driver allows, else this one, changed."""
        if interface.kind == "monitor":
            set_up(interface.index, up=True)
            return interface.index, interface.name
        name = _free_name(kernel)
        guard = Guard(Restore(interface=name, added=True))
        try:
            index = kernel.add_monitor(radio.number, name)
            set_up(index, up=True)
        except Unreadable as refused:
            guard.__exit__(None, None, None)
            if "not permitted" in str(refused) or "rfkill" in str(refused):
                raise
        else:
            self._stack.enter_context(guard)
            return index, name
        up = is_up(interface.index)
        self._stack.enter_context(
            Guard(Restore(interface=interface.name, added=False, kind=interface.kind, was_up=up))
        )
        self.notes.append(f"{interface.name} was switched to monitor mode for this run and had no connection")
        set_up(interface.index, up=False)
        kernel.set_kind(interface.index, "monitor")
        set_up(interface.index, up=True)
        return interface.index, interface.name


class _Receiver:
    """One radio: tunes, reads, and hands on batches. Runs in a thread of its own."""

    def __init__(self, owner: Monitor, number: int, name: str, index: int, plan: HopPlan) -> None:
        self._owner, self._number, self.name, self._index = owner, number, name, index
        self.plan = plan
        self.dwell: dict[int, Dwell] = {}
        self.tuned = 0
        self.dropped = 0
        self._received = 0
        self._pending: list[bytes] = []
        self._socket: Any = _listen(name)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def run(self) -> None:
        """Hop and read until the owner stops."""
        try:
            with Nl80211() as kernel:
                while not self._owner._stop.is_set():
                    if self._owner._paused.is_set():
                        self._owner._stop.wait(0.1)
                        continue
                    self._visit(kernel)
        except (SourceError, OSError, LookupError) as error:
            reason = error if isinstance(error, SourceError) else Unreadable(f"the radio is gone: {error}")
            self._owner.errors.append(type(reason)(f"{self.name}: {reason}"))
        finally:
            self._flush()

    def _visit(self, kernel: Nl80211) -> None:
        frequency, seconds = self.plan.next(time.monotonic())
        if frequency != self.tuned:
            try:
                kernel.tune(self._index, frequency)
            except Busy:
                # A connected interface of the same radio holds the channel.
                self._stay(frequency)
                return
            except Unreadable as error:
                if "no such interface" in str(error):
                    raise
                self.plan.give_up(frequency)
                self._owner.notes.append(
                    f"{frequency} MHz could not be tuned to and was not watched: {error}"
                )
                return
            self.tuned = frequency
        self._listen_for(seconds)
        self._count_drops()

    def _stay(self, refused: int) -> None:
        interface = next(
            (each for radio in self._radios() for each in radio.interfaces if each.name == self.name), None
        )
        current = interface.frequency if interface and interface.frequency else refused
        self.plan.lock(current)
        self.tuned = current
        self._owner.notes.append(
            f"{self.name}: another interface of this radio is connected and holds it on {current} MHz; "
            "disconnect it to watch the other channels"
        )

    def _radios(self) -> list[Radio]:
        with Nl80211() as kernel:
            return kernel.radios()

    def _listen_for(self, seconds: float) -> None:
        watched = self.dwell.setdefault(self.tuned, Dwell())
        begin = flushed = time.monotonic()
        end = begin + seconds
        while (now := time.monotonic()) < end and not self._owner._stop.is_set():
            ready, _, _ = select.select([self._socket], [], [], min(end - now, _BATCH_SECONDS))
            if ready:
                _, data, stamp = self._socket.recv_raw()
                if data:
                    self._received += 1
                    watched.frames += 1
                    self._pending.append(writer.packet(data, int(float(stamp) * 1e6) * 1000, self._number))
            if now - flushed >= _BATCH_SECONDS:
                self._flush()
                flushed = now
        watched.seconds += time.monotonic() - begin

    def _flush(self) -> None:
        if not self._pending:
            return
        try:
            self._owner._batches.put_nowait(b"".join(self._pending))
        except queue.Full:
            self.dropped += len(self._pending)
        self._pending.clear()

    def _count_drops(self) -> None:
        raw = self._socket.ins.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        _, dropped = struct.unpack("II", raw)  # reading sets them back to zero
        if dropped:
            self.dropped += dropped
            self._pending.append(
                writer.statistics(time.time_ns(), self._received, self.dropped, self._number)
            )


def _listen(name: str) -> Any:
    """A listening socket of scapy's, checked to give radiotap."""
    import scapy.layers.dot11  # noqa: F401 (tells scapy's sockets what radiotap interfaces give)
    from scapy.arch.linux import L2ListenSocket

    try:
        opened = L2ListenSocket(iface=name, promisc=False)
    except PermissionError as error:
        raise Unreadable(
            f"{name}: not permitted to listen; run as root, or give the program cap_net_raw"
        ) from error
    except OSError as error:
        raise Unreadable(f"{name}: cannot listen: {error.strerror or error}") from error
    kind = opened.ins.getsockname()[3]
    if kind != _ARPHRD_IEEE80211_RADIOTAP:
        opened.close()
        raise Unsupported(f"{name}: the interface gives no radiotap frames (hardware type {kind})")
    opened.ins.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    return opened


def _find(radios: Sequence[Radio], name: str) -> tuple[Radio, Interface]:
    for radio in radios:
        for interface in radio.interfaces:
            if interface.name == name:
                return radio, interface
    known = [interface.name for radio in radios for interface in radio.interfaces]
    raise Unreadable(
        f"{name}: no such wireless interface" + (f"; there are {', '.join(known)}" if known else "")
    )


def _free_name(kernel: Nl80211) -> str:
    taken = {interface.name for radio in kernel.radios() for interface in radio.interfaces}
    return next(name for number in range(64) if (name := f"rogue{number}") not in taken)
