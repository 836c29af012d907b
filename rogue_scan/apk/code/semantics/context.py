"""Models of the context: services, resources, assets, preferences, directories."""

from typing import Any

from rogue_scan.apk.code.library import NOTHING, Site, array_of, handles
from rogue_scan.apk.code.semantics.intents import CONTEXT
from rogue_scan.apk.code.semantics.streams import file_taint
from rogue_scan.apk.code.semantics.texts import STRING, concat, format_text, shown
from rogue_scan.apk.code.values import (
    ANY,
    CLEAN,
    HOLE,
    UNKNOWN,
    ClassRef,
    Val,
    const,
    how,
    make,
    number,
    objects,
    taint,
    text,
    texts,
    with_taint,
)

_LAUNCHED = "android.intent.action.MAIN"
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
        value = with_taint(format_text(site, known, site.arg(1)), CLEAN)
        value = make(const(value), taint(value), STRING, how(value) | tag)
    site.m.new_text(site.frame, site.unit, value)
    return value


@handles("Landroid/content/pm/PackageManager;", "queryIntentActivities")
def _who_answers(site: Site) -> Any:
    """Asking who opens a link is common; asking for everything with an icon lists the apps."""
    actions = [x for o in objects(site.arg(0)) for x in texts(site.heap.get(o, "action", None))]
    t = site.lib.source(site, "installed-apps", "all apps with an icon") if _LAUNCHED in actions else CLEAN
    return site.new(site.returns, t)[0]


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
@handles("Landroid/content/SharedPreferences$Editor;", "clear")
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
        site.m.mark(site.heap, obj, file_taint(site, concat(site, base, shown(site, site.arg(0), STRING))))
    return value
