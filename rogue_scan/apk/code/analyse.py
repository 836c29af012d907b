"""The code of an app → facts: decode, call graph, interpretation, flows and endpoints."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from rogue_scan.apk.code import nearby, web
from rogue_scan.apk.code.endpoints import (
    MAIL,
    classify,
    clean,
    hidden_how,
    host_port,
    is_host,
)
from rogue_scan.apk.code.homes import Homes
from rogue_scan.apk.code.library import Library, RawFlow
from rogue_scan.apk.code.machine import MAX_ARGUMENT, Machine
from rogue_scan.apk.code.models import Models, SourceModel, load_models
from rogue_scan.apk.code.plain import PlainTexts
from rogue_scan.apk.code.program import Program, argument_places
from rogue_scan.apk.code.reach import CallGraph, Mask, Reach
from rogue_scan.apk.code.relevance import Relevance
from rogue_scan.apk.code.runner import MAX_CALLBACKS, Runner, descriptor
from rogue_scan.apk.code.semantics import (
    accessibility,
    ciphers,
    collections,
    concurrency,
    context,
    forms,
    intents,
    keyed,
    kits,
    media,
    messages,
    network,
    numbers,
    pages,
    providers,
    reflection,
    streams,
    texts,
)
from rogue_scan.apk.code.types import (
    AppContext,
    Call,
    CodeClass,
    CodeFacts,
    CodeString,
    Place,
    Resources,
    SourceUse,
)
from rogue_scan.apk.code.values import (
    HOLE,
    Label,
)
from rogue_scan.apk.dex.reader import I64, Dex, distinct
from rogue_scan.apk.pause import collection_paused
from rogue_scan.model.data import DataCategory, Sink
from rogue_scan.model.evidence import Where
from rogue_scan.model.subject import Endpoint, Flow, Hop

_SEMANTICS = (
    accessibility,
    ciphers,
    collections,
    concurrency,
    context,
    forms,
    intents,
    keyed,
    kits,
    media,
    messages,
    network,
    numbers,
    pages,
    providers,
    reflection,
    streams,
    texts,
)
"""Imported for the handlers that they register."""

STEPS = 60_000
"""Steps of interpretation that an app gets."""
MAX_STRINGS = 20_000
MAX_CALLS = 30_000
MAX_UNVISITED = 64
"""Calls of one source told of in methods that were not run, for each DEX file."""
MAX_FLOWS = 400
MAX_ENDPOINTS = 2_000

# Beginnings of the names of types.
_SENDS = (
    *("Ljava/net/HttpURLConnection;", "Ljava/net/URLConnection;", "Ljavax/net/ssl/HttpsURLConnection;"),
    *("Ljava/net/Socket;", "Ljava/net/DatagramSocket;", "Lokhttp3/", "Lretrofit2/", "Lcom/android/volley/"),
)
_NETWORK = (
    *_SENDS,
    *("Ljava/net/URL;", "Ljava/net/InetAddress;", "Landroid/webkit/WebView;"),
    "Landroid/content/ContentResolver;",
)
_FRAMEWORK = (
    *("Landroid/", "Ljava/", "Ljavax/", "Ldalvik/", "Lcom/android/"),
    *("Lorg/apache/http/", "Lorg/json/", "Lorg/xml/", "Lorg/w3c/"),
)
_BORING = (
    *("Ljava/lang/String", "Ljava/lang/Object", "Ljava/lang/Integer", "Ljava/lang/Long"),
    *("Ljava/lang/Boolean", "Ljava/lang/Character", "Ljava/lang/Math", "Ljava/lang/Enum", "Ljava/util/"),
)
_NOT_BORING = ("Ljava/util/Timer", "Ljava/util/concurrent/Exec", "Ljava/util/Base64", "Ljava/util/zip")
_LOG = "Landroid/util/Log;"


def analyse_dexes(files: list[Dex], app: AppContext, resources: Resources) -> CodeFacts:
    """Analyse all DEX files of an app as one program."""
    with collection_paused():
        analysis = _Analysis(files, app, resources)
        try:
            return analysis.facts()
        finally:
            analysis.release()


class _Analysis:
    def __init__(self, files: list[Dex], app: AppContext, resources: Resources) -> None:
        self.files, self.app, self.resources = files, app, resources
        self.models: Models = load_models()
        self.program = Program(files, self.models, app.package, [c.name for c in app.components])
        self.program.mark_far([app.package, *(c.name for c in app.components)])
        self.graph = CallGraph(self.program)
        self.named = self._named()
        """The refs called that models name, with class and name."""
        self.homes = Homes(self.graph)
        self._argument_places: dict[str, list[int]] = {}
        outside = (*_FRAMEWORK, *_SENDS)
        self._outside = [name for name in self.graph.types.known if name.startswith(outside)]
        self.machine = Machine(self.program, app, resources, STEPS)
        self.library = Library(self.machine)
        self.library.retrofit_call = kits.retrofit_call

    def release(self) -> None:
        """Undo what refers to itself: to find that among all that lives takes longer than to let it go."""
        self.program.release()
        del self.machine.library

    def _named(self) -> list[tuple[int, str, str]]:
        """The refs called whose names models list for their class or one above it."""
        graph, listed = self.graph, self.models.named
        names = set().union(*listed.values()) & graph.names.known.keys()
        types = graph.types.known.keys() & (listed.keys() | self.models.parents.keys())
        types |= {name for name in graph.types.known if name.endswith("Activity;")}
        used = np.zeros(len(graph.ref_name), bool)
        used[graph.call_ref] = True
        refs = np.flatnonzero(
            used & graph.names.marks(names)[graph.ref_name] & graph.types.marks(types)[graph.ref_owner]
        )
        name_of = {graph.names.known[name]: name for name in names}
        type_of = {graph.types.known[name]: name for name in types}
        known: dict[str, set[str]] = {}
        found = []
        for ref, owner, number in zip(
            refs.tolist(), graph.ref_owner[refs].tolist(), graph.ref_name[refs].tolist(), strict=True
        ):
            cls, name = type_of[owner], name_of[number]
            if cls not in known:
                known[cls] = set().union(*(listed.get(above, ()) for above in self.models.lineage(cls)))
            if name in known[cls]:
                found.append((ref, cls, name))
        return found

    def facts(self) -> CodeFacts:
        relevance = Relevance(self.graph, *self._wanted())
        self.program.follow(relevance.impostors)
        strongly, relevant = relevance.leading()
        self.machine.relevant = lambda method: bool(relevant[method.number])
        runner = Runner(self.machine, self.library, self.graph, strongly, relevant)
        components = runner.components()
        numbers: list[int] = []
        for cls, _, _ in components:
            numbers += [m.number for m in runner.entry_methods(cls)]
        instantiated = [cls.name for cls, _, _ in components]
        reached = Reach(self.graph)
        reached.add(numbers, instantiated)
        size = sum(dex.instruction_count for dex in self.files)
        runner.run(reached.methods, components)
        if self.machine.cut or self.machine.unready:
            self.machine.limits.add("steps")
        reached.add(self.machine.visited, self.library.classes_used)
        reach = reached.methods
        plain = PlainTexts(self.program, self.graph, self.homes)
        flows = self._flows()
        return CodeFacts(
            classes=tuple(self._classes(reach)),
            calls=tuple(self._calls(reach)),
            strings=tuple(self._strings(plain, reach)),
            sources=tuple(self._sources(reach)),
            flows=tuple(flows),
            endpoints=tuple(self._endpoints(plain)),
            entry_points=tuple(runner.entries[:MAX_CALLBACKS]),
            methods=sum(int((dex.def_code >= 0).sum()) for dex in self.files),
            methods_reachable=int(reach.sum()),
            instructions=size,
            method_refs=sum(len(dex.method_class) for dex in self.files),
            invokes=len(self.graph.call_ref),
            limits=tuple(sorted(self.machine.limits)),
            missing_components=tuple(
                sorted(c.name for c in self.app.components if descriptor(c.name) not in self.program.classes)
            ),
        )

    def _wanted(self) -> tuple[Mask, Mask, Mask]:
        """Methods that call a source, a sink or the network, those that send, and own ones that log."""
        graph = self.graph
        network, sends = self._of_types(_NETWORK), self._of_types(_SENDS)
        logs = np.zeros(len(network), bool)
        for ref, cls, name in self.named:
            (logs if cls == _LOG else network)[ref] = True
            sends[ref] |= self.models.sends(cls, name)
        wanted, sending, logging = (np.zeros(self.program.method_count, bool) for _ in range(3))
        wanted[graph.callers(network)] = True
        sending[graph.callers(sends)] = True
        # What a kit writes into the log is not followed.
        logging[graph.callers(logs)] = True
        return wanted, sending, logging & ~graph.def_library

    def _of_types(self, beginnings: tuple[str, ...]) -> Mask:
        """The refs to methods of types of Android, or of kits that send, whose names begin like this."""
        types = [name for name in self._outside if name.startswith(beginnings)]
        return self.graph.types.marks(types)[self.graph.ref_owner]

    # -- strings -----------------------------------------------------------------------------

    def _strings(self, plain: PlainTexts, reach: Mask) -> Iterator[CodeString]:
        count = 0
        for (text, number, unit), tags in sorted(self.machine.strings.items(), key=lambda item: item[0]):
            home = self.homes.of(number)
            if home is None or count >= MAX_STRINGS:
                continue
            count += 1
            place = Place(home.dex, home.name, home.base + 2 * unit)
            yield CodeString(text, place, ", ".join(sorted(tags)), True, home.library)
        for found in plain.own_strings(reach):
            if count >= MAX_STRINGS:
                self.machine.limits.add("strings")
                break
            count += 1
            yield found

    # -- flows -------------------------------------------------------------------------------

    def _page_kinds(self, label: Label) -> frozenset[str]:
        """What a page hands to a bridge's parameter, as far as a page of the app tells."""
        pages = [text for text, _ in self.library.pages]
        for path in self.resources.assets()[:500]:
            if path.lower().endswith((".html", ".htm", ".js", ".vue")) and len(pages) < 200:
                data = self.resources.asset(path)
                if data is not None:
                    pages.append(data[: web.MAX_PAGE].decode("utf-8", "replace"))
        parts = label[1].rsplit(".", 2)
        if len(parts) == 3 and parts[2].isdigit():
            for page in pages:
                handed = web.handed_over(page, parts[0], parts[1])
                if handed is not None:
                    index = int(parts[2])
                    kinds = handed[index] if index < len(handed) else frozenset()
                    if kinds or len(handed) > 1:
                        return kinds
        every: frozenset[str] = frozenset()
        for page in pages:
            for field in web.fields(page):
                every |= field.kinds
        return every

    def _native_endpoints(self) -> list[str]:
        found = []
        for text in self.resources.native_strings():
            known = classify(text, self.models)
            if known is not None and known[0] in ("url", "socket"):
                found.append(text)
        return found[:16]

    def _flows(self) -> list[Flow]:
        made: dict[tuple[str, str, str | None, str], Flow] = {}
        native = self._native_endpoints() if self.library.native_used else []
        ordered = sorted(
            self.library.flows.items(),
            key=lambda item: (item[0][0], item[0][1].value, item[0][2] or ""),
        )
        page_kinds: dict[str, frozenset[str]] = {}
        for (label, sink, end), raw in ordered:
            category = label[0]
            if category == "?page":
                if label[1] not in page_kinds:
                    page_kinds[label[1]] = self._page_kinds(label)
                kinds = page_kinds[label[1]]
                for kind in kinds:
                    first = raw.step.chain()[0]
                    self.library.note_source(kind, first.note, first, "form of a page")
            elif category[0] == "?":
                continue
            else:
                kinds = frozenset({category})
            ends: list[str | None] = [end]
            if end == "\0native":
                ends = [*native] or [None]
            for kind in sorted(kinds):
                for one in ends:
                    self._flow(made, kind, sink, one, raw)
        # What leaves the device comes first, in case there are too many.
        ordered_keys = sorted(made, key=lambda key: (not made[key].sink.leaves_device, str(key)))
        return [made[key] for key in ordered_keys][:MAX_FLOWS]

    def _flow(self, made: dict[Any, Flow], kind: str, sink: Sink, end: str | None, raw: RawFlow) -> None:
        steps = raw.step.chain()
        root = steps[0].root
        entry = root.component if root is not None and root.component else raw.root.component
        endpoint = self._endpoint_name(end, sink)
        key = (kind, sink.value, endpoint, entry)
        if key in made and len(made[key].path) <= len(steps):
            return
        path = tuple(Hop(step.dex, step.method, step.offset, step.note) for step in steps)
        library = not self.program.is_own(steps[0].method.split("->", 1)[0])
        made[key] = Flow(DataCategory(kind), sink, endpoint, path, entry, library)

    def _endpoint_name(self, end: str | None, sink: Sink) -> str | None:
        if end is None:
            return None
        if sink is Sink.SMS:
            return clean(end) or None
        if sink is Sink.EMAIL and MAIL.fullmatch(clean(end)):
            return clean(end)
        found = classify(end, self.models)
        if found is not None:
            return found[1]
        host = host_port(clean(end))
        return host if host and is_host(host) else None

    def _sources(self, reach: Mask) -> Iterator[SourceUse]:
        yield from (self.library.sources[key] for key in sorted(self.library.sources))
        seen = {(key[1], key[2]) for key in self.library.sources}
        yield from self._unvisited_sources(reach, seen)

    def _unvisited_sources(self, reach: Mask, seen: set[tuple[str, int]]) -> Iterator[SourceUse]:
        graph, sources = self.graph, self.models.sources
        models: dict[int, tuple[SourceModel, str]] = {}
        for ref, cls, name in self.named:
            above = next((c for c in self.models.lineage(cls) if (c, name) in sources), None)
            if above is not None:
                models[ref] = sources[above, name], f"{cls}->{name}"
        called = np.zeros(len(graph.ref_name), bool)
        called[list(models)] = True
        calls = np.flatnonzero(called[graph.call_ref])
        for dex, of_file, rows in graph.by_file(calls):
            refs = graph.call_ref[of_file]
            numbers = graph.call_caller[of_file]
            order = np.argsort(refs, kind="stable")
            told: Counter[int] = Counter()
            for ref, number, unit in zip(
                *(part[order].tolist() for part in (refs, numbers, dex.ins_unit[rows])), strict=True
            ):
                told[ref] += 1
                if told[ref] > MAX_UNVISITED or number < 0 or number in self.machine.finished:
                    continue
                home = self.homes.of(number)
                if home is not None and (home.name, 2 * unit) not in seen:
                    model, api = models[ref]
                    place = Place(home.dex, home.name, 2 * unit)
                    yield SourceUse(model.data, api, place, False, home.library, "not run")

    # -- endpoints ---------------------------------------------------------------------------

    def _endpoints(self, plain: PlainTexts) -> list[Endpoint]:
        made: dict[str, Endpoint] = {}

        def put(
            value: str, kind: str, host: str | None, hidden: str | None, where: list[Where], library: bool
        ) -> None:
            old = made.get(value)
            if old is None:
                if len(made) < MAX_ENDPOINTS:
                    made[value] = Endpoint(value, kind, host, hidden, tuple(where[:8]), library)
                return
            merged = tuple(dict.fromkeys((*old.where, *where)))[:8]
            made[value] = Endpoint(
                value,
                kind,
                host,
                old.hidden if hidden is None or old.hidden else hidden,
                merged,
                old.library and library,
            )

        for (text, tags), places in sorted(
            self.library.endpoints.items(), key=lambda item: (item[0][0], sorted(item[0][1]))
        ):
            known = classify(text, self.models)
            if known is None:
                continue
            where = [_where(place) for place, _ in places]
            put(
                clean(text) if known[0] != "host" or HOLE not in text else known[1],
                known[0],
                known[1],
                hidden_how(
                    tags,
                    known[1].split(":")[0],
                    plain.hosts,
                    plain.url_hosts if known[0] == "url" else plain.hosts,
                ),
                where,
                all(lib for _, lib in places),
            )
        for (text, number, unit), tags in sorted(
            (item for item in self.machine.strings.items() if "://" in item[0][0]), key=lambda item: item[0]
        ):
            known = classify(text, self.models)
            if known is None or known[0] != "url":
                continue
            home = self.homes.of(number)
            if home is not None:
                at = Where(dex=home.dex, method=home.name, offset=home.base + 2 * unit)
                put(
                    clean(text),
                    known[0],
                    known[1],
                    hidden_how(tags, known[1], plain.hosts, plain.url_hosts),
                    [at],
                    home.library,
                )
        for value, place, library in plain.addresses:
            known = classify(value, self.models)
            if known is not None and known[0] == "url":
                put(clean(value), known[0], known[1], None, [_where(place)], library)
        for value, place, library in plain.mails:
            put(value, "email", value.rsplit("@", 1)[-1].lower(), None, [_where(place)], library)
        for value, where_used in sorted(self.library.numbers.items()):
            kind = "email" if "@" in value else "phone"
            hidden = None if value in plain.values else "computed"
            put(
                value,
                kind,
                None,
                hidden,
                [_where(p) for p, _ in where_used],
                all(lib for _, lib in where_used),
            )
        if self.library.native_used:
            for text in self._native_endpoints():
                known = classify(text, self.models)
                if known is not None:
                    put(text, known[0], known[1], "string in native library", [], False)
        return [made[key] for key in sorted(made)]

    # -- calls and classes -------------------------------------------------------------------

    def _calls(self, reach: Mask) -> Iterator[Call]:
        count = 0
        targets: dict[str, str] = {}
        self.homes.of_many([number for number, _ in self.machine.calls])
        for (number, unit), (ref, variants) in sorted(self.machine.calls.items(), key=lambda item: item[0]):
            home = self.homes.of(number)
            cls = targets.get(ref.cls)
            if cls is None:
                cls = targets[ref.cls] = self._target(ref.cls)
            if home is None or not cls:
                continue
            api = f"{cls}->{ref.name}{ref.kind}"
            place = Place(home.dex, home.name, home.base + 2 * unit)
            for args in variants:
                count += 1
                if count > MAX_CALLS:
                    self.machine.limits.add("calls")
                    return
                yield Call(api, place, args, True, home.library)
        yield from self._unvisited_calls(reach, MAX_CALLS - count)

    def _target(self, name: str) -> str:
        """The class by which facts name the target of a call; empty for own code that is no API."""
        cls = self.program.classes.get(name)
        if cls is None:
            return name
        kind = self.program.framework_type(name)
        if kind == "Ljava/lang/Object;" or not kind.startswith(_FRAMEWORK):
            return name if cls.library else ""
        return kind

    def _unvisited_calls(self, reach: Mask, left: int) -> Iterator[Call]:
        """Calls in methods not interpreted to an end: all of own code, of kits those that models name."""
        graph = self.graph
        usable = graph.def_counts.copy()
        usable[list(self.machine.finished)] = False
        named = np.zeros(len(graph.ref_owner), bool)
        named[[ref for ref, _, _ in self.named]] = True
        types = [name for name in self._outside if _is_told(name)]
        told = graph.types.marks(types)[graph.ref_owner] | self._inherited()
        calls = np.flatnonzero((named | told)[graph.call_ref] & (graph.call_caller >= 0))
        callers = graph.call_caller[calls]
        calls = calls[usable[callers] & (named[graph.call_ref[calls]] | ~graph.def_library[callers])]
        ran = {number for number, _ in self.machine.calls}
        # No more than these are told of.
        files = list(graph.by_file(calls[: left + len(self.machine.calls) + 1]))
        constants = nearby.constants([(dex, rows) for dex, _, rows in files], MAX_ARGUMENT)
        position = -1
        for dex, of_file, rows in files:
            indices = dex.operand_b(rows)
            callees = self._callees(dex, indices)
            callers = graph.call_caller[of_file]
            for index, number, unit, reachable, home in zip(
                *(column.tolist() for column in (indices, callers, dex.ins_unit[rows], reach[callers])),
                self.homes.of_many(callers.tolist()),
                strict=True,
            ):
                position += 1
                if home is None or (number in ran and (number, unit - home.base // 2) in self.machine.calls):
                    continue
                if left <= 0:
                    self.machine.limits.add("calls")
                    return
                left -= 1
                api, proto = callees[index]
                args: tuple[Any, ...] = ()
                if position in constants:
                    known = constants[position]
                    args = tuple([known.get(place) for place in self._places(proto)])
                place = Place(home.dex, home.name, 2 * unit)
                yield Call(api, place, args, reachable, home.library)

    def _inherited(self) -> Mask:
        """The refs to methods that classes of the program have from Android."""
        graph, names = self.graph, self.graph.class_names
        refs = np.flatnonzero(
            (graph.ref_target < 0) & (graph.ref_owner >= 0) & (graph.ref_owner < len(names))
        )
        inherits = np.zeros(len(names), bool)
        for cls in distinct(graph.ref_owner[refs]).tolist():
            inherits[cls] = _is_told(self._target(names[cls]))
        found = np.zeros(len(graph.ref_owner), bool)
        found[refs] = inherits[graph.ref_owner[refs]]
        return found

    def _callees(self, dex: Dex, called: I64) -> dict[int, tuple[str, str]]:
        """By index, the methods called as facts name them, and the prototype of each."""
        indices, types = distinct(called), dex.types()
        return {
            index: (f"{self._target(types[owner]) or types[owner]}->{name}{proto}", proto)
            for index, owner, name, proto in zip(
                indices.tolist(),
                dex.method_class[indices].tolist(),
                dex.strings_at(dex.method_name[indices].tolist()),
                dex.protos_at(dex.method_proto[indices].tolist()),
                strict=True,
            )
        }

    def _places(self, proto: str) -> list[int]:
        """The register that each parameter of a prototype begins in."""
        found = self._argument_places.get(proto)
        if found is None:
            found = self._argument_places[proto] = argument_places(self.program.params(proto))
        return found

    def _classes(self, reach: Mask) -> Iterator[CodeClass]:
        live = np.zeros(len(self.program.classes) + 1, bool)
        live[self.graph.def_class[reach]] = True
        of_framework: dict[str, bool] = {}
        for cls, reachable in zip(self.program.classes.values(), live.tolist(), strict=False):
            if cls.library and cls.super_name not in of_framework:
                top = self.models.lineage(cls.super_name)[-1]
                of_framework[cls.super_name] = top.startswith(_FRAMEWORK)
            if not cls.library or of_framework[cls.super_name]:
                interfaces = tuple(cls.interfaces)
                yield CodeClass(cls.name, cls.super_name, interfaces, cls.dex.name, cls.library, reachable)


def _is_told(name: str) -> bool:
    """Whether calls of methods of a type of Android are facts even where nothing models them."""
    return name.startswith(_FRAMEWORK) and (not name.startswith(_BORING) or name.startswith(_NOT_BORING))


def _where(place: Place) -> Where:
    return Where(dex=place.dex, method=place.method, offset=place.offset)
