"""Login servers of enterprise networks, as the EAP exchange shows them (RFC 3748, RFC 5216, RFC 5281).

The server's certificate crosses the air in the clear up to TLS 1.2. Identities are personal and never kept.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

from rogue_scan.errors import RogueScanError
from rogue_scan.wifi.dot11.eapol import EAP_METHODS
from rogue_scan.wifi.net import tls
from rogue_scan.wifi.world import EapolFrame, Ref, World

_MOST_BYTES = 64 * 1024
"""Of one server's flight."""
_MORE, _START = 0x40, 0x20
_ALERT_RECORD, _FATAL = 21, 2
_ALERTS = {42: "bad certificate", 46: "certificate unknown", 48: "unknown certificate authority"}


@dataclass(slots=True)
class Login:
    """One client's attempt to log in at one access point."""

    client: str
    bssid: str
    first: Ref
    methods: dict[str, Ref] = field(default_factory=dict)
    """EAP methods that the server proposed, in order."""
    certificates: tuple[bytes, ...] = ()
    """The server's certificate first, DER."""
    certificate_at: Ref | None = None
    refused: Ref | None = None
    """The client's TLS alert about the certificate."""
    alert: str = ""
    success: Ref | None = None
    failure: Ref | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """A login server by its certificate."""

    sha256: str
    subject: str
    issuer: str
    common_name: str
    self_signed: bool
    authority: str
    """SHA-256 of the last certificate sent beyond the server's own, else the issuer's name."""
    days: int
    """Time of validity."""


def logins(world: World) -> list[Login]:
    """All attempts, by first frame."""
    found: dict[tuple[str, str], Login] = {}
    flights: dict[tuple[str, str], _Flight] = {}
    for frame in world.eapols:
        if frame.eap is None or frame.retry:
            continue
        key = (frame.client, frame.bssid)
        login = found.get(key)
        if login is None:
            login = found[key] = Login(frame.client, frame.bssid, frame.ref)
            flights[key] = _Flight()
        _follow(login, flights[key], frame)
    return sorted(found.values(), key=lambda login: (login.first, login.client, login.bssid))


@dataclass(slots=True)
class _Flight:
    """Fragments of the server's TLS messages."""

    data: bytearray = field(default_factory=bytearray)
    last_identifier: int = -1


def _follow(login: Login, flight: _Flight, frame: EapolFrame) -> None:
    eap = frame.eap
    assert eap is not None
    if frame.from_ap:
        if eap.code == 3:
            login.success = login.success or frame.ref
        elif eap.code == 4:
            login.failure = login.failure or frame.ref
        if eap.code != 1 or eap.method is None:
            return
        if eap.method not in (1, 2, 3):
            login.methods.setdefault(EAP_METHODS.get(eap.method, f"method {eap.method}"), frame.ref)
        part = eap.tls
        if part is None or eap.identifier == flight.last_identifier:
            return
        flight.last_identifier = eap.identifier
        flags, fragment = part
        if flags & _START:
            flight.data.clear()
        if len(flight.data) + len(fragment) <= _MOST_BYTES:
            flight.data += fragment
        if not flags & _MORE:
            if not login.certificates:
                login.certificates = _chain(bytes(flight.data))
                if login.certificates:
                    login.certificate_at = frame.ref
            flight.data.clear()
    elif eap.code == 2:
        part = eap.tls
        if part is not None and login.refused is None:
            alert = _alert(part[1])
            if alert:
                login.refused, login.alert = frame.ref, alert


def _chain(flight: bytes) -> tuple[bytes, ...]:
    """Certificates in a server's flight; nothing where it cannot be read."""
    try:
        for message in tls.Reader().feed(flight):
            if isinstance(message, tls.Chain):
                return message.certificates
    except RogueScanError:
        pass
    return ()


def _alert(fragment: bytes) -> str:
    """A fatal alert about the certificate, in the clear."""
    if len(fragment) >= 7 and fragment[0] == _ALERT_RECORD and fragment[5] == _FATAL:
        return _ALERTS.get(fragment[6], "")
    return ""


@functools.lru_cache(maxsize=256)
def server(certificates: tuple[bytes, ...]) -> Server | None:
    """The server behind a chain; None where its certificate cannot be read."""
    try:
        own = tls.certificate(certificates[0])
        top = tls.certificate(certificates[-1]).sha256 if len(certificates) > 1 else own.issuer
    except (RogueScanError, IndexError):
        return None
    name = next((n for part in own.subject.split(",") for k, _, n in [part.partition("=")] if k == "CN"), "")
    return Server(
        own.sha256,
        own.subject,
        own.issuer,
        name or (own.names[0] if own.names else ""),
        own.self_signed,
        top,
        int((own.not_after - own.not_before) / 86400),
    )
