"""What was understood of the conversations: the facts that detectors read.

Addresses are text (MAC lower case with colons, IP as people write it). Frame numbers and times are those of
the world (:class:`rogue_scan.wifi.world.Ref`). No record holds a personal value: kind, place and length only.
"""

import msgspec

from rogue_scan.wifi.net.html import Form
from rogue_scan.wifi.net.logins import Login
from rogue_scan.wifi.net.tls import Certificate
from rogue_scan.wifi.world import Ref


class Ends(msgspec.Struct, frozen=True, gc=False):
    """The two ends of a conversation, and who carried it."""

    bssid: str
    client: str
    """MAC address that the client's side came from."""
    client_ip: str
    server: str
    """MAC address that the answers came from first: the access point, its router, or a station."""
    server_ip: str
    port: int
    handed_by: str = ""
    """MAC address that delivered the answers to the client: another one than ``server`` where a third
    party forwards them."""


class Sent(msgspec.Struct, frozen=True, gc=False):
    """One parameter that a client submitted."""

    name: str
    kinds: tuple[str, ...]
    """Of personal data, by name or by shape."""
    length: int
    by_name: bool = False
    """Whether its name says so."""
    by_shape: bool = False
    """Whether the value itself has the form (and check digits) of that kind."""


class PageFacts(msgspec.Struct, frozen=True, gc=False):
    """What a page asks for and leads to."""

    title: str = ""
    forms: tuple[Form, ...] = ()
    asks: tuple[str, ...] = ()
    """Kinds of personal data that its fields ask for."""
    links: tuple[str, ...] = ()
    """Targets, absolute, without query and fragment."""
    forward: str = ""
    """Where it sends the browser by itself."""
    complete: bool = True


class Exchange(msgspec.Struct, frozen=True, gc=False):
    """One HTTP request with its answer; either may be unheard."""

    ends: Ends
    method: str = ""
    """Empty where the request was not heard."""
    host: str = ""
    """Host asked for, lower case, without port; the server's address where none was given."""
    path: str = ""
    """Without query; what looks like a personal value is blanked."""
    request: Ref | None = None
    sent: tuple[Sent, ...] = ()
    login: Login | None = None
    """Of an ``Authorization`` header."""
    status: int = 0
    """0 where the answer was not heard."""
    response: Ref | None = None
    location: str = ""
    """Where a redirect leads, absolute, without query."""
    content_type: str = ""
    program: str = ""
    """The ``Server`` field."""
    hsts: bool = False
    page: PageFacts | None = None
    upgrade: str = ""
    """Protocol that both sides changed to, for example ``websocket``."""

    @property
    def ref(self) -> Ref:
        """The first frame of it."""
        return self.request or self.response or Ref(0, 0.0)


class DhcpMessage(msgspec.Struct, frozen=True, gc=False):
    """What one server told one client."""

    bssid: str
    server: str
    """MAC address that it came from."""
    server_ip: str
    """Server identifier, or the packet's source."""
    client: str
    kind: str
    """``offer``, ``ack`` or ``nak``."""
    ref: Ref
    transaction: int = 0
    offered: str = ""
    mask: str = ""
    routers: tuple[str, ...] = ()
    name_servers: tuple[str, ...] = ()
    portal: str | None = None
    """RFC 8910 address; None where the option is not there."""
    proxy: str = ""
    domain: str = ""
    lease: int | None = None
    options: tuple[int, ...] = ()


class DnsAnswer(msgspec.Struct, frozen=True, gc=False):
    """One answer with addresses, or its refusal."""

    bssid: str
    client: str
    client_ip: str
    server: str
    server_ip: str
    name: str
    type: int
    code: int
    addresses: tuple[str, ...]
    ref: Ref
    transaction: int = 0
    ttl: int = 0
    """The shortest one."""
    via: str = "udp"
    """``udp``, ``tcp`` or ``mdns``."""


class ArpClaim(msgspec.Struct, gc=False):
    """One MAC address saying that one IP address is its own, by ARP or neighbour discovery, counted."""

    bssid: str
    ip: str
    mac: str
    sender: str
    """Source of the frames: another one than ``mac`` where somebody speaks for others."""
    replies: int = 0
    unsolicited: int = 0
    """Replies that no request was heard for."""
    gratuitous: int = 0
    requests: int = 0
    told: list[str] = msgspec.field(default_factory=list)
    """To whom, the first few."""
    first: Ref = Ref(0, 0.0)
    last: Ref = Ref(0, 0.0)
    refs: list[Ref] = msgspec.field(default_factory=list)
    """Unsolicited ones, the first few; else the first frames."""


class TlsSession(msgspec.Struct, frozen=True, gc=False):
    """One TLS handshake, as far as it is in the clear."""

    ends: Ends
    ref: Ref
    server_name: str = ""
    protocols: tuple[str, ...] = ()
    version: str = ""
    encrypted: bool = False
    certificates: tuple[Certificate, ...] = ()
    answered: bool = False


class ExposedLogin(msgspec.Struct, frozen=True, gc=False):
    """One login of a mail or file protocol."""

    ends: Ends
    login: Login
    ref: Ref


class RouteChange(msgspec.Struct, frozen=True, gc=False):
    """An ICMP redirect."""

    bssid: str
    sender: str
    sender_ip: str
    client: str
    gateway: str
    destination: str
    ref: Ref


class Offer(msgspec.Struct, frozen=True, gc=False):
    """One file that can act on a device, as it was served."""

    ends: Ends
    kind: str
    """``apk``, ``xapk``, ``exe``, ``profile``, ``certificate`` …"""
    name: str
    """As the server calls it: hostile text."""
    host: str
    path: str
    content_type: str
    size: int
    """Octets of the whole file as announced; those received where nothing was announced."""
    received: int
    complete: bool
    sha256: str
    """Of what was received; holes are zeros."""
    first: Ref
    last: Ref
    data: bytes = b""
    """Empty where it was too large to keep."""


class Contact(msgspec.Struct, gc=False):
    """A client talking to a server, counted by connection."""

    bssid: str
    client: str
    ip: str
    port: int
    connections: int = 0
    first: Ref = Ref(0, 0.0)
    last: Ref = Ref(0, 0.0)


class Question(msgspec.Struct, gc=False):
    """A client asking for a name."""

    bssid: str
    client: str
    name: str
    count: int = 0
    first: Ref = Ref(0, 0.0)
    last: Ref = Ref(0, 0.0)
