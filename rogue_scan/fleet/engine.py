"""What an engine is: something that vets apps in processes which may die.

There are two, :mod:`~rogue_scan.fleet.local` and :mod:`~rogue_scan.fleet.cluster`; ``run`` and ``serve``
know only the protocol, so both give the same verdicts.
"""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

import msgspec

from rogue_scan import __version__
from rogue_scan.errors import RogueScanError

ENGINE = __version__
"""What a verdict depends on besides app and rules; part of the ledger's key."""


class EngineLost(RogueScanError):
    """The engine as a whole is gone (a scheduler that cannot be reached): no job's fault."""


class Limits(msgspec.Struct, frozen=True):
    """What one app may cost."""

    seconds: float = 120.0
    """Wall time from the moment a worker takes the app."""
    memory: int = 2 << 30
    """Bytes of private memory of the worker process."""
    size: int = 2 << 30
    """Bytes of the source itself."""


class Setup(msgspec.Struct, frozen=True):
    """What every worker of one run needs to know; sent to machines that share no files with this one."""

    rules: bytes
    """The rule set, packed: a worker never reads signature files of its own."""
    digest: str
    """Of the rule set."""
    version: str
    """Of the engine: a worker of another version refuses the work."""
    limits: Limits = Limits()
    call: str = "rogue_scan.fleet.work:vet"
    """``module:function`` that takes (Job, Setup) and gives a Result."""
    network: bool = True
    """Whether workers may have to fetch apps; else they give up the network, where the system lets them."""


class Job(msgspec.Struct, frozen=True):
    """One app to vet. A worker that cannot see ``location`` says so, and gets ``data`` then."""

    identity: str
    """What the ledger knows it by: its SHA-256, or what names its place while that is unknown."""
    name: str
    """For the report; hostile text."""
    location: str
    """Absolute path, or URL."""
    remote: bool = False
    """Whether ``location`` is a URL."""
    redirects: bool = True
    """Whether a web server may send the worker elsewhere."""
    data: bytes | None = None
    facts: str | None = None
    """Path of stored facts: the app is answered from these where they still fit."""
    facts_data: bytes | None = None


class Mark(msgspec.Struct, frozen=True):
    """A finding, as short as the ledger needs it to tell what changed."""

    fingerprint: str
    rule: str
    severity: str
    confidence: float
    title: str


class Feature(msgspec.Struct, frozen=True, order=True):
    """Something that ties apps: a signer, an endpoint, a page, a kit, a stretch of own code."""

    kind: str
    value: str
    strong: bool = True
    """Whether sharing it alone makes one campaign."""


class Result(msgspec.Struct, frozen=True):
    """What became of one job: a verdict or an error, never both."""

    identity: str
    sha256: str = ""
    """Empty where the app could not be read at all."""
    size: int = 0
    verdict: str = ""
    score: int = 0
    package: str = ""
    label: str = ""
    marks: tuple[Mark, ...] = ()
    features: tuple[Feature, ...] = ()
    sketch: bytes = b""
    """Sketch of the app's own code (:mod:`~rogue_scan.apk.code.sketch`)."""
    scans: bytes = b""
    """The scans, packed (:func:`~rogue_scan.fleet.work.pack`)."""
    facts: bytes = b""
    """To be stored; empty where the answer came from stored facts."""
    from_facts: bool = False
    kind: str = ""
    """Of the error; empty for a verdict."""
    message: str = ""
    unread: str = ""
    """Beside a verdict: kind of the first part that could not be read (``limit``, ``truncated`` …)."""
    unread_why: str = ""
    died: bool = False
    """The worker process ended on this app."""
    absent: bool = False
    """The worker cannot see the files: send their content."""
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether there is no verdict."""
        return bool(self.kind)


Work = Callable[[Job, Setup], Result]


class Engine(Protocol):
    """Runs jobs; one dead worker costs one job."""

    @property
    def slots(self) -> int:
        """Jobs in flight that keep it busy: more only fill memory. May change as workers come and go."""

    def submit(self, job: Job) -> Future[Result]:
        """Begin one job.

        The future gives a Result, also for a worker that died; it raises only :class:`EngineLost`.
        """

    def close(self, *, kill: bool = False) -> None:
        """End all workers: after their present job, or with ``kill`` at once."""
