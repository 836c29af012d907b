"""What the kernel answers, as pyroute2 gives it, and raw entries of its scan list."""

import errno
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroute2.netlink.exceptions import NetlinkError

from rogue_scan.errors import Unreadable, Unsupported
from rogue_scan.wifi.live import nl80211 as module
from rogue_scan.wifi.live.nl80211 import Busy, Nl80211, band_of


class Message(dict[str, Any]):
    """Attributes by name, as pyroute2's messages hold them."""

    def get_attr(self, name: str) -> Any:
        return dict(self["attrs"]).get(name)


def message(prefix: str = "NL80211_ATTR", **attributes: Any) -> Message:
    return Message(attrs=[(f"{prefix}_{name}", value) for name, value in attributes.items()])


def channel(frequency: int, *flags: str) -> Message:
    return message("NL80211_FREQUENCY_ATTR", FREQ=frequency, **dict.fromkeys(flags, True))


def band(*channels: Message) -> Message:
    return message("NL80211_BAND_ATTR", FREQS=list(channels))


class Kernel:
    """Answers requests, and notes what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.interfaces: list[Message] = []
        self.wiphys: list[Message] = []
        self.scan: list[Message] = []
        self.country = "00"
        self.refuses: dict[str, Exception] = {}
        self.closed = False

    prid = 28

    def _answer(self, what: str, detail: Any = None) -> None:
        self.asked.append((what, detail))
        if what in self.refuses:
            raise self.refuses[what]

    def list_dev(self) -> list[Message]:
        self._answer("list")
        return self.interfaces

    def get_regulatory_domain(self) -> list[Message]:
        self._answer("domain")
        return [message(REG_ALPHA2=self.country)]

    def add_interface(self, name: str, kind: int, phy: int) -> None:
        self._answer("add", (name, kind, phy))
        self.interfaces.append(message(IFNAME=name, IFINDEX=99, WIPHY=phy, IFTYPE=kind))

    def del_interface(self, index: int) -> None:
        self._answer("remove", index)

    def set_interface_type(self, index: int, kind: int) -> None:
        self._answer("kind", (index, kind))

    def nlm_request(self, request: Any, msg_type: int, msg_flags: int) -> list[Message]:
        from pyroute2.netlink.nl80211 import NL80211_NAMES

        names = {number: name for name, number in NL80211_NAMES.items()}
        what = names[request["cmd"]].removeprefix("NL80211_CMD_").lower()
        self._answer(what, dict(request["attrs"]))
        return {"get_wiphy": self.wiphys, "get_scan": self.scan}.get(what, [])

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    made = Kernel()
    monkeypatch.setattr(module, "_connection", lambda: lambda: made)
    made.interfaces = [
        message(IFNAME="wlan0", IFINDEX=3, WIPHY=0, IFTYPE=2, MAC="02:00:00:00:00:01", WIPHY_FREQ=2437),
        message(IFNAME="mon0", IFINDEX=4, WIPHY=0, IFTYPE=6, MAC="02:00:00:00:00:02"),
        message(WIPHY=0, IFTYPE=10),  # a P2P device has no name
    ]
    made.wiphys = [
        message(WIPHY=0, WIPHY_NAME="phy0", SUPPORTED_IFTYPES=["station", "AP", "monitor"]),
        message(
            WIPHY=0, WIPHY_BANDS=[band(channel(2412), channel(2472, "NO_IR"), channel(2484, "DISABLED"))]
        ),
        message(
            WIPHY=0, WIPHY_BANDS=[band(channel(5260, "RADAR", "NO_IR")), band(channel(58320), channel(5955))]
        ),
        message(WIPHY=1, WIPHY_NAME="phy1", SUPPORTED_IFTYPES=["station"]),
    ]
    return made


def refused(code: int) -> NetlinkError:
    return NetlinkError(code)


def test_radios_are_put_together_from_the_pieces_of_a_long_answer(kernel: Kernel) -> None:
    with Nl80211() as connection:
        first, second = connection.radios()
    assert (first.name, first.modes, first.can_monitor) == ("phy0", ("AP", "managed", "monitor"), True)
    assert [each.frequency for each in first.channels] == [2412, 2472, 5260, 5955]
    assert first.bands == ("2.4", "5", "6")
    assert [each.no_ir for each in first.channels] == [False, True, True, False]
    assert [each.radar for each in first.channels] == [False, False, True, False]
    assert [(each.name, each.kind, each.frequency) for each in first.interfaces] == [
        ("mon0", "monitor", None), ("wlan0", "managed", 2437),
    ]  # fmt: skip
    assert (second.can_monitor, second.channels, second.interfaces, second.driver) == (False, (), (), "")
    assert kernel.closed
    assert ("get_wiphy", {"NL80211_ATTR_SPLIT_WIPHY_DUMP": None}) in kernel.asked


@pytest.mark.parametrize(
    ("code", "expected"), [("DE", "DE"), ("00", None), ("99", None), ("98", None), ("", None)]
)
def test_the_world_domain_is_no_country(kernel: Kernel, code: str, expected: str | None) -> None:
    kernel.country = code
    assert Nl80211().country() == expected


def test_a_monitor_interface_is_made_beside_the_others_and_removed(kernel: Kernel) -> None:
    connection = Nl80211()
    assert connection.add_monitor(0, "rogue0") == 99
    connection.remove(99)
    connection.set_kind(3, "monitor")
    connection.set_kind(3, "managed")
    assert [entry for entry in kernel.asked if entry[0] in ("add", "remove", "kind")] == [
        ("add", ("rogue0", 6, 0)), ("remove", 99), ("kind", (3, 6)), ("kind", (3, 2)),
    ]  # fmt: skip


def test_removing_what_is_gone_is_no_error(kernel: Kernel) -> None:
    kernel.refuses["remove"] = refused(errno.ENODEV)
    Nl80211().remove(99)


def test_tuning_is_for_20_mhz_without_ht(kernel: Kernel) -> None:
    Nl80211().tune(99, 5180)
    assert kernel.asked[-1] == (
        "set_channel",
        {"NL80211_ATTR_IFINDEX": 99, "NL80211_ATTR_WIPHY_FREQ": 5180, "NL80211_ATTR_CHANNEL_WIDTH": 0},
    )


def test_a_scan_is_asked_for_without_names_so_that_nothing_is_sent(kernel: Kernel) -> None:
    Nl80211().trigger_scan(3)
    assert kernel.asked[-1] == ("trigger_scan", {"NL80211_ATTR_IFINDEX": 3})
    kernel.refuses["trigger_scan"] = refused(errno.EBUSY)
    Nl80211().trigger_scan(3)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (errno.EPERM, "cannot tune to 2412 MHz: not permitted; run as root, or give"),
        (errno.EACCES, "not permitted"),
        (errno.ENODEV, "no such interface any more"),
        (errno.ENETDOWN, "the interface is down"),
        (errno.EOPNOTSUPP, "the driver does not support it"),
        (errno.ENFILE, "allows no further interface"),
        (errno.ERFKILL, "switched off"),
        (errno.EINVAL, "does not accept it"),
        (errno.EIO, "cannot tune"),
    ],
)
def test_the_kernels_refusals_are_told_in_words(kernel: Kernel, code: int, says: str) -> None:
    kernel.refuses["set_channel"] = refused(code)
    with pytest.raises(Unreadable, match=says):
        Nl80211().tune(99, 2412)


def test_busy_can_be_told_from_other_refusals(kernel: Kernel) -> None:
    kernel.refuses["set_channel"] = refused(errno.EBUSY)
    with pytest.raises(Busy, match="in use by another program"):
        Nl80211().tune(99, 2412)


def test_a_connection_that_breaks_is_one_error(kernel: Kernel) -> None:
    kernel.refuses["list"] = OSError(errno.ENOBUFS, "No buffer space available")
    with pytest.raises(Unreadable, match="No buffer space"):
        Nl80211().radios()


def test_a_kernel_without_wireless_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise NetlinkError(errno.ENOENT)

    monkeypatch.setattr(module, "_connection", lambda: missing)
    with pytest.raises(Unsupported, match="no wireless support"):
        Nl80211()


def test_other_systems_are_told_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise ImportError("pyroute2")

    monkeypatch.setattr(module, "_connection", absent)
    with pytest.raises(Unsupported, match="needs Linux"):
        Nl80211()


# Raw entries of the scan list


def attribute(kind: int, value: bytes) -> bytes:
    size = 4 + len(value)
    return struct.pack("=HH", size, kind) + value + bytes(-size % 4)


ENTRY = (
    attribute(1, bytes.fromhex("50c7bf001122"))
    + attribute(2, struct.pack("=I", 2437))
    + attribute(3, struct.pack("=Q", 123_456_789))
    + attribute(4, struct.pack("=H", 100))
    + attribute(5, struct.pack("=H", 0x0411))
    + attribute(6, b"\x00\x08Teahouse")
    + attribute(7, struct.pack("=i", -5050))
    + attribute(10, struct.pack("=I", 1500))
    + attribute(11, b"\x00\x00")
)


def test_an_entry_is_read_with_its_raw_elements(kernel: Kernel) -> None:
    kernel.scan = [message(BSS=ENTRY), message(IFINDEX=3)]
    (bss,) = Nl80211().scan_results(3)
    assert (bss.bssid, bss.frequency, bss.signal, bss.age) == ("50:c7:bf:00:11:22", 2437, -50.5, 1.5)
    assert (bss.tsf, bss.interval, bss.capabilities) == (123_456_789, 100, 0x0411)
    assert (bss.elements, bss.beacon_elements) == (b"\x00\x08Teahouse", b"\x00\x00")


def test_an_entry_without_signal_or_with_a_broken_address(kernel: Kernel) -> None:
    kernel.scan = [
        message(BSS=attribute(1, bytes(6)) + attribute(2, struct.pack("=I", 2412))),
        message(BSS=attribute(1, bytes(5))),
    ]
    (bss,) = Nl80211().scan_results(3)
    assert (bss.signal, bss.elements) == (None, b"")


@given(st.binary(max_size=120) | st.binary(max_size=20).map(lambda more: ENTRY[:-7] + more))
def test_no_entry_raises(raw: bytes) -> None:
    bss = module._bss(message(BSS=raw))
    assert bss is None or len(bss.bssid) == 17


def test_pyroute2_leaves_entries_of_the_scan_list_as_they_are() -> None:
    """Its own decoding of elements breaks on hostile ones."""
    from pyroute2.netlink.nl80211 import nl80211cmd

    assert dict(nl80211cmd.nla_map)["NL80211_ATTR_BSS"] != "cdata"
    assert module._connection().async_class.__mro__[1].__name__ == "AsyncIW"


def test_bands_by_frequency() -> None:
    assert [band_of(frequency) for frequency in (2412, 5180, 5885, 5955, 7115)] == ["2.4", "5", "5", "6", "6"]
