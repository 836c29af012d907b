"""A live run: frames in, findings as they open and change, a scan at the end.

What comes out depends on the frames alone: the file that :class:`~.record.Recorder` wrote gives the same
findings. Only what a file cannot hold (dwell on silent channels, marks, positions) is added here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from rogue_scan.errors import SourceError
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import ScanError
from rogue_scan.model.scan import Scan, subject_id
from rogue_scan.model.severity import Severity
from rogue_scan.model.site import Site
from rogue_scan.model.subject import ChannelWatch, Mark, RadioWatch, Subject
from rogue_scan.rules.load import RuleSet
from rogue_scan.wifi.analyse import Session
from rogue_scan.wifi.dot11.channel import channel_of
from rogue_scan.wifi.live.follow import Follow
from rogue_scan.wifi.live.gps import Fix, Gps
from rogue_scan.wifi.live.managed import Managed
from rogue_scan.wifi.live.monitor import Dwell, Monitor
from rogue_scan.wifi.live.record import Recorder
from rogue_scan.wifi.net.decrypt import parse_key

_EVALUATE_EVERY = 2.0
_EVALUATE_SHARE = 0.2
"""Share of the time that rules may take: on a busy site they are asked less often."""
_POSITION_EVERY = 5.0
_MOST_MARKS = 10_000


class Clock(Protocol):
    """Where the run takes its own time from."""

    def monotonic(self) -> float:
        """Seconds, never backwards."""

    def time_ns(self) -> int:
        """Nanoseconds since 1970."""


class Live:
    """Drives one run. :meth:`steps` yields after each batch, so that a view can draw and read keys."""

    def __init__(
        self,
        source: Monitor | Managed | Follow,
        rules: RuleSet,
        *,
        name: str,
        keys: Sequence[str] = (),
        site: Site | None = None,
        recorder: Recorder | None = None,
        duration: float | None = None,
        clock: Clock = time,
        gps: Gps | None = None,
    ) -> None:
        self.source = source
        self.session = Session(rules, name=name, keys=[parse_key(key) for key in keys], site=site)
        self._scanned: Scan | None = None
        self._marks: list[tuple[int, str, Fix | None]] = []
        self._name, self._recorder, self._duration, self._clock = name, recorder, duration, clock
        self._began = clock.monotonic()
        self._began_ns = clock.time_ns()
        self._evaluated = self._began
        self._pause = _EVALUATE_EVERY
        self._gps = gps or Gps()
        self._placed = -_POSITION_EVERY
        self._errors: list[ScanError] = []

    @property
    def subject(self) -> str:
        """Id of the run's subject: the same for the whole run."""
        return subject_id("capture", f"live {self._name} {self._began_ns}")

    @property
    def findings(self) -> Sequence[Finding]:
        """What is found, as far as it was worked out."""
        return self._scanned.findings if self._scanned is not None else ()

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return self._clock.monotonic() - self._began

    @property
    def position(self) -> bool:
        """Whether a position is known now."""
        return self._gps.fix is not None

    @property
    def marks(self) -> list[Mark]:
        """Places marked by hand, and positions, with their times in the capture."""
        epoch = self.session.world.epoch_ns or self._began_ns
        return [
            Mark(
                time=round(max(0.0, (time_ns - epoch) / 1e9), 3),
                name=name,
                latitude=fix.latitude if fix else None,
                longitude=fix.longitude if fix else None,
                altitude=fix.altitude if fix else None,
                accuracy=fix.accuracy if fix else None,
            )
            for time_ns, name, fix in self._marks
        ]

    def steps(self) -> Iterator[bool]:
        """Run until the source ends or the time is over; True where the findings were worked out anew."""
        try:
            for batch in self.source.stream():
                if batch:
                    self._take(batch)
                now = self._clock.monotonic()
                if now - self._evaluated >= self._pause:
                    self._evaluate()
                    yield True
                else:
                    yield False
                self._place(now)
                if self._duration is not None and self.seconds >= self._duration:
                    self.source.stop()
        finally:
            self._gps.close()
        # The same end as a file has, so that the recording gives the same report.
        self.session.finish(cut=self.source.stopped)
        self._evaluate()
        yield True

    def mark(self, name: str) -> None:
        """Remember a place by hand."""
        self._add_mark(name)

    def scan(self) -> Scan:
        """The scan as it was worked out last, with what only the live run knows."""
        if self._scanned is None:
            self._evaluate()
        assert self._scanned is not None
        scan = self._scanned
        subject = scan.subject
        coverage = msgspec.structs.replace(
            subject.coverage, notes=tuple(dict.fromkeys([*subject.coverage.notes, *self._notes()]))
        )
        lost = [ScanError(self._name, error.kind, str(error)) for error in self.source.errors]
        if isinstance(self.source, Monitor):
            coverage = msgspec.structs.replace(
                coverage,
                channels=_watched(self.source.dwell),
                radios=tuple(
                    RadioWatch(each.name, each.frames, each.dropped, _watched(each.dwell), each.lost)
                    for each in self.source.radios
                ),
                dropped=self.source.dropped,
            )
        view = subject.wifi
        if view is not None:
            view = msgspec.structs.replace(view, marks=tuple(self.marks))
        return msgspec.structs.replace(
            scan,
            subject=msgspec.structs.replace(subject, coverage=coverage, wifi=view),
            errors=(*scan.errors, *self._errors, *lost),
        )

    def _take(self, batch: bytes) -> None:
        if self._recorder is not None:
            try:
                self._recorder.write(batch)
            except SourceError as error:
                # A full disk must not end the audit; the report says from when on nothing was kept.
                self._errors.append(ScanError(self._name, error.kind, f"recording ended: {error}"))
                self._recorder = None
        self.session.feed(batch)

    def _evaluate(self) -> None:
        begin = self._clock.monotonic()
        self._scanned = self.session.scan(Subject(id=self.subject, kind="capture", name=self._name))
        self._evaluated = self._clock.monotonic()
        self._pause = max(_EVALUATE_EVERY, (self._evaluated - begin) / _EVALUATE_SHARE)
        if isinstance(self.source, Monitor):
            busy, suspect = self._channels()
            for plan in self.source.plans:
                plan.learn(busy, suspect)

    def _channels(self) -> tuple[set[int], set[int]]:
        """Frequencies on which access points are, and on which suspects are, MHz."""
        accused = {
            actor
            for finding in self.findings
            if finding.severity >= Severity.MEDIUM
            for actor in finding.actors
        }
        busy: set[int] = set()
        suspect: set[int] = set()
        for bss in self.session.world.bss.values():
            found = {frequency for frequency in bss.frequencies if frequency}
            busy |= found
            if bss.bssid in accused:
                suspect |= found
        return busy, suspect

    def _place(self, now: float) -> None:
        if self._gps.fix is not None and now - self._placed >= _POSITION_EVERY:
            self._placed = now
            self._add_mark("")

    def _add_mark(self, name: str) -> None:
        if len(self._marks) >= _MOST_MARKS:
            return
        self._marks.append((self._clock.time_ns(), name, self._gps.fix))

    def _notes(self) -> list[str]:
        notes = list(self.source.notes)
        if self._recorder is not None and self._recorder.given_up:
            notes.append(
                f"the disk limit made {self._recorder.given_up} of the recorded files go, the oldest first"
            )
        return notes


def _watched(dwell: dict[int, Dwell]) -> tuple[ChannelWatch, ...]:
    return tuple(
        ChannelWatch(frequency, channel_of(frequency) or 0, round(one.seconds, 3), one.frames)
        for frequency, one in sorted(dwell.items())
    )
