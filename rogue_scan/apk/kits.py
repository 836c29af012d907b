"""Known kits in an app: SDKs, trackers, frameworks, packers and obfuscators.

What identifies a kit stands in ``signatures/apk/_kits/*.yml``, one file for each family of kits, with
the source and licence of the facts. A kit is recognised by class prefixes, entry names, native
libraries or manifest names, libraries under free licences by the structure of their code as well; each
hit says by what.
"""

import fnmatch
import functools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from rogue_scan.errors import RuleError
from rogue_scan.rules.load import builtin, read_yaml

MANY_CLASSES = 60
RENAMED = 0.5
"""Share of classes with names without meaning from which an app counts as put through a renamer (R8,
ProGuard and their like); short names by chance are a few in a hundred."""
_SHORT = re.compile(r"[L/][a-zA-Z]{1,2}(?:\$\w{1,2})?;$")

Family = Literal[
    "framework",
    "library",
    "advertising",
    "analytics",
    "social",
    "push",
    "payment",
    "packer",
    "obfuscator",
    "update",
]


class KitSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kit in a signature file."""

    name: str
    family: Family
    says: str
    """One sentence: what it is and what data it is for."""
    classes: tuple[str, ...] = ()
    """Package prefixes in dotted form; a class below one of them is the kit's."""
    files: tuple[str, ...] = ()
    """Entry names with ``*``."""
    libraries: tuple[str, ...] = ()
    """Native library file names with ``*``."""
    manifest: tuple[str, ...] = ()
    """Component, meta-data or application class names with ``*``."""
    least: int = 1
    """How many different signs are needed."""


class KitFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One signature file of kits."""

    source: str
    licence: str
    kits: tuple[KitSpec, ...]


class Kit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A kit that an app contains."""

    name: str
    family: str
    signs: tuple[str, ...] = ()
    """What it was recognised by, as ``classes com.example.sdk``."""


@functools.cache
def specs(folder: Path | None = None) -> tuple[KitSpec, ...]:
    """All kits that are known. Raises RuleError where a file is wrong."""
    root = folder or builtin() / "apk" / "_kits"
    found: list[KitSpec] = []
    for path in sorted(root.glob("*.yml")):
        document, _ = read_yaml(path, trusted=folder is None)
        try:
            found += msgspec.convert(document, KitFile).kits
        except msgspec.ValidationError as error:
            problem, _, field = str(error).partition(" - at ")
            raise RuleError(str(path), field.strip("`").removeprefix("$."), problem) from None
    return tuple(found)


def find(
    entries: Iterable[str],
    classes: Iterable[str],
    manifest: Iterable[str],
    foreign: Mapping[str, int] | None = None,
) -> tuple[Kit, ...]:
    """Kits in an app by its entry names, class descriptors and names in the manifest.

    ``foreign``: libraries told by their structure, with the number of classes.
    """
    foreign = dict(foreign or {})
    entries, manifest, names = list(entries), list(manifest), list(classes)
    packages = {name[1:].rpartition("/")[0] for name in names}
    above: set[str] = set()
    for package in packages:
        while package and package not in above:
            above.add(package)
            package = package.rpartition("/")[0]
    libraries = {name.rpartition("/")[2] for name in entries if name.endswith(".so")}
    found = []
    for spec in specs():
        signs = [f"classes {name}" for name in spec.classes if name.replace(".", "/") in above]
        signs += _hits("file", spec.files, entries)
        signs += _hits("library", spec.libraries, libraries)
        signs += _hits("manifest", spec.manifest, manifest)
        alike = foreign.pop(spec.name, 0)
        if alike:
            signs.append(_structure(alike))
        if len(signs) >= spec.least or alike:
            found.append(Kit(spec.name, spec.family, tuple(signs[:8])))
    found += [Kit(name, "library", (_structure(count),)) for name, count in foreign.items()]
    short = sum(_SHORT.search(name) is not None for name in names)
    if len(names) >= MANY_CLASSES and short >= RENAMED * len(names):
        sign = f"{short} of {len(names)} classes with names of one or two letters"
        found.append(Kit("Renamed classes", "obfuscator", (sign,)))
    return tuple(found)


def _structure(classes: int) -> str:
    return f"structure of {classes} class{'es' if classes > 1 else ''}"


def _hits(kind: str, patterns: tuple[str, ...], names: Iterable[str]) -> list[str]:
    hits = []
    for pattern in patterns:
        if "*" in pattern or "?" in pattern:
            match = _compiled(pattern).fullmatch
            hit = next((name for name in names if match(name)), None)
        else:
            hit = pattern if pattern in names else None
        if hit is not None:
            hits.append(f"{kind} {hit[:200]}")
    return hits


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern))
