"""What an analyser gives back for one source, before scans are joined into a report."""

import msgspec

from rogue_scan.model.finding import Finding, digest
from rogue_scan.model.report import Link, ScanError
from rogue_scan.model.site import Site
from rogue_scan.model.subject import Subject


class Carved(msgspec.Struct, frozen=True):
    """A file that was rebuilt from a capture or found inside a package, to be vetted on its own."""

    name: str
    """As the sender called it: hostile text, never a path."""
    data: bytes
    complete: bool
    origin: str
    """For people: ``http://10.0.0.1/app.apk, frame 512`` or ``assets/inner.apk``."""
    finding: str | None = None
    """Id of the finding that reports the offer."""
    bssid: str | None = None
    host: str | None = None
    clients: tuple[str, ...] = ()


class Scan(msgspec.Struct, frozen=True):
    """One analysed source."""

    subject: Subject
    findings: tuple[Finding, ...] = ()
    links: tuple[Link, ...] = ()
    errors: tuple[ScanError, ...] = ()
    carved: tuple[Carved, ...] = ()
    site: Site | None = None
    """The access points of a capture, as a baseline would learn them."""
    started_ns: int = 0
    """Time of a capture's first frame, nanoseconds since 1970."""


def subject_id(kind: str, identity: str) -> str:
    """Id of a subject: ``identity`` is the SHA-256 of a file, or what names a live run."""
    return f"{kind}-{digest([kind, identity])}"
