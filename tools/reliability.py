"""How often findings of each confidence are true, over labelled captures; writes docs/reliability.md.

    python tools/reliability.py CORPUS [-o docs/reliability.md]

CORPUS holds NAME.json (what is true) beside NAME.pcapng. Labelled captures show textbook cases; to see the
middle of the scale as well, each is also judged in harder forms: attacks under another maker's address, with
a clock that has run for days, from a recording that begins after the attacker did; honest networks with an
access point that is switched on while somebody listens.
"""

import argparse
import collections
import itertools
import json
import struct
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rogue_scan.model.finding import Finding
from rogue_scan.rules.load import RuleSet, load
from rogue_scan.wifi.analyse import Session

NOTES = {"open-network", "weak-encryption", "hidden-ssid", "wps-enabled"}
NEIGHBOURS = {
    "evil-twin-open": {"bssid-clone", "wps-lure"},
    "evil-twin-same-security": {"bssid-clone", "handshake-harvest"},
    "beacon-replay": {"bssid-clone"},
    "disassoc-flood": {"deauth-flood"},
    "known-network-lure": {"karma", "beacon-flood"},
    "karma": {"known-network-lure"},
    "security-downgrade": {"evil-twin-open", "evil-twin-same-security"},
}
"""Kinds by which an attack may be called without being wrong."""
BINS = (0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 1.0)
OLDER_SECONDS = 3 * 86400
LATE_SECONDS = 2
ON_AFTER_SECONDS = 6
MOST_SWITCHED = 6
"""Access points of a capture that are switched on in turn."""


def address(text: str) -> bytes:
    """Six bytes."""
    return bytes.fromhex(text.replace(":", ""))


def packets(raw: bytes) -> Iterator[tuple[int, int, int, int]]:
    """(offset of the block, its length, offset of the 802.11 header or 0, time in its own units)."""
    at = 0
    while at + 12 <= len(raw):
        kind, length = struct.unpack_from("<II", raw, at)
        if length < 12:
            return
        if kind == 6:
            high, low = struct.unpack_from("<II", raw, at + 12)
            header = at + 28 + struct.unpack_from("<H", raw, at + 30)[0]
            yield at, length, header, high << 32 | low
        else:
            yield at, length, 0, 0
        at += length


def announces(raw: bytes, header: int, senders: set[bytes]) -> bool:
    """Whether this is a beacon or probe response of one of the senders."""
    return bool(header) and raw[header] in (0x80, 0x50) and raw[header + 10 : header + 16] in senders


def harder(raw: bytes, truth: dict) -> Iterator[tuple[str, bytes, dict[str, str]]]:
    """(what was done, capture, old address → new) for the forms in which an attack is judged."""
    yield "as it is", raw, {}
    if truth["label"] == "benign":
        for bssid in truth["legit_bssids"][:MOST_SWITCHED]:
            yield f"{bssid} switched on", switched_on(raw, address(bssid)), {}
        return
    rogues = [r for r in truth["rogue_bssids"] if r not in truth["legit_bssids"]]
    if not rogues:
        return
    for what, prefix in (
        ("real maker's block", truth["legit_bssids"][0][:8] if truth["legit_bssids"] else "48:46:fb"),
        ("other maker's block", "48:46:fb"),
        ("random address", "d6:3a:91"),
    ):
        swapped, names = raw, {}
        for rogue in rogues:
            names[rogue] = prefix + rogue[8:]
            swapped = swapped.replace(address(rogue), address(names[rogue]))
        yield what, swapped, names
        yield f"{what}, old clock", older(swapped, set(map(address, names.values()))), names
        late = from_late(swapped, set(map(address, names.values())))
        yield f"{what}, recorded late", late, names
        yield f"{what}, recorded late, old clock", older(late, set(map(address, names.values()))), names


def older(raw: bytes, senders: set[bytes]) -> bytes:
    """The senders' clocks have run for days."""
    out = bytearray(raw)
    for _, _, header, _ in packets(raw):
        if announces(raw, header, senders):
            tsf = struct.unpack_from("<Q", raw, header + 24)[0]
            struct.pack_into("<Q", out, header + 24, (tsf + OLDER_SECONDS * 1_000_000) & (1 << 64) - 1)
    return bytes(out)


def from_late(raw: bytes, senders: set[bytes]) -> bytes:
    """The recording begins after the senders did."""
    out, begun = bytearray(), None
    for at, length, header, time in packets(raw):
        if header:
            if begun is None and announces(raw, header, senders):
                begun = time
            if begun is None or time < begun + LATE_SECONDS * 1_000_000_000:
                continue
        out += raw[at : at + length]
    return bytes(out)


def switched_on(raw: bytes, sender: bytes) -> bytes:
    """An access point that is not there at first, and whose clock then begins."""
    out, begun, first = bytearray(), None, None
    for at, length, header, time in packets(raw):
        if header:
            begun = time if begun is None else begun
            if sender in raw[header + 4 : header + 22]:
                if time < begun + ON_AFTER_SECONDS * 1_000_000_000:
                    continue
                if announces(raw, header, {sender}):
                    tsf = struct.unpack_from("<Q", raw, header + 24)[0]
                    first = tsf if first is None or tsf < first else first  # a restart
                    block = bytearray(raw[at : at + length])
                    struct.pack_into("<Q", block, header + 24 - at, tsf - first + 8_000_000)
                    out += block
                    continue
        out += raw[at : at + length]
    return bytes(out)


def kinds_allowed(truth: dict[str, Any]) -> set[str]:
    """Kinds that are true of a capture, and those by which they may be called."""
    kinds = set(truth["attack_kinds"]) | set(truth.get("also_true", []))
    return kinds | {near for kind in kinds for near in NEIGHBOURS.get(kind, set())}


def blames_innocent(finding: Finding, truth: dict[str, Any], names: Mapping[str, str] = {}) -> bool:
    """Whether a finding accuses honest access points and no attacker; ``names``: old address → new."""
    attackers = {names.get(a, a) for a in (*truth["rogue_bssids"], *truth.get("attacker_macs", []))}
    innocent, actors = set(truth["legit_bssids"]) - attackers, set(finding.actors)
    return bool(actors & innocent) and not actors & attackers


def judge(
    rules: RuleSet, raw: bytes, truth: dict[str, Any], names: dict[str, str]
) -> Iterator[tuple[str, float, bool]]:
    """(rule, confidence, whether it is true) of each finding that is a matter of opinion."""
    session = Session(rules)
    session.feed(raw)
    session.finish()
    kinds = kinds_allowed(truth)
    for finding in session.findings("capture-labelled"):
        kind = finding.rule.removeprefix("wifi/")
        if kind not in NOTES:
            yield kind, finding.confidence, kind in kinds and not blames_innocent(finding, truth, names)


def table(rows: list[tuple[str, float, bool]]) -> Iterator[str]:
    """The reliability table."""
    yield "| confidence | findings | mean confidence | true |"
    yield "| --- | ---: | ---: | ---: |"
    for low, high in itertools.pairwise(BINS):
        inside = [(c, ok) for _, c, ok in rows if low <= c < high or (high == 1.0 and c == high)]
        if inside:
            mean = sum(c for c, _ in inside) / len(inside)
            share = sum(ok for _, ok in inside) / len(inside)
            yield f"| {low:.2f} to {high:.2f} | {len(inside)} | {mean:.2f} | {share:.2f} |"


def by_rule(rows: list[tuple[str, float, bool]]) -> Iterator[str]:
    """One line for each rule."""
    yield "| rule | true findings | their mean confidence | false findings | their mean confidence |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    groups: dict[str, list[tuple[float, bool]]] = collections.defaultdict(list)
    for kind, confidence, right in rows:
        groups[kind].append((confidence, right))
    for kind, found in sorted(groups.items()):
        parts = [[c for c, ok in found if ok is wanted] for wanted in (True, False)]
        cells = [f"{len(part)} | {sum(part) / len(part):.2f}" if part else "0 | –" for part in parts]
        yield f"| `wifi/{kind}` | {cells[0]} | {cells[1]} |"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("-o", "--output", type=Path)
    arguments = parser.parse_args()
    rules = load()
    rows: list[tuple[str, float, bool]] = []
    plain: list[tuple[str, float, bool]] = []
    captures = forms = 0
    for path in sorted(arguments.corpus.glob("*.json")):
        truth, source = json.loads(path.read_text()), path.with_suffix(".pcapng")
        if not source.exists() or "rogue_bssids" not in truth:
            continue
        captures += 1
        for what, raw, names in harder(source.read_bytes(), truth):
            found = list(judge(rules, raw, truth, names))
            forms += 1
            rows += found
            if what == "as it is":
                plain += found
    brier = sum((c - ok) ** 2 for _, c, ok in rows) / max(len(rows), 1)
    text = "\n".join(
        [
            "# How far confidences can be trusted",
            "",
            "% Written by tools/reliability.py: do not edit.",
            "",
            f"Measured on {captures} labelled captures, {forms} forms in all: attacks are also judged under",
            "other addresses, with clocks that have run for days, and from recordings that begin after the",
            "attack did; honest networks also with an access point that is switched on meanwhile. Notes",
            "(open, hidden, WPS, weak encryption) are facts and left out. The captures come from simulated",
            "radios, and hold far more attacks than any real place: middle confidences, which have to",
            "allow for honest explanations, look too low here.",
            "",
            f"## The captures in all forms ({len(rows)} findings, Brier score {brier:.3f})",
            "",
            *table(rows),
            "",
            f"## The captures as they are ({len(plain)} findings)",
            "",
            *table(plain),
            "",
            "## By rule, all forms",
            "",
            *by_rule(rows),
            "",
        ]
    )
    sys.stdout.write(text)
    if arguments.output:
        arguments.output.write_text(text)


if __name__ == "__main__":
    main()
