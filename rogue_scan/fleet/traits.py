"""What of an app can tie it to others: signer, endpoints, pages, kits, own code."""

import hashlib
import ipaddress
import re
from collections.abc import Iterable, Sequence

import msgspec

from rogue_scan.apk.container import Container, open_container
from rogue_scan.apk.endpoint_facts import BOTS, host_of, listed
from rogue_scan.apk.facts import AppFacts
from rogue_scan.errors import SourceError
from rogue_scan.fleet.campaigns import code_features
from rogue_scan.fleet.engine import Feature, Mark
from rogue_scan.model.scan import Scan
from rogue_scan.model.severity import Severity

_MOST_PAGE = 1 << 20
_MOST_PAGES = 100
_MOST_ENDPOINTS = 300
_TOKEN = 8
"""Characters from which the path of a shared service can be one customer's."""
_TAG = re.compile(rb"<(/?[a-zA-Z][a-zA-Z0-9]*)([^<>]{0,2000})")
_FIELD = re.compile(rb"""\b(name|type|placeholder)\s*=\s*["']?([^"'\s>]{1,100})""", re.IGNORECASE)


class Traits(msgspec.Struct, frozen=True):
    """Ties that come from the app's bytes and not from any rule; stored with its facts."""

    sketch: bytes = b""
    pages: tuple[str, ...] = ()
    """Structure of each page that asks for personal data, as a digest."""


def traits(data: bytes, facts: AppFacts) -> Traits:
    """Traits of an app; parts that cannot be read are left out, the scan says so already."""
    package = _Package(data)
    asking = [page.entry for page in facts.web if page.kind == "html" and page.fields]
    pages = {_structure(raw) for name in asking[:_MOST_PAGES] if (raw := package.read(name))}
    return Traits(facts.code.sketch, tuple(sorted(pages)))


def features(scans: Sequence[Scan], found: Traits) -> tuple[Feature, ...]:
    """Everything that ties the app of ``scans`` (itself first, then apps inside it) to others."""
    ties: dict[tuple[str, str], Feature] = {}

    def add(kind: str, value: str, *, strong: bool) -> None:
        known = ties.get((kind, value))
        ties[kind, value] = Feature(kind, value, strong or bool(known and known.strong))

    accused = {
        endpoint
        for scan in scans
        for finding in scan.findings
        if finding.severity >= Severity.MEDIUM
        for endpoint in finding.endpoints
    }
    places = [_place(endpoint) for endpoint in accused]
    gathered = {value for value, _ in places}
    for scan in scans:
        app = scan.subject.apk
        if app is None:
            continue
        for signer in app.signing.signers:
            # A key that everybody has (debug builds, AOSP's test keys) says nothing about the maker.
            add("signer", signer.sha256, strong=not signer.known)
        for endpoint in app.endpoints[:_MOST_ENDPOINTS]:
            if not endpoint.library:
                value, telling = _place(endpoint.value)
                add("endpoint", value, strong=telling and value in gathered)
            elif endpoint.host:
                add("endpoint", endpoint.host, strong=False)
        for kit in app.kits:
            add("kit", kit, strong=False)
    for value, telling in places:
        add("endpoint", value, strong=telling)
    for page in found.pages:
        add("page", page, strong=True)
    return (*sorted(ties.values()), *code_features(found.sketch))


def marks(scans: Iterable[Scan]) -> tuple[Mark, ...]:
    """The findings in short, in the order of the scans."""
    return tuple(
        Mark(f.fingerprint, f.rule, f.severity.value, f.confidence, f.title)
        for scan in scans
        for f in scan.findings
    )


def _place(endpoint: str) -> tuple[str, bool]:
    """What of an endpoint names its owner, and whether it can be one owner's at all.

    That is its host; on services that many share, the part of the path that is one customer's. Private and
    reserved addresses are everybody's.
    """
    if "@" in endpoint and "://" not in endpoint:
        return endpoint.lower(), True
    host = host_of(endpoint)
    for shared, path, _ in BOTS:
        if host == shared:
            _, found, rest = endpoint.partition(path)
            own = rest.split("/")[0] if path == "/bot" else rest.split("?")[0].strip("/")
            # Texts that are put together at run time have holes where the token stands.
            return (f"{host}{path}{own}", True) if found and len(own) >= _TOKEN else (host, False)
    if host in listed("shorteners"):
        return endpoint.partition("://")[2] or endpoint, True
    try:
        return host, ipaddress.ip_address(host).is_global
    except ValueError:
        return host, "." in host


def _structure(raw: bytes) -> str:
    """Digest of a page's tags in order, with what its fields are called: texts and looks may differ."""
    state = hashlib.sha256()
    for tag, attributes in _TAG.findall(raw[:_MOST_PAGE]):
        state.update(b"<" + tag.lower())
        if tag.lower() in (b"input", b"select", b"textarea", b"button"):
            for name, value in sorted(_FIELD.findall(attributes)):
                state.update(b" " + name.lower() + b"=" + value.lower())
    return state.hexdigest()[:32]


class _Package:
    """Entries of an app by the names that its facts use: ``NAME``, or ``SPLIT!NAME``."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._containers: dict[str, Container | None] = {}

    def read(self, label: str) -> bytes:
        """Content of an entry; empty where it cannot be read."""
        split, _, name = label.rpartition("!")
        container = self._container(split)
        entry = container.get(name) if container else None
        try:
            return container.read(entry) if container and entry else b""
        except SourceError:
            return b""

    def _container(self, split: str) -> Container | None:
        if split not in self._containers:
            try:
                self._containers[split] = open_container(self.read(split) if split else self._data)
            except SourceError:
                self._containers[split] = None
        return self._containers[split]
