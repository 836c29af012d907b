"""Signatures that protect little: v1 alone, short keys, old hashes."""

from collections.abc import Iterator

import msgspec

from rogue_scan.apk.facts import AppFacts
from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    shortest_rsa: int
    """Bits of an RSA or DSA key below which it is short (NIST SP 800-131A)."""


@detector("apk/weak-signature", Params)
def evaluate(facts: AppFacts, rule: Bound[Params]) -> Iterator[Finding]:
    """Asks schemes and certificates."""
    signing = facts.signing
    case = rule.case()
    why = []
    if [s.name for s in signing.schemes] == ["v1"]:
        case.add("v1-only")
        why.append("scheme v1 only")
        if facts.manifest.min_sdk < 24:
            case.add("old-phones", value=f"minSdkVersion {facts.manifest.min_sdk}")
    for certificate in signing.certificates:
        kind, _, size = certificate.key.partition(" ")
        if kind in ("RSA", "DSA") and size.isdigit() and int(size) < rule.params.shortest_rsa:
            case.add("short-key", value=certificate.sha256, key=certificate.key)
            why.append(certificate.key)
        if certificate.hash in ("md5", "sha1", "md2"):
            case.add("old-hash", value=certificate.sha256, hash=certificate.hash)
            why.append(certificate.hash)
    yield from case.conclude(package=facts.manifest.package, why=", ".join(dict.fromkeys(why)))
