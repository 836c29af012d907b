"""The kernel's wireless interface (nl80211), typed: what is needed here and no more.

Spoken through pyroute2; the text of other programs is never read. Linux only.
"""

from __future__ import annotations

import contextlib
import errno
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from rogue_scan.errors import Unreadable, Unsupported

_IFTYPES = {1: "ibss", 2: "managed", 3: "ap", 6: "monitor", 7: "mesh", 10: "p2p-device"}
_MONITOR = 6
_REGULATORY_CORE_COUNTRY = ("00", "99", "98", "97")
"""Not countries: the world domain, and the kernel's marks for custom, intersected and unknown ones."""


class Busy(Unreadable):
    """The radio is in use by another program, or by a request that is under way."""


class Channel(msgspec.Struct, frozen=True):
    """One 20 MHz channel that a radio can tune to."""

    frequency: int
    """MHz."""
    no_ir: bool
    """Only listening is allowed: no matter here, as nothing is transmitted."""
    radar: bool


class Interface(msgspec.Struct, frozen=True):
    """One network interface of a radio."""

    name: str
    index: int
    kind: str
    """``managed``, ``monitor``, ``ap`` …"""
    mac: str
    frequency: int | None = None


class Radio(msgspec.Struct, frozen=True):
    """One wireless card."""

    number: int
    name: str
    driver: str
    modes: tuple[str, ...]
    channels: tuple[Channel, ...]
    """Enabled ones, in ascending order of frequency."""
    interfaces: tuple[Interface, ...]

    @property
    def can_monitor(self) -> bool:
        """Whether the driver knows monitor mode."""
        return "monitor" in self.modes

    @property
    def bands(self) -> tuple[str, ...]:
        """``2.4``, ``5``, ``6`` as far as any channel of theirs is enabled."""
        return tuple(dict.fromkeys(band_of(channel.frequency) for channel in self.channels))


class Bss(msgspec.Struct, frozen=True):
    """One entry of the kernel's scan list."""

    bssid: str
    frequency: int
    signal: float | None
    """dBm."""
    tsf: int
    """µs, of the last beacon or probe response."""
    interval: int
    capabilities: int
    elements: bytes
    """Raw elements of the last probe response, else of the last beacon."""
    beacon_elements: bytes
    age: float
    """Seconds since it was last heard."""


def band_of(frequency: int) -> str:
    """``2.4``, ``5`` or ``6`` (GHz) for a centre frequency in MHz."""
    return "2.4" if frequency < 3000 else "5" if frequency < 5950 else "6"


class Nl80211:
    """A connection to the kernel; use as a context manager.

    Raises Unsupported where the kernel has no nl80211, and Unreadable with the reason of the kernel for
    what it refuses.
    """

    def __init__(self) -> None:
        try:
            from pyroute2.netlink.exceptions import NetlinkError

            connection = _connection()
        except ImportError as error:
            raise Unsupported("wireless control needs Linux and the package pyroute2") from error
        self._refused = NetlinkError
        try:
            self._iw: Any = connection()
        except (NetlinkError, OSError) as error:
            raise Unsupported("the kernel has no wireless support (nl80211)") from error

    def __enter__(self) -> Nl80211:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._iw.close()

    def radios(self) -> list[Radio]:
        """All wireless cards, by number."""
        owned: dict[int, list[Interface]] = {}
        for message in self._asked("list interfaces", self._iw.list_dev):
            name = message.get_attr("NL80211_ATTR_IFNAME")
            if name:
                owned.setdefault(message.get_attr("NL80211_ATTR_WIPHY"), []).append(_interface(message))
        parts: dict[int, dict[str, Any]] = {}
        for message in self._asked("list radios", self._wiphys):
            number = message.get_attr("NL80211_ATTR_WIPHY")
            part = parts.setdefault(number, {"name": f"phy{number}", "modes": set(), "channels": {}})
            part["name"] = message.get_attr("NL80211_ATTR_WIPHY_NAME") or part["name"]
            part["modes"] |= {
                "managed" if mode == "station" else mode
                for mode in message.get_attr("NL80211_ATTR_SUPPORTED_IFTYPES") or ()
            }
            for channel in _channels(message):
                part["channels"][channel.frequency] = channel
        return [
            Radio(
                number=number,
                name=part["name"],
                driver=_driver(part["name"]),
                modes=tuple(sorted(part["modes"])),
                channels=tuple(part["channels"][frequency] for frequency in sorted(part["channels"])),
                interfaces=tuple(sorted(owned.get(number, []), key=lambda interface: interface.name)),
            )
            for number, part in sorted(parts.items())
        ]

    def country(self) -> str | None:
        """Country code of the regulatory domain; None for the world domain."""
        for message in self._asked("read the regulatory domain", self._iw.get_regulatory_domain):
            code = message.get_attr("NL80211_ATTR_REG_ALPHA2")
            if code and code not in _REGULATORY_CORE_COUNTRY:
                return str(code)
        return None

    def add_monitor(self, radio: int, name: str) -> int:
        """Make a monitor interface beside the radio's others; returns its index."""
        self._asked("add a monitor interface", lambda: self._iw.add_interface(name, _MONITOR, phy=radio))
        return next(
            interface.index
            for each in self.radios()
            for interface in each.interfaces
            if interface.name == name
        )

    def remove(self, index: int) -> None:
        """Remove an interface; one that is gone already is no error."""
        with contextlib.suppress(Unreadable):
            self._asked("remove the monitor interface", lambda: self._iw.del_interface(index))

    def set_kind(self, index: int, kind: str) -> None:
        """Change the type of an interface, which has to be down."""
        number = next(number for number, name in _IFTYPES.items() if name == kind)
        self._asked(f"set {kind} mode", lambda: self._iw.set_interface_type(index, number))

    def tune(self, index: int, frequency: int) -> None:
        """Tune a monitor interface to a 20 MHz channel."""
        self._asked(
            f"tune to {frequency} MHz",
            lambda: self._send(
                "SET_CHANNEL",
                ["IFINDEX", index],
                ["WIPHY_FREQ", frequency],
                ["CHANNEL_WIDTH", 0],  # 20 MHz, no HT: every card can
            ),
        )

    def trigger_scan(self, index: int) -> None:
        """Ask the radio to scan now. A scan that is under way already is no error."""
        # No SSID list: the radio listens and sends no probe request.
        try:
            self._asked("scan", lambda: self._send("TRIGGER_SCAN", ["IFINDEX", index]))
        except Busy:
            return

    def scan_results(self, index: int) -> list[Bss]:
        """The kernel's scan list with raw elements."""
        answers = self._asked(
            "read the scan list", lambda: self._send("GET_SCAN", ["IFINDEX", index], dump=True)
        )
        return [bss for answer in answers if (bss := _bss(answer)) is not None]

    def _wiphys(self) -> Iterator[Any]:
        # Without the flag the kernel leaves out what no longer fits into one message: 6 GHz among others.
        return self._send("GET_WIPHY", ["SPLIT_WIPHY_DUMP", None], dump=True)

    def _send(self, command: str, *attributes: list[Any], dump: bool = False) -> Iterator[Any]:
        from pyroute2.netlink import NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST
        from pyroute2.netlink.nl80211 import NL80211_NAMES, nl80211cmd

        message = nl80211cmd()
        message["cmd"] = NL80211_NAMES[f"NL80211_CMD_{command}"]
        message["attrs"] = [[f"NL80211_ATTR_{name}", value] for name, value in attributes]
        answers: Iterator[Any] = self._iw.nlm_request(
            message, msg_type=self._iw.prid, msg_flags=NLM_F_REQUEST | (NLM_F_DUMP if dump else NLM_F_ACK)
        )
        return answers

    def _asked(self, what: str, request: Any) -> list[Any]:
        try:
            return list(request() or ())
        except self._refused as error:
            kind = Busy if error.code == errno.EBUSY else Unreadable
            raise kind(f"cannot {what}: {_reason(error)}") from error
        except OSError as error:
            raise Unreadable(f"cannot {what}: {error.strerror or error}") from error


def _connection() -> Any:
    """pyroute2's class, with entries of the scan list left undecoded.

    It would decode elements itself, by rules that hostile ones break: take them as they are.
    """
    from pyroute2.iwutil import IW, AsyncIW
    from pyroute2.netlink.nl80211 import nl80211cmd

    class Command(nl80211cmd):  # type: ignore[misc]
        _nlmsg_base__compiled_nla = False  # else the table of the parent is used
        nla_map = tuple(
            (name, "cdata" if name == "NL80211_ATTR_BSS" else kind) for name, kind in nl80211cmd.nla_map
        )

    class AsyncConnection(AsyncIW):  # type: ignore[misc]
        async def bind(self, *arguments: Any, **options: Any) -> None:
            await super().bind(*arguments, **options)
            self.marshal.msg_map[self.prid] = Command

    class Connection(IW):  # type: ignore[misc]
        async_class = AsyncConnection

    return Connection


def _reason(error: Any) -> str:
    code = int(getattr(error, "code", 0) or 0)
    if code in (errno.EPERM, errno.EACCES):
        return "not permitted; run as root, or give the program cap_net_admin and cap_net_raw"
    known = {
        errno.EBUSY: "the radio is in use by another program",
        errno.ENODEV: "no such interface any more",
        errno.ENETDOWN: "the interface is down (ip link set IFACE up)",
        errno.EOPNOTSUPP: "the driver does not support it",
        errno.ENFILE: "the driver allows no further interface",
        errno.ERFKILL: "the radio is switched off (rfkill)",
        errno.EINVAL: "the driver does not accept it",
    }
    return known.get(code, str(error))


def _interface(message: Any) -> Interface:
    return Interface(
        name=message.get_attr("NL80211_ATTR_IFNAME"),
        index=message.get_attr("NL80211_ATTR_IFINDEX"),
        kind=_IFTYPES.get(message.get_attr("NL80211_ATTR_IFTYPE"), "other"),
        mac=message.get_attr("NL80211_ATTR_MAC") or "",
        frequency=message.get_attr("NL80211_ATTR_WIPHY_FREQ"),
    )


def _channels(message: Any) -> Iterator[Channel]:
    for band in message.get_attr("NL80211_ATTR_WIPHY_BANDS") or ():
        for entry in band.get_attr("NL80211_BAND_ATTR_FREQS") or ():
            flags = {name for name, _ in entry["attrs"]}
            frequency = entry.get_attr("NL80211_FREQUENCY_ATTR_FREQ")
            # Below 2.4 GHz and above 7.2 GHz lie bands (S1G, 60 GHz) that speak another dialect.
            if "NL80211_FREQUENCY_ATTR_DISABLED" in flags or not 2400 < frequency < 7200:
                continue
            yield Channel(
                frequency=frequency,
                no_ir="NL80211_FREQUENCY_ATTR_NO_IR" in flags,
                radar="NL80211_FREQUENCY_ATTR_RADAR" in flags,
            )


def _driver(radio: str) -> str:
    link = Path("/sys/class/ieee80211") / radio / "device" / "driver"
    try:
        return link.resolve(strict=True).name
    except OSError:
        return ""


def _bss(message: Any) -> Bss | None:
    raw = message.get_attr("NL80211_ATTR_BSS")
    if not raw:
        return None
    parts = dict(_attributes(bytes(raw)))
    if len(parts.get(1, b"")) != 6:
        return None

    def number(kind: int, size: int, signed: bool = False) -> int:
        return int.from_bytes(parts.get(kind, b"")[:size], sys.byteorder, signed=signed)

    return Bss(
        bssid=parts[1].hex(":"),
        frequency=number(2, 4),
        tsf=number(3, 8),
        interval=number(4, 2),
        capabilities=number(5, 2),
        elements=parts.get(6, b""),
        signal=number(7, 4, signed=True) / 100 if 7 in parts else None,
        age=number(10, 4) / 1000,
        beacon_elements=parts.get(11, b""),
    )


def _attributes(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Netlink attributes as (type, value); a broken length ends the walk."""
    offset = 0
    while offset + 4 <= len(raw):
        size, kind = struct.unpack_from("=HH", raw, offset)
        if size < 4 or offset + size > len(raw):
            return
        yield kind & 0x3FFF, raw[offset + 4 : offset + size]
        offset += (size + 3) & ~3
