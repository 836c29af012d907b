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
_MOST_LATE_NS = 2_000_000_000
"""How long the frames of one radio wait for another one that does not get to read."""
_RACE_NS = 10_000_000
"""A frame is stamped before it can be read: an empty socket tells of the time this long ago."""
_SECONDS_TO_STOP = 2.0
_SO_RCVBUFFORCE = 33
_BUFFER = 8 << 20


_NEVER = 1 << 63
Stamped = tuple[int, bytes]
"""(time in nanoseconds since 1970, pcapng block)."""
Batch = tuple[int, list[Stamped], int]
"""(number of the radio, its blocks, time in ns before which nothing of it is still to come)."""


class Dwell(msgspec.Struct):
    """How one channel was listened to."""

    seconds: float = 0.0
    frames: int = 0


class Heard(msgspec.Struct, frozen=True):
    """What one radio did so far."""

    name: str
    frames: int
    dropped: int
    dwell: dict[int, Dwell]
    """By frequency, MHz."""
    lost: float | None
    """When it was lost, seconds since the start."""


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
        self._batches: queue.Queue[Batch] = queue.Queue(_MOST_WAITING)
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
    def radios(self) -> list[Heard]:
        """What each radio did so far."""
        return [
            Heard(each.label, each.received, each.dropped, dict(each.dwell), each.lost)
            for each in self._receivers
        ]

    @property
    def tuned(self) -> list[int]:
        """Where each radio listens now, MHz."""
        return [receiver.tuned for receiver in self._receivers]

    @property
    def dropped(self) -> int:
        """Frames lost by the kernel, or here because decoding fell behind."""
        return sum(receiver.dropped for receiver in self._receivers)

    @property
    def stopped(self) -> bool:
        """Whether the run was told to end."""
        return self._stop.is_set()

    def stop(self) -> None:
        """End the stream; what was received so far still comes."""
        self._stop.set()

    def pause(self, paused: bool) -> None:
        """Stop hopping and reading for a while; the gap shows in the coverage."""
        (self._paused.set if paused else self._paused.clear)()

    def stream(self, *, idle: float = 0.25) -> Iterator[bytes]:
        """Pcapng bytes, beginning with the headers; ``b""`` each ``idle`` seconds without frames.

        Frames come in order of time, whichever radio heard them.
        """
        yield writer.section_header() + b"".join(writer.interface(name=name) for name in self._names)
        order = Order(len(self._receivers))
        stopping: float | None = None
        running = True
        while running:
            if self._stop.is_set():
                stopping = stopping or time.monotonic()
            late = stopping is not None and time.monotonic() - stopping > _SECONDS_TO_STOP
            # Asked before the queue is looked at: what a radio handed on last is then in it.
            running = any(thread.is_alive() for thread in self._threads) and not late
            with contextlib.suppress(queue.Empty):
                order.take(*self._batches.get(timeout=idle if running else 0))
                while True:
                    order.take(*self._batches.get_nowait())
            yield order.due() if running else order.rest()

    def _open(self) -> None:
        kernel = self._stack.enter_context(Nl80211())
        radios = kernel.radios()
        chosen = [_find(radios, name) for name in self._names]
        for (radio, _), name in zip(chosen, self._names, strict=True):
            twin = next(other for (each, _), other in zip(chosen, self._names, strict=True) if each is radio)
            if twin != name:
                raise Unsupported(f"{twin} and {name} are interfaces of one radio: name one of them")
            if not radio.can_monitor:
                raise Unsupported(f"{name}: the driver ({radio.driver or radio.name}) knows no monitor mode")
            if not self._able(radio):
                raise Unsupported(f"{name}: none of the channels asked for is enabled on this radio")
        able = [self._able(radio) for radio, _ in chosen]
        if self._wanted:
            for frequency in sorted(set(self._wanted).difference(*able)):
                self.notes.append(
                    f"{frequency} MHz is not enabled on {self._radio_words()} and was not watched"
                )
        for number, ((radio, interface), part) in enumerate(zip(chosen, share(able), strict=True)):
            index, name = self._monitor_interface(kernel, radio, interface)
            opened = _listen(name)
            self._stack.callback(opened.close)
            label = self._names[number]
            plan = HopPlan(part, self._dwell)
            self._receivers.append(_Receiver(self, number, (label, name, index), able[number], plan, opened))
        for receiver in self._receivers:
            thread = threading.Thread(target=receiver.run, name=f"monitor-{receiver.name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _radio_words(self) -> str:
        return "this radio" if len(self._names) == 1 else "any of these radios"

    def _able(self, radio: Radio) -> set[int]:
        """Channels that are asked for and that the radio can listen on, MHz."""
        return {channel.frequency for channel in radio.channels if self._listens(channel.frequency)}

    def _hand_over(self, lost: _Receiver) -> None:
        """Let the radios that are left watch what a lost one watched."""
        left = [each for each in self._receivers if each.lost is None]
        for frequency in lost.plan.frequencies:
            able = [each for each in left if frequency in each.able]
            if any(frequency in each.plan.frequencies for each in able):
                continue
            if able:
                min(able, key=lambda each: len(each.plan.frequencies)).plan.add(frequency)
            elif left:
                self.notes.append(f"{frequency} MHz was not watched any more once {lost.label} was lost")

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

    def __init__(
        self,
        owner: Monitor,
        number: int,
        names: tuple[str, str, int],
        able: set[int],
        plan: HopPlan,
        opened: Any,
    ) -> None:
        """``names``: what the user calls it, the interface that listens, and the index of that."""
        self._owner, self._number, self._socket = owner, number, opened
        self.label, self.name, self._index = names
        self.able, self.plan = able, plan
        self.dwell: dict[int, Dwell] = {}
        self.tuned = 0
        self.received = 0
        self.dropped = 0
        self.lost: float | None = None
        self._read_until = 0
        """Everything stamped before this was read, ns since 1970."""
        self._told = 0
        """Losses that the stream tells of already."""
        self._pending: list[Stamped] = []
        self._flushed = 0.0

    def run(self) -> None:
        """Hop and read until the owner stops."""
        begin = time.monotonic()
        try:
            with Nl80211() as kernel:
                while not self._owner._stop.is_set():
                    if self._owner._paused.is_set():
                        self._rest()
                        continue
                    self._visit(kernel)
        except (SourceError, OSError, LookupError) as error:
            reason = error if isinstance(error, SourceError) else Unreadable(f"the radio is gone: {error}")
            self._owner.errors.append(type(reason)(f"{self._called()}: {reason}"))
            self.lost = round(time.monotonic() - begin, 3)
            self._owner._hand_over(self)
        finally:
            self._read_until = _NEVER
            self._flush()

    def _called(self) -> str:
        return self.label if self.label == self.name else f"{self.label} ({self.name})"

    def _rest(self) -> None:
        """While the run is paused, what comes in is thrown away: the gap is real."""
        self._owner._stop.wait(_BATCH_SECONDS)
        end = time.monotonic() + _BATCH_SECONDS
        while time.monotonic() < end and select.select([self._socket], [], [], 0)[0]:
            self._socket.recv_raw()
        self._lost_in_kernel()
        self._read(time.time_ns() - _RACE_NS)
        self._flush()

    def _read(self, until: int) -> None:
        # The system's clock may be set back: what was read is read all the same.
        self._read_until = max(self._read_until, until)

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
            f"{self._called()}: another interface of this radio is connected and holds it on {current} MHz; "
            "disconnect it to watch the other channels"
        )

    def _radios(self) -> list[Radio]:
        with Nl80211() as kernel:
            return kernel.radios()

    def _listen_for(self, seconds: float) -> None:
        watched = self.dwell.setdefault(self.tuned, Dwell())
        begin = time.monotonic()
        end = begin + seconds
        while (now := time.monotonic()) < end and not self._interrupted():
            before = time.time_ns()
            ready, _, _ = select.select([self._socket], [], [], min(end - now, _BATCH_SECONDS))
            if ready:
                _, data, stamp = self._socket.recv_raw()
                if data:
                    time_ns = int(float(stamp) * 1e6) * 1000 if stamp else time.time_ns()
                    self.received += 1
                    watched.frames += 1
                    self._read(time_ns)
                    self._pending.append((time_ns, writer.packet(data, time_ns, self._number)))
            else:
                self._read(before - _RACE_NS)
            if now - self._flushed >= _BATCH_SECONDS:
                self._flush()
        watched.seconds += time.monotonic() - begin

    def _interrupted(self) -> bool:
        return self._owner._stop.is_set() or self._owner._paused.is_set()

    def _flush(self) -> None:
        try:
            self._owner._batches.put_nowait((self._number, self._pending, self._read_until))
        except queue.Full:
            self.dropped += len(self._pending)
        self._pending = []
        self._flushed = time.monotonic()

    def _count_drops(self) -> None:
        self.dropped += self._lost_in_kernel()
        if self.dropped > self._told:
            self._told = self.dropped
            now = time.time_ns()
            block = writer.statistics(now, self.received, self.dropped, self._number)
            self._pending.append((now, block))

    def _lost_in_kernel(self) -> int:
        """Frames that the kernel had no room for since the last call."""
        raw = self._socket.ins.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        _, dropped = struct.unpack("II", raw)  # reading sets them back to zero
        return int(dropped)


class Order:
    """Brings the frames of several radios into order of time.

    Each radio hands on its frames in order, but not at the same moment: a frame waits until every radio has
    read all that came before it, and at most as long as :data:`_MOST_LATE_NS`.
    """

    def __init__(self, radios: int) -> None:
        self._until = [0] * radios
        self._held: list[Stamped] = []
        self._newest = 0

    def take(self, number: int, blocks: list[Stamped], until: int) -> None:
        """Take what one radio hands on; ``until``: time before which nothing of it is still to come."""
        self._until[number] = until
        self._held += blocks
        if blocks:
            self._newest = max(self._newest, blocks[-1][0])

    def due(self) -> bytes:
        """All blocks that nothing older can follow."""
        until = max(min(self._until), self._newest - _MOST_LATE_NS)
        due = [each for each in self._held if each[0] <= until]
        self._held = [each for each in self._held if each[0] > until]
        return _joined(due)

    def rest(self) -> bytes:
        """All blocks that are held."""
        due, self._held = self._held, []
        return _joined(due)


def _joined(blocks: list[Stamped]) -> bytes:
    return b"".join(block for _, block in sorted(blocks, key=lambda each: each[0]))


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
    try:
        opened.ins.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
    except OSError:  # without cap_net_admin the system's own limit holds
        opened.ins.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
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
