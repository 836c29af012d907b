"""Which apps belong together: same signer, same endpoint, same phishing page, same own code.

Apps that share something strong are joined, whatever chain it takes. A group with at least one app at risk
is a campaign; a group without one is a maker's range of products and no news. A campaign is called after its
first app, so its name stays when it grows.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from rogue_scan.apk.code.sketch import ALIKE, bands, likeness
from rogue_scan.fleet.engine import Feature
from rogue_scan.fleet.ledger import Ledger
from rogue_scan.model.severity import Verdict as Level

CODE = "code"
"""Kind of the features under which sketches meet."""
_AT_RISK = Level.MEDIUM
_SHARERS = 64
"""Apps looked at for one feature: more of the same tell nothing new."""
_MANY = 5
"""Apps from which their numbers tell what is common."""
_PROTOTYPES = 24
"""Different apps kept apart in one crowded band."""


class Tie(msgspec.Struct, frozen=True, order=True):
    """Something that apps share."""

    kind: str
    """``signer``, ``endpoint``, ``page`` or ``code``."""
    value: str
    """For code, how alike: ``0.93``."""
    apps: int = 0
    """How many of the campaign's apps share it; 0 in a match."""


class Relative(msgspec.Struct, frozen=True):
    """An app in the ledger that shares something with the one asked about."""

    app: str
    verdict: str
    package: str
    campaign: str | None
    ties: tuple[Tie, ...]


def code_features(sketch: bytes) -> list[Feature]:
    """Features under which apps of similar own code meet; each has to be checked with the sketches."""
    return [Feature(CODE, band, strong=False) for band in bands(sketch)]


def cluster(ledger: Ledger) -> dict[str, list[str]]:
    """All campaigns of the ledger, by name, written down there for :func:`relatives`."""
    groups = _Groups()
    for kind, value, apps in _sharers(ledger.features()):
        if kind == CODE:
            _join_alike(ledger, apps, groups)
        elif not _commonplace(*ledger.spread(kind, value)):
            for app in apps[1:]:
                groups.join(apps[0], app)
    arrivals = ledger.arrivals()
    at_risk = {v.app for v in ledger.verdicts() if v.done and Level(v.verdict) >= _AT_RISK}
    campaigns = {}
    for apps in groups.all():
        if len(apps) > 1 and not at_risk.isdisjoint(apps):
            first = min(apps, key=lambda app: (arrivals.get(app, 0.0), app))
            campaigns[campaign_name(first)] = sorted(apps)
    ledger.put_members({app: name for name, apps in campaigns.items() for app in apps})
    return campaigns


def campaign_name(first: str) -> str:
    """Name of the campaign that ``first`` began."""
    return f"campaign-{first[:12]}"


def ties(ledger: Ledger, apps: Iterable[str], most: int = 20) -> tuple[Tie, ...]:
    """What the apps of one campaign share, the most shared first."""
    counts: Counter[tuple[str, str]] = Counter()
    chosen = list(apps)
    for app in chosen:
        for feature in ledger.features_of(app):
            if feature.strong:
                counts[feature.kind, feature.value] += 1
    found = [Tie(kind, value, count) for (kind, value), count in counts.items() if count > 1]
    sketches = ledger.sketches(chosen[:_SHARERS])
    alike = {
        one
        for one, raw in sketches.items()
        for other, other_raw in sketches.items()
        if one != other and likeness(raw, other_raw) >= ALIKE
    }
    if alike:
        found.append(Tie(CODE, f"at least {ALIKE:g} alike", len(alike)))
    return tuple(sorted(found, key=lambda tie: (-tie.apps, tie.kind, tie.value))[:most])


def relatives(
    ledger: Ledger, app: str, features: Iterable[Feature], sketch: bytes, most: int = 50
) -> list[Relative]:
    """Apps in the ledger that ``app`` shares something strong with, the most closely tied first.

    Costs a few look-ups by key, however many apps the ledger has.
    """
    found: dict[str, set[Tie]] = defaultdict(set)
    compared: set[str] = set()
    for feature in features:
        if feature.kind == CODE:
            new = [other for other in ledger.sharing(feature, _SHARERS) if other not in compared]
            compared.update(new)
            for other, raw in ledger.sketches(new).items():
                if other != app and (share := likeness(sketch, raw)) >= ALIKE:
                    found[other].add(Tie(CODE, f"{share:.2f}"))
        elif feature.strong and not _commonplace(*ledger.spread(feature.kind, feature.value)):
            for other in ledger.sharing(feature, _SHARERS):
                if other != app:
                    found[other].add(Tie(feature.kind, feature.value))
    closest = sorted(found, key=lambda other: (-len(found[other]), other))[:most]
    related = []
    for other in closest:
        verdict = ledger.verdict(other)
        related.append(
            Relative(
                other,
                verdict.verdict if verdict else "",
                verdict.package if verdict else "",
                ledger.campaign_of(other),
                tuple(sorted(found[other])),
            )
        )
    return related


def join(ledger: Ledger, app: str, features: Iterable[Feature], sketch: bytes) -> str | None:
    """Put a new app into the campaign of its relatives; gives the campaign, if there is one.

    Where it ties two campaigns together, that is left to the next :func:`cluster`.
    """
    related = relatives(ledger, app, features, sketch)
    known = sorted({relative.campaign for relative in related if relative.campaign})
    if known:
        ledger.put_member(app, known[0])
        return known[0]
    own = ledger.verdict(app)
    levels = [relative.verdict for relative in related] + [own.verdict if own else ""]
    if related and any(level and Level(level) >= _AT_RISK for level in levels):
        arrivals = {relative.app for relative in related}
        name = campaign_name(min(arrivals))
        for member in [app, *sorted(arrivals)]:
            ledger.put_member(member, name)
        return name
    return None


def _commonplace(apps: int, strongly: int) -> bool:
    """Whether most apps have something without being accused of it: a service that is merely misused, too."""
    return apps >= _MANY and strongly * 2 < apps


def _sharers(features: Iterable[tuple[str, Feature]]) -> Iterator[tuple[str, str, list[str]]]:
    """(kind, value, apps) of everything that more than one app has and that may join them."""
    key: tuple[str, str] | None = None
    apps: list[str] = []
    for app, feature in features:
        if not feature.strong and feature.kind != CODE:
            continue
        if (feature.kind, feature.value) != key:
            if key and len(apps) > 1:
                yield *key, apps
            key, apps = (feature.kind, feature.value), []
        apps.append(app)
    if key and len(apps) > 1:
        yield *key, apps


def _join_alike(ledger: Ledger, apps: list[str], groups: "_Groups") -> None:
    """Join those apps of one band whose sketches are alike; a few prototypes stand for all."""
    prototypes: list[tuple[str, bytes]] = []
    for app, raw in ledger.sketches(apps).items():
        for other, other_raw in prototypes:
            if groups.same(app, other):
                break
            if likeness(raw, other_raw) >= ALIKE:
                groups.join(other, app)
                break
        else:
            if len(prototypes) < _PROTOTYPES:
                prototypes.append((app, raw))


class _Groups:
    """Disjoint sets with path halving."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, app: str) -> str:
        parent = self._parent
        parent.setdefault(app, app)
        while parent[app] != app:
            parent[app] = parent[parent[app]]
            app = parent[app]
        return app

    def same(self, one: str, other: str) -> bool:
        return self.root(one) == self.root(other)

    def join(self, one: str, other: str) -> None:
        self._parent[self.root(other)] = self.root(one)

    def all(self) -> Iterator[list[str]]:
        sets: dict[str, list[str]] = defaultdict(list)
        for app in self._parent:
            sets[self.root(app)].append(app)
        return iter(sets.values())
