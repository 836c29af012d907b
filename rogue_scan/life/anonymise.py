"""Pseudonyms for what points at people and places: MAC addresses, SSIDs, names of sources and marks.

The same value has the same pseudonym in every field, so that the story can still be followed. Hosts,
packages and digests of apps stay: they are what others have to look for.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Iterator

import msgspec

from rogue_scan.model.report import Report
from rogue_scan.model.walk import change_texts

_MAC = re.compile(
    r"(?i)(?<![0-9a-f])(?<![0-9a-f]{2}[:-])"
    r"[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}"
    r"(?![0-9a-f])(?![:-][0-9a-f]{2}(?![0-9a-f]))"
)
"""Six pairs; not the inside of a longer digest in pairs."""
_FROM_MAC = re.compile(
    r"(?i)(?<![0-9a-f:])[0-9a-f:]{2,}[0-9a-f]{0,2}ff:fe[0-9a-f]{2}:[0-9a-f]{1,4}(?![0-9a-f:])"
)
"""IPv6 addresses that carry a MAC address (RFC 4291, appendix A)."""
_KEPT_FIELDS = frozenset({
    ("Finding", "rule"), ("Finding", "title"), ("Finding", "explanation"), ("Finding", "remediation"),
    ("Finding", "benign_causes"), ("Finding", "references"), ("Finding", "attack"),
    ("Report", "schema"), ("Tool", "name"), ("Tool", "version"), ("Tool", "rules"),
})  # fmt: skip
"""Fixed texts of signature files, in which nothing of a capture stands."""


class Pseudonyms:
    """Stand-ins for values: numbered, or derived from a key so that several reports agree."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key
        self._given: dict[tuple[str, str], str] = {}
        self._count: dict[str, int] = {}

    def number(self, kind: str, value: str) -> int:
        """A number for ``value``: the next free one, or 40 bits of an HMAC."""
        if self._key is not None:
            mark = hmac.new(self._key, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), hashlib.sha256)
            return int.from_bytes(mark.digest()[:5], "big")
        self._count[kind] = self._count.get(kind, 0) + 1
        return self._count[kind]

    def get(self, kind: str, value: str, make: Callable[[int], str]) -> str:
        """The stand-in for ``value``, made at its first appearance."""
        if (kind, value) not in self._given:
            self._given[kind, value] = make(self.number(kind, value))
        return self._given[kind, value]

    def mac(self, address: str) -> str:
        """A locally administered address; broadcast and multicast addresses stay."""
        plain = address.lower().replace("-", ":")
        if int(plain[:2], 16) & 1:
            return address
        return self.get("mac", plain, _as_mac)

    def plain(self, kind: str, value: str) -> str:
        """``kind-7``; an empty value stays empty."""
        return self.get(kind, value, lambda number: f"{kind}-{number:x}" if self._key else f"{kind}-{number}")


def _as_mac(number: int) -> str:
    return ":".join(f"{byte:02x}" for byte in b"\x02" + number.to_bytes(5, "big"))


def anonymise(report: Report, key: bytes | None = None) -> Report:
    """``report`` with pseudonyms in every field.

    Ids and fingerprints of findings are replaced too: they are digests of addresses, which can be
    guessed. With ``key``, reports made with the same key can be compared; without, the numbers are
    of this report only.
    """
    names = Pseudonyms(key)
    exact = _known(report, names)
    patterns = list(_patterns(exact))
    ids = {finding.id: names.plain("finding", finding.id) for finding in report.findings}
    ids |= {item.finding.id: names.plain("finding", item.finding.id) for item in report.suppressed}
    ids |= {incident.id: names.plain("incident", incident.id) for incident in report.incidents}
    done: dict[str, str] = {}
    fields: dict[tuple[str, str], Callable[[str], str]] = {
        ("Finding", "fingerprint"): lambda text: names.plain("print", text),
        ("Mark", "name"): lambda text: names.plain("place", text) if text else text,
    }

    def change(owner: str, field: str, text: str) -> str:
        if (owner, field) in _KEPT_FIELDS:
            return text
        if (owner, field) in fields:
            return fields[owner, field](text)
        if text in ids:
            return ids[text]
        if text in exact:
            return exact[text]
        if text not in done:
            done[text] = free(text)
        return done[text]

    def free(text: str) -> str:
        """Running text: every name and address in it."""
        for pattern in patterns:
            text = pattern.sub(lambda match: exact[match[0]], text)
        text = _FROM_MAC.sub(lambda match: names.get("ipv6", match[0].lower(), "fe80::{:x}".format), text)
        return _MAC.sub(lambda match: names.mac(match[0]), text)

    return _without_places(change_texts(report, change))


def _known(report: Report, names: Pseudonyms) -> dict[str, str]:
    """Names whose every appearance is replaced, with their stand-ins."""
    known: dict[str, str] = {}
    for subject in report.subjects:
        known.setdefault(subject.name, names.plain("source", subject.name))
        base = subject.name.rpartition("/")[2]
        known.setdefault(base, known[subject.name])
    for error in report.errors:
        known.setdefault(error.source, names.plain("source", error.source))
    ssids: list[str] = []
    for subject in report.subjects:
        if subject.wifi:
            ssids += [network.ssid for network in subject.wifi.networks]
            ssids += [ssid for ap in subject.wifi.access_points for ssid in ap.ssids]
            ssids += [ssid for client in subject.wifi.clients for ssid in client.probed]
            for mark in subject.wifi.marks:
                known.setdefault(mark.name, names.plain("place", mark.name))
    ssids += [ssid for finding in report.findings for ssid in finding.ssids]
    ssids += [ssid for item in report.suppressed for ssid in item.finding.ssids]
    for ssid in ssids:
        if ssid:
            known.setdefault(ssid, names.plain("network", ssid))
    known.pop("", None)
    return known


def _patterns(names: Iterable[str]) -> Iterator["re.Pattern[str]"]:
    """Names as whole words, the longest first: an SSID "a" is not every letter of a sentence.

    The literal comes first in each alternative, which lets the matcher skip most places at once.
    """
    words = sorted((name for name in names if name), key=len, reverse=True)
    ends = {name: r"(?!\w)" if name[-1].isalnum() else "" for name in words}
    for left, group in (
        (r"(?<!\w)", [name for name in words if name[0].isalnum()]),
        ("", [name for name in words if not name[0].isalnum()]),
    ):
        if group:
            yield re.compile(left + "(?:" + "|".join(re.escape(name) + ends[name] for name in group) + ")")


def _without_places(report: Report) -> Report:
    """Coordinates cannot be given a pseudonym that still means something."""
    subjects = []
    for subject in report.subjects:
        if subject.wifi and subject.wifi.marks:
            marks = tuple(
                msgspec.structs.replace(mark, latitude=None, longitude=None, altitude=None, accuracy=None)
                for mark in subject.wifi.marks
            )
            subject = msgspec.structs.replace(
                subject, wifi=msgspec.structs.replace(subject.wifi, marks=marks)
            )
        subjects.append(subject)
    return msgspec.structs.replace(report, subjects=tuple(subjects))
