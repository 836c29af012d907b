"""Models of URLs, connections, sockets, datagrams and look-ups."""

import urllib.parse
from typing import Any

from rogue_scan.apk.code.endpoints import zone
from rogue_scan.apk.code.library import NOTHING, Site, array_of, handles
from rogue_scan.apk.code.semantics.texts import STRING, concat, shown
from rogue_scan.apk.code.values import (
    ANY,
    CLEAN,
    HOLE,
    UNKNOWN,
    Obj,
    Val,
    const,
    how,
    make,
    map_texts,
    merge_taint,
    objects,
    taint,
    text,
    texts,
)
from rogue_scan.model.data import Sink


@handles("Ljava/net/URL;", "<init>")
@handles("Ljava/net/URI;", "<init>")
def _url_init(site: Site) -> Any:
    kinds = site.kinds
    if len(kinds) >= 3 and kinds[0] == STRING:
        address = concat(
            site, concat(site, shown(site, site.arg(0), STRING), "://"), shown(site, site.arg(1), STRING)
        )
        if len(kinds) >= 4 and kinds[2] == "I":
            address = concat(site, concat(site, address, ":"), shown(site, site.arg(2), "I"))
        last = shown(site, site.arg(len(kinds) - 1), STRING)
        address = concat(site, address, last)
    elif len(kinds) == 2 and kinds[0] == "Ljava/net/URL;":
        base = site.lib.addresses(site.arg(0), site.heap)
        c = map_texts(
            lambda x, y: urllib.parse.urljoin(x, y) if HOLE not in x else x + y,
            base if base is not None else HOLE,
            site.arg(1),
        )
        address = make(c, merge_taint(taint(base), taint(site.arg(1))), STRING, how(base) | how(site.arg(1)))
    else:
        address = shown(site, site.arg(0), STRING)
    for obj in objects(site.this):
        site.heap.set(obj, "url", address)
        site.m.mark(site.heap, obj, taint(address))
    return None


@handles("Ljava/net/URI;", "create", "toURL")
@handles("Ljava/net/URL;", "toURI")
def _uri_same(site: Site) -> Any:
    value, obj = site.new(site.returns)
    address = site.arg(0) if site.static else site.lib.addresses(site.this, site.heap)
    if address is not None:
        site.heap.set(obj, "url", address)
        site.m.mark(site.heap, obj, taint(address))
    return value


@handles("Ljava/net/URL;", "getHost")
@handles("Landroid/net/Uri;", "getHost")
def _host(site: Site) -> Any:
    address = site.lib.addresses(site.this, site.heap)
    c = map_texts(
        lambda x: (
            urllib.parse.urlsplit(x).hostname or HOLE
            if HOLE not in x.split("/")[0] and "[" not in x
            else HOLE
        ),
        address,
    )
    return make(c if c is not UNKNOWN else HOLE, CLEAN, STRING, how(address))


@handles("Ljava/net/URL;", "openConnection", "openStream", "getContent")
def _open(site: Site) -> Any:
    address = site.lib.addresses(site.this, site.heap)
    t = merge_taint(site.deep(site.this), taint(address))
    value, obj = site.new(site.returns)
    if address is not None:
        site.heap.set(obj, "url", Val(const(address), CLEAN, (), STRING, how(address)))
        ftp = any(x.startswith("ftp") for x in texts(address))
        site.lib.emit(site, Sink.FTP if ftp else Sink.HTTP, t, address)
        site.heap.set(obj, "protocol", "ftp" if ftp else "http")
    return value


@handles("Ljava/net/URLConnection;", "getOutputStream")
def _connection_out(site: Site) -> Any:
    value, obj = site.new(site.returns)
    site.heap.set(obj, "sink", "http")
    for source in objects(site.this):
        if site.heap.get(source, "protocol", None) == "ftp":
            site.heap.set(obj, "sink", "ftp")
    if objects(site.this):
        site.heap.set(obj, "link", Val(UNKNOWN, CLEAN, site.this.o))
    return value


@handles(
    "Ljava/net/URLConnection;",
    "getInputStream",
    "getErrorStream",
    "getContent",
    "getHeaderField",
    "getResponseMessage",
    "getContentType",
    "getURL",
)
def _connection_in(site: Site) -> Any:
    address = site.lib.addresses(site.this, site.heap)
    if address is not None:
        site.lib.used(site, address)
    if site.ref.name == "getURL":
        return NOTHING
    return Val(HOLE, CLEAN, (), STRING) if site.returns == STRING else site.new(site.returns)[0]


@handles("Ljava/net/Socket;", "<init>")
@handles("Ljavax/net/SocketFactory;", "createSocket")
@handles("Ljavax/net/ssl/SSLSocketFactory;", "createSocket")
@handles("Ljava/net/InetSocketAddress;", "<init>", "createUnresolved")
def _socket_init(site: Site) -> Any:
    if site.ref.name != "<init>":
        value, made = site.new(site.returns)
        targets: tuple[Obj, ...] = (made,)
    else:
        value, targets = None, objects(site.this)
    if len(site.params) >= 2:
        host, port = site.arg(0), site.arg(1)
        if site.kinds and site.kinds[0] == "Ljava/net/Socket;":
            host, port = site.arg(1), site.arg(2)
        named = host if texts(host) else site.lib.addresses(host, site.heap)
        address = concat(
            site, concat(site, named if named is not None else Val(HOLE), ":"), shown(site, port, "I")
        )
        for obj in targets:
            site.heap.set(obj, "url", address)
        if site.ref.cls != "Ljava/net/InetSocketAddress;":
            for obj in targets:
                site.heap.set(obj, "sink", "socket")
            site.lib.used(site, address)
    return value


@handles("Ljava/net/Socket;", "connect")
@handles("Ljava/net/DatagramSocket;", "connect")
@handles("Ljava/nio/channels/SocketChannel;", "connect", "open")
@handles("Ljava/nio/channels/DatagramChannel;", "connect")
@handles("Landroid/bluetooth/BluetoothSocket;", "connect")
def _connect(site: Site) -> Any:
    address = site.lib.addresses(site.arg(0), site.heap)
    if address is not None and len(site.params) == 2 and ":" not in (text(address) or ""):
        address = concat(site, concat(site, address, ":"), shown(site, site.arg(1), "I"))
    value = None
    targets = objects(site.this)
    if site.static:
        value, made = site.new(site.returns)
        targets = (made,)
        site.heap.set(made, "sink", "socket")
    for obj in targets:
        if address is not None:
            site.heap.set(obj, "url", address)
        site.heap.set(obj, "sink", "socket")
    if address is not None:
        site.lib.used(site, address)
    return value if site.static else ANY


@handles("Ljava/net/Socket;", "getOutputStream")
@handles("Landroid/bluetooth/BluetoothSocket;", "getOutputStream")
@handles("Landroid/net/LocalSocket;", "getOutputStream")
def _socket_out(site: Site) -> Any:
    value, obj = site.new(site.returns)
    site.heap.set(obj, "sink", "ipc" if "Local" in site.ref.cls else "socket")
    if objects(site.this):
        site.heap.set(obj, "link", Val(UNKNOWN, CLEAN, site.this.o))
    return value


@handles("Ljava/net/Socket;", "getInputStream")
def _socket_in(site: Site) -> Any:
    return site.new(site.returns)[0]


@handles("Ljava/net/InetAddress;", "getByName", "getAllByName")
@handles("Landroid/net/DnsResolver;", "query", "rawQuery")
@handles("Landroid/net/Network;", "getByName", "getAllByName")
def _by_name(site: Site) -> Any:
    at = next((arg for arg in site.params if texts(arg)), site.arg(0))
    t = taint(at)
    value, obj = site.new("Ljava/net/InetAddress;")
    site.heap.set(obj, "url", Val(const(at), CLEAN, (), STRING, how(at)) if texts(at) else Val(HOLE))
    zones = [zone(known) for known in texts(at) if HOLE in known]
    if t:
        known_zone = next((z for z in zones if z), None)
        site.lib.emit(site, Sink.DNS, t, make(known_zone, CLEAN, STRING, how(at)) if known_zone else None)
    elif any(zones):
        for known_zone in filter(None, zones):
            site.lib.used(site, make(known_zone, CLEAN, STRING, how(at)))
    elif texts(at):
        site.lib.used(site, at)
    return array_of(site, [value], site.returns) if site.returns[:1] == "[" else value


@handles("Ljava/net/DatagramPacket;", "<init>")
def _packet(site: Site) -> Any:
    t = site.deep(site.arg(0))
    for obj in objects(site.this):
        site.m.mark(site.heap, obj, t)
        for i, kind in enumerate(site.kinds):
            if kind in ("Ljava/net/InetAddress;", "Ljava/net/SocketAddress;"):
                address = site.lib.addresses(site.arg(i), site.heap)
                if address is None:
                    continue
                if kind == "Ljava/net/InetAddress;" and i + 1 < len(site.kinds):
                    address = concat(site, concat(site, address, ":"), shown(site, site.arg(i + 1), "I"))
                site.heap.set(obj, "url", address)
    return None


@handles("Ljava/net/DatagramPacket;", "setData", "setAddress", "setPort", "setSocketAddress")
def _packet_set(site: Site) -> Any:
    for obj in objects(site.this):
        if site.ref.name == "setData":
            site.m.mark(site.heap, obj, site.deep(site.arg(0)))
        else:
            old = site.lib.addresses(site.this, site.heap)
            new = site.lib.addresses(site.arg(0), site.heap)
            if site.ref.name == "setPort" and old is not None:
                new = concat(site, concat(site, old, ":"), shown(site, site.arg(0), "I"))
            if new is not None:
                site.heap.set(obj, "url", new)
    return None


@handles("Ljava/net/DatagramSocket;", "send")
def _datagram(site: Site) -> Any:
    address = site.lib.addresses(site.arg(0), site.heap)
    if address is None:
        address = site.lib.addresses(site.this, site.heap)
    port = next((x.rsplit(":", 1)[-1] for x in texts(address)), "")
    sink = Sink.DNS if port == "53" else Sink.SOCKET
    site.lib.emit(site, sink, site.deep(site.arg(0)), address)
    return None
