"""The code of an app → facts: decode, call graph, interpretation, flows and endpoints."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from rogue_scan.apk.code import nearby, web
from rogue_scan.apk.code.endpoints import (
    MAIL,
    classify,
    clean,
    hidden_how,
    host_port,
    is_host,
)
from rogue_scan.apk.code.library import Library, RawFlow
from rogue_scan.apk.code.machine import MAX_ARGUMENT, Machine
from rogue_scan.apk.code.models import Models, SourceModel, load_models
from rogue_scan.apk.code.plain import PlainTexts
from rogue_scan.apk.code.program import Method, Program, argument_places
from rogue_scan.apk.code.reach import CallGraph, Mask
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
    NoResources,
    Place,
    Resources,
    SourceUse,
)
from rogue_scan.apk.code.values import (
    HOLE,
    Label,
)
from rogue_scan.apk.dex import opcodes, reader
from rogue_scan.apk.dex.reader import I64, Dex
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

STEPS = 80_000
"""Steps of interpretation that an app gets."""
MAX_STRINGS = 20_000
MAX_CALLS = 30_000
MAX_UNVISITED = 64
"""Calls of one source told of in methods that were not run, for each DEX file."""
MAX_FLOWS = 400
MAX_ENDPOINTS = 2_000

_SENDS = re.compile(
    r"Ljava/net/(?:HttpURLConnection|URLConnection|Socket|DatagramSocket);|Ljavax/net/ssl/HttpsURLConnection;"
    r"|Lokhttp3/|Lretrofit2/|Lcom/android/volley/"
)
_NETWORK = re.compile(
    _SENDS.pattern + r"|Ljava/net/(?:URL|InetAddress);|Landroid/(?:webkit/WebView|content/ContentResolver);"
)
_FRAMEWORK = re.compile(
    r"L(?:android|java|javax|dalvik|com/android|org/apache/http|org/json|org/xml|org/w3c)/"
)
_LOG = "Landroid/util/Log;"
_BORING = re.compile(
    r"Ljava/lang/(?:StringBuilder|String|Object|Integer|Long|Boolean|Character|Math|Enum)|Ljava/util/(?!Timer|concurrent/Exec|Base64|zip)"
)


def analyse_code(
    dexes: Iterable[tuple[str, bytes]],
    app: AppContext,
    resources: Resources | None = None,
) -> CodeFacts:
    """Analyse all DEX files of an app as one program.

    A file that cannot be read is told of in ``problems`` and left out.
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
    return analyse_dexes(files, app, resources or NoResources(), tuple(problems))


def analyse_dexes(
    files: list[Dex],
    app: AppContext,
    resources: Resources,
    problems: tuple[str, ...] = (),
) -> CodeFacts:
    """As :func:`analyse_code`, from DEX files that were read already."""
    with collection_paused():
        analysis = _Analysis(files, app, resources, problems)
        try:
            return analysis.facts()
        finally:
            analysis.release()


class _Analysis:
    def __init__(
        self,
        files: list[Dex],
        app: AppContext,
        resources: Resources,
        problems: tuple[str, ...],
    ) -> None:
        self.files, self.app, self.resources, self.problems = files, app, resources, problems
        self.models: Models = load_models()
        self.program = Program(files, self.models, app.package, [c.name for c in app.components])
        self.program.mark_far([app.package, *(c.name for c in app.components)])
        self.graph = CallGraph(self.program)
        self.named = [self._named(which, dex) for which, dex in enumerate(files)]
        """Per DEX file, the called methods that models name: index, class, name."""
        self._homes: dict[int, _Home] = {}
        self.machine = Machine(self.program, app, resources, STEPS)
        self.library = Library(self.machine)
        self.library.retrofit_call = kits.retrofit_call

    def release(self) -> None:
        """Undo what refers to itself: to find that among all that lives takes longer than to let it go."""
        self.program.release()
        del self.machine.library

    def _named(self, which: int, dex: Dex) -> list[tuple[int, str, str]]:
        """The called methods whose names models list for their class or one above it."""
        listed = self.models.named
        _, refs = self.graph.call_units[which]
        candidates = self.graph.candidates(which, refs, set().union(*listed.values()))
        types = dex.types()
        known: dict[int, set[str]] = {}
        found = []
        for index, owner, name in zip(
            candidates.tolist(),
            dex.method_class[candidates].tolist(),
            dex.strings_at(dex.method_name[candidates].tolist()),
            strict=True,
        ):
            names = known.get(owner)
            if names is None:
                above = self.models.lineage(types[owner])
                names = known[owner] = set().union(*(listed.get(cls, ()) for cls in above))
            if name in names:
                found.append((index, types[owner], name))
        return found

    def _home(self, number: int) -> "_Home | None":
        """The method of a number, None where it is replaced by another or has no code."""
        home = self._homes.get(number)
        if home is None:
            method = self.program.method_at(number)
            if method is not None and method.code >= 0:
                home = self._homes[number] = _Home(method)
        return home

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
        reach = self.graph.reachable(numbers, instantiated)
        size = sum(dex.instruction_count for dex in self.files)
        runner.run(reach, components)
        if self.machine.cut or self.machine.unready:
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

    def _wanted(self) -> tuple[Mask, Mask, Mask]:
        """Methods that call a source, a sink or the network, those that send, and own ones that log."""
        wanted = np.zeros(self.program.method_count, bool)
        sending, logging = wanted.copy(), wanted.copy()
        libraries = np.array([*(cls.library for cls in self.program.classes.values()), True])
        for which, dex in enumerate(self.files):
            types = dex.types()
            network = np.array([_NETWORK.match(name) is not None for name in types], bool)[dex.method_class]
            sends = np.array([_SENDS.match(name) is not None for name in types], bool)[dex.method_class]
            logs = np.zeros(len(network), bool)
            for index, cls, name in self.named[which]:
                (logs if cls == _LOG else network)[index] = True
                sends[index] |= self.models.sends(cls, name)
            wanted[self._callers(which, dex, network)] = True
            sending[self._callers(which, dex, sends)] = True
            # What a kit writes into the log is not followed.
            found = self._callers(which, dex, logs)
            logging[found[~libraries[self.graph.def_class[found]]]] = True
        return wanted, sending, logging

    def _callers(self, which: int, dex: Dex, called: Mask) -> I64:
        """Numbers of the methods that call one of the methods that a mask over method indices marks."""
        rows, refs = self.graph.call_units[which]
        found = self.graph.code_def[which][dex.code_row_of(rows[called[refs]])]
        return found[found >= 0]

    # -- strings -----------------------------------------------------------------------------

    def _strings(self, plain: PlainTexts, reach: Mask) -> Iterator[CodeString]:
        count = 0
        for (text, number, unit), tags in sorted(self.machine.strings.items(), key=lambda item: item[0]):
            home = self._home(number)
            if home is None or count >= MAX_STRINGS:
                continue
            count += 1
            place = Place(home.dex, home.name, home.base + 2 * unit)
            yield CodeString(text, place, ", ".join(sorted(tags)), True, home.library)
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
        sources = self.models.sources
        for which, dex in enumerate(self.files):
            rows, refs = self.graph.call_units[which]
            models: dict[int, tuple[SourceModel, str]] = {}
            for index, cls, name in self.named[which]:
                above = next((c for c in self.models.lineage(cls) if (c, name) in sources), None)
                if above is not None:
                    models[index] = sources[above, name], f"{cls}->{name}"
            called = np.zeros(len(dex.method_class), bool)
            called[list(models)] = True
            at = np.flatnonzero(called[refs])
            at = at[np.argsort(refs[at], kind="stable")]
            numbers = self.graph.code_def[which][dex.code_row_of(rows[at])]
            offsets = dex.ins_unit[rows[at]].astype(np.int64) * 2
            told: Counter[int] = Counter()
            for index, number, offset in zip(
                refs[at].tolist(), numbers.tolist(), offsets.tolist(), strict=True
            ):
                told[index] += 1
                if told[index] > MAX_UNVISITED or number < 0 or number in self.machine.finished:
                    continue
                home = self._home(number)
                if home is not None and (home.name, offset) not in seen:
                    model, api = models[index]
                    place = Place(dex.name, home.name, offset)
                    yield SourceUse(model.data, api, place, False, home.library, "not run")

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
        for (text, number, unit), tags in sorted(
            (item for item in self.machine.strings.items() if "://" in item[0][0]), key=lambda item: item[0]
        ):
            known = classify(text, self.models)
            if known is None or known[0] != "url":
                continue
            home = self._home(number)
            if home is not None:
                at = Where(dex=home.dex, method=home.name, offset=home.base + 2 * unit)
                put(
                    clean(text),
                    known[0],
                    known[1],
                    hidden_how(tags, known[1], hosts, plain.url_hosts),
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
        for (number, unit), (ref, variants) in sorted(self.machine.calls.items(), key=lambda item: item[0]):
            home = self._home(number)
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
        if not cls.library and (kind == "Ljava/lang/Object;" or not _FRAMEWORK.match(kind)):
            return ""
        return kind

    def _unvisited_calls(self, reach: Mask, left: int) -> Iterator[Call]:
        """Calls in methods not interpreted to an end: all of own code, of kits those that models name."""
        finished = np.zeros(self.program.method_count, bool)
        finished[list(self.machine.finished)] = True
        libraries = np.array([cls.library for cls in self.program.classes.values()] or [False])
        library_def = libraries[self.graph.def_class] if len(self.graph.def_class) else np.zeros(0, bool)
        for which, dex in enumerate(self.files):
            rows, refs = self.graph.call_units[which]
            if not len(dex.method_class):
                continue
            status = self._status(which, dex)[refs]
            at = np.flatnonzero(status)
            numbers = self.graph.code_def[which][dex.code_row_of(rows[at])]
            keep = (numbers >= 0) & ~finished[numbers] & ((status[at] == 2) | ~library_def[numbers])
            at, numbers = at[keep], numbers[keep]
            offsets = dex.ins_unit[rows[at]].astype(np.int64) * 2
            apis: dict[int, str] = {}
            static = opcodes.IS_STATIC_CALL[dex.ins_op[rows[at]]]
            for index, number, offset, has_no_receiver, constants in zip(
                refs[at].tolist(),
                numbers.tolist(),
                offsets.tolist(),
                static.tolist(),
                nearby.constants(dex, rows[at]),
                strict=True,
            ):
                home = self._home(number)
                if home is None or (number, (offset - home.base) // 2) in self.machine.calls:
                    continue
                if left <= 0:
                    self.machine.limits.add("calls")
                    return
                left -= 1
                api = apis.get(index)
                if api is None:
                    ref = dex.method_id(index)
                    api = apis[index] = f"{ref.cls}->{ref.name}{ref.kind}"
                args = self._arguments(api, has_no_receiver, constants) if constants else ()
                yield Call(api, Place(dex.name, home.name, offset), args, bool(reach[number]), home.library)

    def _arguments(self, api: str, static: bool, constants: dict[int, Any]) -> tuple[Any, ...]:
        """The arguments of a call by the places of its constant registers."""
        args: list[Any] = []
        first = 0 if static else 1
        for place in argument_places(self.program.params(api[api.index("(") :])):
            value = constants.get(first + place)
            args.append(value[:MAX_ARGUMENT] if isinstance(value, str) else value)
        return tuple(args)

    def _status(self, which: int, dex: Dex) -> npt.NDArray[np.int8]:
        """For each method index: 2 where models name it, 1 where Android has it, else 0."""
        types = [_FRAMEWORK.match(name) is not None and not _BORING.match(name) for name in dex.types()]
        status = np.array(types, np.int8)[dex.method_class]
        status[[index for index, _, _ in self.named[which]]] = 2
        return status

    def _classes(self, reach: Mask) -> Iterator[CodeClass]:
        live = np.zeros(len(self.program.classes) + 1, bool)
        live[self.graph.def_class[reach]] = True
        of_framework: dict[str, bool] = {}
        for position, cls in enumerate(self.program.classes.values()):
            if cls.library and cls.super_name not in of_framework:
                top = self.models.lineage(cls.super_name)[-1]
                of_framework[cls.super_name] = _FRAMEWORK.match(top) is not None
            if not cls.library or of_framework[cls.super_name]:
                yield CodeClass(
                    cls.name,
                    cls.super_name,
                    tuple(cls.interfaces),
                    cls.dex.name,
                    cls.library,
                    bool(live[position]),
                )


class _Home:
    """A method as facts name it."""

    def __init__(self, method: Method) -> None:
        self.dex, self.name, self.library = method.dex.name, method.full_name, method.cls.library
        self.base = int(method.dex.code_offset[method.code]) + 16
        """Byte offset of its first code unit in the DEX file."""


def _where(place: Place) -> Where:
    return Where(dex=place.dex, method=place.method, offset=place.offset)
