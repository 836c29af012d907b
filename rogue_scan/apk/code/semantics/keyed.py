"""Models of what is stored under keys: maps, bundles, intents, preferences, JSON objects."""

import re
from typing import Any

from rogue_scan.apk.code.library import NOTHING, Site, handles
from rogue_scan.apk.code.semantics.texts import OBJECT, STRING
from rogue_scan.apk.code.values import (
    ANY,
    CLEAN,
    HOLE,
    MAX_TEXT,
    UNKNOWN,
    Val,
    how,
    join,
    make,
    number,
    objects,
    taint,
    text,
    texts,
    with_taint,
)

KEYED = (
    "Ljava/util/Map;",
    "Landroid/os/BaseBundle;",
    "Landroid/content/Intent;",
    "Landroid/content/SharedPreferences;",
    "Landroid/content/SharedPreferences$Editor;",
    "Lorg/json/JSONObject;",
    "Landroidx/work/Data;",
    "Landroidx/work/Data$Builder;",
    "Landroidx/lifecycle/SavedStateHandle;",
    "Landroid/util/SparseArray;",
)
_PUTTERS = [
    "put",
    "putString",
    "putInt",
    "putLong",
    "putFloat",
    "putBoolean",
    "putDouble",
    "putExtra",
    "putStringArrayListExtra",
    "putStringSet",
    "putParcelable",
    "putSerializable",
    "putCharSequence",
    "putStringArrayList",
    "putByteArray",
    "putStringArray",
    "putBundle",
    "putParcelableArrayList",
    "putChar",
    "putByte",
    "putShort",
    "putIntArray",
    "putParcelableArrayListExtra",
    "setProperty",
    "opt_",
    "putOpt",
    "accumulate",
    "append",
    "putIfAbsent",
    "replace",
    "set",
    "putIntegerArrayListExtra",
    "putParcelableArray",
]
_GETTERS = [
    "get",
    "getString",
    "getInt",
    "getLong",
    "getFloat",
    "getBoolean",
    "getDouble",
    "getStringExtra",
    "getIntExtra",
    "getLongExtra",
    "getBooleanExtra",
    "getFloatExtra",
    "getDoubleExtra",
    "getStringArrayExtra",
    "getStringArrayListExtra",
    "getStringSet",
    "getParcelable",
    "getSerializable",
    "getCharSequence",
    "getStringArrayList",
    "getByteArray",
    "getStringArray",
    "getBundle",
    "getParcelableExtra",
    "getSerializableExtra",
    "getCharSequenceExtra",
    "getBundleExtra",
    "getByteArrayExtra",
    "getProperty",
    "getOrDefault",
    "optString",
    "opt",
    "optJSONObject",
    "getJSONObject",
    "optJSONArray",
    "getJSONArray",
    "getParcelableArrayList",
    "getAsString",
    "optInt",
    "getParcelableArrayListExtra",
    "getParcelableArray",
    "getAsInteger",
    "remove",
    "valueAt",
]


MAX_CHAIN = 6
"""Stores that were filled from other stores, beyond which nothing is looked up."""


def put_extra(site: Site, target: Any, key: Any, value: Any) -> None:
    """Store under a key; unknown keys share one place."""
    keys = texts(key)
    if not keys and number(key) is not None:
        keys = (str(number(key)),)
    value = next((site.lib.named(value, k) for k in keys), value)
    for obj in objects(target):
        for name in keys or (HOLE,):
            if obj.fresh and len(objects(target)) == 1 and len(keys) == 1 and HOLE not in name:
                site.heap.set(obj, "x:" + name, value)
            else:
                site.heap.add(obj, "x:" + (HOLE if HOLE in name else name), value)


def get_extra(site: Site, source: Any, key: Any, depth: int = 0) -> Any:
    """What is stored under a key, or under any key where the key is not known."""
    keys = texts(key)
    if not keys and number(key) is not None:
        keys = (str(number(key)),)
    found: Any = UNKNOWN
    unclear = not keys or any(HOLE in k for k in keys)
    for obj in objects(source):
        for field in site.heap.fields(obj):
            if field.startswith("x:") and (unclear or field[2:] in keys or field == "x:" + HOLE):
                value = site.heap.get(obj, field)
                if value is not UNKNOWN:
                    found = value if found is UNKNOWN else join(found, value)
        held = site.heap.get(obj, "t", None)
        if isinstance(held, Val) and held.t:
            found = Val(HOLE, held.t) if found is UNKNOWN else with_taint(found, held.t)
        if obj.kind == "meta-data":
            for name in keys:
                given = site.m.app.meta_data.get(name)
                if given is not None:
                    found = make(given, CLEAN, STRING, frozenset({"manifest meta-data"}))
        for up in objects(site.heap.get(obj, "from", None)):
            if depth > MAX_CHAIN:
                break
            value = get_extra(site, Val(UNKNOWN, CLEAN, (up,)), key, depth + 1)
            if value is not ANY and not (
                isinstance(value, Val) and value.c is UNKNOWN and not value.t and not value.o
            ):
                found = value if found is UNKNOWN else join(found, value)
    return ANY if found is UNKNOWN else found


def _register_keyed() -> None:
    for cls in KEYED:
        for method in _PUTTERS:
            handles(cls, method)(_put)
        for method in _GETTERS:
            handles(cls, method)(get_keyed)
        for method in ("putAll", "putExtras", "replaceExtras"):
            handles(cls, method)(put_all)


def _put(site: Site) -> Any:
    if len(site.params) < 2:
        return NOTHING
    put_extra(site, site.this, site.arg(0), site.arg(1))
    if site.returns == "V":
        return None
    return site.this if site.returns[0] == "L" and site.returns != OBJECT else ANY


def get_keyed(site: Site) -> Any:
    """A value by its key, of the type that the method returns."""
    if not site.params:
        return NOTHING
    value = get_extra(site, site.this, site.arg(0))
    t = taint(site.this)
    kind = site.returns
    if value is ANY or (isinstance(value, Val) and value.c is UNKNOWN and not value.o and not value.t):
        default = site.arg(1) if len(site.params) > 1 else None
        if kind in (STRING, "Ljava/lang/CharSequence;") and default is not None and texts(default):
            return with_taint(join(Val(HOLE, t, (), STRING), default), t)
        if kind == OBJECT or kind[0] not in "L[":
            return Val(UNKNOWN, t) if t else ANY
        if kind in (STRING, "Ljava/lang/CharSequence;"):
            return Val(HOLE, t, (), kind)
        made, obj = site.new(kind, t)
        if objects(site.this):
            site.heap.add(obj, "from", Val(UNKNOWN, CLEAN, site.this.o))
        return made
    return with_taint(value, t)


def put_all(site: Site) -> Any:
    """Copy all that another store holds."""
    for obj in objects(site.this):
        for source in objects(site.arg(0)):
            for field in site.heap.fields(source):
                if field.startswith("x:"):
                    value = site.heap.get(source, field)
                    if value is not UNKNOWN:
                        site.heap.add(obj, field, value)
            held = site.heap.get(source, "t", None)
            if isinstance(held, Val):
                site.m.mark(site.heap, obj, held.t)
    return site.this if site.returns[0] == "L" else None


_register_keyed()


@handles("Lorg/json/JSONObject;", "<init>")
@handles("Lorg/json/JSONArray;", "<init>")
def _json_init(site: Site) -> Any:
    t = site.deep(site.arg(0))
    for obj in objects(site.this):
        site.m.mark(site.heap, obj, t)
        for source in objects(site.arg(0)):
            for field in site.heap.fields(source):
                if field.startswith("x:"):
                    site.heap.add(obj, field, site.heap.get(source, field))
        known = text(site.arg(0))
        if known is not None and HOLE not in known:
            for key, value in re.findall(r'"([\w.\-]{1,64})"\s*:\s*"([^"\\]{1,2048})"', known[:MAX_TEXT]):
                site.heap.add(obj, "x:" + key, make(value, CLEAN, STRING, how(site.arg(0)) | {"JSON text"}))
    return None
