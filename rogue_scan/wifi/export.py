"""Tables for other programs: WiGLE's CSV, and access points and clients for spreadsheets.

The WiGLE format is ``WigleWifi-1.6`` (https://api.wigle.net/csvFormat.html). It is meant for places; where no
position is known, latitude and longitude are 0 and the accuracy is left empty, and WiGLE takes no such row.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from rogue_scan import __version__
from rogue_scan.model.subject import AccessPoint, Mark, WifiView
from rogue_scan.render import escape

_WIGLE = (
    "MAC", "SSID", "AuthMode", "FirstSeen", "Channel", "Frequency", "RSSI", "CurrentLatitude",
    "CurrentLongitude", "AltitudeMeters", "AccuracyMeters", "RCOIs", "MfgrId", "Type",
)  # fmt: skip
_POINTS = (
    "bssid", "ssids", "hidden", "channel", "frequency_mhz", "security", "akms", "ciphers", "mfp", "wps",
    "vendor", "signal_dbm", "beacons", "radio", "first_seen", "last_seen",
)  # fmt: skip
_CLIENTS = (
    "mac", "vendor", "randomised", "bssids", "probed", "hosts", "events", "first_seen", "last_seen",
)  # fmt: skip
_MOST_APART = 60.0
"""Seconds between an access point and a position that may still be called its place: a minute's walk."""
_SUITES = {"SAE-EXT": "SAE", "FT-SAE-EXT": "FT/SAE", "FT-SAE": "FT/SAE", "FT-PSK": "FT/PSK", "802.1X": "EAP"}


def wigle_csv(view: WifiView, started_ns: int) -> str:
    """The access points as WigleWifi CSV; ``started_ns``: time of the first frame, ns since 1970."""
    head = (
        f"WigleWifi-1.6,appRelease={__version__},model=rogue-scan,release=,device=,display=,board=,brand=,"
        "star=Sol,body=3,subBody=0\n"
    )
    rows = []
    for point in view.access_points:
        place = _nearest(view.marks, point.first_seen)
        seen = datetime.fromtimestamp(started_ns / 1e9 + point.first_seen, UTC)
        rows.append(
            (
                point.bssid,
                point.ssids[0] if point.ssids else "",
                auth_mode(point),
                f"{seen:%Y-%m-%d %H:%M:%S}",
                point.channel if point.channel is not None else "",
                point.frequency if point.frequency is not None else "",
                point.signal if point.signal is not None else "",
                f"{place.latitude:.8f}" if place is not None else "0",
                f"{place.longitude:.8f}" if place is not None else "0",
                f"{place.altitude:.1f}" if place is not None and place.altitude is not None else "0",
                f"{place.accuracy:.1f}" if place is not None and place.accuracy is not None else "",
                "",
                "",
                "WIFI",
            )
        )
    return head + _table(_WIGLE, rows)


def auth_mode(point: AccessPoint) -> str:
    """Protection in Android's words, as WiGLE expects it: ``[WPA2-PSK-CCMP][WPS][ESS]``."""
    parts = []
    kinds = {_SUITES.get(akm, akm) for akm in point.akms}
    ciphers = "+".join(cipher.replace("-128", "") for cipher in point.ciphers)
    strong = {kind for kind in kinds if "SAE" in kind or kind == "OWE"}
    if point.security == "WEP":
        parts.append("[WEP]")
    for kind in sorted(kinds):
        name = "RSN" if kind in strong else "WPA" if point.security.startswith("WPA ") else "WPA2"
        parts.append(f"[{name}-{kind}-{ciphers}]")
    if point.mfp == "required":
        parts.append("[MFPR]")
    if point.mfp in ("capable", "required"):
        parts.append("[MFPC]")
    if point.wps:
        parts.append("[WPS]")
    return "".join([*parts, "[ESS]"])


def access_points_csv(view: WifiView) -> str:
    """One row for each access point."""
    return _table(
        _POINTS,
        (
            (
                point.bssid,
                " | ".join(point.ssids),
                _yes(point.hidden),
                point.channel if point.channel is not None else "",
                point.frequency if point.frequency is not None else "",
                point.security,
                " ".join(point.akms),
                " ".join(point.ciphers),
                point.mfp,
                _yes(point.wps),
                point.vendor,
                point.signal if point.signal is not None else "",
                point.beacons,
                point.radio if point.radio is not None else "",
                f"{point.first_seen:.6f}",
                f"{point.last_seen:.6f}",
            )
            for point in view.access_points
        ),
    )


def clients_csv(view: WifiView) -> str:
    """One row for each client: whom it talked to, what it asked for, what happened to it."""
    return _table(
        _CLIENTS,
        (
            (
                client.mac,
                client.vendor,
                _yes(client.randomised),
                " ".join(client.bssids),
                " | ".join(client.probed),
                " ".join(client.hosts),
                " | ".join(f"{e.time:.3f} {e.kind} {e.bssid} {e.detail}".rstrip() for e in client.events),
                f"{client.first_seen:.6f}",
                f"{client.last_seen:.6f}",
            )
            for client in view.clients
        ),
    )


def _nearest(marks: Sequence[Mark], time: float) -> Mark | None:
    """The position nearest in time, if any is near enough to be the place."""
    known = [
        mark
        for mark in marks
        if mark.latitude is not None and mark.longitude is not None and abs(mark.time - time) <= _MOST_APART
    ]
    return min(known, key=lambda mark: abs(mark.time - time), default=None)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV (RFC 4180); text from the air is kept from being a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([escape.csv(cell) if isinstance(cell, str) else cell for cell in row])
    return out.getvalue()
