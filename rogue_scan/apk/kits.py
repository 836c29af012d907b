"""Known kits in an app: SDKs, trackers, frameworks, packers and obfuscators.

What identifies a kit stands in ``signatures/apk/_kits/*.yml``, one file for each family of kits, with
the source and licence of the facts. A kit is recognised by class prefixes, entry names, native
libraries or manifest names, libraries under free licences by the structure of their code as well; each
hit says by what.
"""

import bisect
import functools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from rogue_scan.errors import RuleError
from rogue_scan.rules.files import builtin, read_yaml

MANY_CLASSES = 60
RENAMED = 0.5
"""Share of classes with names without meaning from which an app counts as put through a renamer (R8,
ProGuard and their like); short names by chance are a few in a hundred."""
_SHORT = re.compile(r"[L/][a-zA-Z]{1,2}(?:\$\w{1,2})?;$", re.MULTILINE)
_MOST_SHORT = len("/ab$cd;")

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
    classes = sorted(classes)
    files = _Names(entries)
    libraries = _Names(name.rpartition("/")[2] for name in files.all if name.endswith(".so"))
    components = _Names(manifest)
    found = []
    for spec in specs():
        signs = [f"classes {name}" for name in spec.classes if _is_package(name, classes)]
        signs += files.hits("file", spec.files)
        signs += libraries.hits("library", spec.libraries)
        signs += components.hits("manifest", spec.manifest)
        alike = foreign.pop(spec.name, 0)
        if alike:
            signs.append(_structure(alike))
        if len(signs) >= spec.least or alike:
            found.append(Kit(spec.name, spec.family, tuple(signs[:8])))
    found += [Kit(name, "library", (_structure(count),)) for name, count in foreign.items()]
    short = len(_SHORT.findall("\n".join([name[-_MOST_SHORT:] for name in classes])))
    if len(classes) >= MANY_CLASSES and short >= RENAMED * len(classes):
        sign = f"{short} of {len(classes)} classes with names of one or two letters"
        found.append(Kit("Renamed classes", "obfuscator", (sign,)))
    return tuple(found)


def _structure(classes: int) -> str:
    return f"structure of {classes} class{'es' if classes > 1 else ''}"


def _is_package(name: str, classes: list[str]) -> bool:
    """Whether any of the sorted classes lies in this package or below it."""
    prefix = f"L{name.replace('.', '/')}/"
    at = bisect.bisect_left(classes, prefix)
    return at < len(classes) and classes[at].startswith(prefix)


class _Names:
    """Names of one sort in an app, to be searched by many patterns."""

    def __init__(self, names: Iterable[str]) -> None:
        self.all = dict.fromkeys(names)
        self._text = "\n".join(self.all)

    def hits(self, kind: str, patterns: tuple[str, ...]) -> list[str]:
        """A sign for each pattern that fits a name, with the first that it fits."""
        found = (self._first(pattern) for pattern in patterns)
        return [f"{kind} {hit[:200]}" for hit in found if hit is not None]

    def _first(self, pattern: str) -> str | None:
        if "*" not in pattern:
            return pattern if pattern in self.all else None
        # Few patterns fit anything, and plain text is found faster.
        if max(pattern.split("*"), key=len) not in self._text:
            return None
        fits = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL).fullmatch
        return next(filter(fits, self.all), None)
