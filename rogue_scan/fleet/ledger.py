"""The ledger: which app is where, what was found in it by which engine and rules, and what changed since.

One SQLite file. A verdict is one row under (app, engine, rules) and is written in one transaction, so a
run that is killed at any moment has either a verdict or none, and the next run goes on from there. Only
one program at a time writes: :class:`Ledger` holds a lock on the store for as long as it is open.
"""

import contextlib
import itertools
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

from rogue_scan.errors import UsageError
from rogue_scan.fleet.engine import Feature, Mark, Result
from rogue_scan.rules.load import RuleSet

SCHEMA = 1
_BATCH = 500
"""Values of one query."""
DEATHS = 2
"""Workers that one app may kill before it is set aside."""

_TABLES = """
CREATE TABLE app (
  app TEXT PRIMARY KEY,           -- SHA-256, or what names the place where that is unknown
  size INTEGER NOT NULL,
  package TEXT NOT NULL,
  label TEXT NOT NULL,
  sketch BLOB NOT NULL,
  first_seen REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE place (
  location TEXT PRIMARY KEY,
  mark TEXT NOT NULL,             -- changes when the content may have changed
  app TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE verdict (
  app TEXT NOT NULL,
  engine TEXT NOT NULL,
  rules TEXT NOT NULL,
  state TEXT NOT NULL,            -- done, failed, quarantined
  verdict TEXT NOT NULL,
  score INTEGER NOT NULL,
  kind TEXT NOT NULL,             -- of the error; beside a verdict, of what was left unread
  message TEXT NOT NULL,
  marks BLOB NOT NULL,            -- the findings in short
  scans BLOB NOT NULL,            -- packed; emptied once a newer verdict stands
  from_facts INTEGER NOT NULL,
  seconds REAL NOT NULL,
  decided REAL NOT NULL,
  PRIMARY KEY (app, engine, rules)
);
CREATE INDEX verdict_state ON verdict (engine, rules, state);
CREATE TABLE death (app TEXT NOT NULL, engine TEXT NOT NULL, reason TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX death_app ON death (app, engine);
CREATE TABLE rules (digest TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE change (
  app TEXT NOT NULL,
  engine_before TEXT NOT NULL,
  rules_before TEXT NOT NULL,
  engine TEXT NOT NULL,
  rules TEXT NOT NULL,
  verdict_before TEXT NOT NULL,
  verdict TEXT NOT NULL,
  why BLOB NOT NULL,
  at REAL NOT NULL
);
CREATE INDEX change_rules ON change (engine, rules);
CREATE TABLE feature (
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  app TEXT NOT NULL,
  strong INTEGER NOT NULL,
  PRIMARY KEY (kind, value, app)
) WITHOUT ROWID;
CREATE INDEX feature_app ON feature (app);
CREATE TABLE member (app TEXT PRIMARY KEY, campaign TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX member_campaign ON member (campaign);
"""


class Verdict(msgspec.Struct, frozen=True):
    """One row of the ledger: what is known of one app under one engine and rule set."""

    app: str
    state: str
    verdict: str = ""
    score: int = 0
    kind: str = ""
    message: str = ""
    seconds: float = 0.0
    from_facts: bool = False
    decided: float = 0.0
    size: int = 0
    package: str = ""
    label: str = ""

    @property
    def done(self) -> bool:
        """Whether there is a verdict."""
        return self.state == "done"


class Cause(msgspec.Struct, frozen=True, omit_defaults=True):
    """One reason why a verdict changed."""

    what: str
    """``found``, ``no longer found`` or ``weighed differently``."""
    rule: str
    title: str
    rule_change: str = ""
    """``new rule``, ``rule removed``, ``revision 1 → 2``, ``edited``, ``rule unchanged``."""


class Change(msgspec.Struct, frozen=True):
    """A verdict that differs from the one before it."""

    app: str
    engine_before: str
    rules_before: str
    engine: str
    rules: str
    verdict_before: str
    verdict: str
    why: tuple[Cause, ...]
    at: float


class _Rule(msgspec.Struct, frozen=True):
    revision: int
    digest: str


class Ledger:
    """The ledger of one store, for one engine version and rule set.

    Raises UsageError where another program uses the store, or a newer version wrote it.
    """

    def __init__(self, folder: Path, engine: str, rules: RuleSet) -> None:
        private_folder(folder)
        self.engine, self.rules = engine, rules.digest
        self._lock = _lock(folder / "lock")
        try:
            self._db = _open(folder / "ledger.sqlite")
            self._remember(rules)
        except BaseException:
            self._lock.close()
            raise
        self._now = time.time

    def close(self) -> None:
        """Fold the write-ahead log into the file and let others in."""
        with contextlib.suppress(sqlite3.Error):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._db.close()
        self._lock.close()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Places.

    def app_at(self, location: str, mark: str) -> str | None:
        """The app last seen at ``location``, if nothing has changed there since."""
        row = self._db.execute(
            "SELECT app FROM place WHERE location = ? AND mark = ?", (location, mark)
        ).fetchone()
        return row[0] if row else None

    def put_place(self, location: str, mark: str, app: str) -> None:
        """Note which app is at ``location``."""
        with self._db:
            self._db.execute("INSERT OR REPLACE INTO place VALUES (?, ?, ?)", (location, mark, app))

    def name(self, app: str, name: str) -> None:
        """Note that this run's sources name ``app``; the first name in the alphabet is shown."""
        self._db.execute(
            "INSERT INTO named VALUES (?, ?) ON CONFLICT (app) DO UPDATE SET name = min(name, excluded.name)",
            (app, name),
        )
        self._db.commit()

    def named(self) -> Iterator[tuple[str, Verdict]]:
        """(name, verdict) of every app that this run's sources name, in the order of the apps."""
        for name, *row in self._db.execute(
            f"SELECT n.name, {_COLUMNS} JOIN named n ON n.app = v.app "
            "WHERE v.engine = ? AND v.rules = ? ORDER BY v.app",
            (self.engine, self.rules),
        ):
            yield name, _verdict(tuple(row))

    # Verdicts.

    def verdict(self, app: str) -> Verdict | None:
        """What this engine and these rules say of ``app``."""
        row = self._db.execute(
            f"{_SELECT} WHERE v.app = ? AND v.engine = ? AND v.rules = ?",
            (app, self.engine, self.rules),
        ).fetchone()
        return _verdict(row) if row else None

    def verdicts(
        self, *, after: str = "", limit: int = 1 << 30, verdict: str = "", state: str = ""
    ) -> Iterator[Verdict]:
        """All verdicts of this engine and these rules, in the order of the apps' names."""
        query = f"{_SELECT} WHERE v.engine = ? AND v.rules = ? AND v.app > ?"
        values: list[Any] = [self.engine, self.rules, after]
        for column, value in (("verdict", verdict), ("state", state)):
            if value:
                query += f" AND v.{column} = ?"
                values.append(value)
        for row in self._db.execute(query + " ORDER BY v.app LIMIT ?", [*values, limit]):
            yield _verdict(row)

    def counts(self) -> dict[tuple[str, str], int]:
        """Number of apps by (state, verdict) under this engine and these rules."""
        rows = self._db.execute(
            "SELECT state, verdict, count(*) FROM verdict WHERE engine = ? AND rules = ? GROUP BY 1, 2",
            (self.engine, self.rules),
        )
        return {(state, verdict): count for state, verdict, count in rows}

    def scans(self, app: str) -> bytes:
        """The packed scans of an app; empty where there is no verdict."""
        row = self._db.execute(
            "SELECT scans FROM verdict WHERE app = ? AND engine = ? AND rules = ?",
            (app, self.engine, self.rules),
        ).fetchone()
        return row[0] if row else b""

    def record(self, result: Result, *, quarantined: bool = False) -> Change | None:
        """Write the outcome of one job, whole or not at all; gives the change, if there is one.

        An app that has its verdict keeps it: the same app from two places is answered once.
        """
        app = result.sha256 or result.identity
        state = "quarantined" if quarantined else "failed" if result.failed else "done"
        now = self._now()
        with self._db:
            before = self._before(app)
            self._db.execute(
                "INSERT INTO app VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (app) DO UPDATE SET "
                "size = max(size, excluded.size), package = excluded.package, label = excluded.label, "
                "sketch = excluded.sketch",
                (app, result.size, result.package, result.label, result.sketch, now),
            )
            written = self._db.execute(
                "INSERT INTO verdict VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (app, engine, rules) DO UPDATE SET state = excluded.state, "
                "verdict = excluded.verdict, score = excluded.score, kind = excluded.kind, "
                "message = excluded.message, marks = excluded.marks, scans = excluded.scans, "
                "from_facts = excluded.from_facts, seconds = excluded.seconds, decided = excluded.decided "
                "WHERE verdict.state <> 'done'",
                (
                    app,
                    self.engine,
                    self.rules,
                    state,
                    result.verdict,
                    result.score,
                    result.kind or result.unread,
                    result.message or result.unread_why,
                    msgspec.json.encode(result.marks),
                    result.scans,
                    result.from_facts,
                    result.seconds,
                    now,
                ),
            ).rowcount
            if not written or result.failed:
                return None
            self._db.execute(
                "UPDATE verdict SET scans = x'' WHERE app = ? AND NOT (engine = ? AND rules = ?)",
                (app, self.engine, self.rules),
            )
            self._db.execute("DELETE FROM feature WHERE app = ?", (app,))
            self._db.executemany(
                "INSERT OR IGNORE INTO feature VALUES (?, ?, ?, ?)",
                [(feature.kind, feature.value, app, feature.strong) for feature in result.features],
            )
            return self._compare(app, before, result, now)

    # Deaths.

    def died(self, app: str, reason: str) -> int:
        """Note that a worker died on ``app``; gives how many have."""
        with self._db:
            self._db.execute("INSERT INTO death VALUES (?, ?, ?, ?)", (app, self.engine, reason, self._now()))
            return self.deaths(app)

    def deaths(self, app: str) -> int:
        """Workers that ended while this engine version was at work on ``app``."""
        row = self._db.execute(
            "SELECT count(*) FROM death WHERE app = ? AND engine = ?", (app, self.engine)
        ).fetchone()
        return int(row[0])

    def forgive(self, app: str) -> None:
        """Forget a failure, so that the app is tried again."""
        with self._db:
            self._db.execute("DELETE FROM death WHERE app = ? AND engine = ?", (app, self.engine))
            self._db.execute(
                "DELETE FROM verdict WHERE app = ? AND engine = ? AND rules = ? AND state <> 'done'",
                (app, self.engine, self.rules),
            )

    # Changes.

    def changes(self) -> Iterator[Change]:
        """Verdicts that this engine and these rules changed, and why."""
        for row in self._db.execute(
            "SELECT app, engine_before, rules_before, engine, rules, verdict_before, verdict, why, at "
            "FROM change WHERE engine = ? AND rules = ? ORDER BY app",
            (self.engine, self.rules),
        ):
            causes = msgspec.json.decode(row[7], type=tuple[Cause, ...])
            app, engine_before, rules_before, engine, rules, verdict_before, verdict = row[:7]
            yield Change(
                app, engine_before, rules_before, engine, rules, verdict_before, verdict, causes, row[8]
            )

    def _before(self, app: str) -> tuple[str, str, str, tuple[Mark, ...]] | None:
        row = self._db.execute(
            "SELECT engine, rules, verdict, marks FROM verdict WHERE app = ? AND state = 'done' "
            "AND NOT (engine = ? AND rules = ?) ORDER BY decided DESC LIMIT 1",
            (app, self.engine, self.rules),
        ).fetchone()
        if row is None:
            return None
        return row[0], row[1], row[2], msgspec.json.decode(row[3], type=tuple[Mark, ...])

    def _compare(
        self, app: str, before: tuple[str, str, str, tuple[Mark, ...]] | None, result: Result, now: float
    ) -> Change | None:
        if before is None:
            return None
        engine, rules, verdict, marks = before
        old = {mark.fingerprint: mark for mark in marks}
        new = {mark.fingerprint: mark for mark in result.marks}
        causes = []
        for key in sorted(old.keys() | new.keys(), key=lambda key: ((new.get(key) or old[key]).rule, key)):
            was, now_is = old.get(key), new.get(key)
            if was is None and now_is is not None:
                causes.append(self._cause("found", now_is, rules))
            elif now_is is None and was is not None:
                causes.append(self._cause("no longer found", was, rules))
            elif was != now_is and now_is is not None:
                causes.append(self._cause("weighed differently", now_is, rules))
        if not causes and verdict == result.verdict:
            return None
        change = Change(
            app, engine, rules, self.engine, self.rules, verdict, result.verdict, tuple(causes), now
        )
        self._db.execute(
            "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*msgspec.structs.astuple(change)[:7], msgspec.json.encode(change.why), now),
        )
        return change

    def _cause(self, what: str, mark: Mark, rules_before: str) -> Cause:
        old, new = (self._rules(digest).get(mark.rule) for digest in (rules_before, self.rules))
        if old == new:
            change = "rule unchanged"
        elif old is None:
            change = "new rule"
        elif new is None:
            change = "rule removed"
        elif old.revision != new.revision:
            change = f"revision {old.revision} → {new.revision}"
        else:
            change = "edited"
        return Cause(what, mark.rule, mark.title, change)

    def _remember(self, rules: RuleSet) -> None:
        self._rule_sets: dict[str, dict[str, _Rule]] = {}
        content = {rule.rule: _Rule(rule.revision, _digest(msgspec.msgpack.encode(rule))) for rule in rules}
        with self._db:
            self._db.execute(
                "INSERT OR IGNORE INTO rules VALUES (?, ?)", (rules.digest, msgspec.json.encode(content))
            )

    def _rules(self, digest: str) -> dict[str, _Rule]:
        if digest not in self._rule_sets:
            row = self._db.execute("SELECT content FROM rules WHERE digest = ?", (digest,)).fetchone()
            self._rule_sets[digest] = msgspec.json.decode(row[0], type=dict[str, _Rule]) if row else {}
        return self._rule_sets[digest]

    # Features and campaigns; what they mean is in `campaigns`.

    def features(self) -> Iterator[tuple[str, Feature]]:
        """All (app, feature) pairs, equal features together."""
        for kind, value, app, strong in self._db.execute(
            "SELECT kind, value, app, strong FROM feature ORDER BY kind, value, app"
        ):
            yield app, Feature(kind, value, bool(strong))

    def features_of(self, app: str) -> list[Feature]:
        """What ties this app to others."""
        rows = self._db.execute(
            "SELECT kind, value, strong FROM feature WHERE app = ? ORDER BY kind, value", (app,)
        )
        return [Feature(kind, value, bool(strong)) for kind, value, strong in rows]

    def sharing(self, feature: Feature, limit: int) -> list[str]:
        """Apps that have ``feature`` just as strongly, at most ``limit``."""
        rows = self._db.execute(
            "SELECT app FROM feature WHERE kind = ? AND value = ? AND strong = ? ORDER BY app LIMIT ?",
            (feature.kind, feature.value, feature.strong, limit),
        )
        return [app for (app,) in rows]

    def spread(self, kind: str, value: str) -> tuple[int, int]:
        """How many apps have a feature, and how many of them strongly."""
        row = self._db.execute(
            "SELECT count(*), coalesce(sum(strong), 0) FROM feature WHERE kind = ? AND value = ?",
            (kind, value),
        ).fetchone()
        return int(row[0]), int(row[1])

    def sketches(self, apps: Iterable[str]) -> dict[str, bytes]:
        """Sketches of the own code of these apps, in their order."""
        found: dict[str, bytes] = {}
        source = iter(apps)
        while batch := list(itertools.islice(source, _BATCH)):
            marks = ",".join("?" * len(batch))
            rows = self._db.execute(f"SELECT app, sketch FROM app WHERE app IN ({marks})", batch)  # noqa: S608
            known = dict(rows)
            found.update((app, known[app]) for app in batch if known.get(app))
        return found

    def arrivals(self) -> dict[str, float]:
        """When each app was first seen, seconds of the epoch."""
        return dict(self._db.execute("SELECT app, first_seen FROM app"))

    def prevalence(self, kind: str, most: int) -> list[tuple[str, int, int]]:
        """The commonest features of one kind in the named apps: (value, apps, of these at risk)."""
        rows = self._db.execute(
            "SELECT f.value, count(*), sum(v.verdict IN ('medium', 'high', 'critical')) FROM feature f "
            "JOIN named n ON n.app = f.app "
            "JOIN verdict v ON v.app = f.app AND v.engine = ? AND v.rules = ? "
            "WHERE f.kind = ? GROUP BY f.value ORDER BY 2 DESC, 3 DESC, 1 LIMIT ?",
            (self.engine, self.rules, kind, most),
        )
        return list(rows)

    def put_member(self, app: str, campaign: str) -> None:
        """Add one app to a campaign."""
        with self._db:
            self._db.execute("INSERT OR REPLACE INTO member VALUES (?, ?)", (app, campaign))

    def put_members(self, members: dict[str, str]) -> None:
        """Replace the campaigns: app → campaign."""
        with self._db:
            self._db.execute("DELETE FROM member")
            self._db.executemany("INSERT INTO member VALUES (?, ?)", sorted(members.items()))

    def campaign_of(self, app: str) -> str | None:
        """The campaign an app belongs to, as of the last clustering."""
        row = self._db.execute("SELECT campaign FROM member WHERE app = ?", (app,)).fetchone()
        return row[0] if row else None

    def members(self) -> Iterator[tuple[str, Verdict]]:
        """(campaign, verdict) of every app in a campaign, campaigns together."""
        for campaign, *row in self._db.execute(
            f"SELECT m.campaign, {_COLUMNS} JOIN member m ON m.app = v.app "
            "WHERE v.engine = ? AND v.rules = ? ORDER BY m.campaign, v.app",
            (self.engine, self.rules),
        ):
            yield campaign, _verdict(tuple(row))


_COLUMNS = (
    "v.app, v.state, v.verdict, v.score, v.kind, v.message, v.seconds, v.from_facts, v.decided, "
    "a.size, a.package, a.label FROM verdict v JOIN app a ON a.app = v.app"
)
_SELECT = f"SELECT {_COLUMNS}"


def _verdict(row: tuple[Any, ...]) -> Verdict:
    fields = dict(zip(Verdict.__struct_fields__, row, strict=True))
    fields["from_facts"] = bool(fields["from_facts"])
    return Verdict(**fields)


def private_folder(folder: Path) -> None:
    """Make a folder that only its owner can look into; what stood there keeps its mode."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}") from error


def _lock(path: Path) -> IO[str]:
    handle = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+")
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # Windows: SQLite's own locks have to do
        return handle
    except OSError:
        holder = handle.read(20).strip() or "another"
        handle.close()
        raise UsageError(f"{path.parent}: the store is in use by process {holder}") from None
    handle.truncate(0)
    handle.write(f"{os.getpid()}\n")
    handle.flush()
    return handle


def _open(path: Path) -> sqlite3.Connection:
    # SQLite gives its side files the mode of the main one, so that has to be right from the start.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    try:
        db = sqlite3.connect(path, timeout=10)
        # The write-ahead log survives the end of the process at any moment; NORMAL leaves only the last
        # moments open to a power cut, which the next run repeats.
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("PRAGMA trusted_schema=OFF")
        db.execute("PRAGMA temp_store=FILE")
        db.execute("CREATE TEMP TABLE named (app TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            with db:
                db.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {SCHEMA}; COMMIT;")
        elif version != SCHEMA:
            db.close()
            raise UsageError(f"{path}: ledger of version {version}, this program reads {SCHEMA}")
        return db
    except sqlite3.Error as error:
        raise UsageError(f"{path}: {error}") from error


def _digest(raw: bytes) -> str:
    import hashlib

    return hashlib.sha256(raw).hexdigest()
