"""Models of intents, and of the components that they join."""

from typing import Any

from rogue_scan.apk.code.library import NOTHING, RECEIVERS, Site, handles
from rogue_scan.apk.code.semantics.keyed import put_all
from rogue_scan.apk.code.semantics.texts import STRING
from rogue_scan.apk.code.values import (
    ANY,
    CLEAN,
    HOLE,
    UNKNOWN,
    ClassRef,
    Obj,
    Val,
    const,
    join,
    make,
    objects,
    taint,
    text,
    texts,
)
from rogue_scan.model.data import Sink

CONTEXT = "Landroid/content/Context;"
INTENT = "Landroid/content/Intent;"
VIEW = "Landroid/view/View;"
WEBVIEW = "Landroid/webkit/WebView;"


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
                put_all(site)
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
    for field in site.heap.fields(intent):
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
        site.heap.reads.add(RECEIVERS)
        for known, receiver in site.lib.receivers:
            if known == action:
                _hand_over(site, intent, receiver.cls)
                inside = True
    if inside or texts(site.heap.get(intent, "package", None)) == (app.package,):
        return
    this = Val(UNKNOWN, CLEAN, (intent,))
    if site.ref.name == "startActivityForResult":
        # The other app may put into its answer what it was asked with.
        _, answer = site.shared("result", kind=INTENT)
        site.heap.add(answer, "from", this)
    t = site.deep(this)
    data = site.heap.get(intent, "data", None)
    for address in texts(data):
        scheme = address.split(":", 1)[0].lower()
        if scheme in ("http", "https") and taint(data):
            site.lib.emit(site, Sink.HTTP, taint(data), data)
            return
        if scheme == "mailto" or "x:android.intent.extra.EMAIL" in site.heap.fields(intent):
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
                site.m.note_change(RECEIVERS)
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


@handles(INTENT, "getExtras")
@handles("Landroid/app/Fragment;", "getArguments")
@handles("Landroidx/fragment/app/Fragment;", "getArguments")
def _extras(site: Site) -> Any:
    if site.ref.name == "getArguments":
        found = UNKNOWN
        for obj in objects(site.this):
            held = site.heap.get(obj, "arguments")
            found = held if found is UNKNOWN else join(found, held)
        return NOTHING if found is UNKNOWN else found
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
