"""The personal-data matrix: what an app asks for, takes and sends, over what and to whom."""

from collections.abc import Iterable

from rogue_scan.apk.code.types import SourceUse
from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.permissions import data_category
from rogue_scan.model.data import DataCategory, Sink
from rogue_scan.model.finding import Finding
from rogue_scan.model.subject import DataUse


def matrix(facts: AppFacts, findings: Iterable[Finding] = ()) -> tuple[DataUse, ...]:
    """One row for each category that the app has to do with, in the order of the categories.

    Asked for: by a permission, or by a form (fields of pages, input fields of the code). Taken: by code
    that can run, of the app or of a kit in it, or by a script. What code could take but never reaches
    is no row.
    """
    asked = {
        category
        for permission in facts.manifest.permissions
        if not permission.implied and (category := data_category(permission.name))
    }
    asked |= {category for page in facts.web for category, _ in page.fields}
    asked |= {source.data for source in facts.code.sources if source.reachable and _typed(source)}
    taken = {source.data for source in facts.code.sources if source.reachable}
    taken |= {category for page in facts.web for category, _, _ in page.takes}
    taken |= {flow.data for flow in facts.flows}
    sinks: dict[DataCategory, set[Sink]] = {}
    ends: dict[DataCategory, set[str]] = {}
    for flow in facts.flows:
        sinks.setdefault(flow.data, set()).add(flow.sink)
        if flow.endpoint and flow.sink.leaves_device:
            ends.setdefault(flow.data, set()).add(flow.endpoint)
    named: dict[DataCategory, list[str]] = {}
    for finding in findings:
        for category in finding.data:
            named.setdefault(category, []).append(finding.id)
    return tuple(
        DataUse(
            category,
            requested=category in asked,
            collected=category in taken,
            leaves_device=any(sink.leaves_device for sink in sinks.get(category, ())),
            sinks=tuple(sorted(sinks.get(category, ()), key=lambda sink: sink.value)),
            endpoints=tuple(sorted(ends.get(category, ()))),
            findings=tuple(named.get(category, ())),
        )
        for category in DataCategory
        if category in asked or category in taken or category in named
    )


def _typed(source: SourceUse) -> bool:
    """Whether the user types the data: into a field of the app, or of a page that hands it over."""
    return "EditText;" in source.api or source.api.startswith("given by the page")
