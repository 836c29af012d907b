"""The code of an app → facts: decode, call graph, interpretation, flows and endpoints."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from rogue_scan.apk.code import web
from rogue_scan.apk.code.endpoints import (
    MAIL,
    classify,
    clean,
    hidden_how,
    host_port,
    is_host,
)
from rogue_scan.apk.code.library import Library, RawFlow
from rogue_scan.apk.code.machine import Machine
from rogue_scan.apk.code.models import Models, load_models
from rogue_scan.apk.code.plain import PlainTexts
from rogue_scan.apk.code.program import Program
from rogue_scan.apk.code.reach import CallGraph, Mask
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
    NoResources,
    Place,
    Resources,
    SourceUse,
)
from rogue_scan.apk.code.values import (
    HOLE,
    Label,
)
from rogue_scan.apk.dex import reader
from rogue_scan.apk.dex.reader import Dex
from rogue_scan.apk.pause import collection_paused
from rogue_scan.errors import Malformed, Truncated
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

MIN_STEPS = 250_000
"""Steps of interpretation that every app gets; large ones get a tenth of their instructions on top."""
MAX_STRINGS = 20_000
MAX_CALLS = 30_000
MAX_FLOWS = 400
MAX_ENDPOINTS = 2_000

_NETWORK = re.compile(
    r"Ljava/net/(?:URL|HttpURLConnection|URLConnection|Socket|DatagramSocket|InetAddress);|Ljavax/net/ssl/HttpsURLConnection;"
    r"|Landroid/webkit/WebView;|Landroid/content/ContentResolver;|Lokhttp3/|Lretrofit2/|Lcom/android/volley/"
)
_QUIET_KITS = re.compile(r"L(?:androidx|android/support|kotlin|kotlinx|com/google/gson|org/json)/")
_FRAMEWORK = re.compile(
    r"L(?:android|java|javax|dalvik|com/android|org/apache/http|org/json|org/xml|org/w3c)/"
)
_BORING = re.compile(
    r"Ljava/lang/(?:StringBuilder|String|Object|Integer|Long|Boolean|Character|Math|Enum)|Ljava/util/(?!Timer|concurrent/Exec|Base64|zip)"
)


def analyse_code(
    dexes: Iterable[tuple[str, bytes]],
    app: AppContext,
    resources: Resources | None = None,
    watch: Iterable[str] = (),
) -> CodeFacts:
    """Analyse all DEX files of an app as one program.

    ``watch`` names methods (``Lclass;->name``) whose calls are wanted from kits too. A file that cannot
    be read is told of in ``problems`` and left out.
    """
    files: list[Dex] = []
    problems: list[str] = []
    for name, data in dexes:
        try:
            found = reader.read_all(name, data)
        except (Malformed, Truncated) as error:
            problems.append(str(error))
            continue
        for dex in found:
            problems += [f"{dex.name}: {p.what} at {p.offset:#x}" for p in dex.problems[:8]]
        files += found
    return analyse_dexes(files, app, resources or NoResources(), tuple(problems), frozenset(watch))


def analyse_dexes(
    files: list[Dex],
    app: AppContext,
    resources: Resources,
    problems: tuple[str, ...] = (),
    watch: frozenset[str] = frozenset(),
) -> CodeFacts:
    """As :func:`analyse_code`, from DEX files that were read already."""
    with collection_paused():
        return _Analysis(files, app, resources, problems, watch).facts()


class _Analysis:
    def __init__(
        self,
        files: list[Dex],
        app: AppContext,
        resources: Resources,
        problems: tuple[str, ...],
        watch: frozenset[str],
    ) -> None:
        self.files, self.app, self.resources, self.problems, self.watch = (
            files,
            app,
            resources,
            problems,
            watch,
        )
        self.models: Models = load_models()
        self.program = Program(files, self.models, app.package, [c.name for c in app.components])
        self.program.mark_far([app.package, *(c.name for c in app.components)])
        self.graph = CallGraph(self.program)
        self.machine = Machine(self.program, app, resources, MIN_STEPS)
        self.library = Library(self.machine)
        self.library.retrofit_call = kits.retrofit_call

    def facts(self) -> CodeFacts:
        wanted = self._wanted()
        self.program.follow(self._impostors(wanted))
        relevant = self.graph.leading_to(wanted)
        self.machine.relevant = lambda method: bool(relevant[method.number])
        runner = Runner(self.machine, self.library, self.graph, relevant)
        components = runner.components()
        numbers: list[int] = []
        for cls, _, _ in components:
            numbers += [m.number for m in runner.entry_methods(cls)]
        instantiated = [cls.name for cls, _, _ in components]
        reach = self.graph.reachable(numbers, instantiated)
        size = sum(dex.instruction_count for dex in self.files)
        self.machine.steps_left = MIN_STEPS + size // 10
        runner.run(reach, components)
        if self.machine.cut:
            self.machine.limits.add("steps")
        reach = self._final_reach(reach, numbers, instantiated)
        plain = PlainTexts(self.program, self.graph)
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
            invokes=sum(len(rows) for rows, _ in self.graph.call_units),
            problems=self.problems,
            limits=tuple(sorted(self.machine.limits)),
            missing_components=tuple(
                sorted(c.name for c in self.app.components if descriptor(c.name) not in self.program.classes)
            ),
        )

    def _final_reach(self, reach: Mask, numbers: list[int], instantiated: list[str]) -> Mask:
        seen = self.machine.visited
        extra = [n for n in seen if not reach[n]]
        if not extra and not self.library.classes_used:
            return reach
        return self.graph.reachable([*numbers, *seen], [*instantiated, *self.library.classes_used])

    def _wanted(self) -> Mask:
        """Methods that call a source, a sink or the network themselves."""
        wanted = np.zeros(self.program.method_count, bool)
        models = self.models
        interesting: set[tuple[str, str]] = {*models.sources, *models.keyed, *models.sinks}
        names = {name for _, name in interesting}
        libraries = np.array([*(cls.library for cls in self.program.classes.values()), True])
        for which, dex in enumerate(self.files):
            rows, refs = self.graph.call_units[which]
            hits, logs = [], []
            for index in self.graph.candidates(which, refs, names, _NETWORK).tolist():
                ref = self.program.method_ref(dex, index)
                if ref.cls == "Landroid/util/Log;":
                    logs.append(index)
                elif _NETWORK.match(ref.cls) or any(
                    (cls, ref.name) in interesting for cls in models.lineage(ref.cls)
                ):
                    hits.append(index)
            for chosen, own in ((hits, False), (logs, True)):
                at = rows[np.isin(refs, np.array(chosen, np.int64))]
                found = self.graph.code_def[which][dex.code_row_of(at)]
                found = found[found >= 0]
                if own:
                    found = found[~libraries[self.graph.def_class[found]]]
                wanted[found] = True
        return wanted

    # -- strings -----------------------------------------------------------------------------

    def _impostors(self, wanted: Mask) -> set[str]:
        """Classes that bear the name of a kit without network code, and yet take or send data themselves."""
        found = np.unique(self.graph.def_class[wanted])
        names = list(self.program.classes)
        return {names[i] for i in found[found >= 0].tolist() if _QUIET_KITS.match(names[i])}

    def _strings(self, plain: PlainTexts, reach: Mask) -> Iterator[CodeString]:
        count = 0
        for (text, number, unit), tags in sorted(self.machine.strings.items(), key=lambda item: item[0]):
            method = self.program.method_at(number)
            body = self.program.body(method) if method is not None else None
            if method is None or body is None or count >= MAX_STRINGS:
                continue
            count += 1
            place = Place(method.dex.name, method.full_name, body.base + 2 * unit)
            yield CodeString(text, place, ", ".join(sorted(tags)), True, method.cls.library)
        for value, place, number in plain.own_strings():
            if count >= MAX_STRINGS:
                self.machine.limits.add("strings")
                break
            count += 1
            yield CodeString(value, place, None, bool(reach[number]), False)

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
        models = self.models
        names = {name for _, name in models.sources}
        for which, dex in enumerate(self.files):
            rows, refs = self.graph.call_units[which]
            for index in self.graph.candidates(which, refs, names).tolist():
                ref = self.program.method_ref(dex, index)
                model = next(
                    (
                        models.sources[c, ref.name]
                        for c in models.lineage(ref.cls)
                        if (c, ref.name) in models.sources
                    ),
                    None,
                )
                if model is None:
                    continue
                for row in rows[refs == index][:64].tolist():
                    number = int(self.graph.code_def[which][int(dex.code_row_of(np.array([row]))[0])])
                    if number < 0 or number in self.machine.visited:
                        continue
                    method = self.program.method_at(number)
                    if method is None:
                        continue
                    place = Place(dex.name, method.full_name, int(dex.ins_unit[row]) * 2)
                    if (place.method, place.offset) not in seen:
                        yield SourceUse(
                            model.data,
                            f"{ref.cls}->{ref.name}",
                            place,
                            False,
                            method.cls.library,
                            "not run",
                        )

    # -- endpoints ---------------------------------------------------------------------------

    def _endpoints(self, plain: PlainTexts) -> list[Endpoint]:
        made: dict[str, Endpoint] = {}
        hosts = plain.hosts

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
                    tags, known[1].split(":")[0], hosts, plain.url_hosts if known[0] == "url" else hosts
                ),
                where,
                all(lib for _, lib in places),
            )
        for (text, number, unit), tags in sorted(self.machine.strings.items(), key=lambda item: item[0]):
            known = classify(text, self.models)
            if known is None or known[0] != "url":
                continue
            method = self.program.method_at(number)
            body = self.program.body(method) if method is not None else None
            if method is not None and body is not None:
                at = Where(dex=method.dex.name, method=method.full_name, offset=body.base + 2 * unit)
                put(
                    clean(text),
                    known[0],
                    known[1],
                    hidden_how(tags, known[1], hosts, plain.url_hosts),
                    [at],
                    method.cls.library,
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
        for (number, unit), (ref, variants) in sorted(self.machine.calls.items(), key=lambda item: item[0]):
            method = self.program.method_at(number)
            body = self.program.body(method) if method is not None else None
            if method is None or body is None:
                continue
            own_target = ref.cls in self.program.classes and not self.program.classes[ref.cls].library
            if own_target and not self._framework_super(ref.cls):
                continue
            cls = self.program.framework_type(ref.cls) if ref.cls in self.program.classes else ref.cls
            api = f"{cls}->{ref.name}{ref.kind}"
            place = Place(method.dex.name, method.full_name, body.base + 2 * unit)
            for args in variants:
                count += 1
                if count > MAX_CALLS:
                    self.machine.limits.add("calls")
                    return
                yield Call(api, place, args, True, method.cls.library)
        yield from self._unvisited_calls(reach, MAX_CALLS - count)

    def _framework_super(self, name: str) -> bool:
        kind = self.program.framework_type(name)
        return kind != "Ljava/lang/Object;" and _FRAMEWORK.match(kind) is not None

    def _unvisited_calls(self, reach: Mask, left: int) -> Iterator[Call]:
        """Calls in methods that were not interpreted: all of own code, of kits those that models name."""
        models = self.models
        wanted = {*models.sources, *models.keyed, *models.sinks}
        visited = np.zeros(self.program.method_count, bool)
        visited[list(self.machine.visited)] = True
        libraries = np.array([cls.library for cls in self.program.classes.values()] or [False])
        library_def = libraries[self.graph.def_class] if len(self.graph.def_class) else np.zeros(0, bool)
        for which, dex in enumerate(self.files):
            rows, refs = self.graph.call_units[which]
            if not len(dex.method_class):
                continue
            status = self._status(which, dex, refs, wanted)
            numbers = self.graph.code_def[which][dex.code_row_of(rows)]
            keep = (numbers >= 0) & (status[refs] > 0)
            keep &= ~visited[numbers] & ((status[refs] == 2) | ~library_def[numbers])
            for row, index, number in zip(
                rows[keep].tolist(), refs[keep].tolist(), numbers[keep].tolist(), strict=True
            ):
                method = self.program.method_at(number)
                if method is None:
                    continue
                if left <= 0:
                    self.machine.limits.add("calls")
                    return
                left -= 1
                ref = self.program.method_ref(dex, index)
                place = Place(dex.name, method.full_name, int(dex.ins_unit[row]) * 2)
                yield Call(
                    f"{ref.cls}->{ref.name}{ref.kind}", place, (), bool(reach[number]), method.cls.library
                )

    def _status(self, which: int, dex: Dex, refs: Any, wanted: set[tuple[str, str]]) -> Any:
        """For each method index: 2 where models or rules name it, 1 where Android has it, else 0."""
        types = np.array([_FRAMEWORK.match(t) is not None and not _BORING.match(t) for t in dex.types()])
        status = types[dex.method_class].astype(np.int8) if len(types) else np.zeros(0, np.int8)
        names = {name for _, name in wanted} | {name.rpartition("->")[2] for name in self.watch}
        for index in self.graph.candidates(which, refs, names).tolist():
            ref = self.program.method_ref(dex, index)
            lineage = self.models.lineage(ref.cls)
            if any((cls, ref.name) in wanted or f"{cls}->{ref.name}" in self.watch for cls in lineage):
                status[index] = 2
        return status

    def _classes(self, reach: Mask) -> Iterator[CodeClass]:
        live = np.zeros(len(self.program.classes) + 1, bool)
        live[self.graph.def_class[reach]] = True
        for position, cls in enumerate(self.program.classes.values()):
            if not cls.library or _FRAMEWORK.match(self.program.models.lineage(cls.super_name)[-1] or ""):
                yield CodeClass(
                    cls.name,
                    cls.super_name,
                    tuple(cls.interfaces),
                    cls.dex.name,
                    cls.library,
                    bool(live[position]),
                )


def _where(place: Place) -> Where:
    return Where(dex=place.dex, method=place.method, offset=place.offset)
