"""A run over many places: who still needs a verdict, who is being asked, who is set aside.

The queue is bounded: places are taken from their generator only when a worker will be free for them, so
memory does not grow with their number.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait

import msgspec

from rogue_scan.errors import SourceError, Unreadable
from rogue_scan.fleet.engine import Engine, Job, Limits, Result
from rogue_scan.fleet.ledger import DEATHS, Ledger, Verdict
from rogue_scan.fleet.sources import Place, sha256
from rogue_scan.fleet.store import Facts
from rogue_scan.model.report import ScanError

_log = logging.getLogger(__name__)
_BEAT = 0.5
"""Seconds between looks at the stop switch."""


class Tally(msgspec.Struct):
    """How far a run is."""

    named: int = 0
    """Places seen so far."""
    known: int = 0
    """Apps that had their verdict already."""
    done: int = 0
    from_facts: int = 0
    partly: int = 0
    """Of the done, those with a part that could not be read."""
    failed: int = 0
    quarantined: int = 0
    changed: int = 0
    """Verdicts that are not what they were under earlier rules or an earlier version."""
    stopped: bool = False


class Vetting:
    """Decides for each place what has to be done, and writes down what came of it."""

    def __init__(self, ledger: Ledger, facts: Facts, limits: Limits, *, retry: bool = False) -> None:
        self.ledger, self.facts, self._limits, self._retry = ledger, facts, limits, retry
        self.tally = Tally()
        self._flying: set[str] = set()
        self._retried: set[str] = set()

    def plan(self, place: Place) -> tuple[str, Job | None]:
        """The app at ``place``, and the job that gives its verdict; None where one stands or is on its way.

        Raises SourceError where a local file cannot be read.
        """
        app = self.ledger.app_at(place.key, place.mark)
        if app is None:
            app = place.identity if place.remote else sha256(place.location, self._limits.size)[0]
            self.ledger.put_place(place.key, place.mark, app)
        return app, self.begin(app, place.name, place.location, remote=place.remote)

    def begin(self, app: str, name: str, location: str, *, remote: bool = False) -> Job | None:
        """The job that gives ``app`` its verdict; None where one stands or is on its way."""
        if app in self._flying:
            return None
        known = self.ledger.verdict(app)
        if known is not None and not self._again(known):
            return None
        if known is not None:
            self.ledger.forgive(app)
            self._retried.add(app)
        self._flying.add(app)
        facts = self.facts.path(app)
        return Job(app, name, location, remote=remote, facts=str(facts) if facts else None)

    def waiting(self, app: str) -> bool:
        """Whether a job for ``app`` is on its way."""
        return app in self._flying

    def settle(self, job: Job, result: Result, place: Place | None = None) -> bool:
        """Write down what became of a job; False where it has to be run once more."""
        app = result.sha256 or result.identity
        quarantined = False
        if result.died:
            deaths = self.ledger.died(app, result.message)
            if deaths < DEATHS:
                _log.info("%s: %s; trying once more", job.name, result.message)
                return False
            quarantined = True
            result = msgspec.structs.replace(
                result, message=f"set aside: {deaths} worker processes died on it; last, {result.message}"
            )
        self._flying.discard(job.identity)
        if result.facts:
            try:
                self.facts.put(app, result.facts)
            except OSError as error:  # they only save time: the verdict stands without them
                _log.warning("facts of %s not kept: %s", app, error)
        change = self.ledger.record(result, quarantined=quarantined)
        if place is not None and app != job.identity:
            self.ledger.put_place(place.key, place.mark, app)
        self.tally.changed += change is not None
        self.tally.from_facts += result.from_facts
        if quarantined:
            self.tally.quarantined += 1
        elif result.failed:
            self.tally.failed += 1
        else:
            self.tally.done += 1
            self.tally.partly += bool(result.unread)
        return True

    def dropped(self, job: Job) -> None:
        """A job was cancelled before it had an outcome."""
        self._flying.discard(job.identity)

    def _again(self, verdict: Verdict) -> bool:
        """Whether a failure is worth another try: what could not be read then may be there now."""
        if verdict.done or verdict.app in self._retried:
            return False
        return self._retry or verdict.kind == Unreadable.kind


def run(
    places: Iterable[Place | ScanError],
    vetting: Vetting,
    engine: Engine,
    *,
    stopping: Callable[[], bool] = lambda: False,
    progress: Callable[[Tally], None] = lambda _: None,
) -> Iterator[tuple[Place, str] | ScanError]:
    """Vet every place; gives each as (place, app) as soon as its app is known, and errors.

    An app's verdict stands in the ledger when the generator has ended. ``stopping`` ends the run in order:
    nothing new is begun, what is begun is finished.
    """
    tally = vetting.tally
    source = iter(places)
    flying: dict[Future[Result], tuple[Job, Place]] = {}
    again: deque[tuple[Job, Place]] = deque()
    ended = False
    while True:
        if stopping() and not tally.stopped:
            tally.stopped = ended = True
            again.clear()
        while again and len(flying) < engine.slots:
            job, place = again.popleft()
            flying[engine.submit(job)] = (job, place)
        while not ended and len(flying) < engine.slots and not stopping():
            item = next(source, None)
            if item is None:
                ended = True
                break
            if isinstance(item, ScanError):
                yield item
                continue
            tally.named += 1
            try:
                app, planned = vetting.plan(item)
            except SourceError as error:
                tally.failed += 1
                yield ScanError(item.name, error.kind, str(error))
                continue
            if planned is None:
                tally.known += 1
                progress(tally)
                yield item, app
            else:
                flying[engine.submit(planned)] = (planned, item)
        if not flying and not again and (ended or tally.stopped):
            return
        for future in wait(flying, timeout=_BEAT, return_when=FIRST_COMPLETED).done:
            job, place = flying.pop(future)
            if future.cancelled():
                vetting.dropped(job)
                continue
            result = future.result()
            if vetting.settle(job, result, place):
                yield place, result.sha256 or result.identity
            elif not tally.stopped:
                again.append((job, place))
        progress(tally)
