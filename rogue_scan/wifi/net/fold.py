"""Folds cleartext data frames into records: the state of ``net`` in the world.

The fold depends on the frames and their order alone, not on how they were cut into batches. Every table has
a cap; what was given up is counted in :attr:`NetFold.evicted`.
"""

from __future__ import annotations

import posixpath
import re
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

import msgspec
import numpy as np

from rogue_scan.errors import SourceError
from rogue_scan.wifi.dot11.frame import address_text
from rogue_scan.wifi.net import arp, dhcp, dns, html, http, ip, link, logins, ndp, parameters, personal, quic
from rogue_scan.wifi.net.carve import Carver
from rogue_scan.wifi.net.conversation import Conversation
from rogue_scan.wifi.net.records import (
    ArpClaim,
    Contact,
    DhcpMessage,
    DnsAnswer,
    Ends,
    Exchange,
    ExposedLogin,
    Offer,
    PageFacts,
    Question,
    RouteChange,
    TlsSession,
)
from rogue_scan.wifi.net.select import choose, flow_key
from rogue_scan.wifi.net.tcp import PATIENCE
from rogue_scan.wifi.world import Ref

if TYPE_CHECKING:
    from rogue_scan.wifi.net.decrypt import Decryptor, Key
    from rogue_scan.wifi.observe import CleartextBatch

MAX_RECORDS = 20_000
"""Of each kind."""
MAX_WEIGHT = 96 * 1024 * 1024
"""Octets of all records together, as they would be written."""
MAX_CONVERSATIONS = 4096
MAX_HELD = 192 * 1024 * 1024
"""Octets held by unfinished conversations."""
IDLE = 60.0
"""Seconds after which a silent conversation is over."""
FREE_OPENED, OPENED_RATIO = 256 * 1024 * 1024, 16
"""Octets that packed bodies may unfold to in one capture, and how many more for each octet heard. Honest
pages and apps stay far below; of a flood of bombs the later ones are opened to their first octets."""
BROTLI = 512 * 1024
"""What it costs to begin with Brotli, which fills a window of MiBs before it gives anything. Browsers do not
ask for it without encryption, so there are few such bodies."""
FREE_READ, READ_RATIO, LEAST_READ = 16 * 1024 * 1024, 8, 4 * 1024
"""The same for octets of pages that are read, which costs more; of each page so many are read in any case."""
_MAX_LET_GO = 65_536
_MAX_RECENT = 8192
_SLICE = 256
"""Frames between two looks at which conversations were let go."""
_ECHO = 0.05
"""Seconds within which the same ARP packet is the access point's copy of it, not another one."""
_SOLICITED = 3.0
"""Seconds within which an ARP reply answers a request."""
_MOST_REFS = 8
_MOST_LINKS = 128
_MOST_SENT = 64
_MOST_ADDRESSES = 32
_GROUP = 1 << 40
_IPV4 = link.IPV4.to_bytes(2, "big")
_encode = msgspec.json.encode


class _Credit:
    """Work that may be spent on what a few octets unfold to: some for nothing, more for octets heard."""

    def __init__(self, free: int, ratio: int) -> None:
        self._left, self._ratio = free, ratio

    def earn(self, heard: int, most: int) -> int:
        """How much, at most ``most``, may be spent on something that so many octets were heard of."""
        self._left += heard * self._ratio
        return min(most, self._left)

    def spend(self, used: int) -> None:
        """So much was spent."""
        self._left = max(0, self._left - used)


class NetFold:
    """Everything understood of open (or decrypted) networks so far."""

    def __init__(self, keys: Sequence[Key] = ()) -> None:
        self.exchanges: list[Exchange] = []
        self.dhcp: list[DhcpMessage] = []
        self.dns: list[DnsAnswer] = []
        self.claims: dict[tuple[str, str, str, str], ArpClaim] = {}
        """(BSSID, IP, claimed MAC, sender) → claim."""
        self.sessions: list[TlsSession] = []
        self.logins: list[ExposedLogin] = []
        self.routes: list[RouteChange] = []
        self.contacts: dict[tuple[str, str, str, int], Contact] = {}
        self.questions: dict[tuple[str, str, str], Question] = {}
        self.evicted: dict[str, int] = {}
        """Table → entries given up."""
        self.damaged = 0
        """Packets that could not be read."""
        self.decryptor: Decryptor | None = None
        if keys:
            from rogue_scan.wifi.net.decrypt import Decryptor as Engine

            self.decryptor = Engine(keys)
        self._carver = Carver()
        self._fragments = link.Defragmenter()
        self._packets = ip.Reassembler()
        self._quic = quic.Reader()
        self._talks: OrderedDict[int, Conversation] = OrderedDict()
        self._waiting: set[int] = set()
        """Conversations with octets behind a hole."""
        self._held = 0
        self._let_go: OrderedDict[int, None] = OrderedDict()
        self._recent: OrderedDict[Hashable, float] = OrderedDict()
        self._weight = 0
        self._opened = _Credit(FREE_OPENED, OPENED_RATIO)
        self._read = _Credit(FREE_READ, READ_RATIO)
        self._now = 0.0
        self._swept = 0.0

    @property
    def offers(self) -> list[Offer]:
        """Files that can act on a device, by first frame."""
        return self._carver.offers()

    def learn_ssid(self, bssid: int, ssid: bytes) -> None:
        """A BSS announced this SSID: keys given by SSID hold for it."""
        if self.decryptor:
            self.decryptor.learn_ssid(bssid, ssid)

    def fold(self, batch: CleartextBatch) -> None:
        """Take the next frames."""
        keyed = np.array(self.decryptor.bssids, np.uint64) if self.decryptor else None
        rows, keys = choose(batch, keyed)
        columns = (
            batch.frame, batch.time, batch.offset, batch.length, batch.header, batch.transmitter,
            batch.receiver, batch.source, batch.destination, batch.bssid, batch.sequence, batch.fragment,
            batch.more_fragments, batch.retry, batch.protected, batch.tid, batch.amsdu, batch.cut,
        )  # fmt: skip
        buffer = batch.buffer.data
        for at in range(0, len(rows), _SLICE):
            # Short slices: a conversation that was let go in one is passed over cheaply in the next.
            known = keys[at : at + _SLICE].tolist()
            left = [i for i, key in enumerate(known) if key not in self._let_go]
            chosen = rows[at : at + _SLICE][left]
            picked = (column[chosen].tolist() for column in columns)
            for values in zip((known[i] for i in left), *picked, strict=True):
                try:
                    self._frame(buffer, *values)
                except SourceError:
                    self.damaged += 1

    def finish(self) -> None:
        """The capture is over: conversations are taken as they stand. More frames may follow all the same."""
        while self._talks:
            self._end(next(iter(self._talks)))

    # From frames to packets.

    def _frame(
        self, buffer: memoryview, key: int, frame: int, time: float, start: int, size: int, mac: int,
        sender: int, receiver: int, source: int, destination: int, bssid: int, sequence: int, part: int,
        more: bool, retry: bool, protected: bool, tid: int, aggregated: bool, cut: bool,
    ) -> None:  # fmt: skip
        ref = Ref(frame, time)
        self._now = max(self._now, time)
        if self._now - self._swept >= 1.0:
            self._sweep()
        body = bytes(buffer[start : start + size])
        if key and not protected and body[6:8] == _IPV4:
            # As chosen: a plain segment of TCP in one piece. What comes twice, TCP itself drops.
            packet = ip.ipv4(body[8:])
            self._segment(bssid, source, destination, packet, ref, not cut and packet.whole, key)
            return
        mark = ("sent", sender, receiver, tid, sequence, part)
        if retry and self._repeated(mark, 1.0):
            return
        if not retry:
            self._remember(mark)
        if protected:
            if self.decryptor is None:
                return
            opened = self.decryptor.open(bytes(buffer[mac:start]), body)
            if opened is None:
                return
            body = opened
        whole = self._fragments.add((sender, receiver, tid, sequence), part, more, body)
        if whole is None:
            return
        for unit in link.units(whole, aggregated=aggregated):
            try:
                self._unit(
                    bssid,
                    source if unit.source is None else unit.source,
                    destination if unit.destination is None else unit.destination,
                    unit,
                    ref,
                    not cut,
                    key,
                )
            except SourceError:
                self.damaged += 1

    def _unit(
        self, bssid: int, source: int, destination: int, unit: link.Unit, ref: Ref, complete: bool, key: int
    ) -> None:
        match unit.ethertype:
            case link.ARP:
                self._arp(bssid, source, destination, arp.decode(unit.payload), ref)
            case link.IPV4:
                self._packet(bssid, source, destination, ip.ipv4(unit.payload), ref, complete, key)
            case link.IPV6:
                self._packet(bssid, source, destination, ip.ipv6(unit.payload), ref, complete, key)
            case link.EAPOL:
                if self.decryptor:
                    self.decryptor.learn_key(bssid, source, destination, unit.payload)

    def _packet(
        self, bssid: int, source: int, destination: int, part: ip.Packet, ref: Ref, complete: bool, key: int
    ) -> None:
        packet = self._packets.add(part)
        if packet is None:
            return
        if packet.protocol == ip.TCP:
            self._segment(bssid, source, destination, packet, ref, complete and packet.whole, key)
        elif packet.protocol == ip.UDP:
            datagram = ip.udp(packet.payload)
            ports = {datagram.source, datagram.destination}
            if 53 in ports:
                self._dns(bssid, source, destination, packet, dns.decode(datagram.payload), ref, "udp")
            elif 5353 in ports:
                self._dns(bssid, source, destination, packet, dns.decode(datagram.payload), ref, "mdns")
            elif ports & {67, 68}:
                self._dhcp(bssid, source, packet, dhcp.decode(datagram.payload), ref)
            elif datagram.destination == quic.PORT:
                self._hello(bssid, source, destination, packet, datagram, ref)
        elif packet.protocol == ip.ICMP6:
            message = ndp.decode(packet.payload, packet.source)
            if message:
                self._neighbour(bssid, source, destination, packet, message, ref)
        elif packet.protocol == ip.ICMP:
            change = ip.redirect(packet.payload)
            if change and not self._repeated(("icmp", bssid, packet.payload[:28]), _ECHO):
                self._keep(
                    "routes", self.routes,
                    RouteChange(
                        address_text(bssid), address_text(source), ip.text(packet.source),
                        address_text(destination), ip.text(change.gateway), ip.text(change.destination), ref,
                    ),
                )  # fmt: skip

    def _hello(
        self, bssid: int, source: int, destination: int, packet: ip.Packet, datagram: ip.Datagram, ref: Ref
    ) -> None:
        """The beginning of a QUIC connection: which site a client asks for."""
        try:
            hello = self._quic.add(packet.source, datagram.source, datagram.payload)
        except SourceError:
            return  # another kind of packet, or another protocol: no damage
        if hello is None:
            return
        ends = Ends(
            address_text(bssid), address_text(source), ip.text(packet.source),
            address_text(destination), ip.text(packet.destination), quic.PORT,
        )  # fmt: skip
        self._contact(ends, ref)
        self.session(TlsSession(ends, ref, hello.server_name, hello.protocols, encrypted=hello.encrypted))

    # TCP.

    def _segment(
        self, bssid: int, source: int, destination: int, packet: ip.Packet, ref: Ref, complete: bool, key: int
    ) -> None:
        segment = ip.tcp(packet.payload)
        opens = segment.flags & ip.SYN
        if not segment.payload and not segment.flags & (ip.SYN | ip.FIN | ip.RST):
            return
        if not key:
            key = flow_key(bssid, packet.source, segment.source, packet.destination, segment.destination)
        if key in self._let_go:
            if not opens:
                return
            del self._let_go[key]
        talk = self._talks.get(key)
        if talk and opens and talk.is_new(packet.source, segment.source, segment.sequence):
            self._end(key)
            talk = None
        if talk is None:
            if not segment.payload and not opens:
                return
            talk = self._talks[key] = Conversation(
                bssid, (packet.source, segment.source), (packet.destination, segment.destination), self
            )
            while len(self._talks) > MAX_CONVERSATIONS:
                self._end(next(iter(self._talks)))
                self._count("conversations")
        talk.add(packet.source, segment, source, destination, ref, complete)
        self._count_held(key, talk)
        self._talks.move_to_end(key)
        if opens and not segment.flags & ip.ACK:
            self._contact(talk.ends, ref)
        if talk.opaque:
            self._end(key)
            self._let_go[key] = None
            if len(self._let_go) > _MAX_LET_GO:
                self._let_go.popitem(last=False)
        elif talk.over:
            self._end(key)
        while self._held > MAX_HELD and self._talks:
            self._end(next(iter(self._talks)))
            self._count("conversations")

    def _end(self, key: int) -> None:
        talk = self._talks.pop(key)
        self._waiting.discard(key)
        self._held -= talk.counted
        talk.finish()

    def _count_held(self, key: int, talk: Conversation) -> None:
        kept = talk.kept
        if kept != talk.counted:
            self._held += kept - talk.counted
            talk.counted = kept
        if talk.waiting:
            self._waiting.add(key)
        elif self._waiting:
            self._waiting.discard(key)

    def _sweep(self) -> None:
        """Once a second of capture time: ends what is silent, gives up holes that stay open."""
        self._swept = self._now
        while self._talks:
            key = next(iter(self._talks))
            if self._talks[key].last >= self._now - IDLE:
                break
            self._end(key)
        for key in sorted(self._waiting):
            talk = self._talks[key]
            if talk.last <= self._now - PATIENCE:
                talk.tick(self._now)
                self._count_held(key, talk)

    def _contact(self, ends: Ends, ref: Ref) -> None:
        key = (ends.bssid, ends.client, ends.server_ip, ends.port)
        contact = self.contacts.get(key)
        if contact is None:
            if len(self.contacts) >= MAX_RECORDS:
                self._count("contacts")
                return
            contact = self.contacts[key] = Contact(*key, first=ref)
        contact.connections += 1
        contact.last = ref

    # What conversations tell.

    def exchange(self, talk: Conversation, request: http.Message | None, answer: http.Message | None) -> None:
        """One HTTP exchange; either side may be unheard."""
        ends = talk.ends
        asked = request.head if request else None
        told = answer.head if answer else None
        host, path, base = _place(asked, ends)
        body, whole = b"", False
        if answer and told:
            most = http.MAX_TEXT if told.content_type.startswith("text/") else http.MAX_BODY
            coding = told.get("content-encoding").strip().lower()
            coded = coding not in ("", "identity")
            dear = BROTLI if "br" in coding else 0
            if coded:
                most = self._opened.earn(len(answer.body), most)
            if most < dear:
                self._count("bodies")
            else:
                body, whole = http.content(answer, most)
                self._opened.spend(len(body) + dear if coded else 0)
            if body:
                self._carver.take(ends, host, path, answer, body, whole, not coded)
        if len(self.exchanges) >= MAX_RECORDS:
            self._count("exchanges")
            return
        page = None
        if answer and told and _is_page(told, body):
            most = max(self._read.earn(len(answer.body), len(body)), min(LEAST_READ, len(body)))
            self._read.spend(most)
            page = _page(told, body[:most], whole and most == len(body), base)
        location = _target(base, told.get("location")) if told and 300 <= told.status < 400 else ""
        self._keep(
            "exchanges",
            self.exchanges,
            Exchange(
                ends=ends,
                method=asked.method if asked else "",
                host=host,
                path=path,
                request=Ref(request.frame, request.time) if request and asked else None,
                sent=tuple(parameters.sent(request)[:_MOST_SENT]) if request and asked else (),
                login=logins.basic(asked.get("authorization")) if asked else None,
                status=told.status if told else 0,
                response=Ref(answer.frame, answer.time) if answer and told else None,
                location=location,
                content_type=told.content_type[:128] if told else "",
                program=told.get("server")[:128] if told else "",
                hsts=bool(told and told.get("strict-transport-security")),
                page=page,
                upgrade=told.get("upgrade")[:32].lower() if told and told.status == 101 else "",
            ),
        )

    def session(self, session: TlsSession) -> None:
        """One TLS handshake."""
        self._keep("sessions", self.sessions, session)

    def login(self, login: ExposedLogin) -> None:
        """One login in the clear."""
        self._keep("logins", self.logins, login)

    def names(self, talk: Conversation, message: dns.Message, ref: Ref) -> None:
        """One DNS message over TCP."""
        ends = talk.ends
        if message.response:
            self._answers(ends, message, ref, "tcp")
        else:
            self._asked(ends.bssid, ends.client, message, ref)

    # Names, addresses, routers.

    def _dns(
        self, bssid: int, source: int, destination: int, packet: ip.Packet, message: dns.Message, ref: Ref,
        via: str,
    ) -> None:  # fmt: skip
        here, there = address_text(source), address_text(destination)
        if message.response:
            client_ip, server_ip = ip.text(packet.destination), ip.text(packet.source)
            ends = Ends(address_text(bssid), there, client_ip, here, server_ip, 5353 if via == "mdns" else 53)
            self._answers(ends, message, ref, via)
        elif via == "udp":
            self._asked(address_text(bssid), here, message, ref)

    def _asked(self, bssid: str, client: str, message: dns.Message, ref: Ref) -> None:
        if self._repeated(("question", bssid, message.identification, hash(message.questions)), 1.0):
            return  # the same packet, forwarded
        for question in message.questions:
            key = (bssid, client, question.name)
            known = self.questions.get(key)
            if known is None:
                if len(self.questions) >= MAX_RECORDS:
                    self._count("questions")
                    return
                known = self.questions[key] = Question(*key, first=ref)
            known.count += 1
            known.last = ref

    def _answers(self, ends: Ends, message: dns.Message, ref: Ref, via: str) -> None:
        if via == "mdns":
            if not message.answers or self._repeated(("mdns", ends.bssid, hash(message.answers)), 60.0):
                return
            name, kind = message.answers[0].name, message.answers[0].type
        elif message.questions:
            name, kind = message.questions[0].name, message.questions[0].type
        else:
            return
        addresses = tuple(ip.text(address) for address in message.addresses()[:_MOST_ADDRESSES])
        mark = (
            "answer",
            ends.bssid,
            ends.server_ip,
            ends.client_ip,
            message.identification,
            name,
            kind,
            addresses,
        )
        if via != "mdns" and self._repeated(mark, 2.0):
            return  # the same packet, forwarded
        self._keep(
            "dns",
            self.dns,
            DnsAnswer(
                ends.bssid, ends.client, ends.client_ip, ends.server, ends.server_ip, name, kind,
                message.code, addresses, ref, message.identification,
                min((r.ttl for r in message.answers), default=0), via,
            ),
        )  # fmt: skip

    def _dhcp(self, bssid: int, source: int, packet: ip.Packet, message: dhcp.Dhcp, ref: Ref) -> None:
        if not message.from_server:
            return
        server = ip.text(message.server or packet.source)
        mark = ("dhcp", bssid, source, server, message.transaction, message.kind, message.offered)
        if self._repeated(mark, 2.0):
            return
        self._keep(
            "dhcp",
            self.dhcp,
            DhcpMessage(
                bssid=address_text(bssid),
                server=address_text(source),
                server_ip=server,
                client=message.client.hex(":"),
                kind=dhcp.NAMES[message.kind],
                ref=ref,
                transaction=message.transaction,
                offered="" if message.offered == b"\0\0\0\0" else ip.text(message.offered),
                mask=ip.text(message.mask or b""),
                routers=tuple(map(ip.text, message.routers)),
                name_servers=tuple(map(ip.text, message.name_servers)),
                portal=message.portal,
                proxy=message.proxy[:512],
                domain=message.domain[:255],
                lease=message.lease,
                options=message.options,
            ),
        )

    def _arp(self, bssid: int, source: int, destination: int, message: arp.Arp, ref: Ref) -> None:
        mark = ("arp", bssid, message.operation, message.sender_mac, message.sender_ip, message.target_ip,
                message.target_mac)  # fmt: skip
        if self._repeated(mark, _ECHO):
            return
        if message.operation == arp.REQUEST and not message.gratuitous:
            self._remember(("who-has", bssid, message.target_ip, message.sender_mac))
        if not message.claims:
            return
        mac, address = message.sender_mac.hex(":"), ip.text(message.sender_ip)
        if message.gratuitous:
            self._claim(bssid, source, destination, mac, address, ref, "gratuitous")
        elif message.operation == arp.REQUEST:
            self._claim(bssid, source, destination, mac, address, ref, "request")
        else:
            asked = self._asked_for(("who-has", bssid, message.sender_ip, message.target_mac))
            self._claim(bssid, source, destination, mac, address, ref, "reply" if asked else "unsolicited")

    def _neighbour(
        self, bssid: int, source: int, destination: int, packet: ip.Packet, message: ndp.Neighbour, ref: Ref
    ) -> None:
        mark = ("ndp", bssid, message.kind, message.target, message.mac, packet.source, packet.destination)
        if self._repeated(mark, _ECHO):
            return
        if message.kind == ndp.SOLICITATION:
            self._remember(("who-has", bssid, message.target, packet.source))
        elif message.mac and message.overrides:
            how = "gratuitous"
            if message.solicited:
                asked = self._asked_for(("who-has", bssid, message.target, packet.destination))
                how = "reply" if asked else "unsolicited"
            mac, address = message.mac.hex(":"), ip.text(message.target)
            self._claim(bssid, source, destination, mac, address, ref, how)

    def _asked_for(self, mark: Hashable) -> bool:
        """Whether a question was heard. One is one answer: what others say after it was not asked for."""
        asked = self._recent.pop(mark, None)
        return asked is not None and self._now - asked <= _SOLICITED

    def _claim(
        self, bssid: int, source: int, destination: int, mac: str, address: str, ref: Ref, how: str
    ) -> None:
        """One MAC address says that an IP address is its own."""
        key = (address_text(bssid), address, mac, address_text(source))
        claim = self.claims.get(key)
        if claim is None:
            if len(self.claims) >= MAX_RECORDS:
                self._count("claims")
                return
            claim = self.claims[key] = ArpClaim(*key, first=ref)
        claim.last = ref
        if how == "gratuitous":
            claim.gratuitous += 1
        elif how == "request":
            claim.requests += 1
        else:
            claim.replies += 1
            claim.unsolicited += how == "unsolicited"
            told = address_text(destination)
            if told not in claim.told and len(claim.told) < _MOST_REFS and not destination & _GROUP:
                claim.told.append(told)
        notable = how == "unsolicited"
        if notable and claim.unsolicited == 1:
            claim.refs = []
        if len(claim.refs) < _MOST_REFS and (notable or not claim.unsolicited):
            claim.refs.append(ref)

    # Bounds.

    def _keep(self, table: str, rows: list, row: object) -> None:  # type: ignore[type-arg]
        weight = len(_encode(row))
        if len(rows) < MAX_RECORDS and self._weight + weight <= MAX_WEIGHT:
            self._weight += weight
            rows.append(row)
        else:
            self._count(table)

    def _count(self, table: str) -> None:
        self.evicted[table] = self.evicted.get(table, 0) + 1

    def _remember(self, mark: Hashable) -> None:
        self._recent[mark] = self._now
        self._recent.move_to_end(mark)
        if len(self._recent) > _MAX_RECENT:
            self._recent.popitem(last=False)

    def _repeated(self, mark: Hashable, seconds: float) -> bool:
        """Whether the same thing was seen within the last ``seconds``; remembers it if not."""
        before = self._recent.get(mark)
        if before is not None and self._now - before <= seconds:
            return True
        self._remember(mark)
        return False


def _place(asked: http.Head | None, ends: Ends) -> tuple[str, str, str]:
    """Host, path and base URL of a request."""
    if asked is None:
        return ends.server_ip, "", f"http://{ends.server_ip}/"
    target = asked.target
    host = asked.get("host")
    try:
        if target.lower().startswith(("http://", "https://")):
            parts = urlsplit(target)
            host, target = parts.netloc or host, parts.path or "/"
        name = urlsplit(f"//{host}").hostname or ends.server_ip
    except ValueError:
        name = ends.server_ip
    path = target.split("?", 1)[0].split("#", 1)[0]
    path = "/".join("…" if personal.of_value(unquote(step)) else step for step in path[:512].split("/"))
    return name[:255].rstrip("."), path, f"http://{host or ends.server_ip}{path}"


def _is_page(told: http.Head, body: bytes) -> bool:
    """Whether browsers show an answer as a page: by its type, or by how it begins."""
    kind = told.content_type
    if kind in ("text/html", "application/xhtml+xml"):
        return True
    head = body[:512].lstrip().lower()
    return kind in ("", "text/plain", "application/octet-stream") and head.startswith(
        (b"<!doctype html", b"<html")
    )


def _page(told: http.Head, body: bytes, whole: bool, base: str) -> PageFacts:
    page = html.read(html.text_of(body, told.get("content-type")))
    if page.base:
        base = _target(base, page.base) or base
    refresh = told.get("refresh").partition("=")[2].strip() or page.refresh
    asks = {k for form in page.forms for field in form.fields for k in personal.of_field(field)}
    links = dict.fromkeys(filter(None, (_target(base, target) for target in page.links[: 4 * _MOST_LINKS])))
    ordered = sorted(links, key=lambda target: not _ending(target))
    return PageFacts(
        page.title,
        tuple(html.Form(_target(base, f.action), f.method, f.fields) for f in page.forms),
        tuple(sorted(asks)),
        tuple(ordered[:_MOST_LINKS]),
        _target(base, refresh) if refresh else "",
        whole,
    )


def _ending(target: str) -> str:
    """The file ending of what :func:`_target` gave."""
    return posixpath.splitext(target.rpartition("/")[2])[1] if target.count("/") > 2 else ""


def _target(base: str, reference: str) -> str:
    """An absolute address without query and fragment; empty for what is none."""
    path = _PATH.match(reference)
    if path and "/." not in path[0]:  # most links; parsing in full costs ten times as much
        origin = _ORIGIN.match(base)
        if origin:
            return (origin[0] + path[0])[:2048]
    try:
        parts = urlsplit(urljoin(base, reference.strip()))
        if parts.scheme not in ("http", "https", "itms-services", "market", "intent", "itms-apps"):
            return ""
        return f"{parts.scheme}://{parts.netloc}{parts.path}"[:2048]
    except ValueError:
        return ""


_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::\d+)?(?=/|$)", re.ASCII)
_PATH = re.compile(r"/(?!/)[\w/%.~!$&'()*+,=@:-]*(?=[?#]|$)", re.ASCII)
