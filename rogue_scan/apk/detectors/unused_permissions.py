"""Rights to personal data that no code uses."""

from collections.abc import Iterator

import msgspec

from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import MANIFEST
from rogue_scan.apk.permissions import data_category
from rogue_scan.model.data import DataCategory
from rogue_scan.model.evidence import Where
from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.texts import DATA

_LOADERS = (
    "Ldalvik/system/DexClassLoader;",
    "Ldalvik/system/InMemoryDexClassLoader;",
    "Ldalvik/system/DexFile;",
)
_OPEN_WIDE = frozenset({DataCategory.FILES, DataCategory.INSTALLED_APPS})
"""Rights that also serve to write, or that kits ask for: not using them to read says nothing."""
_BY_INTENT = {
    DataCategory.CAMERA: "android.media.action.IMAGE_CAPTURE",
    DataCategory.AUDIO: "android.provider.MediaStore.RECORD_SOUND",
}
"""Asking another app to do it, for which Android wants the right all the same."""


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    few: int
    """Least number of unused kinds of data that are worth a word."""
    many: int


@detector("apk/unused-permissions", Params)
def evaluate(facts: AppFacts, rule: Bound[Params]) -> Iterator[Finding]:
    """Rights by the kind of data they open, against what code, kits and scripts take."""
    taken = {source.data for source in facts.code.sources}
    taken |= {flow.data for flow in facts.flows}
    taken |= {category for page in facts.web for category, _, _ in page.takes}
    strings = {string.value for string in facts.code.strings}
    taken |= {category for category, action in _BY_INTENT.items() if action in strings}
    asked = {
        permission: category
        for permission in facts.manifest.permissions
        if not permission.implied
        and permission.level.startswith("dangerous")
        and (category := data_category(permission.name))
        and category not in _OPEN_WIDE
    }
    unused = {permission: category for permission, category in asked.items() if category not in taken}
    kinds = sorted(set(unused.values()), key=lambda category: category.value)
    if len(kinds) < rule.params.few or not facts.dex:
        return
    case = rule.case()
    for permission, category in unused.items():
        where = Where(file=MANIFEST, offset=permission.offset)
        case.add("unused", where, permission.name, name=permission.name, data=DATA[category])
    if len(kinds) >= rule.params.many:
        case.add("many", count=len(kinds))
    if len(unused) == len(asked):
        case.add("uses-none-of-its-rights")
    elsewhere = [library.entry for library in facts.native][:1] + list(facts.code.missing_components[:1])
    elsewhere += [call.api for call in facts.code.calls if call.api.startswith(_LOADERS)][:1]
    elsewhere += list(facts.code.limits[:1])
    for name in elsewhere:
        case.add("code-elsewhere", name=name)
    yield from case.conclude(data=kinds, count=len(unused), package=facts.manifest.package or "the app")
