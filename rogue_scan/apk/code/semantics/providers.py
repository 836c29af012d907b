"""Models of content URIs, providers and databases."""

import re
from typing import Any

from rogue_scan.apk.code import personal
from rogue_scan.apk.code.library import NOTHING, Site, handles
from rogue_scan.apk.code.semantics.streams import file_taint, path_of
from rogue_scan.apk.code.semantics.texts import STRING, concat, shown
from rogue_scan.apk.code.values import (
    ANY,
    CLEAN,
    HOLE,
    UNKNOWN,
    Taint,
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
    union,
)


@handles(
    "Landroid/net/Uri;",
    "parse",
    "fromFile",
    "withAppendedPath",
    "toString",
    "getPath",
    "fromParts",
    "getLastPathSegment",
)
@handles("Landroid/content/ContentUris;", "withAppendedId")
@handles("Landroidx/core/content/FileProvider;", "getUriForFile")
@handles("Landroidx/core/net/UriKt;", "toUri")
def _uri(site: Site) -> Any:
    name = site.ref.name
    if name in ("toString", "getPath", "getLastPathSegment"):
        if not texts(site.this):
            return NOTHING
        if name == "getLastPathSegment":
            return make(
                map_texts(lambda x: x.rstrip("/").rsplit("/", 1)[-1], site.this), taint(site.this), STRING
            )
        return site.this
    if name in ("fromFile", "getUriForFile"):
        path = path_of(site, site.arg(len(site.params) - 1))
        c = map_texts(lambda x: "file://" + x, path)
        return Val(c, merge_taint(file_taint(site, path), site.deep(site.arg(0))), (), "Landroid/net/Uri;")
    if name == "withAppendedPath":
        base = concat(site, concat(site, _as_text(site.arg(0)), "/"), shown(site, site.arg(1), STRING))
        return Val(const(base), taint(base), (), "Landroid/net/Uri;", how(base))
    if name == "withAppendedId":
        base = concat(site, concat(site, _as_text(site.arg(0)), "/"), Val(HOLE, taint(site.arg(1))))
        return Val(const(base), taint(base), (), "Landroid/net/Uri;", how(base))
    if name == "fromParts":
        base = concat(
            site, concat(site, shown(site, site.arg(0), STRING), ":"), shown(site, site.arg(1), STRING)
        )
        return Val(const(base), taint(base), (), "Landroid/net/Uri;")
    source = site.arg(0)
    if not texts(source):
        return Val(HOLE, site.deep(source), (), "Landroid/net/Uri;", how(source))
    return Val(const(source), taint(source), (), "Landroid/net/Uri;", how(source))


def _as_text(value: Any) -> Any:
    return value if texts(value) else Val(HOLE, taint(value))


@handles("Landroid/net/Uri;", "buildUpon")
@handles("Lokhttp3/HttpUrl;", "newBuilder", "get", "parse")
@handles("Lokhttp3/HttpUrl$Companion;", "get", "parse")
def _build_upon(site: Site) -> Any:
    source = site.this if site.ref.name in ("buildUpon", "newBuilder") else site.arg(0)
    address = source if texts(source) else site.lib.addresses(source, site.heap)
    value, obj = site.new(site.returns)
    if address is not None:
        site.heap.set(obj, "s", address)
        site.heap.set(obj, "url", address)
        site.m.mark(site.heap, obj, taint(address))
    return value


@handles(
    "Landroid/net/Uri$Builder;",
    "<init>",
    "scheme",
    "authority",
    "encodedAuthority",
    "path",
    "appendPath",
    "appendEncodedPath",
    "appendQueryParameter",
    "encodedPath",
    "encodedQuery",
    "query",
    "fragment",
    "opaquePart",
)
@handles(
    "Lokhttp3/HttpUrl$Builder;",
    "<init>",
    "scheme",
    "host",
    "port",
    "addPathSegment",
    "addPathSegments",
    "addEncodedPathSegment",
    "addQueryParameter",
    "addEncodedQueryParameter",
    "encodedPath",
    "username",
)
def _uri_builder(site: Site) -> Any:
    name = site.ref.name
    held: Any = UNKNOWN
    for obj in objects(site.this):
        held = site.heap.get(obj, "s")
    now = "" if held is UNKNOWN or name == "<init>" else held
    piece = shown(site, site.arg(0), site.kinds[0]) if site.kinds else ""
    if name == "scheme":
        now = concat(site, now, concat(site, piece, "://"))
    elif name in (
        "path",
        "appendPath",
        "appendEncodedPath",
        "addPathSegment",
        "addPathSegments",
        "addEncodedPathSegment",
        "encodedPath",
    ):
        slash = "" if (text(now) or "").endswith("/") or (text(piece) or "").startswith("/") else "/"
        now = concat(site, concat(site, now, slash), piece)
    elif "QueryParameter" in name:
        mark = "&" if "?" in (text(now) or "") else "?"
        now = concat(
            site,
            concat(site, now, concat(site, mark, concat(site, piece, "="))),
            shown(site, site.arg(1), STRING),
        )
    elif name == "port":
        now = concat(site, concat(site, now, ":"), piece)
    elif name != "<init>":
        now = concat(site, now, piece)
    for obj in objects(site.this):
        site.heap.set(obj, "s", now)
        if now:
            site.heap.set(obj, "url", now)
        site.m.mark(site.heap, obj, taint(now))
    return None if name == "<init>" else site.this


@handles("Landroid/net/Uri$Builder;", "build", "toString")
@handles("Lokhttp3/HttpUrl$Builder;", "build", "toString")
def _uri_built(site: Site) -> Any:
    held: Any = UNKNOWN
    for obj in objects(site.this):
        held = site.heap.get(obj, "s")
    if held is UNKNOWN:
        return NOTHING
    return Val(const(held), taint(held), (), site.returns, how(held))


def uri_category(site: Site, uri: str) -> str | None:
    """The data category behind a content URI."""
    for prefix, category in site.m.models.uris:
        if uri.startswith(prefix):
            return category or None
    own = {authority for component in site.m.app.components for authority in component.authorities}
    authority = uri.removeprefix("content://").split("/", 1)[0]
    if authority in own:
        return None
    kinds = personal.categories(uri.removeprefix("content://").replace("/", " "))
    return sorted(kinds)[0] if kinds else None


@handles(
    "Landroid/content/ContentResolver;",
    "query",
    "openInputStream",
    "openFileDescriptor",
    "openAssetFileDescriptor",
    "acquireContentProviderClient",
    "openTypedAssetFileDescriptor",
)
@handles("Landroid/content/ContentProviderClient;", "query", "openFile")
@handles("Landroid/app/Activity;", "managedQuery")
@handles("Landroid/content/CursorLoader;", "<init>")
@handles("Landroidx/loader/content/CursorLoader;", "<init>")
@handles("Landroidx/core/content/ContentResolverCompat;", "query")
def _query(site: Site) -> Any:
    at = next((i for i, kind in enumerate(site.kinds) if kind == "Landroid/net/Uri;"), 0)
    uri = site.arg(at)
    t: Taint = taint(uri)
    known = False
    for address in texts(uri):
        if address.startswith("file://") and site.ref.name != "query":
            t = merge_taint(t, file_taint(site, address.removeprefix("file://")))
            known = True
        category = uri_category(site, address)
        if category:
            known = True
            note = address.rstrip(HOLE)[:80]
            if site.ref.name == "acquireContentProviderClient":
                continue
            t = merge_taint(t, site.lib.source(site, category, note))
        elif address.strip(HOLE):
            store = site.shared("provider", _authority(address), kind="provider")[0]
            t = merge_taint(t, site.deep(store))
    if not known:
        columns = [
            x
            for arg in site.params[at + 1 :]
            for o in objects(arg)
            if (a := site.heap.array(o))
            for i in a.items
            for x in texts(i)
        ]
        hit = next((site.m.models.columns[c] for c in columns if c in site.m.models.columns), None)
        if hit is not None:
            t = merge_taint(t, site.lib.source(site, hit.value, ", ".join(columns)[:80]))
        elif site.ref.name == "query":
            t = merge_taint(t, site.lib.source(site, "?column", "an unknown provider"))
    if site.ref.name == "<init>":
        for obj in objects(site.this):
            site.m.mark(site.heap, obj, t)
        return None
    value, obj = site.new(site.returns)
    site.m.mark(site.heap, obj, t)
    return value


def _authority(uri: str) -> str:
    return uri.removeprefix("content://").split("/", 1)[0]


@handles("Landroid/content/ContentResolver;", "insert", "update", "bulkInsert", "call")
@handles("Landroid/content/ContentProviderClient;", "insert", "update")
def _provider_insert(site: Site) -> Any:
    t = union(site.deep(arg) for arg in site.params[1:])
    for address in texts(site.arg(0)):
        store = site.m.obj(("shared", "provider", _authority(address)), "provider")
        site.m.mark(site.heap, store, t)
    return NOTHING


@handles("Landroid/database/Cursor;", "getColumnIndex", "getColumnIndexOrThrow")
def _column(site: Site) -> Any:
    for obj in objects(site.this):
        site.heap.add(obj, "columns", site.arg(0))
        hit = next((site.m.models.columns[c] for c in texts(site.arg(0)) if c in site.m.models.columns), None)
        held = site.heap.get(obj, "t", None)
        if hit is not None and isinstance(held, Val) and any(label[0] == "?column" for label in held.t):
            site.heap.set(obj, "t", Val(None, site.lib._rename(held.t, frozenset({hit.value}), "column")))
    return ANY


_TABLE = re.compile(r"(?:from|into|update|join)\s+[\"`\[]?(\w+)", re.I)


def _tables(site: Site, value: Any) -> list[str]:
    found = []
    for known in texts(value):
        match = _TABLE.search(known)
        found.append(match.group(1) if match else known if re.fullmatch(r"\w+", known) else "")
    return found or [""]


DATABASE = "Landroid/database/sqlite/SQLiteDatabase;"


@handles(
    DATABASE,
    "insert",
    "insertOrThrow",
    "insertWithOnConflict",
    "replace",
    "replaceOrThrow",
    "update",
    "updateWithOnConflict",
    "execSQL",
)
def _database_write(site: Site) -> Any:
    t = union(site.deep(arg) for arg in site.params)
    for table in _tables(site, site.arg(0)):
        store = site.m.obj(("shared", "table", table), "table")
        site.m.mark(site.heap, store, t)
    return ANY if site.returns != "V" else None


@handles(DATABASE, "query", "rawQuery", "queryWithFactory", "rawQueryWithFactory")
def _database_read(site: Site) -> Any:
    at = next((i for i, arg in enumerate(site.params) if texts(arg)), 0)
    t: Taint = CLEAN
    for table in _tables(site, site.arg(at)):
        for key in (table, ""):
            store = site.m.obj(("shared", "table", key), "table")
            t = merge_taint(t, site.deep(Val(UNKNOWN, CLEAN, (store,))))
    value, obj = site.new(site.returns)
    site.m.mark(site.heap, obj, t)
    return value
