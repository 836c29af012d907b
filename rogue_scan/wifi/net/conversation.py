"""One TCP conversation: who its ends are, which protocol it speaks, and what was said.

The protocol is told by the first octets, not by the port; a port only helps where the beginning was not
heard. What cannot be read (encrypted, unknown) is let go after its first octets.
"""

import re
from typing import Protocol

from rogue_scan.errors import SourceError
from rogue_scan.wifi.dot11.frame import address_text
from rogue_scan.wifi.net import dns, http, ip, logins, parameters, tls, websocket
from rogue_scan.wifi.net.records import Ends, ExposedLogin, TlsSession
from rogue_scan.wifi.net.tcp import Gap, Half, Piece
from rogue_scan.wifi.world import Ref

HTTP_PORTS = frozenset(
    {80, 81, 88, 591, 2050, 3000, 5000, 5985, 8000, 8008, 8080, 8081, 8088, 8888, 9000, 9090}
)
_ENCRYPTED_PORTS = frozenset({22, 443, 465, 853, 990, 993, 995, 5223, 5228, 8443})
_UNKNOWN_SEGMENTS = 8
"""Segments of a conversation on such a port, or of a direction nobody reads, until it is let go."""
_OPAQUE_AFTER = 64
"""Octets of a direction after which an unknown protocol is given up."""
_TLS_HANDSHAKE = 0x16
_PREFIX = re.compile(rb"\A\d{1,4}(?:/[\w/-]{1,64},)?\d{0,8}(?=[\[{])")
"""What Socket.IO and Engine.IO put in front of their JSON."""
_MAX_PIPELINE = 256
"""Requests waiting for their answers."""
_MAX_EXCHANGES = 4096
"""Exchanges of one connection after which it is let go."""


class Listener(Protocol):
    """Who is told what was said."""

    def exchange(
        self, talk: "Conversation", request: http.Message | None, answer: http.Message | None
    ) -> None:
        """One HTTP exchange; either side may be unheard."""

    def session(self, session: TlsSession) -> None:
        """One TLS handshake."""

    def login(self, login: ExposedLogin) -> None:
        """One login in the clear."""

    def names(self, talk: "Conversation", message: dns.Message, ref: Ref) -> None:
        """One DNS message over TCP."""


class Side:
    """One direction."""

    __slots__ = (
        "address", "begin", "dead", "ended", "half", "http", "login", "mac", "names", "port", "reached",
        "socket", "tls",
    )  # fmt: skip

    def __init__(self, address: bytes, port: int) -> None:
        self.address, self.port = address, port
        self.mac = 0
        """Address that its segments came from first."""
        self.reached = 0
        """Address that segments to it went to first: who it is, if it was never heard itself."""
        self.half = Half()
        self.begin = b""
        """First octets, until the protocol is known."""
        self.http: http.Reader | None = None
        self.tls: tls.Reader | None = None
        self.socket: websocket.Reader | None = None
        """Reads on where HTTP ended with an upgrade."""
        self.login: logins.Reader | None = None
        self.names: bytearray | None = None
        self.dead = False
        self.ended = False
        """A FIN or RST came."""

    @property
    def known(self) -> bool:
        """Whether somebody reads this side."""
        return bool(self.http or self.tls or self.login) or self.names is not None


class Conversation:
    """The two directions of a TCP connection in one BSS."""

    def __init__(
        self, bssid: int, one: tuple[bytes, int], other: tuple[bytes, int], listener: Listener
    ) -> None:
        self.bssid = bssid
        self._sides = (Side(*one), Side(*other))
        self._client: int | None = None
        self._listener = listener
        self._handed_by = 0
        self._stored = 0
        """Octets of messages that wait for the other side's."""
        self._requests: dict[int, http.Message] = {}
        self._answers: dict[int, http.Message] = {}
        self._asked = self._answered = 0
        self._told = 0
        """Exchanges that were passed on."""
        self._methods: list[str] = []
        self._upgraded = http.Head()
        """What stands for the request of each message through a WebSocket."""
        self._tls_ref: Ref | None = None
        self._hello: tls.ClientHello | None = None
        self._server_hello: tls.ServerHello | None = None
        self._chain: tuple[bytes, ...] = ()
        self._tls_told = False
        self._unread = 0
        """Segments that said nothing: on a dead side, or before any beginning on an encrypted port."""
        self.last = 0.0
        self.counted = 0
        """What its owner last counted as kept."""

    @property
    def opaque(self) -> bool:
        """Whether nothing more can be read."""
        one, other = self._sides
        if one.dead and other.dead:
            return True
        if self._unread <= _UNKNOWN_SEGMENTS:
            return False
        # A side that was never heard, or only from the middle of its encrypted part, will say nothing.
        return all(side.dead or not side.known for side in self._sides)

    @property
    def over(self) -> bool:
        """Whether both directions came to their end."""
        one, other = self._sides
        return one.half.closed and other.half.closed

    @property
    def waiting(self) -> bool:
        """Whether octets wait behind a hole."""
        one, other = self._sides
        return bool(one.half.held or other.half.held)

    @property
    def kept(self) -> int:
        """Octets held in memory."""
        one, other = self._sides
        total = self._stored + one.half.held + other.half.held + len(one.begin) + len(other.begin)
        for reader in (one.socket or one.http or one.tls, other.socket or other.http or other.tls):
            if reader:
                total += reader.kept
        return total + len(one.names or b"") + len(other.names or b"")

    @property
    def ends(self) -> Ends:
        """The two ends; the client is who opened, else who asked, else who has the higher port."""
        number = self._client if self._client is not None else self._by_port()
        client, server = self._sides[number], self._sides[1 - number]
        return Ends(
            address_text(self.bssid), address_text(client.mac or client.reached), ip.text(client.address),
            address_text(server.mac or server.reached),
            ip.text(server.address), server.port, address_text(self._handed_by) if self._handed_by else "",
        )  # fmt: skip

    def is_new(self, source: bytes, port: int, sequence: int) -> bool:
        """Whether a SYN begins another connection between the same ends."""
        side = self._sides[self._side(source, port)]
        return side.half.heard and not side.half.same_start(sequence)

    def add(
        self, source: bytes, segment: ip.Segment, sender: int, receiver: int, ref: Ref, whole: bool
    ) -> None:
        """Takes one segment; ``sender`` and ``receiver`` are the MAC addresses it went between."""
        number = self._side(source, segment.source)
        side, other = self._sides[number], self._sides[1 - number]
        side.mac = side.mac or sender
        other.reached = other.reached or receiver
        if not self._handed_by and receiver == other.mac and not self._is_client(number):
            self._handed_by = sender
        self.last = max(self.last, ref.time)
        flags, sequence = segment.flags, segment.sequence
        if flags & ip.SYN:
            self._client = 1 - number if flags & ip.ACK else number
            self._take(number, side.half.open(sequence, ref.time))
            sequence += 1
        if segment.payload:
            if side.dead or (not side.known and self._encrypted and segment.payload[0] != _TLS_HANDSHAKE):
                self._unread += 1
            if not side.dead:
                self._take(number, side.half.add(sequence, segment.payload, ref.frame, ref.time))
        if flags & (ip.FIN | ip.RST):
            side.ended = True
            if flags & ip.FIN and whole:
                self._take(number, side.half.close(sequence + len(segment.payload), ref.time))

    def tick(self, time: float) -> None:
        """Gives up holes that were waited for long enough."""
        for number, side in enumerate(self._sides):
            if side.half.held:
                self._take(number, side.half.drain(time))

    def finish(self) -> None:
        """Nothing more will come: passes on what there is."""
        for number, side in enumerate(self._sides):
            self._take(number, side.half.finish(self.last))
        for number, side in enumerate(self._sides):
            if side.http and not side.dead:
                closed = side.half.closed or (side.ended and not side.half.held)
                self._messages(number, side.http.finish(closed))
            side.dead = True
        self._pair(final=True)
        self._tell_session()
        for side in self._sides:  # readers and conversation hold each other: apart, they go at once
            side.http = None

    def _side(self, source: bytes, port: int) -> int:
        first = self._sides[0]
        return 0 if (source, port) == (first.address, first.port) else 1

    def _by_port(self) -> int:
        """The side that is the client, by its port: servers have the lower ones."""
        one, other = self._sides
        return 0 if one.port > other.port else 1

    def _take(self, number: int, events: list[Piece | Gap]) -> None:
        side = self._sides[number]
        for event in events:
            if side.dead:
                return
            if side.socket:
                self._said(side, side.socket, event)
            elif side.http:
                self._messages(number, side.http.feed(event))
                if side.http.dead:  # upgrade, tunnel, no HTTP, or too much: neither side is read any more
                    for each in self._sides:
                        each.dead = each.socket is None or each.socket.done
            elif side.tls:
                self._handshake(number, side.tls, event)
            elif side.login:
                self._lines(side, side.login, event)
            elif side.names is not None:
                self._dns(side, side.names, event)
            elif isinstance(event, Gap):
                side.begin = b""
                if self._by_ports():
                    self._speak_http()
                    self._take(number, [event])
            else:
                self._recognise(number, event)

    def _recognise(self, number: int, piece: Piece) -> None:
        side = self._sides[number]
        side.begin += piece.data
        data = side.begin
        port = min(s.port for s in self._sides)
        if http.starts(data):
            self._client = number if data[:5] != b"HTTP/" else 1 - number
            self._speak_http()
        elif data[0] == _TLS_HANDSHAKE and (len(data) < 2 or data[1] == 3):
            if len(data) < 6:
                return
            self._client = (
                self._client if self._client is not None else (number if data[5] == 1 else 1 - number)
            )
            for each in self._sides:
                each.tls = each.tls or tls.Reader()
        elif port in logins.PORTS:
            server = 0 if self._sides[0].port == port else 1
            client = self._sides[1 - server]
            client.login = client.login or logins.Reader(logins.PORTS[port])
            if number == server:
                side.dead = True  # greetings and answers of the server say nothing we need
                return
        elif port == 53:
            for each in self._sides:
                each.names = bytearray() if each.names is None else each.names
        elif len(data) < 8 and http.may_start(data):
            return  # too little to tell
        elif self._by_ports() and not side.half.from_start:
            self._speak_http()  # heard from the middle on
        else:
            side.dead = len(data) >= _OPAQUE_AFTER or self._client is not None
            if side.dead and self._sides[1 - number].http is None and self._sides[1 - number].login is None:
                self._sides[1 - number].dead = True
            return
        side.begin = b""
        self._take(number, [Piece(data, piece.frame, piece.time)])

    @property
    def _encrypted(self) -> bool:
        return any(side.port in _ENCRYPTED_PORTS for side in self._sides)

    def _is_client(self, number: int) -> bool:
        return (self._client if self._client is not None else self._by_port()) == number

    def _by_ports(self) -> bool:
        return any(side.port in HTTP_PORTS for side in self._sides)

    def _speak_http(self) -> None:
        for side in self._sides:
            if side.http is None and not side.dead:
                side.http = http.Reader(self._method)

    def _method(self, number: int) -> str:
        return self._methods[number] if number < len(self._methods) else ""

    def _messages(self, number: int, messages: list[http.Message]) -> None:
        for message in messages:
            self._stored += len(message.body)
            answers = bool(message.head.status) if message.head else not self._is_client(number)
            if answers:
                if self._client is None:
                    self._client = 1 - number
                self._answers[self._answered] = message
                self._answered += 1
            else:
                self._requests[self._asked] = message
                self._methods.append(message.head.method if message.head else "")
                self._asked += 1
                if message.head and message.head.get("upgrade").lower() == "websocket":
                    asked = message.head
                    self._upgraded = http.Head(
                        "WEBSOCKET", asked.target.partition("?")[0], fields=(("host", asked.get("host")),)
                    )
                    self._sides[number].socket = websocket.Reader()
        if messages:
            self._pair()

    def _pair(self, final: bool = False) -> None:
        while self._told < max(self._asked, self._answered):
            request, answer = self._requests.get(self._told), self._answers.get(self._told)
            behind = abs(self._asked - self._answered) > _MAX_PIPELINE
            if not final and (request is None or answer is None) and not behind:
                return
            for waiting in (self._requests, self._answers):
                message = waiting.pop(self._told, None)
                self._stored -= len(message.body) if message else 0
            self._told += 1
            if (request and request.head) or (answer and answer.head):
                self._listener.exchange(self, request, answer)
            if self._told > _MAX_EXCHANGES:
                for side in self._sides:
                    side.dead = True

    def _handshake(self, number: int, reader: tls.Reader, event: Piece | Gap) -> None:
        side = self._sides[number]
        if isinstance(event, Gap):
            side.dead = True
        else:
            self._tls_ref = self._tls_ref or Ref(event.frame, event.time)
            try:
                for message in reader.feed(event.data):
                    if isinstance(message, tls.ClientHello):
                        self._hello, self._client = message, number
                        self._tls_ref = Ref(event.frame, event.time)
                    elif isinstance(message, tls.ServerHello):
                        self._server_hello = message
                    else:
                        self._chain = message.certificates
            except SourceError:
                side.dead = True
            side.dead = side.dead or reader.done
            if side.dead and not self._is_client(number):
                self._sides[1 - number].dead = True  # what the client says came before
        if self.opaque:
            self._tell_session()

    def _tell_session(self) -> None:
        if self._tls_told or self._tls_ref is None or not (self._hello or self._server_hello):
            return
        self._tls_told = True
        hello, answer = self._hello or tls.ClientHello(), self._server_hello
        certificates = []
        for der in self._chain:
            try:
                certificates.append(tls.certificate(der))
            except SourceError:
                break
        self._listener.session(
            TlsSession(
                self.ends,
                self._tls_ref,
                hello.server_name,
                hello.protocols,
                answer.version if answer else "",
                hello.encrypted,
                tuple(certificates),
                answer is not None,
            )
        )

    def _said(self, side: Side, reader: websocket.Reader, event: Piece | Gap) -> None:
        """Messages through a WebSocket: those with personal data are passed on as requests."""
        try:
            if isinstance(event, Gap):
                reader.gap()
            else:
                for text in reader.feed(event.data):
                    self._say(text, event)
        except SourceError:
            reader.gap()
        side.dead = reader.done

    def _say(self, text: bytes, piece: Piece) -> None:
        body = _PREFIX.sub(b"", text)
        if body[:1] not in (b"{", b"[") and b"=" not in body:
            body = b"=" + body  # a value without a name
        said = http.Message(
            self._upgraded, body, len(body), complete=True, frame=piece.frame, time=piece.time,
            last_frame=piece.frame, last_time=piece.time,
        )  # fmt: skip
        if any(item.kinds for item in parameters.sent(said)):
            self._listener.exchange(self, said, None)

    def _lines(self, side: Side, reader: logins.Reader, event: Piece | Gap) -> None:
        if isinstance(event, Gap):
            reader.gap()
            return
        for login in reader.feed(event.data):
            self._listener.login(ExposedLogin(self.ends, login, Ref(event.frame, event.time)))
        side.dead = reader.done

    def _dns(self, side: Side, data: bytearray, event: Piece | Gap) -> None:
        if isinstance(event, Gap):
            side.dead = True
            return
        data += event.data
        while len(data) >= 2 and len(data) >= 2 + (size := data[0] << 8 | data[1]):
            try:
                message = dns.decode(bytes(data[2 : 2 + size]))
            except SourceError:
                side.dead = True
                return
            self._listener.names(self, message, Ref(event.frame, event.time))
            del data[: 2 + size]
