"""What this machine can do: radios, rights, optional parts; each lack with the command that mends it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from rogue_scan.errors import SourceError

if TYPE_CHECKING:
    from rogue_scan.wifi.live.nl80211 import Radio

_NET_ADMIN, _NET_RAW = 12, 13
_RFKILL = Path("/sys/class/rfkill")
_PROC = Path("/proc")
_GPSD = ("127.0.0.1", 2947)
_CONFLICTS = {
    "NetworkManager": ("may retune a radio while it is watched", "nmcli device set {interface} managed no"),
    "wpa_supplicant": (
        "uses its interface: a monitor interface beside it stays on that channel",
        "wpa_cli -i {interface} disconnect",
    ),
    "iwd": ("may retune a radio while it is watched", "systemctl stop iwd"),
    "hostapd": ("runs an access point here: its network shows up in scans", "systemctl stop hostapd"),
    "dhclient": ("holds an interface that may be switched to monitor mode", "dhclient -r {interface}"),
}
"""Program → (what it does to a scan, the command that ends this)."""
_EXTRAS = {
    "cluster": ("distributed", "fleet runs on a dask cluster"),
    "parquet": ("pyarrow", "fleet tables as Parquet"),
    "serve": ("uvicorn", "the HTTP API"),
    "urls": ("fsspec", "sources that are URLs"),
    "yara": ("yara-x", "YARA rules of your own"),
}


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    area: str
    what: str
    state: Literal["ok", "missing", "note"]
    says: str
    mend: str = ""
    """Command or step that mends it; given unless the state is ``ok``."""


def examine() -> list[Check]:
    """All checks, in the order in which they matter."""
    radios, problem = _kernel()
    interface = next((each.name for radio in radios for each in radio.interfaces), "IFACE")
    return [
        *_python(),
        *_rights(),
        *(_radios(radios) if problem is None else [problem]),
        *_blocked(),
        *_conflicts(interface),
        *_position(),
        *_extras(),
        *_tools(),
    ]


def _python() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("python", "version", "ok", f"Python {version} on {sys.platform}")


def _rights() -> Iterator[Check]:
    if sys.platform != "linux":
        yield Check(
            "rights",
            "monitor mode",
            "missing",
            "live monitoring needs Linux; captures can be read anywhere",
            "rogue-scan wifi --managed, or record on another machine",
        )
        return
    have = _capabilities()
    python = Path(sys.executable).resolve()
    for number, name, use in (
        (_NET_ADMIN, "cap_net_admin", "switch a radio to monitor mode and change channels"),
        (_NET_RAW, "cap_net_raw", "receive raw frames"),
    ):
        if have >> number & 1:
            yield Check("rights", name, "ok", f"may {use}")
        else:
            yield Check(
                "rights",
                name,
                "missing",
                f"may not {use}",
                f"run as root, or: sudo setcap cap_net_raw,cap_net_admin=eip {python}",
            )


def _capabilities() -> int:
    with contextlib.suppress(OSError):  # a sandbox without /proc
        for line in (_PROC / "self" / "status").read_text().splitlines():
            if line.startswith("CapEff:"):
                return int(line.split()[1], 16)
    return 0


def _kernel() -> tuple[list[Radio], Check | None]:
    """Radios, and what is in the way of knowing them."""
    if sys.platform != "linux":
        mend = "rogue-scan wifi --managed uses the system's own scan"
        return [], Check("radio", "nl80211", "note", "radios are looked at on Linux alone", mend)
    from rogue_scan.wifi.live.nl80211 import Nl80211

    try:
        with Nl80211() as kernel:
            return kernel.radios(), None
    except SourceError as error:
        mend = "modprobe cfg80211, or plug in a Wi-Fi adapter"
        return [], Check("radio", "nl80211", "missing", str(error), mend)


def _country() -> str | None:
    from rogue_scan.wifi.live.nl80211 import Nl80211

    with contextlib.suppress(SourceError), Nl80211() as kernel:
        return kernel.country()
    return None


def _radios(radios: list[Radio]) -> Iterator[Check]:
    if not radios:
        yield Check(
            "radio", "card", "missing", "no Wi-Fi card found", "plug in a card; see: lsusb, lspci, dmesg"
        )
    for radio in radios:
        names = ", ".join(f"{each.name} ({each.kind})" for each in radio.interfaces)
        bands = ", ".join(f"{band} GHz" for band in radio.bands) or "no channel enabled"
        says = f"{radio.driver or 'unknown driver'}; {bands}; {len(radio.channels)} channels; "
        says += f"modes: {', '.join(radio.modes) or 'none'}; {names or 'no interface'}"
        if not names:
            mend = f"iw phy {radio.name} interface add wlan{radio.number} type managed"
            yield Check("radio", radio.name, "missing", says, mend)
        elif radio.can_monitor:
            yield Check("radio", radio.name, "ok", says)
        else:
            yield Check(
                "radio",
                radio.name,
                "missing",
                f"{says}; cannot monitor",
                f"rogue-scan wifi --managed --interface {radio.interfaces[0].name}, or use another card",
            )
    if not radios:
        return
    country = _country()
    if country is None:
        yield Check(
            "radio",
            "regulatory domain",
            "note",
            "not set: channels 12-13, parts of 5 GHz and all of 6 GHz may be closed",
            "iw reg set DE (your country's code)",
        )
    else:
        yield Check("radio", "regulatory domain", "ok", f"{country}")


def _blocked() -> Iterator[Check]:
    for folder in sorted(_RFKILL.glob("rfkill*")):
        try:
            kind = (folder / "type").read_text().strip()
            soft, hard = (int((folder / name).read_text()) for name in ("soft", "hard"))
        except (OSError, ValueError):
            continue
        if kind == "wlan" and hard:
            yield Check(
                "radio", folder.name, "missing", "switched off by a hardware switch", "use the switch or key"
            )
        elif kind == "wlan" and soft:
            yield Check("radio", folder.name, "missing", "switched off by software", "rfkill unblock wifi")


def _conflicts(interface: str) -> Iterator[Check]:
    running = set()
    for entry in _PROC.glob("[0-9]*/comm"):
        try:
            running.add(entry.read_text().strip())
        except OSError:
            continue  # the process ended meanwhile
    for name, (effect, mend) in _CONFLICTS.items():
        if name[:15] in running:  # the kernel keeps 15 characters of a name
            command = mend.format(interface=interface)
            yield Check("services", name, "note", f"is running: {effect}", f"while scanning: {command}")


def _position() -> Iterator[Check]:
    mend = "systemctl start gpsd (or: gpsd -n /dev/ttyACM0), or mark places by hand (m)"
    try:
        with socket.create_connection(_GPSD, timeout=0.3) as connection:
            first = connection.recv(4096)
    except OSError:
        yield Check("position", "gpsd", "note", "does not answer: reports carry no position", mend)
        return
    try:
        banner = msgspec.json.decode(first.partition(b"\n")[0], type=_Banner)
    except msgspec.MsgspecError:
        yield Check("position", "gpsd", "note", f"port {_GPSD[1]} is held by something else", mend)
    else:
        yield Check("position", "gpsd", "ok", f"gpsd {banner.release} answers on port {_GPSD[1]}")


class _Banner(msgspec.Struct, tag_field="class", tag="VERSION"):
    """What gpsd begins with."""

    release: str


def _extras() -> Iterator[Check]:
    for extra, (package, use) in _EXTRAS.items():
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            yield Check(
                "extras", extra, "note", f"not installed: {use}", f"pip install 'rogue-scan[{extra}]'"
            )
        else:
            yield Check("extras", extra, "ok", f"{package} {version}: {use}")


def _tools() -> Iterator[Check]:
    if sys.platform == "linux" and os.geteuid() != 0 and not shutil.which("setcap"):
        yield Check(
            "tools",
            "setcap",
            "note",
            "not installed: needed to give rights without root",
            "apt-get install libcap2-bin",
        )
