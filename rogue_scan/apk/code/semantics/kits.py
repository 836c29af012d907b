"""Models of HTTP kits, Firebase and mail."""

import re
from typing import Any

from rogue_scan.apk.code.library import NOTHING, Site, handles
from rogue_scan.apk.code.semantics.keyed import get_extra
from rogue_scan.apk.code.semantics.texts import STRING, concat
from rogue_scan.apk.code.values import (
    ANY,
    CLEAN,
    HOLE,
    UNKNOWN,
    ClassRef,
    Obj,
    Val,
    const,
    how,
    make,
    map_texts,
    merge_taint,
    objects,
    taint,
    texts,
    union,
)
from rogue_scan.apk.dex import values
from rogue_scan.model.data import Sink


@handles("Lretrofit2/Retrofit;", "create")
def _retrofit(site: Site) -> Any:
    c = const(site.arg(0))
    if not isinstance(c, ClassRef):
        return NOTHING
    value, obj = site.new(c.name)
    obj.kind = "retrofit"
    if objects(site.this):
        site.heap.add(obj, "link", Val(UNKNOWN, CLEAN, site.this.o))
    return value


_HTTP_NOTES = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "HTTP")


def retrofit_call(site: Site, service: Obj) -> Any:
    """A call on an interface that Retrofit implements: a request to its annotated path."""
    base = site.lib.addresses(Val(UNKNOWN, CLEAN, (service,)), site.heap)
    path = ""
    cls = site.m.program.classes.get(service.cls)
    method = site.m.program.resolve(service.cls, site.ref.name, site.ref.kind)
    if cls is not None and method is not None:
        _, marked = values.annotations(method.dex, method.cls.row)
        for note in marked.get(method.index, ()):
            if note.type.rsplit("/", 1)[-1].rstrip(";") in _HTTP_NOTES:
                given = note.values.get("value") or note.values.get("path")
                path = given if isinstance(given, str) else path
    path = re.sub(r"\{[^}]*\}", HOLE, path)
    address: Any = make(path) if "://" in path else None
    if address is None and base is not None:
        c = map_texts(lambda x: x.rstrip("/") + "/" + path.lstrip("/") if path else x, base)
        address = make(c, CLEAN, STRING, how(base))
    site.lib.emit(site, Sink.HTTP, union(site.deep(arg) for arg in site.params), address)
    value, _ = site.new(site.returns) if site.returns[0] == "L" else (None, None)
    return value


@handles("Lokhttp3/Request$Builder;", "url")
@handles("Lcom/squareup/okhttp/Request$Builder;", "url")
@handles("Lretrofit2/Retrofit$Builder;", "baseUrl")
def _request_url(site: Site) -> Any:
    address = site.arg(0) if texts(site.arg(0)) else site.lib.addresses(site.arg(0), site.heap)
    for obj in objects(site.this):
        if address is not None:
            site.heap.set(obj, "url", address)
            site.m.mark(site.heap, obj, merge_taint(taint(address), site.deep(site.arg(0))))
    if address is not None:
        site.lib.used(site, address)
    return site.this


@handles("Lokhttp3/OkHttpClient;", "newCall")
@handles("Lokhttp3/Call$Factory;", "newCall")
@handles("Lcom/squareup/okhttp/OkHttpClient;", "newCall")
@handles("Lorg/apache/http/client/HttpClient;", "execute")
@handles("Lcz/msebera/android/httpclient/client/HttpClient;", "execute")
@handles("Lcom/android/volley/RequestQueue;", "add")
def _fresh_result(site: Site) -> Any:
    return site.new(site.returns)[0] if site.returns[0] == "L" else ANY


@handles("Lokhttp3/OkHttpClient;", "newWebSocket")
def _web_socket(site: Site) -> Any:
    value, obj = site.new(site.returns)
    address = site.lib.addresses(site.arg(0), site.heap)
    if address is not None:
        site.heap.set(obj, "url", address)
    return value


@handles(
    "Lcom/google/firebase/database/FirebaseDatabase;", "getInstance", "getReference", "getReferenceFromUrl"
)
@handles("Lcom/google/firebase/database/DatabaseReference;", "child", "push", "getRef")
def _firebase(site: Site) -> Any:
    value, obj = site.new(site.returns)
    given = next((arg for arg in site.params if any("://" in x for x in texts(arg))), None)
    if given is None and objects(site.this):
        given = site.lib.addresses(site.this, site.heap)
    if given is None:
        resource = site.m.resources.identifier("firebase_database_url", "string")
        known = site.m.resources.string(resource) if resource else None
        given = make(known, CLEAN, STRING, frozenset({"string resource"})) if known else None
    if given is not None:
        site.heap.set(obj, "url", given)
    return value


@handles("Lorg/apache/commons/net/ftp/FTPClient;", "connect")
@handles("Lcom/jcraft/jsch/JSch;", "getSession")
def _named_host(site: Site) -> Any:
    host = site.arg(1) if "JSch" in site.ref.cls else site.arg(0)
    if texts(host):
        for obj in objects(site.this):
            site.heap.set(obj, "url", host)
        site.lib.used(site, host)
    return NOTHING


@handles("Ljavax/mail/internet/InternetAddress;", "<init>", "parse")
def _mail_address(site: Site) -> Any:
    place = site.m.place(site.frame, site.unit)
    for known in texts(site.arg(0)):
        if "@" in known and HOLE not in known:
            site.lib.numbers.setdefault(known, []).append(
                (place, not site.m.program.is_own(site.frame.method.cls.name))
            )
    return NOTHING


@handles("Ljavax/mail/Session;", "getInstance", "getDefaultInstance")
def _mail_session(site: Site) -> Any:
    value, obj = site.new(site.returns)
    host = get_extra(site, site.arg(0), "mail.smtp.host")
    if texts(host):
        port = get_extra(site, site.arg(0), "mail.smtp.port")
        address = concat(site, concat(site, host, ":"), port) if texts(port) else host
        site.heap.set(obj, "url", address)
        shared, keeper = site.shared("mail", kind=site.returns)
        del shared
        site.heap.add(keeper, "url", address)
        site.lib.used(site, address)
    return value


@handles("Ljavax/mail/Transport;", "send", "sendMessage")
def _mail_send(site: Site) -> Any:
    keeper = site.m.obj(("shared", "mail"), "Ljavax/mail/Session;")
    address = site.lib.addresses(site.arg(0), site.heap) or site.heap.get(keeper, "url", None)
    site.lib.emit(site, Sink.EMAIL, union(site.deep(arg) for arg in site.params), address)
    return None
