"""Models of Android: components and intents, content, preferences, databases, views, WebView, media."""

import re
from typing import Any

from rogue_scan.apk.code import java, personal
from rogue_scan.apk.code.java import STRING, concat, get_extra, path_of, put_extra, shown
from rogue_scan.apk.code.library import NOTHING, Site, array_of, handles
from rogue_scan.apk.code.values import (
    ANY,
    CLEAN,
    HOLE,
    UNKNOWN,
    Alternatives,
    ClassRef,
    Obj,
    Taint,
    Val,
    const,
    how,
    join,
    make,
    map_texts,
    merge_taint,
    number,
    objects,
    taint,
    text,
    texts,
    union,
    with_taint,
)
from rogue_scan.apk.dex import values
from rogue_scan.model.data import Sink

CONTEXT = "Landroid/content/Context;"
INTENT = "Landroid/content/Intent;"
VIEW = "Landroid/view/View;"
WEBVIEW = "Landroid/webkit/WebView;"


# -- intents and components ----------------------------------------------------------------------


@handles(INTENT, "<init>")
def _intent_init(site: Site) -> Any:
    for obj in objects(site.this):
        for kind, arg in zip(site.kinds, site.params, strict=False):
            if kind == "Ljava/lang/Class;":
                site.heap.set(obj, "target", arg)
            elif kind == STRING:
                site.heap.set(obj, "action", arg)
            elif kind == "Landroid/net/Uri;":
                site.heap.set(obj, "data", arg)
            elif kind == INTENT:
                java._put_all(site)
                for source in objects(arg):
                    for field in ("target", "action", "data"):
                        held = site.heap.get(source, field)
                        if held is not UNKNOWN:
                            site.heap.set(obj, field, held)
    return None


@handles(
    INTENT,
    "setClass",
    "setClassName",
    "setComponent",
    "setAction",
    "setData",
    "setDataAndType",
    "setPackage",
    "setType",
    "addFlags",
    "setFlags",
    "addCategory",
    "setSelector",
    "setClipData",
)
def _intent_set(site: Site) -> Any:
    name = site.ref.name
    last = site.arg(len(site.params) - 1)
    for obj in objects(site.this):
        if name == "setClass":
            site.heap.set(obj, "target", last)
        elif name == "setClassName":
            site.heap.set(obj, "target", _class_named(last))
        elif name == "setComponent":
            for source in objects(last):
                held = site.heap.get(source, "target")
                if held is not UNKNOWN:
                    site.heap.set(obj, "target", held)
        elif name == "setAction":
            site.heap.set(obj, "action", last)
        elif name.startswith("setData"):
            site.heap.set(obj, "data", site.arg(0))
        elif name == "setPackage":
            site.heap.set(obj, "package", last)
        elif name == "setClipData":
            site.m.mark(site.heap, obj, site.deep(last))
    return site.this if site.returns[0] == "L" else None


def _class_named(value: Any) -> Any:
    known = text(value)
    return Val(ClassRef("L" + known.replace(".", "/") + ";")) if known and HOLE not in known else ANY


@handles("Landroid/content/ComponentName;", "<init>")
def _component_name(site: Site) -> Any:
    last = site.arg(1)
    for obj in objects(site.this):
        site.heap.set(obj, "target", last if isinstance(const(last), ClassRef) else _class_named(last))
    return None


def incoming(site_or_machine: Any, cls: str) -> Val:
    """The intent that a component of the app is started with."""
    obj = site_or_machine.obj(("shared", "intent", cls), INTENT)
    return Val(UNKNOWN, CLEAN, (obj,), INTENT)


@handles("Landroid/app/Activity;", "getIntent")
def _get_intent(site: Site) -> Any:
    found: Any = UNKNOWN
    for obj in objects(site.this):
        value = incoming(site.m, obj.cls)
        found = value if found is UNKNOWN else join(found, value)
    return incoming(site.m, site.frame.method.cls.name) if found is UNKNOWN else found


@handles("Landroid/app/Activity;", "setResult")
def _set_result(site: Site) -> Any:
    _result, obj = site.shared("result", kind=INTENT)
    for source in objects(site.arg(1)):
        site.heap.add(obj, "from", Val(UNKNOWN, CLEAN, (source,)))
    name = site.frame.method.cls.name[1:-1].replace("/", ".")
    if any(c.name == name and c.exported for c in site.m.app.components):
        site.lib.emit(site, Sink.IPC, site.deep(site.arg(1)), None, "given back to the caller")
    return None


@handles("Landroid/os/Messenger;", "<init>", "send")
def _messenger(site: Site) -> Any:
    _, post = site.shared("messengers", kind="Landroid/os/Messenger;")
    if site.ref.name == "<init>":
        if objects(site.arg(0)):
            site.heap.add(post, "handlers", Val(UNKNOWN, CLEAN, site.arg(0).o))
        return None
    for handler in objects(site.heap.get(post, "handlers", None)):
        if handler.cls in site.m.program.classes:
            site.lib.call_back(handler, site, site.params, CLEAN, ANY)
    return None


@handles(
    CONTEXT,
    "startActivity",
    "startActivityForResult",
    "startService",
    "startForegroundService",
    "bindService",
    "sendBroadcast",
    "sendOrderedBroadcast",
    "sendStickyBroadcast",
    "sendBroadcastAsUser",
    "startActivities",
    "startActivityIfNeeded",
)
@handles(
    "*",
    "sendBroadcast",
    "sendBroadcastSync",
    "enqueueWork",
    "startActivity",
    "startActivityForResult",
    "startService",
)
@handles("Landroid/app/PendingIntent;", "getActivity", "getService", "getBroadcast", "getForegroundService")
@handles("Landroidx/activity/result/ActivityResultLauncher;", "launch")
def _send_intent(site: Site) -> Any:
    if site.ref.name == "bindService":
        _bind(site)
    for arg in site.params:
        if site.m.type_of(arg) == INTENT or any(o.cls == INTENT for o in objects(arg)):
            for intent in objects(arg):
                _deliver(site, intent)
        elif isinstance(const(arg), ClassRef) and site.ref.name == "enqueueWork":
            for other in site.params:
                for intent in objects(other):
                    if intent.cls == INTENT:
                        _hand_over(site, intent, const(arg).name)
    return NOTHING


def _bind(site: Site) -> None:
    """A connection is given what the service's ``onBind`` returns."""
    for intent in objects(site.arg(0)):
        target = const(site.heap.get(intent, "target", None))
        if not isinstance(target, ClassRef):
            continue
        binder = site.heap.get(site.m.obj(("component", target.name), target.name, True), "ret", None)
        if binder is None:
            continue
        for connection in objects(site.arg(1)):
            for method in site.lib.callbacks_of(connection.cls):
                if method.name == "onServiceConnected":
                    this = Val(UNKNOWN, CLEAN, (connection,), connection.cls)
                    site.m.later(connection, method, [this, ANY, binder])


def _hand_over(site: Site, intent: Obj, cls: str) -> None:
    """What an intent holds reaches a component."""
    target = site.m.obj(("shared", "intent", cls), INTENT)
    for field in sorted(intent.fields):
        if field.startswith("x:") or field in ("t", "data", "action", "from"):
            value = site.heap.get(intent, field)
            if value is not UNKNOWN:
                value = site.m.hop(value, site.frame, site.unit, f"sent to {cls[1:-1].rsplit('/', 1)[-1]}")
                site.heap.add(target, field, value)


def _deliver(site: Site, intent: Obj) -> None:
    app = site.m.app
    program = site.m.program
    target = const(site.heap.get(intent, "target", None))
    actions = texts(site.heap.get(intent, "action", None))
    if isinstance(target, ClassRef) and target.name in program.classes:
        _hand_over(site, intent, target.name)
        return
    inside = False
    for action in actions:
        for component in app.components:
            if action in component.actions:
                _hand_over(site, intent, "L" + component.name.replace(".", "/") + ";")
                inside = True
        for known, receiver in site.lib.receivers:
            if known == action:
                _hand_over(site, intent, receiver.cls)
                inside = True
    if inside or texts(site.heap.get(intent, "package", None)) == (app.package,):
        return
    this = Val(UNKNOWN, CLEAN, (intent,))
    t = site.deep(this)
    data = site.heap.get(intent, "data", None)
    for address in texts(data):
        scheme = address.split(":", 1)[0].lower()
        if scheme in ("http", "https") and taint(data):
            site.lib.emit(site, Sink.HTTP, taint(data), data)
            return
        if scheme == "mailto" or any(field == "x:android.intent.extra.EMAIL" for field in intent.fields):
            site.lib.emit(site, Sink.EMAIL, t, make(address.split(":", 1)[-1]))
            return
        if scheme in ("sms", "smsto", "mms", "mmsto"):
            site.lib.emit(site, Sink.SMS, t, None)
            return
    if t and (actions or target is not None):
        site.lib.emit(site, Sink.IPC, t, None, "sent to other apps")


@handles(CONTEXT, "registerReceiver")
@handles("*", "registerReceiver")
def _register_receiver(site: Site) -> Any:
    actions = [a for o in objects(site.arg(1)) for a in _actions(site, o)]
    for receiver in objects(site.arg(0)):
        if receiver.cls not in site.m.program.classes:
            continue
        for action in actions:
            if (action, receiver) not in site.lib.receivers:
                site.lib.receivers.append((action, receiver))
        for method in site.lib.callbacks_of(receiver.cls):
            if method.name == "onReceive":
                this = Val(UNKNOWN, CLEAN, (receiver,), receiver.cls)
                site.m.later(receiver, method, [this, ANY, incoming(site.m, receiver.cls)])
    return None


def _actions(site: Site, intent_filter: Obj) -> list[str]:
    array = site.heap.array(intent_filter)
    found = [x for item in (array.items if array is not None else ()) for x in texts(item)]
    return found + list(texts(site.heap.get(intent_filter, "action", None)))


@handles("Landroid/content/IntentFilter;", "<init>", "addAction")
def _filter(site: Site) -> Any:
    for obj in objects(site.this):
        if site.params and texts(site.arg(0)):
            old = site.heap.get(obj, "action")
            site.heap.set(obj, "action", site.arg(0) if old is UNKNOWN else join(old, site.arg(0)))
    return None


@handles(INTENT, "getExtras", "getBundleExtra")
@handles("Landroid/app/Fragment;", "getArguments")
@handles("Landroidx/fragment/app/Fragment;", "getArguments")
def _extras(site: Site) -> Any:
    if site.ref.name == "getArguments":
        found = UNKNOWN
        for obj in objects(site.this):
            held = site.heap.get(obj, "arguments")
            found = held if found is UNKNOWN else join(found, held)
        return NOTHING if found is UNKNOWN else found
    if site.params:
        return java._get(site)
    return Val(UNKNOWN, taint(site.this), objects(site.this), site.returns)


@handles("Landroid/app/Fragment;", "setArguments")
@handles("Landroidx/fragment/app/Fragment;", "setArguments")
def _set_arguments(site: Site) -> Any:
    for obj in objects(site.this):
        site.heap.add(obj, "arguments", site.arg(0))
    return None


@handles(INTENT, "getAction", "getData", "getDataString")
def _intent_get(site: Site) -> Any:
    field = "action" if site.ref.name == "getAction" else "data"
    found: Any = UNKNOWN
    for obj in objects(site.this):
        held = site.heap.get(obj, field)
        if held is not UNKNOWN and taint(held):
            found = held if found is UNKNOWN else join(found, held)
    return site.m.unknown(site.returns, taint(site.this)) if found is UNKNOWN else found


# -- context -------------------------------------------------------------------------------------

_SERVICES = {
    "phone": "Landroid/telephony/TelephonyManager;",
    "location": "Landroid/location/LocationManager;",
    "wifi": "Landroid/net/wifi/WifiManager;",
    "clipboard": "Landroid/content/ClipboardManager;",
    "window": "Landroid/view/WindowManager;",
    "sensor": "Landroid/hardware/SensorManager;",
    "account": "Landroid/accounts/AccountManager;",
    "download": "Landroid/app/DownloadManager;",
    "usagestats": "Landroid/app/usage/UsageStatsManager;",
    "media_projection": "Landroid/media/projection/MediaProjectionManager;",
    "telephony_subscription_service": "Landroid/telephony/SubscriptionManager;",
    "camera": "Landroid/hardware/camera2/CameraManager;",
    "activity": "Landroid/app/ActivityManager;",
    "device_policy": "Landroid/app/admin/DevicePolicyManager;",
}


@handles(CONTEXT, "getSystemService", "getSystemServiceName")
def _system_service(site: Site) -> Any:
    wanted = const(site.arg(0))
    kind = _SERVICES.get(text(site.arg(0)) or "", "Ljava/lang/Object;")
    if isinstance(wanted, ClassRef):
        kind = wanted.name
    return (
        site.shared("service", kind, kind=kind)[0]
        if kind != "Ljava/lang/Object;"
        else Val(UNKNOWN, CLEAN, (), kind)
    )


@handles(
    CONTEXT,
    "getApplicationContext",
    "getBaseContext",
    "getApplication",
    "getContentResolver",
    "getPackageManager",
    "getResources",
    "getAssets",
    "getTheme",
    "getClassLoader",
)
def _context_part(site: Site) -> Any:
    if site.ref.name.startswith("getApplication"):
        for component in site.m.app.components:
            name = "L" + component.name.replace(".", "/") + ";"
            if component.kind == "application" and name in site.m.program.classes:
                return Val(UNKNOWN, CLEAN, (site.m.obj(("component", name), name, True),), name)
    return site.shared("context", site.returns, kind=site.returns)[0]


@handles(CONTEXT, "getPackageName")
def _package_name(site: Site) -> Any:
    return site.m.app.package or Val(HOLE)


@handles(CONTEXT, "getString", "getText", "getStringArray")
@handles(
    "Landroid/content/res/Resources;",
    "getString",
    "getText",
    "getStringArray",
    "getQuantityString",
    "getTextArray",
)
def _resource_text(site: Site) -> Any:
    resource = number(site.arg(0))
    if resource is None:
        return NOTHING
    tag = frozenset({"string resource"})
    if site.returns[0] == "[":
        items = site.m.resources.strings(resource)
        return (
            array_of(site, [make(item, CLEAN, STRING, tag) for item in items], site.returns)
            if items
            else NOTHING
        )
    known = site.m.resources.string(resource)
    if known is None:
        return Val(HOLE, CLEAN, (), STRING)
    value = make(known, CLEAN, STRING, tag)
    if site.kinds[-1:] == ["[Ljava/lang/Object;"]:
        value = with_taint(java.format_text(site, known, site.arg(1)), CLEAN)
        value = make(const(value), taint(value), STRING, how(value) | tag)
    site.m.new_text(site.frame, site.unit, value)
    return value


@handles("Landroid/content/res/Resources;", "getIdentifier")
def _identifier(site: Site) -> Any:
    name, kind = text(site.arg(0)), text(site.arg(1))
    if name and kind:
        return site.m.resources.identifier(name, kind) or ANY
    return ANY


def _package_file(site: Site, data: bytes | None) -> Any:
    value, obj = site.new("Ljava/io/InputStream;")
    if data is not None:
        site.heap.set(obj, "bytes", data)
        site.heap.set(obj, "at", 0)
    site.heap.set(obj, "how", Val(UNKNOWN, h=frozenset({"file in the package"})))
    return value


@handles("Landroid/content/res/AssetManager;", "open", "openFd", "openNonAssetFd")
@handles("Ljava/lang/Class;", "getResourceAsStream")
@handles("Ljava/lang/ClassLoader;", "getResourceAsStream")
def _asset(site: Site) -> Any:
    path = next((x for x in texts(site.arg(0)) if HOLE not in x), None)
    data = site.m.resources.asset(path.removeprefix("/").removeprefix("assets/")) if path else None
    return _package_file(site, data)


@handles("Landroid/content/res/Resources;", "openRawResource")
def _raw_resource(site: Site) -> Any:
    resource = number(site.arg(0))
    return _package_file(site, site.m.resources.file(resource) if resource is not None else None)


@handles(CONTEXT, "getSharedPreferences", "getPreferences")
@handles("Landroid/preference/PreferenceManager;", "getDefaultSharedPreferences", "getSharedPreferences")
@handles("Landroidx/preference/PreferenceManager;", "getDefaultSharedPreferences")
@handles("Landroidx/security/crypto/EncryptedSharedPreferences;", "create")
def _preferences(site: Site) -> Any:
    name = next((x for arg in site.params for x in texts(arg) if HOLE not in x), "")
    return site.shared("preferences", name, kind="Landroid/content/SharedPreferences;")[0]


@handles("Landroid/content/SharedPreferences;", "edit", "getAll")
@handles("Landroid/content/SharedPreferences$Editor;", "clear", "remove")
def _edit(site: Site) -> Any:
    return Val(UNKNOWN, CLEAN, objects(site.this), site.returns) if objects(site.this) else NOTHING


@handles(
    CONTEXT,
    "getFilesDir",
    "getCacheDir",
    "getExternalFilesDir",
    "getExternalCacheDir",
    "getDir",
    "getDatabasePath",
    "getFileStreamPath",
    "getExternalMediaDirs",
    "getNoBackupFilesDir",
    "getCodeCacheDir",
    "getDataDir",
)
@handles(
    "Landroid/os/Environment;",
    "getExternalStorageDirectory",
    "getExternalStoragePublicDirectory",
    "getDataDirectory",
    "getDownloadCacheDirectory",
)
def _directory(site: Site) -> Any:
    name = site.ref.name
    value, obj = site.new("Ljava/io/File;")
    if "ExternalStorage" in name:
        path: Any = "/sdcard"
        if site.params:
            path = concat(site, "/sdcard/", shown(site, site.arg(0), STRING))
    elif name in ("getExternalFilesDir", "getExternalCacheDir", "getExternalMediaDirs"):
        path = "/app-external"
    elif name in ("getFileStreamPath", "getDatabasePath", "getDir"):
        path = concat(site, "/data/files/", shown(site, site.arg(0), STRING))
    else:
        path = "/data/files" if name == "getFilesDir" else f"/data/{name}"
    site.heap.set(obj, "path", path)
    return array_of(site, [value], site.returns) if site.returns[0] == "[" else value


@handles("Ljava/io/File;", "createTempFile")
def _temp_file(site: Site) -> Any:
    value, obj = site.new("Ljava/io/File;")
    site.heap.set(obj, "path", make(f"/temp/{site.frame.method.number}/{site.unit}"))
    return value


@handles(CONTEXT, "openFileOutput")
def _open_output(site: Site) -> Any:
    value, obj = site.new(site.returns)
    mode = number(site.arg(1)) or 0
    base = "/data/world-readable/" if mode & 3 else "/data/files/"
    site.heap.set(obj, "sink", "file")
    site.heap.set(obj, "path", concat(site, base, shown(site, site.arg(0), STRING)))
    return value


@handles(CONTEXT, "openFileInput")
def _open_input(site: Site) -> Any:
    value, obj = site.new(site.returns)
    for base in ("/data/files/", "/data/world-readable/"):
        site.m.mark(
            site.heap, obj, java.file_taint(site, concat(site, base, shown(site, site.arg(0), STRING)))
        )
    return value


# -- content providers and databases -------------------------------------------------------------


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
        return Val(
            c, merge_taint(java.file_taint(site, path), site.deep(site.arg(0))), (), "Landroid/net/Uri;"
        )
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
            t = merge_taint(t, java.file_taint(site, address.removeprefix("file://")))
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


# -- telephony, messages, alarms -----------------------------------------------------------------


@handles("Landroid/telephony/SmsManager;", "divideMessage")
def _divide(site: Site) -> Any:
    value, _obj = site.new("Ljava/util/ArrayList;", site.deep(site.arg(0)))
    return value


@handles(
    "Landroid/telephony/SmsManager;",
    "getDefault",
    "getSmsManagerForSubscriptionId",
    "createForSubscriptionId",
)
def _sms_manager(site: Site) -> Any:
    return site.shared("service", "sms", kind="Landroid/telephony/SmsManager;")[0]


@handles("Landroid/os/Message;", "obtain")
@handles("Landroid/os/Handler;", "obtainMessage")
def _message(site: Site) -> Any:
    value, obj = site.new("Landroid/os/Message;")
    numbers = iter(("what", "arg1", "arg2"))
    for kind, arg in zip(site.kinds, site.params, strict=False):
        if kind == "I":
            site.heap.set(obj, next(numbers, "arg2"), arg)
        if kind == "Ljava/lang/Object;":
            site.heap.set(obj, "obj", arg)
        if kind == "Landroid/os/Handler;":
            site.heap.set(obj, "target", arg)
        if kind == "Landroid/os/Message;":
            site.heap.add(obj, "link", arg)
    if not site.static:
        site.heap.set(obj, "target", site.this)
    return value


@handles("Landroid/os/Message;", "sendToTarget")
def _send_to_target(site: Site) -> Any:
    for obj in objects(site.this):
        for handler in objects(site.heap.get(obj, "target", None)):
            if handler.cls in site.m.program.classes:
                site.lib.call_back(handler, site, [site.this], CLEAN, ANY)
    return None


@handles("Landroid/hardware/SensorManager;", "getDefaultSensor")
def _sensor(site: Site) -> Any:
    category = site.m.models.sensors.get(number(site.arg(0)) or 0)
    value, obj = site.new(site.returns)
    if category is not None:
        site.m.mark(site.heap, obj, site.lib.source(site, category.value, f"sensor {number(site.arg(0))}"))
    return value


@handles("Landroid/hardware/SensorManager;", "registerListener")
def _register_sensor(site: Site) -> Any:
    return ANY


# -- views and forms -----------------------------------------------------------------------------


@handles("*", "findViewById", "findChildViewById", "findRequiredView", "requireViewById", "findViewByID")
def _find_view(site: Site) -> Any:
    resource = next((number(arg) for arg in site.params if number(arg)), None)
    if resource is None:
        return NOTHING
    value, obj = site.shared("view", resource, kind=VIEW)
    site.heap.set(obj, "id", resource)
    return value


@handles(
    VIEW,
    "setHint",
    "setInputType",
    "setContentDescription",
    "setTag",
    "setRawInputType",
    "setAutofillHints",
    "setTransformationMethod",
)
@handles(
    "Landroid/widget/TextView;",
    "setHint",
    "setInputType",
    "setRawInputType",
    "setTransformationMethod",
    "setError_",
)
@handles("Lcom/google/android/material/textfield/TextInputLayout;", "setHint", "setHelperText")
def _view_says(site: Site) -> Any:
    name = site.ref.name
    for obj in objects(site.this):
        if name in ("setInputType", "setRawInputType"):
            site.heap.set(obj, "input", site.arg(0))
        elif name == "setTransformationMethod":
            site.heap.set(obj, "input", 0x81)
        else:
            said = site.arg(0)
            site.heap.add(obj, "p:" + name[3:], said)
            resource = number(said)
            if resource:
                said = make(site.m.resources.string(resource) or HOLE)
            for arg in site.params:
                for held in objects(arg):
                    array = site.heap.array(held)
                    if array is not None:
                        said = site.m.summary(array)
            site.heap.add(obj, "says", said)
    return None


@handles("*", "addView")
def _add_view(site: Site) -> Any:
    """A text that stands before an input field says what it asks for."""
    for child in objects(site.arg(0)):
        for parent in objects(site.this):
            if "EditText" in child.cls or "AutoComplete" in child.cls:
                label = site.heap.get(parent, "label")
                if label is not UNKNOWN and texts(label):
                    site.heap.set(child, "label", label)
                    site.heap.set(parent, "label", "")
            elif "TextView" in child.cls:
                said = site.heap.get(child, "p:Text")
                if said is not UNKNOWN and texts(said) and len(texts(said)[0]) < 60:
                    site.heap.set(parent, "label", said)
    return None if site.returns == "V" else NOTHING


@handles("Lcom/google/android/material/textfield/TextInputLayout;", "getEditText")
def _edit_text(site: Site) -> Any:
    value, obj = site.new("Landroid/widget/EditText;")
    if objects(site.this):
        site.heap.add(obj, "link", Val(UNKNOWN, CLEAN, site.this.o))
    return value


def view_kinds(site: Site, value: Any) -> frozenset[str]:
    """What an input field asks for."""
    found: frozenset[str] = frozenset()
    for obj in objects(value):
        for up in site.lib.linked(obj, site.heap):
            resource = site.heap.get(up, "id", None)
            if isinstance(resource, int):
                found |= site.lib.view_kinds(resource)
            said = texts(site.heap.get(up, "says", None)) or texts(site.heap.get(up, "label", None))
            input_type = number(site.heap.get(up, "input", None)) or 0
            found |= site.lib.asked(input_type, said)
    return found


def typed(site: Site, view: Any, extra: int = 0) -> Taint:
    """What a person types into a field."""
    kinds = view_kinds(site, view)
    if not kinds:
        return site.lib.source(site, "?typed", "an input field", extra)
    return union(site.lib.source(site, kind, "an input field", extra) for kind in sorted(kinds))


@handles("Landroid/widget/EditText;", "getText", "getEditableText")
def _typed_text(site: Site) -> Any:
    return Val(HOLE, typed(site, site.this), (), site.returns)


@handles("Landroid/widget/TextView;", "getText")
def _view_text(site: Site) -> Any:
    for obj in objects(site.this):
        resource = site.heap.get(obj, "id", None)
        if "EditText" in obj.cls or (isinstance(resource, int) and site.lib.is_input(resource)):
            return Val(HOLE, typed(site, site.this), (), site.returns)
    return Val(HOLE, CLEAN, (), site.returns)


@handles("Landroid/widget/TextView;", "addTextChangedListener")
def _watch(site: Site) -> Any:
    t = typed(site, site.this)
    for listener in objects(site.arg(0)):
        if listener.cls in site.m.program.classes:
            site.lib.call_back(listener, site, [], t, site.arg(0))
    return None


@handles(
    "Landroidx/core/widget/TextViewKt;", "addTextChangedListener", "doAfterTextChanged", "doOnTextChanged"
)
def _watch_kotlin(site: Site) -> Any:
    t = typed(site, site.arg(0))
    for arg in site.params[1:]:
        for listener in objects(arg):
            if listener.cls in site.m.program.classes:
                site.lib.call_back(listener, site, [], t, arg)
    return None


# -- accessibility -------------------------------------------------------------------------------


@handles(
    "Landroid/view/accessibility/AccessibilityEvent;",
    "getText",
    "getBeforeText",
    "getContentDescription",
    "getParcelableData",
)
@handles("Landroid/view/accessibility/AccessibilityRecord;", "getText", "getBeforeText")
def _event_text(site: Site) -> Any:
    """What the event says depends on the types the code looks for: keys, windows, notifications."""
    wanted: set[int] = set()
    frame: Any = site.frame
    while frame is not None:
        if "ccessibility" in frame.method.proto or frame is site.frame:
            for ins in frame.body.code.values():
                if ins[0] in (0x12, 0x13, 0x14) and ins[3] in (1, 16, 64, 8192, 32, 2048, 8):
                    wanted.add(ins[3])
                elif ins[0] in (0x2B, 0x2C):
                    wanted |= {key for key, _ in ins[4]}
        frame = frame.parent
    kinds = []
    if not wanted & {64, 32, 2048} or wanted & {16, 8192}:
        kinds.append("account-password")
    elif 64 in wanted:
        kinds.append("notifications")
    if wanted & {32, 2048}:
        kinds.append("screen")
    t = union(site.lib.source(site, kind, "text of other apps") for kind in kinds)
    if site.returns == "Ljava/util/List;":
        value, _obj = site.new(site.returns, t)
        return value
    return site.m.unknown(site.returns, t)


@handles("Landroid/view/accessibility/AccessibilityEvent;", "getPackageName", "getClassName", "getEventType")
@handles(
    "Landroid/service/notification/StatusBarNotification;",
    "getPackageName",
    "getId",
    "getKey",
    "getTag",
    "getPostTime",
)
def _event_name(site: Site) -> Any:
    return site.m.unknown(site.returns)


# -- WebView -------------------------------------------------------------------------------------


def _page(site: Site, value: Any) -> None:
    place = site.m.place(site.frame, site.unit)
    for known in texts(value):
        if len(site.lib.pages) < 64 and (known, place) not in site.lib.pages:
            site.lib.pages.append((known, place))


@handles(WEBVIEW, "loadUrl", "loadData", "loadDataWithBaseURL", "evaluateJavascript")
def _load(site: Site) -> Any:
    name = site.ref.name
    if name == "loadUrl":
        address = site.arg(0)
        t = taint(address)
        known = text(address) or ""
        if known.startswith("javascript:"):
            _page(site, address)
            site.lib.emit(site, Sink.WEBVIEW, t, None)
        elif known.startswith("file:///android_asset/"):
            data = site.m.resources.asset(
                known.removeprefix("file:///android_asset/").split("?")[0].split("#")[0]
            )
            if data is not None:
                _page(site, data[: 1 << 18].decode("utf-8", "replace"))
        elif known.startswith("data:"):
            _page(site, address)
        elif texts(address):
            site.lib.emit(site, Sink.HTTP, t, address)
            for obj in objects(site.this):
                site.heap.add(obj, "url", Val(const(address), CLEAN, (), STRING, how(address)))
        for header in site.params[1:]:
            site.lib.emit(site, Sink.HTTP, site.deep(header), address)
        return None
    if name == "evaluateJavascript":
        _page(site, site.arg(0))
        for callback in objects(site.arg(1)):
            if callback.cls in site.m.program.classes:
                kinds = script_kinds(text(site.arg(0)) or "")
                t = union(
                    site.lib.source(site, kind, "a page's form") for kind in sorted(kinds)
                ) or site.lib.source(site, "?page", "a page")
                site.lib.call_back(callback, site, [], t, site.arg(1))
        return NOTHING
    body = site.arg(0 if name == "loadData" else 1)
    known = text(body) or ""
    if name == "loadData" and (text(site.arg(2)) or "") == "base64":
        raw = java._unbase64(known)
        body = make(raw.decode("utf-8", "replace")) if raw is not None else body
    _page(site, body)
    return None


def script_kinds(script: str) -> frozenset[str]:
    """What a script reads out of a page's form."""
    found: set[str] = set()
    if re.search(r"type\s*[=\\\"']+\s*[\\\"']*password|\.type\s*==+\s*['\"]password", script):
        found.add("account-password")
    for name in re.findall(
        r"(?:getElementById|querySelector|getElementsByName)\(\s*\\?['\"]([^'\"]{1,60})", script
    ):
        found |= personal.categories(name.strip("#.[]"))
    return frozenset(found)


@handles(WEBVIEW, "addJavascriptInterface")
def _add_bridge(site: Site) -> Any:
    name = text(site.arg(1)) or ""
    for obj in objects(site.arg(0)):
        cls = site.m.program.classes.get(obj.cls)
        if cls is None:
            continue
        names = site.lib.bridges.setdefault(obj.cls, [])
        if name not in names:
            names.append(name)
        this = Val(UNKNOWN, CLEAN, (obj,), obj.cls)
        _, marked = values.annotations(cls.dex, cls.row)
        shown_methods = {
            index
            for index, notes in marked.items()
            if any(n.type == "Landroid/webkit/JavascriptInterface;" for n in notes)
        }
        for (method, proto), target in cls.methods.items():
            if method.startswith("<") or not target.access & 1 or target.is_static:
                continue
            if shown_methods and target.index not in shown_methods:
                continue
            args: list[Any] = [this]
            for i, kind in enumerate(site.m.program.params(proto)):
                t = site.m.labelled(
                    "?page", site.frame, site.unit, f"given by the page to {name}.{method}", 0
                )
                label, step = next(iter(t.items()))
                args.append(site.m.unknown(kind, {("?page", f"{name}.{method}.{i}", label[2]): step}))
            site.m.later(obj, target, args)
    return None


@handles("Landroid/webkit/CookieManager;", "getCookie")
def _cookie(site: Site) -> Any:
    return Val(HOLE, CLEAN, (), STRING)


# -- media ---------------------------------------------------------------------------------------


@handles("Landroid/media/MediaRecorder;", "setVideoSource")
def _video_source(site: Site) -> Any:
    category = "screen" if number(site.arg(0)) == 2 else "camera"
    t = site.lib.source(site, category, "MediaRecorder")
    for obj in objects(site.this):
        site.m.mark(site.heap, obj, t)
        _flush(site, obj)
    return None


@handles("Landroid/media/MediaRecorder;", "setOutputFile", "start", "stop", "setNextOutputFile")
def _record_to(site: Site) -> Any:
    for obj in objects(site.this):
        if site.ref.name.startswith("set"):
            target = site.arg(0)
            path = path_of(site, target)
            site.heap.set(obj, "output", path)
            if any("LocalSocket" in o.cls or "FileDescriptor" in o.cls for o in objects(target)):
                t = site.deep(site.this)
                for other in objects(target):
                    for up in site.lib.linked(other, site.heap):
                        site.m.mark(site.heap, up, t)
                        what = site.heap.get(up, "sink", None)
                        if what in ("socket", "http"):
                            site.lib.emit(
                                site, Sink(what), t, site.lib.addresses(Val(UNKNOWN, CLEAN, (up,)), site.heap)
                            )
        _flush(site, obj)
    return None


def _flush(site: Site, obj: Obj) -> None:
    path = site.heap.get(obj, "output", None)
    held = site.heap.get(obj, "t", None)
    if path is not None and isinstance(held, Val):
        java.store_to_file(site, path, held.t)


@handles("Landroid/media/ImageReader;", "acquireLatestImage", "acquireNextImage")
def _image(site: Site) -> Any:
    held = site.deep(site.this)
    if not any(label[0] in ("screen", "camera") for label in held):
        category = "camera" if not _uses(site, "createVirtualDisplay") else "screen"
        held = merge_taint(held, site.lib.source(site, category, "ImageReader"))
    return Val(UNKNOWN, held, (site.new(site.returns)[1],), site.returns)


def _uses(site: Site, method: str) -> bool:
    return any(ref.name == method for ref, _ in site.m.calls.values())


@handles("Landroid/media/ImageReader;", "setOnImageAvailableListener")
def _image_listener(site: Site) -> Any:
    for listener in objects(site.arg(0)):
        if listener.cls in site.m.program.classes:
            site.lib.call_back(listener, site, [site.this], CLEAN, site.arg(0))
    return None


@handles("Landroid/graphics/Bitmap;", "compress")
def _compress(site: Site) -> Any:
    t = site.deep(site.this)
    for obj in objects(site.arg(2)):
        for up in list(site.lib.linked(obj, site.heap)):
            what = site.heap.get(up, "sink", None)
            if what is not None:
                java._write_to(site, up, str(what), t)
                break
        else:
            site.m.mark(site.heap, obj, t)
    return ANY


@handles("Landroid/graphics/Bitmap;", "copyPixelsToBuffer", "getPixels")
@handles("Ljava/nio/ByteBuffer;", "get", "put", "array", "wrap")
def _pixels(site: Site) -> Any:
    t = site.deep(site.arg(0) if site.static or site.ref.name == "put" else site.this)
    for obj in objects(site.this if site.ref.name == "put" else site.arg(0)):
        site.m.mark(site.heap, obj, t)
    if site.returns == "V":
        return None
    if site.ref.name in ("put", "get") and site.returns == site.ref.cls:
        return site.this
    return site.m.unknown(site.returns, merge_taint(t, site.deep(site.this)))


# -- HTTP kits -----------------------------------------------------------------------------------


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


__all__ = ["Alternatives", "incoming", "put_extra", "retrofit_call"]
