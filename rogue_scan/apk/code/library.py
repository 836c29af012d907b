"""Answers calls that leave the app's own code: sources, sinks, models, and a careful default.

The default for a method that nothing is known about: what goes into it may come out of it; objects that
hold data (collections, streams, requests, intents …) keep what is put into them; objects made from others
stay linked to them, so that the address a request was built with is found where the request is sent; and
an object of the app that is handed over will be called back.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from rogue_scan.apk.code import personal
from rogue_scan.apk.code.machine import Frame, Machine
from rogue_scan.apk.code.models import KeyedModel, SinkModel, SourceModel
from rogue_scan.apk.code.program import Method, argument_places
from rogue_scan.apk.code.reach import COMPONENTS
from rogue_scan.apk.code.types import LayoutView, Place, SourceUse
from rogue_scan.apk.code.values import (
    ANY,
    CLEAN,
    HOLE,
    UNKNOWN,
    Arr,
    ClassRef,
    Heap,
    Obj,
    Step,
    Taint,
    Val,
    join,
    merge_taint,
    objects,
    taint,
    text,
    texts,
    union,
    with_taint,
)
from rogue_scan.apk.dex.opcodes import INVOKES
from rogue_scan.apk.dex.reader import Member
from rogue_scan.model.data import DataCategory, Sink

NOTHING: Final = object()
"""What a handler returns to have the default do the rest."""

Handler = Callable[["Site"], Any]
HANDLERS: dict[tuple[str, str], Handler] = {}

# Beginnings of the names of classes that carry what they are given, and of those among them that do not.
_CARRIERS = (
    *("Ljava/lang/", "Ljava/util/", "Ljava/io/", "Ljava/nio/", "Ljava/net/", "Ljava/text/", "Ljava/math/"),
    *("Ljava/security/", "Ljavax/crypto/", "Ljavax/mail/", "Lorg/json/", "Lcom/google/gson/", "Lorg/apache/"),
    *("Lcom/fasterxml/", "Lokhttp3/", "Lcom/squareup/", "Lokio/", "Lretrofit2/", "Lcz/msebera/", "Lrx/"),
    *("Lcom/android/volley/", "Lcom/loopj/", "Lkotlin/", "Lkotlinx/", "Lio/reactivex/"),
    *("Landroid/os/Bundle", "Landroid/os/BaseBundle", "Landroid/os/Message", "Landroid/os/Parcel"),
    *("Landroid/os/PersistableBundle", "Landroid/content/Intent", "Landroid/content/ContentValues"),
    *("Landroid/content/ClipData", "Landroid/content/ContentProviderOperation", "Landroid/util/"),
    *("Landroid/graphics/", "Landroid/text/", "Landroid/net/Uri", "Landroid/app/Notification"),
    *("Landroid/app/RemoteInput", "Landroid/app/DownloadManager$Request", "Landroidx/work/"),
    *("Landroidx/lifecycle/", "Landroidx/collection/", "Landroidx/core/util/", "Landroid/webkit/WebResource"),
    *("Landroid/media/Image", "Landroid/media/MediaRecorder", "Lcom/google/firebase/"),
    *("Lcom/google/android/gms/tasks/", "Lcom/google/protobuf/", "Lcom/google/common/"),
)
_NO_CARRIERS = (
    *("Ljava/lang/Class;", "Ljava/lang/System;", "Ljava/lang/Runtime;", "Ljava/lang/Thread;"),
    "Ljava/lang/Math;",
)
_NO_DATA = frozenset(
    [
        "length",
        "size",
        "indexOf",
        "lastIndexOf",
        "hashCode",
        "compareTo",
        "compare",
        "getCount",
        "getColumnIndex",
        "getColumnIndexOrThrow",
        "getColumnCount",
        "getPosition",
        "available",
        "isEmpty",
        "equals",
        "contains",
        "containsKey",
        "hasNext",
        "hasMoreTokens",
        "startsWith",
        "endsWith",
        "matches",
        "moveToNext",
        "moveToFirst",
        "getResponseCode",
        "getEventType",
        "getId",
        "getType",
        "compareToIgnoreCase",
        "equalsIgnoreCase",
        "getResultCode",
        "getState",
        "ordinal",
        "getPackageName",
        "getClassName",
        "getStackTrace",
        "printStackTrace",
    ]
)
_GETTERS = (
    *("get", "is", "has", "contains", "equals", "compare", "hashCode", "size", "length", "indexOf", "close"),
    *("flush", "check"),
)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.\-]{1,11}://[^\s]", re.I)
_KEYED = frozenset(
    [
        "put",
        "putString",
        "add",
        "addFormDataPart",
        "addEncoded",
        "append",
        "appendQueryParameter",
        "addQueryParameter",
        "putExtra",
        "set",
        "setProperty",
        "addHeader",
        "header",
        "addPart",
        "setParameter",
        "addParameter",
        "field",
        "addBodyParameter",
        "addTextBody",
        "value",
        "addProperty",
        "accumulate",
        "opt",
        "putOpt",
        "setAttribute",
        "setParam",
        "params",
        "query",
    ]
)
_CONTEXTS = re.compile(
    r"Landroid/(?:app/(?!Notification|RemoteInput)|content/Context|view/|widget/|webkit/WebView|content/pm)"
)
_BORING = re.compile(
    r"Ljava/lang/(?:StringBuilder|StringBuffer|String|Object|Integer|Long|Boolean|Character|Math|Enum|Iterable"
    r"|CharSequence|Byte|Float|Double|Short|Number)|Lkotlin/|Ljava/util/(?!Timer|concurrent/Exec|Base64|zip)"
)
_CODE = re.compile(
    r"code|otp|verif|pin|tan\b|captcha|验证|驗證|动态|動態|код|認証|인증|رمز|yzm|dogrulama", re.I
)
_SYSTEM = ("Landroid/", "Ljava/", "Lcom/google/android/gms/", "Ldalvik/")
"""Packages in which only listed classes keep what they are given; classes of kits all may."""
RECEIVERS: Final = ("receivers", "")
"""Stands for the list of registered receivers where it is told what depends on what."""
MAX_LINKS = 64
_TERMINAL = re.compile(
    r"execute\w*|enqueue\w*|send\w*|getAs\w+|as(?:String|Json\w*|Bytes)|submit|fetch\w*|request|perform|response\w*|go|call"
)
MAX_RAW_FLOWS = 5_000
CALL_STEPS = 6
"""Steps that the answer to a call counts as, by what it costs."""


class Site:
    """One call being answered."""

    __slots__ = ("args", "frame", "heap", "kinds", "m", "params", "ref", "static", "this", "unit")

    def __init__(
        self, m: Machine, frame: Frame, unit: int, ref: Member, args: list[Any], heap: Heap, static: bool
    ) -> None:
        self.m, self.frame, self.unit, self.ref = m, frame, unit, ref
        self.args, self.heap, self.static = args, heap, static
        self.kinds = m.program.params(ref.kind)
        self.this = ANY if static or not args else args[0]
        """The receiver."""
        self.params = args if static else args[1:]
        """The arguments without the receiver."""

    @property
    def returns(self) -> str:
        """Descriptor of the result."""
        return self.ref.kind[self.ref.kind.rindex(")") + 1 :]

    @property
    def lib(self) -> "Library":
        """The library that asks."""
        return self.m.library

    def arg(self, index: int) -> Any:
        """An argument without the receiver, ANY where there are fewer."""
        found = self.params
        return found[index] if index < len(found) else ANY

    def deep(self, value: Any) -> Taint:
        """Personal data in a value and in all that it holds."""
        return self.m.deep(value, self.heap)

    def new(self, kind: str, t: Taint = CLEAN, tag: str = "r") -> tuple[Any, Obj]:
        """A fresh object made by this call, as a value and as the object."""
        obj = self.m.obj((self.frame.context, self.unit, tag), kind)
        return Val(UNKNOWN, t, (obj,), kind), obj

    def shared(self, *key: Any, kind: str) -> tuple[Any, Obj]:
        """An object that all parts of the app share, by key."""
        obj = self.m.obj(("shared", *key), kind)
        return Val(UNKNOWN, CLEAN, (obj,), kind), obj


def handles(cls: str, *methods: str) -> Callable[[Handler], Handler]:
    """Register a handler for methods of a class (and of classes below it)."""

    def register(function: Handler) -> Handler:
        for method in methods:
            if (cls, method) in HANDLERS:
                raise ValueError(f"{cls}->{method} has two handlers")
            HANDLERS[cls, method] = function
        return function

    return register


class _Kind:
    """What a class that is called is, whatever the method."""

    __slots__ = ("boring", "carrier", "context", "holds", "kit", "lineage")

    def __init__(self, cls: str, lineage: list[str]) -> None:
        first = lineage[0] if lineage else cls
        self.lineage = lineage
        self.carrier = not first.startswith(_SYSTEM) or any(
            name.startswith(_CARRIERS) and not name.startswith(_NO_CARRIERS) for name in lineage[:3]
        )
        self.kit = not first.startswith((*_SYSTEM, "Ljavax/"))
        self.context = any(map(_CONTEXTS.match, lineage))
        self.holds = self.carrier or not self.context
        """Whether its objects give back what they were given."""
        self.boring = _BORING.match(first) is not None


class _Entry:
    """What the models say of a method."""

    __slots__ = ("handler", "keyed", "kind", "sink", "source")

    def __init__(self, kind: _Kind) -> None:
        self.kind = kind
        self.handler: Handler | None = None
        self.source: SourceModel | None = None
        self.keyed: KeyedModel | None = None
        self.sink: SinkModel | None = None


class RawFlow:
    """A flow before provisional labels are told apart."""

    __slots__ = ("endpoint", "root", "sink", "step", "tags")

    def __init__(self, sink: Sink, endpoint: str | None, step: Step, root: Any, tags: frozenset[str]) -> None:
        self.sink, self.endpoint, self.step, self.root, self.tags = sink, endpoint, step, root, tags


class Library:
    """The models at work for one app."""

    def __init__(self, machine: Machine) -> None:
        self.m = machine
        machine.library = self
        self.models = machine.models
        self.flows: dict[tuple[Any, Sink, str | None], RawFlow] = {}
        self.sources: dict[tuple[str, str, int], SourceUse] = {}
        self.endpoints: dict[tuple[str, frozenset[str]], list[tuple[Place, bool]]] = {}
        """Addresses that reached a network call, with how they were hidden."""
        self.numbers: dict[str, list[tuple[Place, bool]]] = {}
        self.pages: list[tuple[str, Place]] = []
        """Texts of pages and scripts that the app shows in a WebView."""
        self.bridges: dict[str, list[str]] = {}
        """Names of JavaScript bridges by class."""
        self.receivers: list[tuple[str, Obj]] = []
        """Receivers registered in code: action and object."""
        self.classes_used: set[str] = set()
        self.dynamic: list[Place] = []
        self.native_used = False
        self.retrofit_call: Callable[[Site, Obj], Any] = lambda site, service: ANY
        """Set by the Android models."""
        self._entries: dict[tuple[str, str], _Entry] = {}
        self._kinds: dict[str, _Kind] = {}
        self._callbacks: dict[str, list[Method]] = {}
        self._components = {_descriptor(c.name) for c in machine.app.components}
        self._view_kinds: dict[int, frozenset[str]] = {}

    # -- the way in --------------------------------------------------------------------------

    def call(
        self, frame: Frame, unit: int, ref: Member, args: list[Any], heap: Heap, *, static: bool
    ) -> tuple[Any, Heap]:
        """Answer a call; returns the result (None for none) and the heap, which is changed in place."""
        entry = self._entries.get((ref.cls, ref.name))
        if entry is None:
            entry = self._entries[ref.cls, ref.name] = self._look_up(ref)
        self.m.steps_left -= CALL_STEPS
        site = Site(self.m, frame, unit, ref, args, heap, static)
        if not entry.kind.boring:
            self.m.record(frame, unit, ref, site.params)
        if not static:
            for obj in objects(args[0]):
                if obj.kind == "retrofit":
                    return self.retrofit_call(site, obj), heap
        given: Taint = CLEAN
        if entry.source is not None:
            given = self.source(site, entry.source.data.value, f"{ref.cls[1:-1].split('/')[-1]}.{ref.name}")
        if entry.keyed is not None:
            for key in (k for arg in site.params for k in texts(arg)):
                category = entry.keyed.data.get(key)
                if category is not None:
                    given = self.source(site, category.value, key)
        value = entry.handler(site) if entry.handler is not None else NOTHING
        if value is NOTHING:
            value = self._default(site, entry)
        if given:
            value = self._give(site, entry, value, given)
        if entry.sink is not None:
            self._sink(site, entry.sink)
        if not entry.kind.boring:
            self._escape(site, entry, given)
        return value, heap

    def knows(self, ref: Member) -> bool:
        """Whether a model is about this very method, so that a kit's code for it need not be followed."""
        for name in self.m.program.supers(ref.cls):
            key = (name, ref.name)
            if key in HANDLERS or key in self.models.sources or key in self.models.sinks:
                return True
        return False

    def _look_up(self, ref: Member) -> _Entry:
        kind = self._kinds.get(ref.cls)
        if kind is None:
            classes = self.m.program.classes
            lineage = [
                name
                for name in self.m.program.supers(ref.cls)
                if name not in classes or classes[name].library or self.m.program.is_modelled(name)
            ]
            kind = self._kinds[ref.cls] = _Kind(ref.cls, lineage)
        entry = _Entry(kind)
        for name in [*kind.lineage, "*"]:
            key = (name, ref.name)
            entry.handler = entry.handler or HANDLERS.get(key)
            entry.source = entry.source or self.models.sources.get(key)
            entry.keyed = entry.keyed or self.models.keyed.get(key)
            entry.sink = entry.sink or self.models.sinks.get(key)
        return entry

    # -- sources -----------------------------------------------------------------------------

    def source(self, site: Site, category: str, note: str, extra: int = 0) -> Taint:
        """Personal data taken by this call, kept as a source (provisional ones only when told apart)."""
        t = self.m.labelled(category, site.frame, site.unit, f"reads {category.lstrip('?')}: {note}", extra)
        if category[0] != "?":
            self.note_source(category, f"{site.ref.cls}->{site.ref.name}", next(iter(t.values())), note)
        return t

    def note_source(self, category: str, api: str, step: Step, note: str) -> None:
        """Keep that data of a category is taken at a step."""
        key = (category, step.method, step.offset)
        if key not in self.sources:
            library = not self.m.program.is_own(step.method.split("->", 1)[0])
            place = Place(step.dex, step.method, step.offset)
            self.sources[key] = SourceUse(DataCategory(category), api, place, True, library, note)

    def _give(self, site: Site, entry: _Entry, value: Any, given: Taint) -> Any:
        model = entry.source
        if model is not None and model.fills:
            for arg in site.params:
                for obj in objects(arg):
                    if obj.cls.startswith("[") or "ByteBuffer" in obj.cls:
                        self.m.mark(site.heap, obj, given)
            return value
        if model is not None and model.holds:
            for obj in objects(site.this):
                self.m.mark(site.heap, obj, given)
            return value
        if model is not None and model.holds_args:
            for arg in site.params:
                for obj in objects(arg):
                    if obj.cls not in self.m.program.classes:
                        self.m.mark(site.heap, obj, given)
                        for up in self.linked(obj, site.heap):
                            self.m.mark(site.heap, up, given)
            return value
        if value is None:
            return value
        return with_taint(value, given)

    def named(self, value: Any, name: str) -> Any:
        """The value, its provisional labels told apart by the name of the key or field that holds it."""
        t = taint(value)
        if not t or not any(label[0][0] == "?" for label in t):
            return value
        kinds = personal.categories(name)
        if not kinds:
            return value
        renamed = self._rename(t, kinds, name)
        return Val(value.c, renamed, value.o, value.y, value.h)

    def _rename(self, t: Taint, kinds: frozenset[str], note: str) -> Taint:
        renamed: Taint = {}
        for label, step in t.items():
            if label[0][0] != "?":
                renamed[label] = step
                continue
            first = step.chain()[0]
            for kind in sorted(kinds):
                renamed[kind, label[1], label[2]] = step
                self.note_source(kind, first.note, first, note)
        return renamed

    # -- default -----------------------------------------------------------------------------

    def _default(self, site: Site, entry: _Entry) -> Any:
        ref, heap, m = site.ref, site.heap, self.m
        name = ref.name
        returns = site.returns
        params = site.params
        into: Taint = CLEAN
        for i, arg in enumerate(params):
            if isinstance(arg, Val) and not self._is_listener(arg):
                t = site.deep(arg)
                if t and i and name in _KEYED:
                    key = text(params[i - 1])
                    if key is not None and any(label[0][0] == "?" for label in t):
                        kinds = personal.categories(key)
                        t = self._rename(t, kinds, key) if kinds else t
                into = merge_taint(into, t)
        receivers = objects(site.this)
        held = site.deep(site.this) if entry.kind.holds else CLEAN
        if name == "<init>":
            for obj in receivers:
                if into and entry.kind.carrier:
                    m.mark(heap, obj, into)
                self._link(obj, params, heap)
            return None
        fluent = receivers and returns[0] == "L" and self._fluent(returns, ref.cls, entry)
        if receivers and not entry.kind.context:
            for obj in receivers:
                if fluent or (entry.kind.carrier and not name.startswith(_GETTERS)):
                    if into:
                        m.mark(heap, obj, into)
                    self._link(obj, params, heap)
        if name.startswith("set") and len(params) == 1 and len(name) > 3:
            for obj in receivers:
                heap.add(obj, "p:" + name[3:], params[0])
        elif name.startswith("get") and not params and len(name) > 3 and receivers:
            found: Any = UNKNOWN
            for obj in receivers:
                value = heap.get(obj, "p:" + name[3:])
                if value is not UNKNOWN:
                    found = value if found is UNKNOWN else join(found, value)
            if found is not UNKNOWN:
                return found
        if returns == "V" and not entry.kind.kit:
            return None
        if fluent:
            return with_taint(site.this, into) if into else site.this
        t = merge_taint(into, held)
        if t and entry.kind.kit and entry.sink is None and _TERMINAL.fullmatch(name):
            # A kit of which nothing is known, but that holds data and an address, and is told to go.
            address = self.addresses(site.this, heap)
            if address is not None and any(x.startswith(("http://", "https://")) for x in texts(address)):
                self.emit(site, Sink.HTTP, t, address)
                t = CLEAN
        if returns == "V":
            return None
        if returns[0] in "ZIJSBCFD":
            if returns == "Z" or name in _NO_DATA or not t:
                return ANY
            return Val(UNKNOWN, t, (), returns)
        if name in _NO_DATA:
            t = CLEAN
        if returns in ("Ljava/lang/String;", "Ljava/lang/CharSequence;"):
            return Val(HOLE, t, (), returns)
        if returns in m.program.classes and not self.m.program.is_modelled(returns):
            return m.unknown(returns, t)
        value, obj = site.new(returns, t)
        linked = [obj_ for obj_ in receivers if not entry.kind.context] if receivers else []
        if linked:
            heap.add(obj, "link", Val(UNKNOWN, CLEAN, tuple(linked)))
        self._link(obj, params, heap)
        return value

    def _fluent(self, returns: str, cls: str, entry: _Entry) -> bool:
        if returns == cls or returns in entry.kind.lineage[:4]:
            return True
        return "Builder" in cls and returns.endswith("Builder;")

    def _is_listener(self, value: Val) -> bool:
        return any(
            obj.cls in self.m.program.classes
            and (obj.cls in self._components or bool(self.callbacks_of(obj.cls)))
            for obj in value.o
        )

    def _link(self, obj: Obj, params: list[Any], heap: Heap) -> None:
        """Remember what an object was made from: addresses, and objects that may hold some."""
        for arg in params:
            for known in texts(arg):
                if _ADDRESS.match(known):
                    heap.add(obj, "url", arg)
                    break
            others = tuple(
                o for o in objects(arg) if o is not obj and o.cls not in self._components and o.cls[0] == "L"
            )
            if others:
                listens = isinstance(arg, Val) and self._is_listener(arg)
                heap.add(obj, "fn" if listens else "link", Val(UNKNOWN, CLEAN, others))

    def linked(self, obj: Obj, heap: Heap) -> Iterator[Obj]:
        """An object and all that it was made from, nearest first."""
        seen = {obj}
        queue = [obj]
        while queue and len(seen) < MAX_LINKS:
            current = queue.pop(0)
            yield current
            for up in objects(heap.get(current, "link", None)):
                if up not in seen:
                    seen.add(up)
                    queue.append(up)

    # -- endpoints and sinks -----------------------------------------------------------------

    def addresses(self, value: Any, heap: Heap, depth: int = 0) -> Any:
        """The address that a value is or was made with, as a value; None where there is none."""
        if texts(value):
            return value
        for obj in objects(value):
            for up in self.linked(obj, heap):
                found = heap.get(up, "url", None)
                if found is not None and (texts(found) or objects(found)):
                    if objects(found) and not texts(found):
                        inner = self.addresses(found, heap, depth + 1) if depth < 6 else None
                        if inner is not None:
                            return inner
                        continue
                    return found
        return None

    def used(self, site: Site, address: Any) -> None:
        """Keep that an address reached a network call."""
        own = self.m.program.is_own(site.frame.method.cls.name)
        place = self.m.place(site.frame, site.unit)
        tags = address.h if isinstance(address, Val) else frozenset()
        if "native" in tags:
            self.native_used = True
        for known in texts(address):
            if known.strip(HOLE):
                places = self.endpoints.setdefault((known, tags), [])
                if len(places) < 8 and (place, not own) not in places:
                    places.append((place, not own))

    def emit(self, site: Site, sink: Sink, t: Taint, address: Any, note: str = "") -> None:
        """Data leaves here."""
        if address is not None:
            self.used(site, address)
        if not t:
            return
        tags = address.h if isinstance(address, Val) else frozenset()
        ends: tuple[str | None, ...] = (
            tuple(x for x in texts(address) if x.strip(HOLE)) if address is not None else ()
        )
        if not ends:
            ends = ("\0native",) if "native" in tags else (None,)
        for end in ends:
            actual = sink
            if sink is Sink.HTTP and end is not None and any(bot in end for bot in self.models.chat_bots):
                actual = Sink.CHAT_BOT
            for label, step in t.items():
                key = (label, actual, end)
                if key not in self.flows and len(self.flows) < MAX_RAW_FLOWS:
                    last = self.m.step(step, site.frame, site.unit, note or f"sent by {site.ref.name}")
                    if last is step and step.offset != site.frame.body.base + 2 * site.unit:
                        # The path is at its limit: the sink is worth more than the hop before it.
                        last = self.m.step(
                            step.before, site.frame, site.unit, note or f"sent by {site.ref.name}"
                        )
                    self.flows[key] = RawFlow(actual, end, last, self.m.root, tags)

    def _sink(self, site: Site, model: SinkModel) -> None:
        params = site.params
        carrying = params if model.data is None else [params[i] for i in model.data if i < len(params)]
        t = union(site.deep(arg) for arg in carrying if not self._listener_only(arg))
        address: Any = None
        if isinstance(model.to, int):
            address = site.arg(model.to)
        elif model.to == "receiver":
            address = self.addresses(site.this, site.heap)
        elif model.to in ("request", "url"):
            for arg in params:
                address = self.addresses(arg, site.heap)
                if address is not None and any(
                    _ADDRESS.match(x) or x.startswith(HOLE) for x in texts(address)
                ):
                    break
            for arg in params:
                t = merge_taint(t, self._volley(site, arg))
        if model.sink is Sink.SMS:
            place = self.m.place(site.frame, site.unit)
            for number in texts(address):
                if number.strip(HOLE):
                    self.numbers.setdefault(number, []).append(
                        (place, not self.m.program.is_own(site.frame.method.cls.name))
                    )
            self._emit_to_number(site, t, address)
            return
        self.emit(site, model.sink, t, address)

    def _emit_to_number(self, site: Site, t: Taint, number: Any) -> None:
        known = next((x for x in texts(number) if x.strip(HOLE)), None)
        for label, step in t.items():
            key = (label, Sink.SMS, known)
            if key not in self.flows:
                last = self.m.step(step, site.frame, site.unit, f"sent by {site.ref.name}")
                self.flows[key] = RawFlow(Sink.SMS, known, last, self.m.root, frozenset())

    def _listener_only(self, arg: Any) -> bool:
        return isinstance(arg, Val) and bool(arg.o) and self._is_listener(arg) and not arg.t

    def _volley(self, site: Site, request: Any) -> Taint:
        """What the overridden ``getParams``, ``getBody`` and ``getHeaders`` of a request object give."""
        found: Taint = CLEAN
        for obj in objects(request):
            for method in self.callbacks_of(obj.cls) if obj.cls in self.m.program.classes else ():
                if method.name in ("getParams", "getBody", "getHeaders", "writeTo"):
                    result = self.m.invoke(
                        method,
                        [request, *map(self.m.unknown, self.m.program.params(method.proto))],
                        site.heap,
                        site.frame,
                        self.m.context(site.frame.context, site.unit, method.number),
                    )[0]
                    found = merge_taint(found, site.deep(result))
        return found

    # -- callbacks ---------------------------------------------------------------------------

    def callbacks_of(self, cls: str) -> list[Method]:
        """The methods of a class of the app by which Android and the kits call back into it."""
        found = self._callbacks.get(cls)
        if found is None:
            found = self._callbacks[cls] = []
            program = self.m.program
            lineage = program.supers(cls)
            outside = [
                name
                for name in lineage
                if name != "Ljava/lang/Object;"
                and (name not in program.classes or program.classes[name].library)
            ]
            names: set[tuple[str, str]] = set()
            if outside:
                for name in lineage:
                    owner = program.classes.get(name)
                    if owner is None or owner.library or self.m.program.is_modelled(name):
                        continue
                    for (method, proto), target in owner.methods.items():
                        if (method, proto) in names or target.is_static or target.code < 0:
                            continue
                        if self.models.is_callback(method):
                            names.add((method, proto))
                            found.append(target)
        return found

    def _escape(self, site: Site, entry: _Entry, given: Taint) -> None:
        """Objects of the app that are handed over will be called back."""
        program = self.m.program
        targets: list[tuple[Any, Obj]] = []
        for position, arg in enumerate(site.args):
            if not isinstance(arg, Val):
                continue
            if isinstance(arg.c, ClassRef):
                self._escape_class(arg.c.name)
                continue
            for obj in arg.o:
                if obj.cls in program.classes and not self.m.program.is_modelled(obj.cls):
                    # Who calls a method of its own class hands itself over to nobody.
                    own_call = position == 0 and not site.static
                    if own_call and (site.ref.name == "<init>" or obj.cls in self._components):
                        continue
                    targets.append((arg, obj))
        if not targets:
            return
        passed: Taint = given
        others = [arg for arg in site.args if not any(arg is value for value, _ in targets)]
        if entry.sink is None:
            for arg in others:
                if isinstance(arg, Val) and (
                    arg is not site.this or not entry.kind.context or entry.kind.carrier
                ):
                    passed = merge_taint(passed, site.deep(arg))
        for value, obj in targets:
            if obj.cls in self._components and not (passed and self._listens(obj.cls)):
                continue
            self.call_back(obj, site, others, passed, value)

    def _listens(self, component: str) -> bool:
        """Whether a component is more than a context to those whom it is handed to."""
        classes = self.m.program.classes
        return any(classes[name].interfaces for name in self.m.program.supers(component) if name in classes)

    def _escape_class(self, name: str) -> None:
        program = self.m.program
        if name not in program.classes or name in self.classes_used or name in self._components:
            return
        self.classes_used.add(name)
        cls = program.classes[name]
        if cls.library or cls.is_interface or any(kind in COMPONENTS for kind in program.supers(name)):
            return
        obj = self.m.obj(("class", name), name, True)
        this = Val(UNKNOWN, CLEAN, (obj,), name)
        for method in self.callbacks_of(name):
            self.m.later(obj, method, [this, *map(self.m.unknown, program.params(method.proto))])

    def call_back(self, obj: Obj, site: Site, others: list[Any], passed: Taint, value: Any) -> None:
        """Queue the callbacks of an object, with what the call that hands it over also handed over."""
        program = self.m.program
        this = Val(UNKNOWN, CLEAN, (obj,), obj.cls)
        for method in self.callbacks_of(obj.cls):
            args: list[Any] = [this]
            for number, kind in enumerate(program.params(method.proto)):
                args.append(self._callback_argument(site, method, kind, number, others, passed))
            if obj.cls in self._components and not any(taint(arg) for arg in args):
                continue
            self.m.later(obj, method, args)

    def _callback_argument(
        self, site: Site, method: Method, kind: str, number: int, others: list[Any], passed: Taint
    ) -> Any:
        category = self.callback_data(method, kind)
        if category is not None:
            t = self.source(site, category.value, f"{method.name}", number)
            return self.m.unknown(kind, merge_taint(t, passed))
        if kind[0] in "L[" and kind != "Ljava/lang/Object;" and kind != "Ljava/lang/String;":
            for other in others:
                actual = self.m.type_of(other)
                if actual and (
                    actual == kind
                    or (kind[0] == actual[0] == "[" and len(kind) > 2)
                    or (kind in self.m.program.supers(actual))
                ):
                    return other
        if kind[0] in "L[":
            if kind in self.m.program.classes and not passed:
                return self.m.unknown(kind)
            return self.m.unknown(kind, passed)
        return Val(UNKNOWN, passed) if passed and kind != "Z" else ANY

    def callback_data(self, method: Method, kind: str) -> DataCategory | None:
        """The personal data that Android brings in a parameter of a callback."""
        model = self.models.callbacks.get((method.name, kind))
        if model is None or (model.of and model.of not in self.m.program.supers(method.cls.name)):
            return None
        return model.data if self._reads(method, kind) else None

    def _reads(self, method: Method, kind: str) -> bool:
        """Whether a method uses a parameter of a type: what nobody looks at is not taken."""
        body = self.m.program.body(method)
        if body is None:
            return False
        kinds = self.m.program.params(method.proto)
        first = body.registers - body.ins + (0 if method.is_static else 1)
        places = argument_places(kinds)
        wanted = {first + at for at, other in zip(places, kinds, strict=True) if other == kind}
        for op, _, _, b, rest in body.code.values():
            if op in INVOKES:
                if wanted.intersection(rest):
                    return True
            elif (0x01 <= op <= 0x09 or 0x21 <= op <= 0x23 or 0x2D <= op <= 0xE2) and b in wanted:
                return True
        return False

    # -- fields of the framework -------------------------------------------------------------

    def framework_field(self, frame: Frame, unit: int, target: Any, ref: Member, heap: Heap) -> Any:
        """A field of an object that Android made."""
        t = self.m.deep(target, heap, 3)
        category = self.models.fields.get(f"{ref.cls}->{ref.name}")
        if category is not None:
            mine = self.m.labelled(category.value, frame, unit, f"reads {category.value}: {ref.name}")
            self.note_source(category.value, f"{ref.cls}->{ref.name}", next(iter(mine.values())), ref.name)
            t = merge_taint(t, mine)
        if ref.name == "metaData":
            obj = self.m.obj(("shared", "meta-data"), "Landroid/os/Bundle;")
            obj.kind = "meta-data"
            return Val(UNKNOWN, CLEAN, (obj,), ref.kind)
        return self.m.unknown(ref.kind, t)

    def framework_static(self, frame: Frame, unit: int, ref: Member) -> Any:
        """A static field of Android."""
        category = self.models.fields.get(f"{ref.cls}->{ref.name}")
        if category is not None:
            t = self.m.labelled(category.value, frame, unit, f"reads {category.value}: {ref.name}")
            self.note_source(category.value, f"{ref.cls}->{ref.name}", next(iter(t.values())), ref.name)
            return self.m.unknown(ref.kind, t)
        if ref.kind == "Landroid/net/Uri;":
            for prefix, uri in self.models.uri_fields:
                if ref.cls.startswith(prefix):
                    return Val(uri, CLEAN, (), ref.kind)
        return self.m.unknown(ref.kind)

    # -- views -------------------------------------------------------------------------------

    def is_input(self, resource: int) -> bool:
        """Whether a view of a layout is one that people type into."""
        return any("Edit" in v.tag or "AutoComplete" in v.tag for v in self.m.resources.views(resource))

    def view_kinds(self, resource: int) -> frozenset[str]:
        """What a view of a layout asks for, by its type, name and texts."""
        found = self._view_kinds.get(resource)
        if found is None:
            name = self.m.resources.name(resource)
            asked = [
                self.asked(v.input_type, (name, *self._shown(v))) for v in self.m.resources.views(resource)
            ]
            found = frozenset().union(*asked) or personal.categories(name)
            self._view_kinds[resource] = found
        return found

    def _shown(self, view: LayoutView) -> list[str]:
        """What a view shows in all languages, or the label in front of one that shows nothing."""

        def resolved(*says: str | int) -> list[str]:
            lists = ([one] if isinstance(one, str) else self.m.resources.texts(one) for one in says)
            return [text for texts in lists for text in texts]

        return resolved(*view.says) or resolved(view.label)

    def asked(self, input_type: int, said: tuple[str, ...]) -> frozenset[str]:
        """What an input field asks for, by its input type and what stands beside it."""
        found: frozenset[str] = frozenset()
        for line in said:
            found |= personal.categories(line)
        if "sms" in found and not any(_CODE.search(line) for line in said):
            found -= {"sms"}  # a message being written, not a code that was received
        by_type = self.models.input_types.get(input_type & 0xFFF)
        if by_type is not None and (not found or by_type is DataCategory.ACCOUNT_PASSWORD):
            found |= {by_type.value}
        return found


def _descriptor(name: str) -> str:
    return "L" + name.replace(".", "/") + ";"


def elements(site: Site, value: Any) -> Any:
    """One value that covers all elements of a collection or array."""
    found: Any = UNKNOWN
    for obj in objects(value):
        array = site.heap.array(obj)
        if array is not None:
            part = site.m.summary(array)
            found = part if found is UNKNOWN else join(found, part)
        for field in ("[]", "t"):
            part = site.heap.get(obj, field)
            if part is not UNKNOWN and part is not None:
                part = Val(UNKNOWN, part.t) if field == "t" else part
                found = part if found is UNKNOWN else join(found, part)
    if found is UNKNOWN:
        found = ANY
    return with_taint(found, taint(value))


def array_of(site: Site, items: list[Any], kind: str, t: Taint = CLEAN, exact: bool = True) -> Any:
    """A new array with known elements."""
    site.m.charge(len(items))
    value, obj = site.new(kind, t)
    site.heap.set(obj, "#", Arr(items, site.heap.token, None, exact))
    return value
