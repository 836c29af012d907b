"""One capture to one scan: chunks → batches → world → detectors → findings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from rogue_scan.errors import SourceError, Truncated, Unsupported
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import ScanError
from rogue_scan.model.scan import Carved, Scan, subject_id
from rogue_scan.model.site import Site
from rogue_scan.model.subject import NotAssessed, Subject
from rogue_scan.rules.load import RuleSet
from rogue_scan.rules.registry import Detector, bind
from rogue_scan.source.walk import Source
from rogue_scan.wifi import baseline, view
from rogue_scan.wifi.capture.chunk import Chunk, Damage, Interface, Reader
from rogue_scan.wifi.capture.join import Feed, in_time_order
from rogue_scan.wifi.capture.open import Stream, reader_for
from rogue_scan.wifi.dot11.link import SUPPORTED
from rogue_scan.wifi.fold.folder import Folder
from rogue_scan.wifi.net.decrypt import Key, parse_key
from rogue_scan.wifi.net.fold import NetFold
from rogue_scan.wifi.observe import Batch, Observer
from rogue_scan.wifi.world import Receiver, World

DETECTORS = "rogue_scan.wifi.detectors"
Progress = Callable[[str, float | None], None]


class Session:
    """A capture that is being read, from whatever side it comes.

    Feed it the bytes of a pcap or pcapng stream (:meth:`feed`), or frames of interfaces that were declared
    before (:meth:`declare`, :meth:`take`); ask for findings at any time (:meth:`findings`). What comes out
    depends on the frames alone: asking in between, or feeding in other pieces, changes nothing.
    """

    def __init__(
        self, rules: RuleSet, *, name: str = "", keys: Sequence[Key] = (), site: Site | None = None
    ) -> None:
        self.name = name
        self.rules = rules
        net = NetFold(keys)
        self.world = World(net=net, site=site)
        self.errors: list[ScanError] = []
        self._observer = Observer()
        self._folder = Folder(self.world, net, with_protected=bool(keys))
        self._detectors: list[Detector[World]] = bind(rules, "wifi", DETECTORS)
        self._reader: Reader | None = None
        self._head = b""

    # Frames in

    def declare(self, interfaces: Iterable[Interface], source: str = "") -> int:
        """Tell of capturing interfaces; returns the number of the first one."""
        first = len(self.world.receivers)
        for interface in interfaces:
            self._observer.learn([interface])
            number = len(self.world.receivers)
            self.world.receivers.append(
                Receiver(number, source or self.name, interface.name, interface.link_type)
            )
        return first

    def take(self, chunk: Chunk, base: int = 0) -> None:
        """Take frames; their interface numbers count from ``base``."""
        self._fold(self._observer.batches(chunk, base))

    def _fold(self, batches: Iterator[Batch]) -> None:
        for batch in batches:
            self.world.epoch_ns = self._observer.epoch_ns or 0
            self._folder.fold(batch)

    def feed(self, data: bytes) -> None:
        """Take bytes of a pcap or pcapng stream, in pieces of any size. Raises Unsupported for others."""
        if self._reader is None:
            self._head += data
            if len(self._head) < 4:
                return
            self._reader = reader_for(self._head)
            if self._reader is None:
                raise Unsupported("neither pcap nor pcapng")
            data, self._head = self._head, b""
        for chunk in self._reader.feed(data):
            self.declare(self._reader.interfaces[len(self.world.receivers) :])
            self.take(chunk)

    def finish(self, *, cut: bool = False) -> None:
        """Say that no more frames come.

        Of bytes that were fed, damage goes to :attr:`errors` and losses to the receivers, as of a file.
        ``cut``: the source itself goes on, so half a record at the end is no damage.
        """
        if self._reader is not None:
            for chunk in self._reader.finish():
                self.take(chunk)
            self.declare(self._reader.interfaces[len(self.world.receivers) :])
        self._fold(self._observer.flush())
        self._folder.finish()
        if self.world.net is not None:
            self.world.net.finish()
        if self._reader is not None:
            for receiver, interface in zip(self.world.receivers, self._reader.interfaces, strict=True):
                receiver.dropped = interface.dropped
            damage = replace(self._reader.damage, truncated=0) if cut else self._reader.damage
            self.errors += [
                *_damaged(self.name, damage, None, self.world), *_left_out(self.name, self.world)
            ]  # fmt: skip

    # Findings out

    @property
    def frames(self) -> int:
        """Frames taken so far, in the world or waiting to be."""
        return self._observer.frames + self._observer.waiting

    def settle(self) -> None:
        """Bring :attr:`world` up to date with all frames taken so far."""
        self._fold(self._observer.flush())
        self._folder.settle()

    def findings(self, subject: str) -> list[Finding]:
        """What all rules find in what was seen so far.

        A detector that fails gives an error naming its rule, and the others go on.
        """
        self.settle()
        self.errors = [error for error in self.errors if error.kind != "rule"]
        found: list[Finding] = []
        for detector in self._detectors:
            try:
                found += detector(self.world, subject)
            except Exception as error:  # a rule that fails must not silence the others
                self.errors.append(
                    ScanError(
                        self.name, "rule", f"{detector.rule.rule} failed: {type(error).__name__}: {error}"
                    )
                )
        return sorted(
            found, key=lambda f: (-f.severity.rank, -f.confidence, f.rule, f.actors, f.targets, f.id)
        )

    def scan(self, subject: Subject) -> Scan:
        """The scan of everything seen so far; ``subject`` says what it is called."""
        findings = self.findings(subject.id)
        failed = {error.message.partition(" ")[0] for error in self.errors if error.kind == "rule"}
        coverage = view.coverage(
            self.world,
            [d.rule.rule for d in self._detectors if d.rule.rule not in failed],
            [NotAssessed(name, "the rule failed; see errors") for name in sorted(failed)],
        )
        carved = tuple(_carved(self.world, findings))
        return Scan(
            Subject(
                id=subject.id,
                kind=subject.kind,
                name=subject.name,
                sha256=subject.sha256,
                size=subject.size,
                coverage=coverage,
                wifi=view.wifi(self.world, findings),
            ),
            tuple(findings),
            errors=tuple(self.errors),
            carved=carved,
            site=baseline.learn(self.world, subject.name),
            started_ns=self.world.epoch_ns,
        )


def analyse(
    source: Source,
    rules: RuleSet,
    *,
    keys: Sequence[str] = (),
    site: Site | None = None,
    progress: Progress = lambda name, share: None,
) -> Scan:
    """Analyse one capture.

    Damage in it is reported in the scan's errors beside what was found before it. Raises
    :class:`SourceError` where it is no capture of 802.11 frames at all, and RuleError where a signature is
    wrong.
    """
    session = Session(rules, name=source.name, keys=[parse_key(key) for key in keys], site=site)
    stream = Stream(source, progress)
    entry = _Entry(session, stream)
    for chunk in entry.chunks(False):
        session.take(chunk)
    session.finish()
    entry.close()
    _refuse_other_links(session.world)
    session.errors += [*_problems(stream, session.world), *_left_out(source.name, session.world)]
    return session.scan(_subject(source.name, stream.sha256, stream.size))


def analyse_together(
    sources: Sequence[Source],
    rules: RuleSet,
    *,
    keys: Sequence[str] = (),
    site: Site | None = None,
    progress: Progress = lambda name, share: None,
) -> Scan:
    """Analyse several captures as one, their frames in order of time.

    For files of a rotating capture, and for radios that listened side by side. A source that cannot be read
    is one entry in the scan's errors. Raises Unsupported where none of them can.
    """
    name = sources[0].name if len(sources) == 1 else f"{sources[0].name} and {len(sources) - 1} more"
    session = Session(rules, name=name, keys=[parse_key(key) for key in keys], site=site)
    entries: list[_Entry] = []
    feeds: list[Feed] = []
    for source in sources:
        try:
            first = _first_time(source)
        except SourceError as problem:
            session.errors.append(ScanError(source.name, problem.kind, str(problem)))
            continue
        entry = _Entry(session, Stream(source, progress), entries)
        if first is not None:
            feeds.append(Feed(first, entry.chunks))
        entries.append(entry)
    if not entries:
        raise Unsupported("; ".join(error.message for error in session.errors) or "nothing to analyse")
    for chunk in in_time_order(feeds):
        session.take(chunk)
    session.finish()
    for entry in entries:
        entry.close()
        session.errors += _problems(entry.stream, session.world)
    _refuse_other_links(session.world)
    session.errors += _left_out(name, session.world)
    identity = hashlib.sha256("".join(entry.stream.sha256 for entry in entries).encode()).hexdigest()
    return session.scan(_subject(name, identity, sum(entry.stream.size for entry in entries)))


class _Entry:
    """One source of a session: its interfaces become receivers, its chunks number them so."""

    def __init__(self, session: Session, stream: Stream, others: Sequence[_Entry] = ()) -> None:
        self.stream = stream
        self._session = session
        self._others = others
        self._numbers: list[int] = []
        """Receiver of each interface."""

    def chunks(self, alone: bool) -> Iterator[Chunk]:
        """The chunks; ``alone``: other sources end before this one begins.

        Then an interface of the same name and kind is taken to be the same radio: the file before this one
        was full.
        """
        for chunk in self.stream.chunks():
            self._declare(alone)
            numbers = np.array(self._numbers, np.int64)
            yield replace(chunk, interface=numbers[chunk.interface])

    def _declare(self, alone: bool) -> None:
        for place in range(len(self._numbers), len(self.stream.interfaces)):
            interface = self.stream.interfaces[place]
            known = self._known(place, interface) if alone else None
            if known is None:
                known = self._session.declare([interface], self.stream.source.name)
            self._numbers.append(known)

    def _known(self, place: int, interface: Interface) -> int | None:
        for other in reversed(self._others):
            if place < len(other._numbers):
                theirs = other.stream.interfaces[place]
                if (theirs.name, theirs.link_type) == (interface.name, interface.link_type):
                    return other._numbers[place]
        return None

    def close(self) -> None:
        """Note interfaces without frames, and what was dropped."""
        self._declare(False)
        for number, interface in zip(self._numbers, self.stream.interfaces, strict=True):
            receiver = self._session.world.receivers[number]
            if interface.dropped is not None:
                receiver.dropped = (receiver.dropped or 0) + interface.dropped


def _first_time(source: Source) -> int | None:
    """Time of a source's first frame, ns since 1970; None where it has none."""
    chunks = Stream(source).chunks()
    try:
        return next((int(chunk.time_ns[0]) for chunk in chunks if len(chunk)), None)
    finally:
        chunks.close()  # type: ignore[attr-defined]


def _subject(name: str, identity: str, size: int) -> Subject:
    return Subject(id=subject_id("capture", identity), kind="capture", name=name, sha256=identity, size=size)


def _refuse_other_links(world: World) -> None:
    if world.receivers and not any(r.link_type in SUPPORTED for r in world.receivers):
        links = ", ".join(sorted({str(r.link_type) for r in world.receivers}))
        raise Unsupported(
            f"a capture of link type {links}, not of 802.11 frames: capture in monitor mode (radiotap)"
        )


def _problems(stream: Stream, world: World) -> Iterator[ScanError]:
    """What was wrong with one source, in words."""
    return _damaged(stream.source.name, stream.damage, stream.problem, world)


def _damaged(name: str, damage: Damage, problem: SourceError | None, world: World) -> Iterator[ScanError]:
    before = f"; the {world.coverage.frames} frames before it were analysed"
    if isinstance(problem, Truncated) or damage.truncated:
        reason = str(problem) if problem else damage.notes[-1] if damage.notes else "cut short"
        yield ScanError(name, "truncated", reason + before)
    elif problem is not None:
        yield ScanError(name, problem.kind, f"{problem}{before}")
    if damage.records:
        yield ScanError(
            name,
            "malformed",
            f"{damage.records} damaged records, {damage.skipped} bytes passed over: "
            + "; ".join(damage.notes[:3]),
        )


def _left_out(name: str, world: World) -> Iterator[ScanError]:
    """What was in the sources and could not be used."""
    for link, count in sorted(world.coverage.unknown_links.items()):
        if link not in SUPPORTED and count:
            yield ScanError(name, "unsupported", f"{count} frames of link type {link} were left out")
    if world.net is not None and world.net.decryptor is not None:
        for problem in world.net.decryptor.problems():
            yield ScanError(name, "key", problem)


def _carved(world: World, findings: Sequence[Finding]) -> Iterator[Carved]:
    """Files that open networks offered, as far as they could be kept."""
    if world.net is None:
        return
    pushes = [f for f in findings if f.rule == "wifi/app-push"]
    for offer in world.net.offers:
        if not offer.data:
            continue
        place = f"http://{offer.host}{offer.path}"
        finding = next((f for f in pushes if place in f.endpoints), None)
        yield Carved(
            name=offer.name,
            data=offer.data,
            complete=offer.complete,
            origin=f"{place}, frame {offer.first.frame}",
            finding=None if finding is None else finding.id,
            bssid=offer.ends.bssid,
            host=offer.host,
            clients=(offer.ends.client,),
        )
