"""Radios side by side, without radios: the kernel and its sockets are played."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, ClassVar

import msgspec
import pytest

from rogue_scan.errors import Unreadable, Unsupported
from rogue_scan.wifi.live import monitor as module
from rogue_scan.wifi.live.monitor import Monitor, Order
from rogue_scan.wifi.live.nl80211 import Busy, Channel, Interface, Radio

BAND_2 = (2412, 2437, 2462)
BAND_5 = (5180, 5200)


def radio(
    number: int,
    name: str,
    *,
    kind: str = "managed",
    channels: Any = BAND_2,
    modes: Any = ("managed", "monitor"),
) -> Radio:
    return Radio(
        number, f"phy{number}", "fake", modes,
        tuple(Channel(frequency, no_ir=False, radar=False) for frequency in channels),
        (Interface(name, 10 + number, kind, f"02:00:00:00:00:{number:02x}"),),
    )  # fmt: skip


class Air:
    """Radios, and what the kernel would say and do about them."""

    def __init__(self) -> None:
        self.radios = [radio(1, "wlan1"), radio(2, "wlan2")]
        self.refuses_to_add: Exception | None = None
        self.refuses_channel: dict[int, Exception] = {}
        self.tuned: list[tuple[int, int]] = []
        self.log: list[str] = []
        self.drops: dict[str, int] = {}
        self.ends: dict[str, socket.socket] = {}
        self.closed: list[str] = []

    # The kernel

    def __call__(self) -> "Air":
        return self

    def __enter__(self) -> "Air":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def list_radios(self) -> list[Radio]:
        return self.radios

    def add_monitor(self, number: int, name: str) -> int:
        if self.refuses_to_add:
            raise self.refuses_to_add
        made = Interface(name, 100 + number, "monitor", "")
        self.radios = [
            msgspec.structs.replace(each, interfaces=(*each.interfaces, made))
            if each.number == number
            else each
            for each in self.radios
        ]
        return made.index

    def set_kind(self, index: int, kind: str) -> None:
        self.log.append(f"{index} becomes {kind}")

    def tune(self, index: int, frequency: int) -> None:
        if frequency in self.refuses_channel:
            raise self.refuses_channel[frequency]
        self.tuned.append((index, frequency))

    # The sockets

    def listen(self, name: str) -> Any:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ends[name] = theirs

        def receive() -> tuple[int, bytes, float | None]:
            data = ours.recv(4096)
            if not data:
                raise OSError(100, "Network is down")
            (stamp,) = struct.unpack("<d", data[:8])
            return 0, data[8:], stamp or None

        def statistics(*_: int) -> bytes:
            return struct.pack("II", 0, self.drops.pop(name, 0))

        return SimpleNamespace(
            fileno=ours.fileno, recv_raw=receive, ins=SimpleNamespace(getsockopt=statistics),
            close=lambda: (self.closed.append(name), ours.close()),
        )  # fmt: skip

    def hear(self, name: str, frame: bytes, stamp: float) -> None:
        self.ends[name].send(struct.pack("<d", stamp) + frame)

    def unplug(self, name: str) -> None:
        self.ends[name].send(b"")


class FakeGuard:
    """Notes what would be restored."""

    stood: ClassVar[list[Any]] = []
    restored: ClassVar[list[Any]] = []

    def __init__(self, what: Any) -> None:
        self.what = what
        self.stood.append(what)

    def __enter__(self) -> "FakeGuard":
        return self

    def __exit__(self, *_: object) -> None:
        self.restored.append(self.what)


@pytest.fixture
def air(monkeypatch: pytest.MonkeyPatch) -> Iterator[Air]:
    made = Air()
    kernel = SimpleNamespace(
        radios=made.list_radios, add_monitor=made.add_monitor, set_kind=made.set_kind, tune=made.tune
    )

    class Kernel:
        def __enter__(self) -> Any:
            return kernel

        def __exit__(self, *_: object) -> None:
            pass

    FakeGuard.stood, FakeGuard.restored = [], []
    monkeypatch.setattr(module, "Nl80211", Kernel)
    monkeypatch.setattr(module, "Guard", FakeGuard)
    monkeypatch.setattr(module, "_listen", made.listen)
    monkeypatch.setattr(
        module, "set_up", lambda index, up: made.log.append(f"{index} {'up' if up else 'down'}")
    )
    monkeypatch.setattr(module, "is_up", lambda index: True)
    yield made
    for end in made.ends.values():
        end.close()


def until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def drained(monitor: Monitor, wire: Any) -> list[tuple[int, bytes]]:
    """Everything that comes, as frames with their times."""
    frames: list[tuple[int, bytes]] = wire.read(b"".join(monitor.stream(idle=0.05)))
    return frames


def test_channels_are_split_and_both_radios_fill_one_stream_in_order_of_time(
    air: Air, wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_RACE_NS", 2_000_000_000)  # a busy machine may stop us behind a stamp
    began = time.time()
    with Monitor(["wlan1", "wlan2"], None, 0.05) as monitor:
        assert sorted(f for plan in monitor.plans for f in plan.frequencies) == list(BAND_2)
        for step in range(40):
            air.hear("rogue0" if step % 2 else "rogue1", b"frame %02d" % step, began + step / 10_000)
            if step == 20:
                time.sleep(0.15)
        until(lambda: sum(each.frames for each in monitor.radios) == 40)
        monitor.stop()
        frames = drained(monitor, wire)
        assert [raw for _, raw in frames] == [b"frame %02d" % step for step in range(40)]
        assert [each.name for each in monitor.radios] == ["wlan1", "wlan2"]
        assert monitor.radios[0].frames == monitor.radios[1].frames == 20
        assert {frequency for _, frequency in air.tuned} <= set(BAND_2)
    assert air.closed == ["rogue1", "rogue0"]
    assert [what.interface for what in FakeGuard.restored] == ["rogue1", "rogue0"]


def test_a_name_given_twice_is_one_radio_and_two_names_of_one_radio_are_refused(air: Air) -> None:
    with Monitor(["wlan1", "wlan1"], None, 0.05) as monitor:
        assert len(monitor.plans) == 1
    both = (Interface("wlan1", 11, "managed", ""), Interface("mon1", 12, "monitor", ""))
    air.radios = [Radio(1, "phy1", "fake", ("managed", "monitor"), air.radios[0].channels, both)]
    with pytest.raises(Unsupported, match="wlan1 and mon1 are interfaces of one radio"):
        Monitor(["wlan1", "mon1"], None, 0.05).__enter__()


def test_one_radio_unplugged_is_told_and_the_other_takes_over(air: Air, wire: Any) -> None:
    with Monitor(["wlan1", "wlan2"], None, 0.05) as monitor:
        lost = set(monitor.plans[1].frequencies)
        air.hear("rogue1", b"before", time.time())
        until(lambda: monitor.radios[1].frames == 1)
        air.unplug("rogue1")
        until(lambda: bool(monitor.errors))
        assert "wlan2 (rogue1): the radio is gone" in str(monitor.errors[0])
        until(lambda: lost <= set(monitor.plans[0].frequencies))
        until(lambda: lost <= {frequency for index, frequency in air.tuned if index == 101})
        air.hear("rogue0", b"after", time.time())
        until(lambda: monitor.radios[0].frames == 1)
        monitor.stop()
        assert [raw for _, raw in drained(monitor, wire)] == [b"before", b"after"]
        assert monitor.radios[0].lost is None
        assert monitor.radios[1].lost is not None


def test_channels_that_only_the_lost_radio_knew_are_named(air: Air) -> None:
    air.radios = [radio(1, "wlan1"), radio(2, "wlan2", channels=BAND_5)]
    with Monitor(["wlan1", "wlan2"], None, 0.05) as monitor:
        assert monitor.plans[0].frequencies == list(BAND_2)
        air.unplug("rogue1")
        until(lambda: len(monitor.notes) == 2)
        assert monitor.notes[0] == "5180 MHz was not watched any more once wlan2 was lost"


def test_the_stream_ends_when_the_last_radio_is_gone(air: Air, wire: Any) -> None:
    with Monitor(["wlan1"], None, 0.05) as monitor:
        air.hear("rogue0", b"last words", time.time())
        until(lambda: monitor.radios[0].frames == 1)
        air.unplug("rogue0")
        assert [raw for _, raw in drained(monitor, wire)] == [b"last words"]


def test_losses_of_the_kernel_are_counted_for_each_radio_and_written(air: Air) -> None:
    with Monitor(["wlan1", "wlan2"], None, 0.02) as monitor:
        air.drops["rogue1"] = 7
        until(lambda: monitor.dropped == 7)
        monitor.stop()
        raw = b"".join(monitor.stream(idle=0.05))
        assert [each.dropped for each in monitor.radios] == [0, 7]
    from rogue_scan.wifi.capture.pcapng import PcapngReader

    reader = PcapngReader()
    list(reader.feed(raw))
    assert [interface.name for interface in reader.interfaces] == ["wlan1", "wlan2"]
    assert [interface.dropped for interface in reader.interfaces] == [None, 7]


def test_what_cannot_wait_any_more_is_dropped_and_counted(air: Air, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_WAITING", 2)
    with Monitor(["wlan1"], None, 0.02) as monitor:
        for _ in range(5):
            air.hear("rogue0", b"frame", time.time())
            time.sleep(0.12)
        until(lambda: monitor.dropped > 0)


def test_while_paused_nothing_is_kept(air: Air, wire: Any) -> None:
    with Monitor(["wlan1"], None, 0.05) as monitor:
        monitor.pause(True)
        time.sleep(0.15)
        tuned = len(air.tuned)
        air.hear("rogue0", b"unheard", time.time())
        air.drops["rogue0"] = 3
        time.sleep(0.3)
        assert len(air.tuned) == tuned
        monitor.pause(False)
        until(lambda: len(air.tuned) > tuned)
        air.hear("rogue0", b"heard", time.time())
        until(lambda: monitor.radios[0].frames == 1)
        monitor.stop()
        assert [raw for _, raw in drained(monitor, wire)] == [b"heard"]
        assert monitor.dropped == 0


def test_dwell_is_counted_by_channel_over_all_radios(air: Air) -> None:
    with Monitor(["wlan1", "wlan2"], None, 0.02) as monitor:
        until(
            lambda: (
                set(monitor.dwell) == set(BAND_2)
                and all(one.seconds > 0.02 for one in monitor.dwell.values())
            )
        )
        assert len(monitor.tuned) == 2


def test_a_channel_that_the_driver_refuses_is_left_out_and_named(air: Air) -> None:
    air.refuses_channel[2437] = Unreadable("the driver does not accept it")
    with Monitor(["wlan1"], None, 0.02) as monitor:
        until(lambda: bool(monitor.notes))
        assert monitor.notes == [
            "2437 MHz could not be tuned to and was not watched: the driver does not accept it"
        ]
        assert monitor.plans[0].frequencies == [2412, 2462]


def test_a_connected_neighbour_holds_its_channel(air: Air) -> None:
    air.refuses_channel = {frequency: Busy("in use") for frequency in BAND_2}
    connected = Interface("wlan1", 11, "managed", "", 2462)
    air.radios = [
        Radio(1, "phy1", "fake", ("managed", "monitor"), air.radios[0].channels,
              (connected, Interface("rogue0", 101, "monitor", "", 2462)))
    ]  # fmt: skip
    with Monitor(["wlan1"], None, 0.02) as monitor:
        name = monitor._receivers[0].name
        until(lambda: bool(monitor.notes))
        assert f"wlan1 ({name})" in monitor.notes[0]
        assert monitor.plans[0].locked
        until(lambda: bool(monitor.dwell))


def test_where_no_second_interface_is_allowed_the_first_one_changes_and_is_put_back(air: Air) -> None:
    air.refuses_to_add = Unreadable("cannot add: the driver allows no further interface")
    with Monitor(["wlan1"], None, 0.02) as monitor:
        assert air.log == ["11 down", "11 becomes monitor", "11 up"]
        assert "was switched to monitor mode" in monitor.notes[0]
    last = FakeGuard.restored[-1]
    assert (last.interface, last.added, last.kind, last.was_up) == ("wlan1", False, "managed", True)


@pytest.mark.parametrize("says", ["not permitted; run as root", "the radio is switched off (rfkill)"])
def test_missing_rights_and_a_switched_off_radio_are_no_reason_to_take_the_users_interface(
    air: Air, says: str
) -> None:
    air.refuses_to_add = Unreadable(f"cannot add: {says}")
    with pytest.raises(Unreadable, match="cannot add"):
        Monitor(["wlan1"], None, 0.02).__enter__()
    assert air.log == []
    assert len(FakeGuard.restored) == len(FakeGuard.stood) == 1


def test_an_interface_in_monitor_mode_is_used_as_it_is(air: Air) -> None:
    air.radios = [radio(1, "mon0", kind="monitor")]
    with Monitor(["mon0"], None, 0.02):
        assert air.log == ["11 up"]
    assert FakeGuard.stood == []


@pytest.mark.parametrize(
    ("radios", "names", "wanted", "error", "says"),
    [
        (
            [radio(1, "wlan1")],
            ["wlan9"],
            None,
            Unreadable,
            "wlan9: no such wireless interface; there are wlan1",
        ),
        ([], ["wlan1"], None, Unreadable, "no such wireless interface$"),
        ([radio(1, "wlan1", modes=("managed",))], ["wlan1"], None, Unsupported, "knows no monitor mode"),
        ([radio(1, "wlan1")], ["wlan1"], [5180], Unsupported, "none of the channels asked for"),
    ],
)
def test_what_cannot_be_is_said_before_anything_changes(
    air: Air,
    radios: list[Radio],
    names: list[str],
    wanted: list[int] | None,
    error: type[Exception],
    says: str,
) -> None:
    air.radios = radios
    with pytest.raises(error, match=says):
        Monitor(names, wanted, 0.02).__enter__()
    assert air.log == [] and FakeGuard.stood == []


def test_channels_asked_for_that_no_radio_has_are_named(air: Air) -> None:
    with Monitor(["wlan1", "wlan2"], [2412, 2462, 5955], 0.02) as monitor:
        assert monitor.notes == ["5955 MHz is not enabled on any of these radios and was not watched"]
        assert [plan.frequencies for plan in monitor.plans] == [[2412], [2462]]


def test_a_frame_without_a_stamp_gets_the_time_of_reading(air: Air, wire: Any) -> None:
    with Monitor(["wlan1"], None, 0.05) as monitor:
        before = time.time_ns()
        air.hear("rogue0", b"frame", 0.0)
        until(lambda: monitor.radios[0].frames == 1)
        monitor.stop()
        ((stamp, _),) = drained(monitor, wire)
    assert before - 1_000_000 <= stamp <= time.time_ns()


# The order of several radios


def blocks(*times: int) -> list[tuple[int, bytes]]:
    return [(at, b"%d " % at) for at in times]


def test_a_frame_waits_until_all_radios_have_read_that_far() -> None:
    order = Order(2)
    order.take(0, blocks(10, 30), 30)
    assert order.due() == b""
    order.take(1, blocks(20), 25)
    assert order.due() == b"10 20 "
    order.take(1, [], 40)
    assert order.due() == b"30 "


def test_a_radio_that_does_not_get_to_read_holds_the_others_for_two_seconds_at_most() -> None:
    order = Order(2)
    second = 1_000_000_000
    order.take(0, blocks(*(number * second for number in range(1, 11))), 10 * second)
    assert order.due() == b"".join(b"%d " % (number * second) for number in range(1, 9))
    assert order.rest() == b"%d %d " % (9 * second, 10 * second)


def test_equal_times_keep_the_order_in_which_they_came() -> None:
    order = Order(1)
    order.take(0, [(5, b"a"), (5, b"b"), (4, b"c")], 9)
    assert order.due() == b"cab"


def test_stopping_does_not_wait_for_a_radio_that_hangs(air: Air, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS_TO_STOP", 0.1)
    hangs, go_on = threading.Event(), threading.Event()
    with Monitor(["wlan1"], None, 0.02) as monitor:
        real = air.tune

        def slow(index: int, frequency: int) -> None:
            hangs.set()
            go_on.wait(5)
            real(index, frequency)

        kernel = module.Nl80211().__enter__()
        monkeypatch.setattr(kernel, "tune", slow)
        hangs.wait(5)
        monitor.stop()
        begin = time.monotonic()
        list(monitor.stream(idle=0.02))
        assert time.monotonic() - begin < 2
        go_on.set()


def test_short_dwells_hand_on_as_often_as_long_ones(air: Air, wire: Any) -> None:
    with Monitor(["wlan1"], None, 0.02) as monitor:
        air.hear("rogue0", b"frame", time.time())
        stream = monitor.stream(idle=0.05)
        raw = b""
        for batch in stream:
            raw += batch
            if b"frame" in raw:
                break
        assert not monitor.stopped


# The socket


class Ears:
    """scapy's listening socket, played."""

    hardware = 803
    refuses: Exception | None = None
    forced = True

    def __init__(self, iface: str, promisc: bool) -> None:
        if self.refuses:
            raise self.refuses
        assert not promisc, "a monitor interface hears everything as it is"
        self.options: list[tuple[int, int, int]] = []
        self.closed = False
        self.ins = SimpleNamespace(
            getsockname=lambda: (iface, 3, 0, self.hardware, b""), setsockopt=self._set
        )  # fmt: skip

    def _set(self, level: int, option: int, value: int) -> None:
        if option == 33 and not self.forced:
            raise PermissionError(1, "Operation not permitted")
        self.options.append((level, option, value))

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def ears(monkeypatch: pytest.MonkeyPatch) -> type[Ears]:
    import scapy.arch.linux

    fresh = type("Fresh", (Ears,), {})
    monkeypatch.setattr(scapy.arch.linux, "L2ListenSocket", fresh)
    return fresh


def test_the_buffer_is_as_large_as_the_rights_allow(ears: type[Ears]) -> None:
    assert module._listen("rogue0").options == [(socket.SOL_SOCKET, 33, 8 << 20)]
    ears.forced = False
    assert module._listen("rogue0").options == [(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)]


@pytest.mark.parametrize(
    ("refuses", "error", "says"),
    [
        (PermissionError(1, "Operation not permitted"), Unreadable, "give the program cap_net_raw"),
        (OSError(19, "No such device"), Unreadable, "rogue0: cannot listen: No such device"),
    ],
)
def test_a_socket_that_cannot_be_had(
    ears: type[Ears], refuses: Exception, error: type[Exception], says: str
) -> None:
    ears.refuses = refuses
    with pytest.raises(error, match=says):
        module._listen("rogue0")


def test_an_interface_that_gives_no_radiotap_is_refused(ears: type[Ears]) -> None:
    ears.hardware = 1
    with pytest.raises(Unsupported, match="gives no radiotap frames \\(hardware type 1\\)"):
        module._listen("eth0")
