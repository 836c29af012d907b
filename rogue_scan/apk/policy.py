"""A store's or company's rules for apps, and data-safety declarations, against what was found.

A policy is a YAML file::

    policy: Example store
    forbid:
      rules: ["apk/sms-*"]                 # findings of these rules
      data_leaving: [sms, call-log]        # may not leave the phone
      data_taken: [clipboard]              # may not even be read
      permissions: [android.permission.READ_SMS]
      endpoints: ["*.ngrok.io"]
      kits: ["Packer *"]
      verdict: high                        # this verdict or a worse one
    require:
      target_sdk: 34                       # at least
      declaration: true                    # a data-safety declaration has to be given
      readable: true                       # all parts of the app have to be readable
    exceptions:
      - package: org.example.messages
        forbid: {data_leaving: [sms]}
        reason: the store's own messenger

A declaration is the CSV file that Google Play's console exports, or YAML of our own:
``{data: [location, device-id], encrypted: true}``.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec

from rogue_scan.apk import endpoint_facts
from rogue_scan.apk.conditions import Names, among
from rogue_scan.errors import RuleError
from rogue_scan.model.data import DataCategory
from rogue_scan.model.evidence import Where
from rogue_scan.model.finding import Finding
from rogue_scan.model.scan import Scan
from rogue_scan.model.severity import Verdict
from rogue_scan.model.subject import AppView, Flow
from rogue_scan.rules.files import read_yaml
from rogue_scan.rules.load import RuleSet
from rogue_scan.rules.rule import Case, Rule
from rogue_scan.texts import DATA

VIOLATION, UNDECLARED = "apk/policy-violation", "apk/undeclared-data"
_MOST_BYTES = 1 << 20
_NOWHERE = Where()


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Unknown keys are errors: a policy with a typo would allow what it means to forbid."""


class Forbidden(_Strict, frozen=True):
    """What may not be; names are globs."""

    rules: Names = ()
    data_leaving: tuple[DataCategory, ...] = ()
    data_taken: tuple[DataCategory, ...] = ()
    permissions: Names = ()
    endpoints: Names = ()
    """Hosts or whole values."""
    kits: Names = ()
    verdict: Verdict | None = None


class Required(_Strict, frozen=True):
    """What has to be."""

    target_sdk: int = 0
    declaration: bool = False
    readable: bool = False


class Exemption(_Strict, frozen=True):
    """What one package, or several, may do all the same."""

    package: str
    """A glob."""
    forbid: Forbidden
    """The entries of the policy that do not hold."""
    reason: Annotated[str, msgspec.Meta(min_length=1)]


class Policy(_Strict, frozen=True):
    """One policy file."""

    policy: str
    """Its name, for the report."""
    forbid: Forbidden = Forbidden()
    require: Required = Required()
    exceptions: tuple[Exemption, ...] = ()

    def for_package(self, package: str) -> Forbidden:
        """What is forbidden to a package, exceptions taken out."""
        rest = msgspec.structs.asdict(self.forbid)
        for exemption in self.exceptions:
            if not among((exemption.package,), package):
                continue
            for field, allowed in msgspec.structs.asdict(exemption.forbid).items():
                if field == "verdict":
                    rest[field] = None if allowed is rest[field] else rest[field]
                else:
                    rest[field] = tuple(item for item in rest[field] if item not in allowed)
        return Forbidden(**rest)


class Declaration(_Strict, frozen=True):
    """What an app says about itself."""

    data: tuple[DataCategory, ...] = ()
    """Collected or shared."""
    encrypted: bool = False
    """Whether it says that data are encrypted on their way."""
    sayable: tuple[DataCategory, ...] = tuple(DataCategory)
    """Categories that the form has a question for; others cannot be held against it."""


def load_policy(path: Path) -> Policy:
    """The policy in a file. Raises RuleError with file and field."""
    policy: Policy = _convert(read_yaml(path)[0], Policy, path)
    return policy


def load_declaration(path: Path) -> Declaration:
    """The declaration in a CSV or YAML file. Raises RuleError."""
    if path.suffix.lower() != ".csv":
        declaration: Declaration = _convert(read_yaml(path)[0], Declaration, path)
        return declaration
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise RuleError(str(path), "", error.strerror or str(error)) from error
    if len(raw) > _MOST_BYTES:
        raise RuleError(str(path), "", f"larger than {_MOST_BYTES} bytes")
    return _from_csv(raw.decode("utf-8-sig", "replace"), path)


def judge(
    scan: Scan,
    verdict: Verdict,
    rules: RuleSet,
    policy: Policy | None,
    declaration: Declaration | None,
) -> tuple[Finding, ...]:
    """Findings on one app against policy and declaration; none where it keeps to both.

    ``verdict`` is that of the scan's own findings.
    """
    view = scan.subject.apk
    if view is None:
        return ()
    found: list[Finding] = []
    if declaration is not None:
        found += _against_declaration(scan, view, declaration, rules[UNDECLARED])
    if policy is not None:
        found += _against_policy(scan, view, verdict, policy, declaration is not None, rules[VIOLATION])
    return tuple(found)


def _against_policy(
    scan: Scan, view: AppView, verdict: Verdict, policy: Policy, declared: bool, rule: Rule
) -> list[Finding]:
    forbid, require = policy.for_package(view.package), policy.require
    case = Case(rule, scan.subject.id)
    points: set[str] = set()

    def point(
        item: str, key: str, /, where: Where = _NOWHERE, value: str | None = None, **fields: object
    ) -> None:
        blank = {"name": "", "data": "", "endpoint": "", "verdict": "", "count": ""}
        case.add(item, where=where, value=value, **(blank | fields))
        points.add(f"{item} {key}")

    for finding in scan.findings:
        if forbid.rules and among(forbid.rules, finding.rule):
            where = finding.evidence[0].where if finding.evidence else _NOWHERE
            point("forbidden-rule", finding.rule, where, finding.message, name=finding.rule)
    for use in view.data:
        if use.leaves_device and use.category in forbid.data_leaving:
            ends = ", ".join(use.endpoints) or "a place that could not be resolved"
            point("forbidden-data-leaves", use.category.value, data=DATA[use.category], endpoint=ends)
        if use.collected and use.category in forbid.data_taken:
            point("forbidden-data-taken", use.category.value, data=DATA[use.category])
    for permission in view.permissions:
        if forbid.permissions and among(forbid.permissions, permission):
            point("forbidden-permission", permission, name=permission)
    for end in view.endpoints:
        names = (end.value, end.host or endpoint_facts.host_of(end.value))
        if forbid.endpoints and any(among(forbid.endpoints, name) for name in names):
            place = end.where[0] if end.where else _NOWHERE
            point("forbidden-endpoint", end.value, place, end.value, endpoint=end.value)
    for kit in view.kits:
        if forbid.kits and among(forbid.kits, kit):
            point("forbidden-kit", kit, name=kit)
    if forbid.verdict is not None and verdict >= forbid.verdict:
        point("verdict-too-high", verdict.value, name=verdict.value, verdict=forbid.verdict.value)
    if view.target_sdk is not None and view.target_sdk < require.target_sdk:
        point("target-too-old", "", name=view.target_sdk, count=require.target_sdk)
    if require.declaration and not declared:
        point("not-declared-at-all", "")
    if require.readable and (scan.errors or scan.subject.coverage.files_unread):
        reason = scan.errors[0].message if scan.errors else scan.subject.coverage.files_unread[0]
        point("not-readable", "", name=reason)
    return list(
        case.conclude(
            key=[policy.policy],
            package=view.package or scan.subject.name,
            policy=policy.policy,
            count=len(points),
        )
    )


def _against_declaration(scan: Scan, view: AppView, declaration: Declaration, rule: Rule) -> list[Finding]:
    case = Case(rule, scan.subject.id)
    remarks = {
        (end.host or endpoint_facts.host_of(end.value)).lower(): endpoint_facts.remarks(end)
        for end in view.endpoints
    }
    undeclared: set[DataCategory] = set()
    leaving = [flow for flow in view.flows if flow.sink.leaves_device]
    for flow in leaving:
        end = flow.endpoint or "a place that could not be resolved"
        fields = {"data": DATA[flow.data], "endpoint": end}
        if flow.data not in declaration.data and flow.data in declaration.sayable:
            undeclared.add(flow.data)
            case.add("sent-but-not-declared", where=_place(flow), **fields)
            if flow.library:
                case.add("sent-by-a-kit", where=_place(flow), **fields)
        if declaration.encrypted and "cleartext" in remarks.get(endpoint_facts.host_of(end), ()):
            undeclared.add(flow.data)
            case.add("said-to-be-encrypted", where=_place(flow), **fields)
    for category in declaration.data:
        if all(flow.data is not category for flow in leaving):
            case.add("declared-and-not-found", data=DATA[category], endpoint="")
    return list(
        case.conclude(
            data=list(undeclared),
            endpoints=[flow.endpoint for flow in leaving if flow.data in undeclared and flow.endpoint],
            package=view.package or scan.subject.name,
            data_names=", ".join(sorted(DATA[category] for category in undeclared)),
        )
    )


def _place(flow: Flow) -> Where:
    hop = flow.path[0] if flow.path else None
    return Where(dex=hop.dex, method=hop.method, offset=hop.offset) if hop else Where()


def _from_csv(text: str, path: Path) -> Declaration:
    """Google Play's export: question id, response id, response value."""
    types = dict(line.split("\t") for line in endpoint_facts.lines("data-safety"))
    data: set[DataCategory] = set()
    encrypted = known = False
    for row in _csv_rows(text, path):
        if len(row) < 3:
            continue
        question, response, value = (cell.strip() for cell in row[:3])
        known |= question.startswith("PSL_")
        if value.lower() != "true":
            continue
        if question.startswith("PSL_DATA_TYPES_") and response in types:
            data |= {DataCategory(name) for name in types[response].split(",")}
        encrypted |= question == "PSL_DATA_COLLECTION_ENCRYPTED_IN_TRANSIT"
    if not known:
        raise RuleError(str(path), "", "no data-safety export: no question id begins with PSL_")
    sayable = {DataCategory(name) for names in types.values() for name in names.split(",")}
    return Declaration(
        tuple(c for c in DataCategory if c in data),
        encrypted,
        tuple(c for c in DataCategory if c in sayable),
    )


def _csv_rows(text: str, path: Path) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        yield from reader
    except csv.Error as error:
        raise RuleError(str(path), f"line {reader.line_num}", str(error)) from None


def _convert(document: Any, kind: type, path: Path) -> Any:
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        problem, _, field = str(error).partition(" - at ")
        raise RuleError(str(path), field.strip("`").removeprefix("$."), problem) from None
