"""Models of streams and files: what is written now may be read and sent later."""

import zlib
from typing import Any

from rogue_scan.apk.code.library import NOTHING, Site, array_of, handles
from rogue_scan.apk.code.semantics.ciphers import decoded, unbase64
from rogue_scan.apk.code.semantics.texts import STRING, concat, content, from_numbers, known_bytes, tags_of
from rogue_scan.apk.code.values import (
    ANY,
    CLEAN,
    HOLE,
    MAX_TEXT,
    UNKNOWN,
    Arr,
    Obj,
    Taint,
    Val,
    make,
    map_texts,
    merge_taint,
    number,
    objects,
    taint,
    texts,
    union,
    with_taint,
)
from rogue_scan.model.data import Sink


def source_bytes(site: Site, value: Any) -> tuple[bytes, int, Obj] | None:
    """The known content that an input stream reads, its position, and the object that keeps it."""
    for obj in objects(value):
        for up in site.lib.linked(obj, site.heap):
            data = site.heap.get(up, "bytes", None)
            if isinstance(data, bytes):
                at = site.heap.get(up, "at", 0)
                return data, at if isinstance(at, int) else 0, up
    return None


@handles("Ljava/io/ByteArrayInputStream;", "<init>")
def _bytes_in(site: Site) -> Any:
    data = known_bytes(site, site.arg(0))
    t = site.deep(site.arg(0))
    for obj in objects(site.this):
        if data is not None:
            site.heap.set(obj, "bytes", data)
            site.heap.set(obj, "at", 0)
        site.m.mark(site.heap, obj, t)
    return None


@handles("Ljava/util/zip/GZIPInputStream;", "<init>")
@handles("Ljava/util/zip/InflaterInputStream;", "<init>")
@handles("Landroid/util/Base64InputStream;", "<init>")
def _unpacking_in(site: Site) -> Any:
    found = source_bytes(site, site.arg(0))
    for obj in objects(site.this):
        if found is not None:
            try:
                if "Base64" in site.ref.cls:
                    data = unbase64(found[0])
                else:
                    data = zlib.decompressobj(47).decompress(found[0], MAX_TEXT)
            except zlib.error:
                data = None
            if data is not None:
                site.heap.set(obj, "bytes", data)
                site.heap.set(obj, "at", 0)
    return NOTHING


@handles("Ljava/io/InputStream;", "read", "readFully")
@handles("Ljava/io/Reader;", "read")
def _read(site: Site) -> Any:
    t = site.deep(site.this)
    found = source_bytes(site, site.this)
    if not site.params:
        if found is not None:
            data, at, keeper = found
            site.heap.set(keeper, "at", at + 1)
            return data[at] if at < len(data) else -1
        return Val(UNKNOWN, t) if t else ANY
    for obj in objects(site.arg(0)):
        site.m.mark(site.heap, obj, t)
        array = site.heap.own_array(obj)
        if array is None:
            continue
        if found is None:
            array.rest = ANY if array.rest is None else array.rest
            continue
        data, at, keeper = found
        start = (number(site.arg(1)) or 0) if len(site.params) > 1 else 0
        size = number(site.arg(2)) if len(site.params) > 1 else None
        if at >= len(data):
            return -1
        size = min(len(array.items) - start if size is None else size, len(data) - at)
        array.items[start : start + size] = [b - 256 if b > 127 else b for b in data[at : at + size]]
        site.heap.set(keeper, "at", at + size)
        site.heap.set(obj, "how", Val(UNKNOWN, h=_stream_tags(site, site.this)))
        return size
    return ANY


def _stream_tags(site: Site, value: Any) -> frozenset[str]:
    for obj in objects(value):
        for up in site.lib.linked(obj, site.heap):
            held = site.heap.get(up, "how", None)
            if isinstance(held, Val):
                return held.h
    return frozenset({"file in the package"}) if source_bytes(site, value) is not None else frozenset()


@handles("Ljava/io/InputStream;", "available")
def _available(site: Site) -> Any:
    found = source_bytes(site, site.this)
    return ANY if found is None else len(found[0]) - found[1]


@handles("Ljava/io/InputStream;", "readAllBytes")
@handles("Lkotlin/io/ByteStreamsKt;", "readBytes")
@handles("Lorg/apache/commons/io/IOUtils;", "toByteArray")
def _read_all(site: Site) -> Any:
    stream = site.arg(0) if site.static else site.this
    found = source_bytes(site, stream)
    if found is None:
        return array_of(site, [], "[B", site.deep(stream), exact=False)
    value = decoded(site, stream, found[0][found[1] :], "file in the package")
    site.heap.set(found[2], "at", len(found[0]))
    return value


@handles("Ljava/io/BufferedReader;", "readLine")
@handles("Ljava/io/DataInputStream;", "readLine", "readUTF")
@handles("Ljava/util/Scanner;", "nextLine", "next")
@handles("Lkotlin/io/TextStreamsKt;", "readText")
@handles("Lorg/apache/commons/io/IOUtils;", "toString")
def _read_line(site: Site) -> Any:
    stream = site.arg(0) if site.static else site.this
    found = source_bytes(site, stream)
    if found is None:
        return Val(HOLE, site.deep(stream), (), STRING)
    data, at, keeper = found
    if at >= len(data):
        return None
    end = (
        len(data)
        if site.static or ("Scanner" in site.ref.cls and site.ref.name == "next")
        else data.find(b"\n", at)
    )
    end = len(data) if end < 0 else end
    site.heap.set(keeper, "at", end + 1)
    result = make(
        data[at:end].decode("utf-8", "replace").rstrip("\r"),
        site.deep(stream),
        STRING,
        _stream_tags(site, stream),
    )
    site.m.new_text(site.frame, site.unit, result)
    return result


@handles("Ljava/io/ByteArrayOutputStream;", "<init>")
@handles("Ljava/io/StringWriter;", "<init>")
@handles("Ljava/io/CharArrayWriter;", "<init>")
def _memory_out(site: Site) -> Any:
    for obj in objects(site.this):
        obj.kind = ""
        site.heap.set(obj, "sink", "memory")
        site.heap.set(obj, "#", Arr([], site.heap.token))
        site.heap.set(obj, "s", "")
    return None


@handles("Ljava/io/ByteArrayOutputStream;", "toByteArray")
def _memory_bytes(site: Site) -> Any:
    for obj in objects(site.this):
        array = site.heap.array(obj)
        if array is not None and array.exact and array.rest is None:
            value = array_of(site, list(array.items), "[B", site.deep(site.this))
            for made in objects(value):
                site.heap.set(made, "how", site.heap.get(obj, "how", Val(UNKNOWN)))
            return value
    return array_of(site, [], "[B", site.deep(site.this), exact=False)


@handles("Ljava/io/ByteArrayOutputStream;", "toString")
def _memory_text(site: Site) -> Any:
    result = from_numbers(site, site.this, wide=False)
    return with_taint(result, site.deep(site.this))


@handles("Ljava/io/StringWriter;", "toString")
def _writer_text(site: Site) -> Any:
    return with_taint(content(site, site.this), site.deep(site.this))


@handles(
    "Ljava/io/OutputStream;",
    "write",
    "print",
    "println",
    "writeBytes",
    "writeUTF",
    "writeChars",
    "writeObject",
    "writeInt",
    "writeLong",
    "writeDouble",
    "writeByte",
    "append",
    "printf",
    "format",
    "writeFloat",
    "putNextEntry",
)
@handles("Ljava/io/Writer;", "write", "print", "println", "append", "printf", "format")
@handles("Ljava/io/RandomAccessFile;", "write", "writeBytes", "writeUTF", "writeChars")
@handles("Ljava/nio/channels/SocketChannel;", "write")
@handles("Ljava/nio/channels/WritableByteChannel;", "write")
@handles("Ljava/nio/channels/FileChannel;", "write")
@handles("Lokio/BufferedSink;", "write", "writeUtf8", "writeString", "writeAll")
@handles("Ljava/util/zip/ZipOutputStream;", "write")
def _write(site: Site) -> Any:
    t = union(site.deep(arg) for arg in site.params)
    fluent = site.this if site.returns[0] == "L" else None
    for obj in objects(site.this):
        for up in list(site.lib.linked(obj, site.heap)):
            what = site.heap.get(up, "sink", None)
            if what is None:
                continue
            write_to(site, up, str(what), t)
            break
        else:
            site.m.mark(site.heap, obj, t)
    return fluent


def write_to(site: Site, obj: Obj, what: str, t: Taint) -> None:
    """Data reaches the end of a chain of streams: memory, a file, or a way out."""
    this = Val(UNKNOWN, CLEAN, (obj,))
    if what == "memory":
        site.m.mark(site.heap, obj, t)
        array = site.heap.own_array(obj)
        data = known_bytes(site, site.arg(0)) if objects(site.arg(0)) else None
        if array is not None:
            if data is not None and len(site.params) == 3:
                a, n = number(site.arg(1)) or 0, number(site.arg(2))
                data = data[a : a + n] if n is not None else None
            if data is None and number(site.arg(0)) is not None and site.kinds[:1] == ["I"]:
                data = bytes([(number(site.arg(0)) or 0) & 0xFF])
            if data is not None and array.exact and len(array.items) < MAX_TEXT:
                array.items += [b - 256 if b > 127 else b for b in data]
                tags = tags_of(site, site.arg(0))
                if tags:
                    site.heap.set(obj, "how", Val(UNKNOWN, h=tags))
            else:
                array.exact = False
        if texts(site.arg(0)):
            site.heap.set(obj, "s", concat(site, content(site, this), site.arg(0)))
        return
    if what == "file":
        store_to_file(site, site.heap.get(obj, "path", None), t)
        return
    address = site.lib.addresses(this, site.heap)
    sink = Sink(what)
    if sink is Sink.SOCKET:
        sink = spoken(site, obj, address)
    site.lib.emit(site, sink, t, address)


def spoken(site: Site, obj: Obj, address: Any) -> Sink:
    """The protocol that is spoken by hand over a socket, by its port or by what is said."""
    models = site.m.models
    said = site.heap.get(obj, "said", "")
    said = said if isinstance(said, str) else ""
    for arg in site.params:
        for value in (*texts(arg), *(x for o in objects(arg) for x in texts(site.heap.get(o, "s", None)))):
            said = (said + " " + value)[-2000:]
    site.heap.set(obj, "said", said)
    for end in texts(address):
        port = end.rsplit(":", 1)[-1]
        if port.isdigit() and int(port) in models.ports:
            return models.ports[int(port)]
    for sink, words in models.dialogues.items():
        if any(word in said.upper() for word in words):
            return sink
    known = site.heap.get(obj, "protocol", None)
    return Sink(known) if isinstance(known, str) else Sink.SOCKET


def path_of(site: Site, value: Any) -> Any:
    """The path of a file, as a text value."""
    if texts(value):
        return value
    for obj in objects(value):
        for up in site.lib.linked(obj, site.heap):
            found = site.heap.get(up, "path", None)
            if texts(found):
                return found
    return Val(HOLE)


def _file_stores(site: Site, path: Any) -> list[Obj]:
    return [
        site.m.obj(("shared", "file", known.strip("/") or "/"), "Ljava/io/File;")
        for known in texts(path) or (HOLE,)
    ]


PUBLIC = ("/sdcard", "/storage/", "/mnt/sdcard")


def store_to_file(site: Site, path: Any, t: Taint) -> None:
    """Data is written to a file: it may be read again, and is public on external storage."""
    for store in _file_stores(site, path):
        site.m.mark(site.heap, store, t)
    if any(known.startswith(PUBLIC) or "world-readable" in known for known in texts(path)) and t:
        site.lib.emit(site, Sink.FILE_PUBLIC, t, None, "written to a public file")


def file_taint(site: Site, path: Any) -> Taint:
    """Data that the app wrote to a file before."""
    return union(site.deep(Val(UNKNOWN, CLEAN, (store,))) for store in _file_stores(site, path))


@handles("Ljava/io/File;", "<init>")
def _file_init(site: Site) -> Any:
    if len(site.params) == 2:
        path = concat(site, concat(site, path_of(site, site.arg(0)), "/"), path_of(site, site.arg(1)))
    else:
        path = path_of(site, site.arg(0))
    for obj in objects(site.this):
        site.heap.set(obj, "path", path)
        site.m.mark(site.heap, obj, taint(path))
    return None


@handles("Ljava/io/File;", "getAbsolutePath", "getPath", "getCanonicalPath", "toString")
def _file_path(site: Site) -> Any:
    return with_taint(path_of(site, site.this), taint(site.this))


@handles("Ljava/io/File;", "getName")
def _file_name(site: Site) -> Any:
    t = site.deep(site.this)
    return make(map_texts(lambda x: x.rsplit("/", 1)[-1] or HOLE, path_of(site, site.this)), t, STRING)


@handles("Ljava/io/File;", "listFiles", "list")
def _list_files(site: Site) -> Any:
    path = path_of(site, site.this)
    if any(known.startswith(PUBLIC) for known in texts(path)):
        t = site.lib.source(site, "files", next(iter(texts(path))))
        value, obj = site.new("Ljava/io/File;", t, "element")
        site.heap.set(obj, "path", Val("/sdcard/" + HOLE, t))
        site.heap.set(obj, "foreign", 1)
        return array_of(site, [value], site.returns, t, exact=False)
    return NOTHING


@handles("Ljava/io/FileOutputStream;", "<init>")
@handles("Ljava/io/FileWriter;", "<init>")
@handles("Ljava/io/RandomAccessFile;", "<init>")
@handles("Ljava/io/PrintWriter;", "<init>")
def _file_out(site: Site) -> Any:
    if site.ref.cls == "Ljava/io/PrintWriter;" and site.kinds[:1] not in (["Ljava/io/File;"], [STRING]):
        return NOTHING
    for obj in objects(site.this):
        site.heap.set(obj, "sink", "file")
        site.heap.set(obj, "path", path_of(site, site.arg(0)))
    return None


@handles("Ljava/nio/file/Files;", "write", "writeString", "newOutputStream")
@handles("Lkotlin/io/FilesKt;", "writeText", "appendText", "writeBytes", "appendBytes")
@handles("Lkotlin/io/FilesKt__FileReadWriteKt;", "writeText", "appendText", "writeBytes", "appendBytes")
def _files_write(site: Site) -> Any:
    store_to_file(site, path_of(site, site.arg(0)), union(site.deep(arg) for arg in site.params[1:]))
    return NOTHING


@handles("Ljava/io/FileInputStream;", "<init>")
@handles("Ljava/io/FileReader;", "<init>")
@handles("Ljava/nio/file/Files;", "readAllBytes", "readString", "newInputStream", "readAllLines", "lines")
@handles("Lkotlin/io/FilesKt;", "readText", "readBytes", "readLines")
@handles("Lkotlin/io/FilesKt__FileReadWriteKt;", "readText", "readBytes", "readLines")
@handles("Lokhttp3/RequestBody;", "create")
@handles("Lokhttp3/RequestBody$Companion;", "create")
@handles("Ljava/util/Scanner;", "<init>")
def _file_in(site: Site) -> Any:
    at = site.arg(0)
    for arg in site.params:
        if any(o.cls == "Ljava/io/File;" or site.heap.get(o, "path", None) is not None for o in objects(arg)):
            at = arg
    if (
        not objects(at)
        and "Files" not in site.ref.cls
        and "FileInputStream" not in site.ref.cls
        and "FileReader" not in site.ref.cls
    ):
        return NOTHING
    path = path_of(site, at)
    t = merge_taint(file_taint(site, path), taint(at))
    if any(known.startswith("/sys/class/net/") for known in texts(path)):
        t = merge_taint(t, site.lib.source(site, "device-id", next(iter(texts(path)))))
    foreign = any(known.startswith(PUBLIC) for known in texts(path)) and not t
    if foreign:
        t = merge_taint(t, site.lib.source(site, "files", next(iter(texts(path)))))
    if site.ref.name == "<init>":
        for obj in objects(site.this):
            site.m.mark(site.heap, obj, t)
            site.heap.set(obj, "path", path)
        return NOTHING if "Scanner" in site.ref.cls else None
    return with_taint(site.m.unknown(site.returns, t), t)
