"""Declarative rules over the facts of an app.

:func:`evaluate` asks one rule. A leaf that holds yields hits: places where it can be checked. Hits of
conditions with ``as`` become evidence; all others only decide whether the rule speaks at all.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from rogue_scan.apk import endpoint_facts
from rogue_scan.apk.code.types import Call, Place
from rogue_scan.apk.conditions import (
    Argument,
    CallIs,
    ClassIs,
    ComponentIs,
    Condition,
    Count,
    DifferenceIs,
    EndpointIs,
    EntryIs,
    FileIs,
    FlowIs,
    ManifestIs,
    Names,
    NativeIs,
    Number,
    PermissionIs,
    SourceIs,
    StringIs,
    Text,
    When,
    Within,
    among,
    compile_when,
)
from rogue_scan.apk.difference import Difference
from rogue_scan.apk.index import (
    OUTSIDE,
    Index,
    class_of,
    descriptor,
    dotted,
    method_name,
    outer,
    outermost,
    pretty,
)
from rogue_scan.apk.manifest import MANIFEST, Component
from rogue_scan.errors import RuleError
from rogue_scan.model.data import DataCategory
from rogue_scan.model.evidence import Where
from rogue_scan.model.finding import Finding
from rogue_scan.model.subject import Endpoint, Flow
from rogue_scan.rules.load import RuleSet
from rogue_scan.rules.rule import Case, Rule
from rogue_scan.texts import DATA

_MOST_HITS = 8
"""Places kept of one condition."""
_MOST_ACTORS = 12
_LONGEST_TEXT = 8192
"""Characters of a text that are looked at."""
_LEAST_CONFIDENCE = 0.15
"""Below this the evidence against outweighs the rest by so much that there is nothing to report."""
_ON_PRESS = frozenset(
    {
        "onClick", "onLongClick", "onItemClick", "onItemSelected", "onCheckedChanged", "onPreferenceClick",
        "onPreferenceChange", "onPreferenceTreeClick", "onOptionsItemSelected", "onMenuItemClick",
        "onContextItemSelected", "onNavigationItemSelected", "onTouch", "onEditorAction",
        "onStopTrackingTouch",
    }
)  # fmt: skip
_UNKNOWN = "a place that could not be resolved"


class Hit(msgspec.Struct, frozen=True):
    """One place where a condition holds."""

    where: Where = Where()
    value: str | None = None
    data: tuple[DataCategory, ...] = ()
    endpoints: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    fields: dict[str, str] = {}
    """For templates."""
    evidence: str | None = None


def evaluate(rule: Rule, when: When, index: Index, subject: str) -> Iterator[Finding]:
    """The finding of a declarative rule on an app, if its condition holds.

    Whom it accuses, of which data and where they go is told by what the rule requires; what it considers
    besides makes the finding more or less likely, and neither larger nor another one.
    """
    required: list[Hit] = []
    for condition in when.require:
        found = _check(condition, index)
        if found is None:
            return
        required += found
    considered = [hit for condition in when.consider for hit in _check(condition, index) or ()]
    case = Case(rule, subject)
    for hit in (*required, *considered):
        if hit.evidence is not None:
            case.add(hit.evidence, hit.where, hit.value, **(_NO_FIELDS | hit.fields))
    accusing = [hit for hit in required if hit.evidence is None or rule.evidence[hit.evidence].weight >= 0]
    data = sorted({category for hit in accusing for category in hit.data}, key=lambda c: c.value)
    endpoints = sorted({end for hit in accusing for end in hit.endpoints})
    actors = sorted({actor for hit in accusing for actor in hit.actors})
    if case.confidence < _LEAST_CONFIDENCE:
        return
    yield from case.conclude(
        actors=actors[:_MOST_ACTORS],
        endpoints=endpoints,
        data=data,
        data_names=_listing([DATA[category] for category in data]) or "data",
        endpoint=_listing(endpoints) or _UNKNOWN,
        component=_listing(actors[:3]) or "the app",
        package=index.manifest.package or "the app",
    )


def compiled(rules: RuleSet, code: Iterable[str] = ()) -> list[tuple[Rule, When]]:
    """The declarative rules of a rule set with their conditions; those named in ``code`` have a detector.

    Raises RuleError at the first wrong condition.
    """
    by_code = set(code)
    result = []
    for rule in rules.active("apk"):
        if rule.when is None:
            continue
        if rule.rule in by_code:
            raise RuleError(rule.rule, "when", "has a detector as well; one of the two has to go")
        result.append((rule, compile_when(rule)))
    return result


_NO_FIELDS = dict.fromkeys(
    ("data", "sink", "endpoint", "count", "text", "hidden", "remark", "source"), ""
) | dict.fromkeys(("api", "component", "name"), "the app")
"""What templates say where a condition of another kind holds than the one they speak of."""


def _check(condition: Condition, index: Index) -> list[Hit] | None:
    """Hits of a condition, None where it does not hold."""
    hits = _CHECKS[condition.key](getattr(condition, condition.key), index)
    if hits is None or condition.evidence is None:
        return hits
    plain = [hit for hit in hits if hit.evidence is None]
    rest = [hit for hit in hits if hit.evidence is not None]
    named = [msgspec.structs.replace(hit, evidence=condition.evidence) for hit in plain]
    return (named or [Hit(evidence=condition.evidence)]) + rest


def _all(parts: Sequence[Condition], index: Index) -> list[Hit] | None:
    hits: list[Hit] = []
    for part in parts:
        found = _check(part, index)
        if found is None:
            return None
        hits += found
    return hits


def _any(parts: Sequence[Condition], index: Index) -> list[Hit] | None:
    found = [hits for part in parts if (hits := _check(part, index)) is not None]
    return [hit for hits in found for hit in hits] if found else None


def _not(part: Condition, index: Index) -> list[Hit] | None:
    return [] if _check(part, index) is None else None


def _count(count: Count, index: Index) -> list[Hit] | None:
    found = [hits for part in count.of if (hits := _check(part, index)) is not None]
    if len(found) < count.least:
        return None
    return [
        msgspec.structs.replace(hit, fields=hit.fields | {"count": str(len(found))})
        for hits in found
        for hit in hits
    ]


def _permission(test: PermissionIs, index: Index) -> list[Hit] | None:
    return _some(
        Hit(Where(file=MANIFEST, offset=asked.offset), asked.name, fields={"name": asked.name})
        for asked in index.manifest.permissions
        if not asked.implied and among(test.name, asked.name)
    )


def _component(test: ComponentIs, index: Index) -> list[Hit] | None:
    return _some(
        Hit(
            Where(file=MANIFEST, offset=component.offset),
            component.name,
            actors=(component.name,),
            fields={"component": component.name, "name": component.name},
        )
        for component in index.manifest.components
        if _component_fits(test, component, index)
    )


def _component_fits(test: ComponentIs, component: Component, index: Index) -> bool:
    return (
        among(test.kind, component.kind)
        and among(test.role, component.role)
        and (not test.action or any(among(test.action, action) for action in component.actions))
        and (test.exported is None or component.exported == test.exported)
        and (test.launcher is None or component.launcher == test.launcher)
        and (test.alias is None or bool(component.alias_of) == test.alias)
        and (test.priority is None or any(f.priority >= test.priority for f in component.filters))
        and (not test.extends or _extends(test.extends, descriptor(component.name), index))
        and (
            test.excluded_from_recents is None
            or (component.flags.get("excludeFromRecents") == "true") == test.excluded_from_recents
        )
        and (
            not test.policies
            or any(among(test.policies, tag) for config in component.configs for tag in config.elements)
        )
    )


def _manifest(test: ManifestIs, index: Index) -> list[Hit] | None:
    manifest = index.manifest
    holds = (
        (test.launcher is None or any(c.launcher and c.enabled for c in manifest.components) == test.launcher)
        and (test.target_below is None or manifest.target_sdk < test.target_below)
        and (test.min_below is None or manifest.min_sdk < test.min_below)
        and (not test.flag or any(manifest.flag(name) for name in test.flag))
        and (not test.feature or any(among(test.feature, name) for name in manifest.features))
    )
    return [Hit(Where(file=MANIFEST))] if holds else None


def _call(test: CallIs, index: Index) -> list[Hit] | None:
    return _some(
        Hit(
            _at(call.at),
            _shown(call),
            actors=(dotted(class_of(call.at.method)),),
            fields={"api": pretty(call.api), "name": pretty(call.at.method)} | _text_fields(call.args),
        )
        for call in _calls(test.api, index)
        if call.reachable == test.reachable
        and (test.library is None or call.library == test.library)
        and all(_argument(rule, call.args, number) for number, rule in test.args.items())
        and (test.within is None or _within(test.within, call.at, index))
    )


def _calls(patterns: Names, index: Index) -> Iterator[Call]:
    """Calls of the APIs, through the index of names where a pattern allows it."""
    for pattern in patterns:
        of, _, rest = pattern.partition("->")
        name, bracket, _ = rest.partition("(")
        if "*" in name or "?" in name:
            pool: Iterable[Call] = index.code.calls
        else:
            pool = index.calls_by_name.get(name, ())
        for call in pool:
            owner, _, signature = call.api.partition("->")
            if among((of,), owner) and (
                among((rest,), signature) if bracket else among((name,), signature.partition("(")[0])
            ):
                yield call


def _string(test: StringIs, index: Index) -> list[Hit] | None:
    return _some(
        Hit(
            _at(string.at),
            _short(string.value),
            actors=(dotted(class_of(string.at.method)),),
            fields={
                "text": _short(string.value),
                "hidden": string.hidden or "",
                "name": pretty(string.at.method),
            },
        )
        for string in index.code.strings
        if string.reachable == test.reachable
        and (test.library is None or string.library == test.library)
        and (test.hidden is None or (string.hidden is not None) == test.hidden)
        and _text(test.text, string.value)
        and (test.within is None or _within(test.within, string.at, index))
    )


def _resource_text(test: Text, index: Index) -> list[Hit] | None:
    return _some(
        Hit(
            Where(file="resources.arsc"),
            _short(string.value),
            fields={"text": _short(string.value), "name": string.name},
        )
        for string in index.facts.strings
        if _text(test, string.value)
    )


def _source(test: SourceIs, index: Index) -> list[Hit] | None:
    hits = [
        Hit(
            _at(source.at),
            pretty(source.api),
            data=(source.data,),
            actors=(dotted(class_of(source.at.method)),),
            fields={"data": DATA[source.data], "api": pretty(source.api), "name": pretty(source.at.method)},
        )
        for source in index.code.sources
        if (not test.data or source.data in test.data)
        and source.reachable == test.reachable
        and (test.library is None or source.library == test.library)
        and among(test.api, source.api)
        and among(test.note, source.note)
        and (test.within is None or _within(test.within, source.at, index))
    ]
    return _enough(hits, test.categories)


def _flow(test: FlowIs, index: Index) -> list[Hit] | None:
    hits = [
        Hit(
            _flow_place(flow),
            f"{flow.data.value} → {flow.sink.value} → {flow.endpoint or _UNKNOWN}",
            data=(flow.data,),
            endpoints=(flow.endpoint,) if flow.endpoint else (),
            actors=(flow.entry,) if flow.entry else (),
            fields={
                "data": DATA[flow.data],
                "sink": flow.sink.value,
                "endpoint": flow.endpoint or _UNKNOWN,
                "component": flow.entry or "the app",
                "source": pretty(index.sources_by_place.get(_place(flow), "")) or DATA[flow.data],
                "hidden": ", ".join(sorted({e.hidden for e in index.end_of(flow) if e.hidden})),
                "remark": ", ".join(sorted({r for e in index.end_of(flow) for r in e.remarks})),
            },
        )
        for flow in index.flows
        if _flow_fits(test, flow, index)
    ]
    if test.same_endpoint and test.categories > 1:
        by_end: dict[tuple[str, ...], list[Hit]] = {}
        for hit in hits:
            by_end.setdefault(hit.endpoints, []).append(hit)
        hits = [hit for group in by_end.values() if _enough(group, test.categories) for hit in group]
        return _some(hits)
    return _enough(hits, test.categories)


def _flow_fits(test: FlowIs, flow: Flow, index: Index) -> bool:
    return (
        (not test.data or flow.data in test.data)
        and (not test.sink or flow.sink in test.sink)
        and (test.leaves is None or flow.sink.leaves_device == test.leaves)
        and (test.library is None or flow.library == test.library)
        and (not test.entry or any(among(test.entry, role) for role in index.roles(flow.entry)))
        and (not test.note or any(among(test.note, hop.note) for hop in flow.path))
        and (not test.through or any(among(test.through, hop.method.partition("(")[0]) for hop in flow.path))
        and (
            not test.source
            or among(test.source, index.sources_by_place.get(_place(flow), "").partition("(")[0])
        )
        and (
            test.on_press is None
            or any(method_name(hop.method) in _ON_PRESS for hop in flow.path) == test.on_press
        )
        and (test.endpoint is None or _flow_end_fits(test.endpoint, flow, index))
    )


def _flow_end_fits(test: EndpointIs, flow: Flow, index: Index) -> bool:
    if test.known is not None and (flow.endpoint is not None) != test.known:
        return False
    rest = msgspec.structs.replace(test, known=None, library=None)
    if rest == EndpointIs(library=None):
        return True
    ends = index.end_of(flow)
    if test.concealed and not all(index.concealed(end) for end in ends):
        return False  # the same host stands in plain sight as well
    return any(_endpoint_fits(rest, end, index) for end in ends)


def _endpoint(test: EndpointIs, index: Index) -> list[Hit] | None:
    return _some(
        Hit(
            end.where[0] if end.where else Where(),
            _short(end.value),
            endpoints=(end.value,),
            fields={
                "endpoint": _short(end.value),
                "hidden": end.hidden or "",
                "remark": ", ".join(end.remarks),
            },
        )
        for end in index.endpoints
        if _endpoint_fits(test, end, index)
    )


def _endpoint_fits(test: EndpointIs, end: Endpoint, index: Index) -> bool:
    outside = end.hidden is not None and set(end.hidden.split(", ")) <= OUTSIDE
    return (
        among(test.kind, end.kind)
        and (test.concealed is None or index.concealed(end) == test.concealed)
        and (test.elsewhere is None or outside == test.elsewhere)
        and (not test.hidden or among(test.hidden, end.hidden or ""))
        and (test.assembled is None or index.assembled(end) == test.assembled)
        and (test.library is None or end.library == test.library)
        and (test.kin is None or index.kin(end) == test.kin)
        and (not test.remark or any(among(test.remark, remark) for remark in end.remarks))
        and (test.value is None or _text(test.value, end.value))
    )


def _class(test: ClassIs, index: Index) -> list[Hit] | None:
    return _some(
        Hit(
            Where(dex=found.dex),
            dotted(found.name),
            actors=(dotted(found.name),),
            fields={"name": dotted(found.name)},
        )
        for found in index.code.classes
        if (test.reachable is None or found.reachable == test.reachable)
        and (test.library is None or found.library == test.library)
        and _extends(test.extends, found.name, index, itself=False)
    )


def _entry(test: EntryIs, index: Index) -> list[Hit] | None:
    return _some(
        Hit(
            Where(method=entry.method),
            entry.component,
            actors=(entry.component,),
            fields={"component": entry.component},
        )
        for entry in index.code.entry_points
        if among(test.kind, entry.kind) and among(test.method, method_name(entry.method))
    )


def _native(test: NativeIs, index: Index) -> list[Hit] | None:
    hits: list[Hit] = []
    for library in index.facts.native:
        hits += [
            Hit(Where(file=library.entry), symbol, fields={"name": symbol})
            for symbol in (*library.imports, *library.exports)
            if test.symbol and among(test.symbol, symbol)
        ]
        hits += [
            Hit(
                Where(file=library.entry, offset=string.offset),
                _short(string.value),
                fields={"text": _short(string.value)},
            )
            for string in library.strings
            if test.text and _text(test.text, string.value)
        ]
    return _some(hits)


def _file(test: FileIs, index: Index) -> list[Hit] | None:
    return _some(
        Hit(Where(file=file.name, offset=file.offset), file.kind, fields={"name": file.name})
        for file in index.facts.files
        if among(test.name, file.name) and among(test.kind, file.kind)
    )


def _kit(test: Names, index: Index) -> list[Hit] | None:
    return _some(
        Hit(value=", ".join(kit.signs[:3]), fields={"name": kit.name})
        for kit in index.facts.kits
        if among(test, kit.name) or among(test, kit.family)
    )


def _difference(test: DifferenceIs, index: Index) -> list[Hit] | None:
    return _some(
        Hit(
            _difference_place(item),
            _difference_value(item),
            fields={"name": item.entry or item.kind, "text": item.value},
        )
        for item in index.facts.differences
        if among(test.kind, item.kind) and (test.refused is None or item.refused == test.refused)
    )


def _difference_value(item: Difference) -> str | None:
    if item.entry and not item.value.startswith(item.entry):
        return f"{item.entry}: {item.value}" if item.value else item.entry
    return item.value or None


def _difference_place(item: Difference) -> Where:
    """Offsets of the container and its signatures count in the package itself, all others in the entry."""
    offset = item.offset if item.offset >= 0 else None
    if item.kind.startswith(("zip:", "sig:")):
        return Where(offset=offset)
    return Where(file=item.entry or None, offset=offset)


def _missing(test: bool, index: Index) -> list[Hit] | None:
    missing = index.code.missing_components
    if bool(missing) != test:
        return None
    return [Hit(Where(file=MANIFEST), name, fields={"name": name}) for name in missing[:_MOST_HITS]]


_CHECKS: dict[str, Callable[[Any, Index], list[Hit] | None]] = {
    "all": _all,
    "any": _any,
    "not_": _not,
    "count": _count,
    "permission": _permission,
    "component": _component,
    "manifest": _manifest,
    "call": _call,
    "string": _string,
    "resource_text": _resource_text,
    "source": _source,
    "flow": _flow,
    "endpoint": _endpoint,
    "class_": _class,
    "entry": _entry,
    "native": _native,
    "file": _file,
    "kit": _kit,
    "difference": _difference,
    "missing_components": _missing,
}


def _some(hits: Iterable[Hit]) -> list[Hit] | None:
    kept: list[Hit] = []
    seen: set[tuple[Where, str | None]] = set()
    for hit in hits:
        if (hit.where, hit.value) in seen:
            continue
        seen.add((hit.where, hit.value))
        kept.append(hit)
        if len(kept) == _MOST_HITS:
            break
    return kept or None


def _enough(hits: list[Hit], categories: int) -> list[Hit] | None:
    """The hits, the first of each category in front so that the cap keeps every category."""
    seen: set[DataCategory] = set()
    first: list[Hit] = []
    later: list[Hit] = []
    for hit in hits:
        (later if set(hit.data) <= seen else first).append(hit)
        seen.update(hit.data)
    if len(seen) < categories:
        return None
    count = {"count": str(len(seen))}
    ordered = [msgspec.structs.replace(hit, fields=hit.fields | count) for hit in first + later]
    return (ordered[: max(_MOST_HITS, len(first))]) or None


def _argument(test: Argument, args: tuple[Any, ...], number: int) -> bool:
    value = args[number] if number < len(args) else None
    if test.known is not None and (value is not None) != test.known:
        return False
    if value is None:
        return test.text is None and test.number is None
    if test.number is not None and not (isinstance(value, int) and _number(test.number, int(value))):
        return False
    return test.text is None or _text(test.text, str(value))


def _number(test: Number, value: int) -> bool:
    return (
        (not test.equals or value in test.equals)
        and value & test.bits == test.bits
        and (not test.any_bits or bool(value & test.any_bits))
        and (test.least is None or value >= test.least)
        and (test.most is None or value <= test.most)
    )


def _text(test: Text, value: str) -> bool:
    value = value[:_LONGEST_TEXT]
    if len(value) < test.shortest or (test.longest is not None and len(value) > test.longest):
        return False
    if test.equals and value not in test.equals:
        return False
    if test.like and not among(test.like, value):
        return False
    if test.digits is not None and value.removeprefix("+").isdigit() != test.digits:
        return False
    if test.alphanumeric is not None and (value.isascii() and value.isalnum()) != test.alphanumeric:
        return False
    lower = value.lower()
    if test.has and not any(part.lower() in lower for part in test.has):
        return False
    return all(any(_has_word(lower, word) for word in endpoint_facts.listed(name)) for name in test.words)


def _has_word(text: str, word: str) -> bool:
    """Whether a word or phrase stands in a text; in ASCII, not as a part of another word."""
    at = text.find(word)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(word) : at + len(word) + 1]
        if not word.isascii() or not (
            (before.isascii() and before.isalnum()) or (after.isascii() and after.isalnum())
        ):
            return True
        at = text.find(word, at + 1)
    return False


def _within(test: Within, at: Place, index: Index) -> bool:
    owner = class_of(at.method)
    return (
        among(test.method, method_name(at.method))
        and (test.on_press is None or (method_name(at.method) in _ON_PRESS) == test.on_press)
        and (not test.extends or _extends(test.extends, owner, index))
        and (not test.own_component or any(among(test.own_component, r) for r in index.roles(dotted(owner))))
        and (
            not test.calls
            or any(
                among(test.calls, api.partition("(")[0])
                for api in index.calls_by_class.get(outermost(owner), ())
            )
        )
    )


def _extends(patterns: Names, name: str, index: Index, *, itself: bool = True) -> bool:
    """Whether a class or a class around it has one of these above itself."""
    while True:
        if any(among(patterns, above) for above in index.ancestors(name) if itself or above != name):
            return True
        around = outer(name)
        if around == name or not itself:
            return False
        name = around


def _flow_place(flow: Flow) -> Where:
    if not flow.path:
        return Where()
    hop = flow.path[0]
    return Where(dex=hop.dex, method=hop.method, offset=hop.offset)


def _place(flow: Flow) -> Place:
    hop = flow.path[0] if flow.path else None
    return Place(hop.dex, hop.method, hop.offset) if hop else Place("", "", -1)


def _at(place: Place) -> Where:
    return Where(dex=place.dex, method=place.method, offset=place.offset)


def _text_fields(args: tuple[Any, ...]) -> dict[str, str]:
    return {"text": ", ".join(_short(str(arg)) for arg in args if arg is not None)}


def _shown(call: Call) -> str:
    known = [repr(arg) if isinstance(arg, str) else str(arg) for arg in call.args if arg is not None]
    return _short(f"{pretty(call.api)}({', '.join(known)})")


def _short(text: str, most: int = 160) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _listing(values: Sequence[str], most: int = 4) -> str:
    more = f" and {len(values) - most} more" if len(values) > most else ""
    return ", ".join(values[:most]) + more
