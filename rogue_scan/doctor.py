"""What this machine can do: radios, rights, optional parts; each lack with the command that mends it."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from rogue_scan.errors import SourceError

_NET_ADMIN, _NET_RAW = 12, 13
_CONFLICTS = {
    "NetworkManager": "may retune a radio; while scanning: nmcli device set IFACE managed no",
    "wpa_supplicant": "uses its interface; a monitor interface beside it shares its channel",
    "hostapd": "runs an access point on this machine: its own network shows up in scans",
    "iwd": "may retune a radio; while scanning: systemctl stop iwd",
    "dhclient": "may hold an interface that is switched to monitor mode",
}
_EXTRAS = {
    "cluster": ("distributed", "fleet runs on a dask cluster"),
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
    """Command or step that mends it."""


def examine() -> list[Check]:
    """All checks, in the order in which they matter."""
    return [*_python(), *_rights(), *_radios(), *_conflicts(), *_position(), *_extras(), *_tools()]


def _python() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("python", "version", "ok", f"Python {version} on {sys.platform}")


def _rights() -> Iterator[Check]:
    if sys.platform != "linux":
        yield Check(
            "rights", "monitor mode", "missing", "live monitoring needs Linux; captures can be read anywhere"
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
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0


def _radios() -> Iterator[Check]:
    if sys.platform != "linux":
        return
    from rogue_scan.wifi.live.nl80211 import Nl80211

    try:
        with Nl80211() as kernel:
            radios, country = kernel.radios(), kernel.country()
    except SourceError as error:
        yield Check(
            "radio", "nl80211", "missing", str(error), "modprobe cfg80211, or plug in a Wi-Fi adapter"
        )
        return
    if not radios:
        yield Check(
            "radio", "card", "missing", "no Wi-Fi card found", "plug in a card; see: lsusb, lspci, dmesg"
        )
    for radio in radios:
        names = ", ".join(f"{each.name} ({each.kind})" for each in radio.interfaces) or "no interface"
        bands = ", ".join(f"{band} GHz" for band in radio.bands) or "no channel enabled"
        says = f"{radio.driver or 'unknown driver'}; {bands}; {len(radio.channels)} channels; {names}"
        if radio.can_monitor:
            yield Check("radio", radio.name, "ok", f"{says}; monitor mode")
        else:
            yield Check(
                "radio", radio.name, "missing", f"{says}; no monitor mode", "use --managed, or another card"
            )
    yield from _blocked()
    if radios and country is None:
        yield Check(
            "radio",
            "regulatory domain",
            "note",
            "not set: channels 12-13, parts of 5 GHz and all of 6 GHz may be closed",
            "iw reg set DE (your country's code)",
        )
    elif radios:
        yield Check("radio", "regulatory domain", "ok", f"{country}")


def _blocked() -> Iterator[Check]:
    for folder in sorted(Path("/sys/class/rfkill").glob("rfkill*")):
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


def _conflicts() -> Iterator[Check]:
    running = set()
    for entry in Path("/proc").glob("[0-9]*/comm"):
        try:
            running.add(entry.read_text().strip())
        except OSError:
            continue  # the process ended meanwhile
    for name, effect in _CONFLICTS.items():
        if name[:15] in running:  # the kernel keeps 15 characters of a name
            yield Check("services", name, "note", f"is running: {effect}")


def _position() -> Iterator[Check]:
    import socket

    try:
        socket.create_connection(("127.0.0.1", 2947), timeout=0.3).close()
    except OSError:
        yield Check(
            "position",
            "gpsd",
            "note",
            "not running: findings carry no position",
            "start gpsd, or mark by hand",
        )
    else:
        yield Check("position", "gpsd", "ok", "answers on port 2947")


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
