"""Components that every app can start, without a guard."""

from collections.abc import Iterator

from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import MANIFEST, Component
from rogue_scan.model.evidence import Where
from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import NoParams, detector
from rogue_scan.rules.rule import Bound

_SYSTEM = (
    "android.intent.action.", "android.net.", "android.app.action.", "android.provider.",
    "android.hardware.", "android.bluetooth.", "android.media.", "android.service.",
    "android.appwidget.action.", "android.os.action.", "android.accessibilityservice.",
    "com.android.vending.", "com.google.firebase.", "com.google.android.c2dm.", "com.google.android.gms.",
)  # fmt: skip
"""Beginnings of actions that the system or the store's services send: who answers to these alone is
meant to be reached."""


@detector("apk/exported-components")
def evaluate(facts: AppFacts, rule: Bound[NoParams]) -> Iterator[Finding]:
    """One finding for all; home-screen and link-opening activities are meant to be opened."""
    manifest = facts.manifest
    open_ones = [c for c in manifest.components if _is_open(c)]
    case = rule.case()
    order = ("provider", "service", "receiver", "activity")
    for component in sorted(open_ones, key=lambda c: (order.index(c.kind), c.name)):
        case.add(
            component.kind, Where(file=MANIFEST, offset=component.offset), component.name, name=component.name
        )
    yield from case.conclude(
        actors=[c.name for c in open_ones[:20]], count=len(open_ones), package=manifest.package
    )


def _is_open(component: Component) -> bool:
    if not component.exported or not component.enabled or component.permission:
        return False
    if component.kind == "provider":
        return not (component.read_permission and component.write_permission)
    if component.kind == "activity":
        return not component.launcher and not any(
            f.deep_link or set(f.actions) & {"android.intent.action.SEND", "android.intent.action.VIEW"}
            for f in component.filters
        )
    actions = component.actions
    return not actions or not all(action.startswith(_SYSTEM) for action in actions)
