"""What a worker process does with one job: bytes or stored facts in, verdict out.

Runs under the limits of its engine; whatever an app does here costs this process and no other.
"""

import functools
import hashlib
import os
import time
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from rogue_scan.apk import facts as app_facts
from rogue_scan.apk.analyse import Analyser
from rogue_scan.apk.facts import AppFacts, Store
from rogue_scan.apk.pause import collection_paused
from rogue_scan.errors import LimitExceeded, SourceError, Unreadable, UsageError
from rogue_scan.fleet.engine import Job, Limits, Result, Setup
from rogue_scan.fleet.sources import filesystem, redacted
from rogue_scan.fleet.traits import Traits, features, marks, traits
from rogue_scan.model.scan import Scan
from rogue_scan.risk import subject_risk
from rogue_scan.rules.load import RuleSet
from rogue_scan.rules.rule import Rule

KEPT = 1
"""Version of :class:`Kept`."""
_CHUNK = 1 << 20
_MOST_UNPACKED = 1 << 30
_LEVEL = 3


class Kept(msgspec.Struct, frozen=True):
    """What is stored of an app to answer it again: its facts, those of the apps inside, its traits."""

    version: int
    apps: tuple[bytes, ...]
    """Facts of the app itself and then of those found in it, encoded."""
    traits: Traits


class _Absent(Exception):
    """The file is not there, as far as this machine can see."""


class _RuleText(msgspec.Struct, frozen=True):
    digest: str
    rules: tuple[Rule, ...]


def pack(value: Any) -> bytes:
    """A value as bytes for ledger, store and network."""
    return zstandard.ZstdCompressor(level=_LEVEL).compress(msgspec.msgpack.encode(value))


def unpack(raw: bytes, kind: Any) -> Any:
    """The value of type ``kind`` in bytes of :func:`pack`. Raises msgspec.DecodeError and ZstdError."""
    whole = zstandard.ZstdDecompressor().decompress(raw, max_output_size=_MOST_UNPACKED)
    return msgspec.msgpack.decode(whole, type=kind)


def pack_rules(rules: RuleSet) -> bytes:
    """A rule set as it travels to the workers."""
    return pack(_RuleText(rules.digest, tuple(rules)))


def check(rules: RuleSet) -> None:
    """Join the rules to their logic once, before any worker does. Raises RuleError."""
    Analyser(rules)


def vet(job: Job, setup: Setup) -> Result:
    """Do one job. Raises nothing because of the app but MemoryError and RecursionError."""
    begun = time.perf_counter()
    bench = _bench(setup.rules)
    kept = _kept(job)
    try:
        result = bench.answer(job, kept) if kept is not None else bench.decode(job, setup.limits)
    except _Absent as error:
        result = Result(job.identity, kind=Unreadable.kind, message=str(error), absent=True)
    except SourceError as error:
        result = Result(job.identity, kind=error.kind, message=str(error))
    except UsageError as error:  # a part for URLs is missing on this machine
        result = Result(job.identity, kind=Unreadable.kind, message=str(error))
    if not result.sha256 and not job.remote:
        result = msgspec.structs.replace(result, sha256=job.identity)
    return msgspec.structs.replace(result, seconds=round(time.perf_counter() - begun, 4))


class _Shelf(Store):
    """The facts of one app and of those inside it, in memory for as long as it is at work on them."""

    def __init__(self) -> None:
        self.facts: dict[str, AppFacts] = {}

    def get(self, sha256: str) -> AppFacts | None:
        return self.facts.get(sha256)

    def put(self, facts: AppFacts) -> None:
        self.facts[facts.sha256] = facts


class _Bench:
    """An analyser whose rules are bound once, for one app after another."""

    def __init__(self, rules: RuleSet) -> None:
        self._shelf = _Shelf()
        self._analyser = Analyser(rules, self._shelf)

    def decode(self, job: Job, limits: Limits) -> Result:
        """Verdict from the app's bytes, with facts to keep. Raises SourceError."""
        data = _load(job, limits.size)
        sha256 = hashlib.sha256(data).hexdigest()
        if not job.remote and sha256 != job.identity:
            raise _Absent("its content changed while it was read")
        self._shelf.facts.clear()
        try:
            scans = self._analyser.scan(data, job.name)
            facts = self._shelf.facts
            found = traits(data, facts[sha256])
            kept = Kept(KEPT, tuple(map(app_facts.encode, [facts.pop(sha256), *facts.values()])), found)
            return _verdict(job, sha256, scans, found, facts=pack(kept))
        except SourceError as error:
            return Result(job.identity, sha256=sha256, size=len(data), kind=error.kind, message=str(error))
        finally:
            self._shelf.facts.clear()

    def answer(self, job: Job, kept: "_Read") -> Result:
        """Verdict from facts."""
        first = kept.apps[0]
        self._shelf.facts = {facts.sha256: facts for facts in kept.apps}
        try:
            scans = self._analyser.answer(first, job.name)
        finally:
            self._shelf.facts = {}
        return _verdict(job, first.sha256, scans, kept.traits)


class _Read(msgspec.Struct, frozen=True):
    """Stored facts, decoded."""

    apps: tuple[AppFacts, ...]
    traits: Traits


@functools.lru_cache(maxsize=2)
def _bench(packed: bytes) -> _Bench:
    text = unpack(packed, _RuleText)
    return _Bench(RuleSet(text.rules, text.digest))


def _verdict(job: Job, sha256: str, scans: list[Scan], found: Traits, *, facts: bytes = b"") -> Result:
    bare = [msgspec.structs.replace(scan, carved=()) for scan in scans]
    subject = bare[0].subject
    # An app answers for what it carries: what is found in the apps inside counts for it.
    risk = subject_risk(finding for scan in bare for finding in scan.findings)
    unread = next((error for scan in bare for error in scan.errors), None)
    return Result(
        job.identity,
        sha256=sha256,
        size=subject.size,
        unread=unread.kind if unread else "",
        unread_why=unread.message if unread else "",
        verdict=risk.verdict.value,
        score=risk.score,
        package=subject.apk.package if subject.apk else "",
        label=subject.apk.label if subject.apk else "",
        marks=marks(bare),
        features=features(bare, found),
        sketch=found.sketch,
        scans=pack(bare),
        facts=facts,
        from_facts=not facts,
    )


def _kept(job: Job) -> _Read | None:
    """Stored facts that this version can read; without any, the app itself is asked."""
    try:
        raw = job.facts_data or (Path(job.facts).read_bytes() if job.facts else b"")
        kept = unpack(raw, Kept) if raw else None
    except (OSError, msgspec.DecodeError, zstandard.ZstdError):
        return None
    if kept is None or kept.version != KEPT:
        return None
    with collection_paused():
        apps = [app_facts.decode(facts) for facts in kept.apps]
    whole = tuple(facts for facts in apps if facts is not None)
    return _Read(whole, kept.traits) if whole and len(whole) == len(apps) else None


def _load(job: Job, most: int) -> bytes:
    """The app's bytes. Raises SourceError, and _Absent where this machine does not see the file."""
    if job.data is not None:
        return job.data
    if job.remote:
        return _fetch(job, most)
    try:
        with Path(job.location).open("rb") as file:
            # Reading takes memory for all that is asked for, there or not.
            data = file.read(min(most, os.fstat(file.fileno()).st_size) + 1)
    except FileNotFoundError as error:
        raise _Absent(error.strerror) from error
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error
    if len(data) > most:
        raise LimitExceeded(f"larger than {most} bytes")
    return data


def _fetch(job: Job, most: int) -> bytes:
    fs, path = filesystem(job.location, redirects=job.redirects)
    data = bytearray()
    try:
        with fs.open(path, "rb", cache_type="none", block_size=_CHUNK) as file:
            while chunk := file.read(_CHUNK):
                data += chunk
                if len(data) > most:
                    raise LimitExceeded(f"larger than {most} bytes")
    except SourceError:
        raise
    except Exception as error:  # each file system raises its own kinds
        # Their messages quote the URL with everything that is secret in it.
        raise Unreadable(f"cannot be fetched: {_scrubbed(error, job.location)}") from error
    return bytes(data)


def _scrubbed(error: Exception, url: str) -> str:
    text = str(error).replace(url, redacted(url))
    return f"{type(error).__name__}: {text}" if "?" not in text and "@" not in text else type(error).__name__
