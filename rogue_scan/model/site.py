"""What belongs to a site: the access points that were learnt and reviewed, and what changed since."""

import msgspec

from rogue_scan.errors import Malformed
from rogue_scan.model.evidence import Where

SCHEMA = "rogue-scan/site/1"


class Visit(msgspec.Struct, frozen=True):
    """One capture that was learnt from."""

    source: str
    date: str
    """Day of the first frame, UTC."""
    seconds: float
    frequencies: tuple[int, ...] = ()
    """What was listened to, MHz."""


class KnownAccessPoint(msgspec.Struct, frozen=True):
    """One access point of the site. Everything here may be edited by hand."""

    bssid: str
    ssids: tuple[str, ...] = ()
    """Names that it announces; none for a hidden one that never told."""
    security: tuple[str, ...] = ()
    frequencies: tuple[int, ...] = ()
    """Where it was seen, MHz; more than one where it chooses its channel itself."""
    intervals: tuple[int, ...] = ()
    """Beacon interval, time units."""
    vendor: str = ""
    elements: dict[str, tuple[str, ...]] = {}
    """Key of an element (``48``, ``255.35``, ``221.00156d.00``) → the contents it was seen with.

    Contents are hexadecimal, long ones a digest; ``*`` for one that changes all the time.
    """
    visits: int = 1
    first_visit: str = ""
    last_visit: str = ""
    accepted: bool = True
    """Set this to false for one that must not be here: it is reported whenever it is seen."""
    note: str = ""


class Site(msgspec.Struct, frozen=True):
    """A learnt site."""

    schema: str = SCHEMA
    name: str = ""
    visits: tuple[Visit, ...] = ()
    access_points: tuple[KnownAccessPoint, ...] = ()
    """By BSSID."""


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One difference between a site and what a capture shows."""

    kind: str
    """``new``, ``gone``, ``changed`` or ``unwanted``."""
    bssid: str
    ssids: tuple[str, ...] = ()
    what: str = ""
    """The part that changed: ``security``, ``name``, ``channel``, ``RSN (48)`` …"""
    before: str = ""
    after: str = ""
    where: Where = Where()


_decoder = msgspec.json.Decoder(Site)


class _Head(msgspec.Struct):
    schema: str = ""


def is_site(raw: bytes) -> bool:
    """Whether this claims to be a learnt site, of any version."""
    try:
        return msgspec.json.decode(raw, type=_Head).schema.startswith("rogue-scan/site/")
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False


def encode(site: Site) -> bytes:
    """JSON of a site, one access point after the other, to be read and edited."""
    return msgspec.json.format(msgspec.json.encode(site), indent=2) + b"\n"


def decode(raw: bytes) -> Site:
    """The site in ``raw``.

    Raises :class:`~rogue_scan.errors.Malformed` with the path of the first wrong field.
    """
    try:
        schema = msgspec.json.decode(raw, type=_Head).schema
        if schema != SCHEMA:
            raise Malformed(f"site has schema {schema!r}, this version reads {SCHEMA!r}")
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Malformed(f"no learnt site: {error}") from error
