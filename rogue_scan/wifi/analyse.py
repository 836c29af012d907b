"""One capture to one scan: chunks → batches → world → detectors → findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from rogue_scan.errors import Truncated, Unsupported
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import ScanError
from rogue_scan.model.scan import Carved, Scan, subject_id
from rogue_scan.model.site import Site
from rogue_scan.model.subject import NotAssessed, Subject
from rogue_scan.rules.load import RuleSet
from rogue_scan.rules.registry import Detector, bind
from rogue_scan.source.walk import Source
from rogue_scan.wifi import baseline, view
from rogue_scan.wifi.capture.chunk import Chunk, Interface, Reader
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

    def finish(self) -> None:
        """Say that no more frames come."""
        if self._reader is not None:
            for chunk in self._reader.finish():
                self.take(chunk)
        self._fold(self._observer.flush())
        if self.world.net is not None:
            self.world.net.finish()

    # Findings out

    def findings(self, subject: str) -> list[Finding]:
        """What all rules find in what was seen so far.

        A detector that fails gives an error naming its rule, and the others go on.
        """
        self._fold(self._observer.flush())
        self._folder.settle()
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
    for chunk in stream.chunks():
        session.declare(stream.interfaces[len(session.world.receivers) :])
        session.take(chunk)
    session.declare(stream.interfaces[len(session.world.receivers) :])
    for receiver, interface in zip(session.world.receivers, stream.interfaces, strict=False):
        receiver.dropped = interface.dropped
    session.finish()
    world = session.world
    if world.receivers and not any(r.link_type in SUPPORTED for r in world.receivers):
        links = ", ".join(sorted({str(r.link_type) for r in world.receivers}))
        raise Unsupported(
            f"a capture of link type {links}, not of 802.11 frames: capture in monitor mode (radiotap)"
        )
    session.errors += _problems(source.name, stream, world)
    identity = stream.sha256
    return session.scan(
        Subject(
            id=subject_id("capture", identity),
            kind="capture",
            name=source.name,
            sha256=identity,
            size=stream.size,
        )
    )


def _problems(name: str, stream: Stream, world: World) -> Iterator[ScanError]:
    """What was wrong with the source, in words."""
    damage = stream.damage
    before = f"; the {world.coverage.frames} frames before it were analysed"
    if isinstance(stream.problem, Truncated) or damage.truncated:
        reason = str(stream.problem) if stream.problem else damage.notes[-1] if damage.notes else "cut short"
        yield ScanError(name, "truncated", reason + before)
    elif stream.problem is not None:
        yield ScanError(name, stream.problem.kind, f"{stream.problem}{before}")
    if damage.records:
        yield ScanError(
            name,
            "malformed",
            f"{damage.records} damaged records, {damage.skipped} bytes passed over: "
            + "; ".join(damage.notes[:3]),
        )
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
