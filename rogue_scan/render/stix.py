"""STIX 2.1 indicators: what to look for elsewhere.

Only values that identify are given: addresses of accused transmitters, public hosts and addresses
that findings name, digests of apps and of their (not publicly known) signing certificates.
Identifiers are derived from the content (UUID version 5), so that two runs give the same objects.
"""

import datetime
import ipaddress
import re
import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Report
from rogue_scan.model.severity import Severity, Verdict
from rogue_scan.model.subject import Subject
from rogue_scan.render import escape
from rogue_scan.render.formats import Options
from rogue_scan.render.view import View

_NAMESPACE = uuid.UUID("6f1de0f5-3f0c-5d5e-9a2b-1f0b8f6c2a11")
_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")
_HOST = re.compile(
    r"(?=.{4,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
)
_URL = re.compile(r"https?://[!-~]{4,2000}")
Json = dict[str, Any]


def render(report: Report, options: Options) -> str:
    """A bundle; without ``options.time`` its objects carry the epoch as their time."""
    objects = _Objects(View(report, options.language), _stamp(options.time)).collect()
    bundle = {
        "type": "bundle",
        "id": _identity("bundle", *(item["id"] for item in objects)),
        "objects": objects,
    }
    return escape.json(msgspec.json.format(msgspec.json.encode(bundle), indent=2).decode()) + "\n"


def _stamp(seconds: float | None) -> str:
    moment = datetime.datetime.fromtimestamp(seconds or 0.0, datetime.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _identity(kind: str, *parts: str) -> str:
    name = "".join(f"{len(part)}:{part}" for part in (kind, *parts))
    return f"{kind}--{uuid.uuid5(_NAMESPACE, escape.whole(name))}"


class _Objects:
    def __init__(self, view: View, time: str) -> None:
        self.view, self.time = view, time
        self.author = _identity("identity", "rogue-scan")
        self.objects: dict[str, Json] = {}

    def collect(self) -> list[Json]:
        self._add("identity", ("rogue-scan",), name="rogue-scan", identity_class="system")
        for finding in self.view.findings:
            if finding.severity >= Severity.MEDIUM and finding.confidence >= 0.5:
                self._finding(finding)
        for subject in self.view.report.subjects:
            if subject.kind == "apk" and subject.risk.verdict >= Verdict.HIGH:
                self._app(subject)
        return list(self.objects.values())

    def _add(self, kind: str, key: tuple[str, ...], **fields: Any) -> str:
        identity = _identity(kind, *key)
        if identity not in self.objects:
            common: Json = {"type": kind, "spec_version": "2.1", "id": identity}
            if identity != self.author:
                common["created_by_ref"] = self.author
            self.objects[identity] = common | {"created": self.time, "modified": self.time} | fields
        return identity

    def _indicator(self, pattern: str, name: str, about: Finding | None) -> str:
        fields: Json = {
            "name": escape.visible(escape.cut(name)),
            "indicator_types": ["malicious-activity"],
            "pattern": pattern,
            "pattern_type": "stix",
            "valid_from": self.time,
        }
        if about:
            fields["description"] = escape.visible(escape.cut(about.message, 1000), prose=True)
            fields["confidence"] = round(about.confidence * 100)
        return self._add("indicator", (pattern,), **fields)

    def _finding(self, finding: Finding) -> None:
        for pattern, name in _patterns(finding):
            indicator = self._indicator(pattern, f"{finding.title}: {name}", finding)
            for technique in finding.attack:
                self._relate(indicator, "indicates", self._technique(technique))

    def _technique(self, technique: str) -> str:
        name = escape.visible(escape.cut(technique, 40)) or "unknown"
        return self._add(
            "attack-pattern",
            (technique,),
            name=name,
            external_references=[{"source_name": "mitre-attack", "external_id": name}],
        )

    def _app(self, subject: Subject) -> None:
        app = subject.apk
        name = (app and (app.label or app.package)) or subject.name
        malware = self._add(
            "malware",
            (subject.sha256 or subject.id,),
            name=escape.visible(escape.cut(name)) or "app",
            malware_types=["spyware"],
            is_family=False,
        )
        worst = next(iter(self.view.of_subject[subject.id]), None)
        digests = [("file", subject.sha256)]
        if app:
            digests += [
                ("x509-certificate", signer.sha256) for signer in app.signing.signers if not signer.known
            ]
        for kind, digest in digests:
            if digest and re.fullmatch(r"[0-9a-f]{64}", digest):
                pattern = f"[{kind}:hashes.'SHA-256' = '{digest}']"
                self._relate(self._indicator(pattern, f"{name}: {kind}", worst), "indicates", malware)
        for finding in self.view.of_subject[subject.id]:
            if finding.severity < Severity.MEDIUM or finding.confidence < 0.5:
                continue
            for pattern, value in _patterns(finding):
                self._relate(self._indicator(pattern, value, finding), "indicates", malware)
            for technique in finding.attack:
                self._relate(malware, "uses", self._technique(technique))

    def _relate(self, source: str, kind: str, target: str) -> None:
        self._add(
            "relationship",
            (source, kind, target),
            relationship_type=kind,
            source_ref=source,
            target_ref=target,
        )


def _patterns(finding: Finding) -> Iterable[tuple[str, str]]:
    """STIX patterns for what a finding accuses: (pattern, value)."""
    if finding.rule.startswith("wifi/"):
        for actor in finding.actors:
            if _MAC.fullmatch(actor) and actor != "ff:ff:ff:ff:ff:ff":
                yield f"[mac-addr:value = '{actor}']", actor
    for endpoint in finding.endpoints:
        address = _URL.fullmatch(endpoint)
        try:
            host = (urlsplit(endpoint).hostname or "") if address else endpoint.lower().rsplit(":", 1)[0]
        except ValueError:
            continue
        kind = _kind_of(host)
        if kind:
            yield f"[{kind}:value = '{host}']", host
            if address:
                yield f"[url:value = '{_quoted(endpoint)}']", endpoint


def _kind_of(host: str) -> str | None:
    """Kind of observable for a host that means the same everywhere, else None."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "domain-name" if _HOST.fullmatch(host) else None
    if not address.is_global:
        return None
    return "ipv4-addr" if address.version == 4 else "ipv6-addr"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
