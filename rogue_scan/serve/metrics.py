"""Numbers in Prometheus' text format (version 0.0.4)."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping

_BOUNDS = (0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 25.0, 100.0)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Histogram:
    """Seconds that something took."""

    def __init__(self) -> None:
        self._counts = [0] * (len(_BOUNDS) + 1)
        self._sum = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self._counts[bisect_left(_BOUNDS, seconds)] += 1
        self._sum += seconds

    def lines(self, name: str, says: str) -> Iterable[str]:
        """The text of this one."""
        yield f"# HELP {name} {says}"
        yield f"# TYPE {name} histogram"
        total = 0
        for bound, count in zip((*map(str, _BOUNDS), "+Inf"), self._counts, strict=True):
            total += count
            yield f'{name}_bucket{{le="{bound}"}} {total}'
        yield f"{name}_sum {self._sum:.6f}"
        yield f"{name}_count {total}"


class Metrics:
    """Counters of one server; the state of the ledger is read when it is asked for."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str, int]] = Counter()
        """By method, route and status."""
        self.seconds = Histogram()
        self.vetting = Histogram()
        self.uploaded = 0

    def text(
        self, apps: Mapping[tuple[str, str], int], waiting: int, running: int, version: str, rules: str
    ) -> str:
        """Everything, as a scraper reads it."""
        lines = [
            "# HELP rogue_scan_build_info Version and rule set of this server.",
            "# TYPE rogue_scan_build_info gauge",
            f'rogue_scan_build_info{{version="{version}",rules="{rules}"}} 1',
            "# HELP rogue_scan_apps Apps in the ledger by state and verdict.",
            "# TYPE rogue_scan_apps gauge",
            *(
                f'rogue_scan_apps{{state="{state}",verdict="{verdict}"}} {count}'
                for (state, verdict), count in sorted(apps.items())
            ),
            "# HELP rogue_scan_waiting Apps that wait for a worker.",
            "# TYPE rogue_scan_waiting gauge",
            f"rogue_scan_waiting {waiting}",
            "# HELP rogue_scan_running Apps that workers have.",
            "# TYPE rogue_scan_running gauge",
            f"rogue_scan_running {running}",
            "# HELP rogue_scan_uploaded_bytes_total Bytes of all uploads.",
            "# TYPE rogue_scan_uploaded_bytes_total counter",
            f"rogue_scan_uploaded_bytes_total {self.uploaded}",
            "# HELP rogue_scan_requests_total Requests by method, route and status.",
            "# TYPE rogue_scan_requests_total counter",
            *(
                f'rogue_scan_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
                for (method, route, status), count in sorted(self.requests.items())
            ),
            *self.seconds.lines("rogue_scan_request_seconds", "Seconds until a request was answered."),
            *self.vetting.lines("rogue_scan_vetting_seconds", "Seconds a worker spent on one app."),
        ]
        return "\n".join(lines) + "\n"
