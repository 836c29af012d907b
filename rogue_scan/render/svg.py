"""Pictures for the HTML report, drawn as inline SVG.

Colours come from the page's style sheet by class, so pictures follow light, dark and print. Each
picture is an image with a title and a description; what it shows stands in a table or list as well.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence

from markupsafe import Markup
from markupsafe import escape as quote

from rogue_scan.model.report import Incident, Step
from rogue_scan.model.subject import AccessPoint, Client, Subject, Track
from rogue_scan.render import escape
from rogue_scan.render.view import View, ap_name, clock

_WIDTH = 760
_WEAK, _STRONG = -95, -20
"""Ends of the signal axis, dBm."""
_numbers = Callable[[float], float]


class Canvas:
    """Collects elements; texts and attribute values are escaped here."""

    def __init__(self, height: float, title: str, description: str, width: float = _WIDTH) -> None:
        self.width, self.height = width, height
        self._title, self._description = title, description
        self._parts: list[str] = []

    def add(self, tag: str, content: str | None = None, **attributes: object) -> None:
        """One element; ``_`` in attribute names stands for ``-``, ``class_`` for ``class``."""
        listed = "".join(
            f' {name.rstrip("_").replace("_", "-")}="{quote(_number(value))}"'
            for name, value in attributes.items()
        )
        if content is None:
            self._parts.append(f"<{tag}{listed}/>")
        else:
            self._parts.append(f"<{tag}{listed}>{quote(escape.html(content))}</{tag}>")

    def text(self, x: float, y: float, content: str, longest: int = 40, **attributes: object) -> None:
        """A label, shortened to ``longest`` characters."""
        shown = content if len(content) <= longest else content[: longest - 1] + "…"
        self.add("text", shown, x=x, y=y, **attributes)

    def hinted(self, hint: str, tag: str, **attributes: object) -> None:
        """An element that shows ``hint`` when pointed at."""
        listed = "".join(
            f' {name.rstrip("_").replace("_", "-")}="{quote(_number(value))}"'
            for name, value in attributes.items()
        )
        self._parts.append(f"<{tag}{listed}><title>{quote(escape.html(hint))}</title></{tag}>")

    def finish(self) -> Markup:
        """The whole picture."""
        label = quote(escape.html(f"{self._title}. {self._description}", prose=True))
        size = f"0 0 {_number(self.width)} {_number(self.height)}"
        parts = "".join(self._parts)
        return Markup(  # noqa: S704 (every part was escaped where it was added)
            f'<svg role="img" aria-label="{label}" viewBox="{size}">{parts}</svg>'
        )


def _number(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def _scale(low: float, high: float, start: float, end: float) -> _numbers:
    span = (high - low) or 1.0
    return lambda value: start + (min(max(value, low), high) - low) / span * (end - start)


def _ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round steps over a span."""
    span = (high - low) or 1.0
    for base in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400):
        if span / base <= most:
            step = float(base)
            break
    else:
        step = span / most
    first = -(-low // step) * step
    return [tick for tick in (first + step * index for index in range(most + 2)) if tick <= high]


def _time_axis(canvas: Canvas, x: _numbers, low: float, high: float, top: float, bottom: float) -> None:
    for tick in _ticks(low, high):
        canvas.add("line", x1=x(tick), y1=top, x2=x(tick), y2=bottom, class_="grid")
        label = f"{tick:.0f} s" if high < 60 else f"{int(tick // 60)}:{int(tick % 60):02d}"
        canvas.text(x(tick), bottom + 16, label, class_="axis", text_anchor="middle")


def timelines(view: View, incident: Incident) -> list[tuple[str, Markup]]:
    """Steps of an incident, numbered as in the list: an axis for each capture, since each has its own clock.

    With the name of the capture; captures without two moments have no picture.
    """
    by_capture: dict[str, list[tuple[int, Step]]] = {}
    for number, step in enumerate(incident.timeline, 1):
        if step.time is not None:
            finding = view.by_id.get(step.finding or "")
            source = step.subject or (finding.subject if finding else "")
            by_capture.setdefault(source, []).append((number, step))
    drawn = [(view.subject_name(source), _timeline(view, timed)) for source, timed in by_capture.items()]
    return [(name, picture) for name, picture in drawn[:6] if picture is not None]


def _timeline(view: View, timed: list[tuple[int, Step]]) -> Markup | None:
    times = [step.time for _, step in timed if step.time is not None]
    if len(times) < 2 or max(times) - min(times) <= 0 or len(timed) > 60:
        return None
    low, high = min(times), max(times)
    x = _scale(low, high, 40, _WIDTH - 40)
    lanes: list[float] = []
    placed: list[tuple[int, float, int, str, str]] = []
    for number, step in timed:
        at = x(step.time or 0.0)
        lane = next((index for index, end in enumerate(lanes) if at - end > 26), len(lanes))
        lanes[lane : lane + 1] = [at]
        finding = view.by_id.get(step.finding or "")
        level = finding.severity.value if finding else "info"
        placed.append((number, at, lane, level, f"{clock(step.time or 0.0)} {step.says}"))
    base = 26.0 * len(lanes) + 16
    canvas = Canvas(
        base + 30,
        view.t("Time line"),
        view.t("{count} steps from {begin} to {end}; the list below has the words").format(
            count=len(timed), begin=clock(low), end=clock(high)
        ),
    )
    _time_axis(canvas, x, low, high, 6, base)
    canvas.add("line", x1=30, y1=base, x2=_WIDTH - 30, y2=base, class_="rule")
    for number, at, lane, level, hint in placed:
        y = base - 16 - lane * 26
        canvas.add("line", x1=at, y1=y, x2=at, y2=base, class_="stem")
        canvas.hinted(hint, "circle", cx=at, cy=y, r=11, class_=f"dot {level}")
        canvas.text(at, y + 4, str(number), class_="dot-text", text_anchor="middle")
    return canvas.finish()


_BANDS = (("2.4 GHz", 2400, 2495), ("5 GHz", 5150, 5895), ("6 GHz", 5945, 7125))


def channels(view: View, subject: Subject) -> Markup | None:
    """Who is on which channel how strongly, by band: accused red and hatched, harmed blue."""
    known = [ap for ap in (subject.wifi.access_points if subject.wifi else ()) if ap.frequency]
    if not known:
        return None

    def interest(ap: AccessPoint) -> tuple[int, int]:
        return _role_rank(view, ap.bssid), ap.signal if ap.signal is not None else -100

    shown = sorted(known, key=interest, reverse=True)[:48]
    bands = [
        (name, low, high, [ap for ap in shown if low <= (ap.frequency or 0) <= high])
        for name, low, high in _BANDS
    ]
    bands = [item for item in bands if item[3]]
    if not bands:
        return None
    panel = 230
    canvas = Canvas(
        panel * len(bands) + 6,
        view.t("Channel occupancy"),
        view.t("{count} access points by channel and signal; the table below has the figures").format(
            count=len(shown)
        ),
    )
    for index, (name, low, high, here) in enumerate(bands):
        _band(canvas, view, index * panel, panel, (name, low, high), here)
    return canvas.finish()


def _role_rank(view: View, address: str) -> int:
    return 2 if address in view.accused else 1 if address in view.harmed else 0


def _role(view: View, address: str) -> str:
    return ("other", "harmed", "accused")[_role_rank(view, address)]


def _band(
    canvas: Canvas, view: View, top: float, height: float, band: tuple[str, int, int], here: list[AccessPoint]
) -> None:
    name, low, high = band
    if name != "2.4 GHz":
        used = [ap.frequency or 0 for ap in here]
        low, high = max(low, min(used) - 60), min(high, max(used) + 60)
    floor, ceiling = top + height - 34, top + 48
    x, y = _scale(low, high, 52, _WIDTH - 12), _scale(_WEAK, _STRONG, floor, ceiling)
    canvas.text(8, top + 16, name, class_="head")
    for level in (-90, -70, -50, -30):
        canvas.add("line", x1=52, y1=y(level), x2=_WIDTH - 12, y2=y(level), class_="grid")
        canvas.text(46, y(level) + 4, f"{level}", class_="axis", text_anchor="end")
    canvas.text(8, ceiling - 6, "dBm", class_="axis")
    canvas.add("line", x1=52, y1=floor, x2=_WIDTH - 12, y2=floor, class_="rule")
    last = -100.0
    for frequency in sorted({ap.frequency or 0 for ap in here} | set(_usual(name))):
        if low <= frequency <= high and x(frequency) - last > 22:
            last = x(frequency)
            canvas.text(last, floor + 16, str(channel_of(frequency)), class_="axis", text_anchor="middle")
    half = (x(low + 20) - x(low)) / 2
    ranked = sorted(here, key=lambda item: _role_rank(view, item.bssid))
    for ap in ranked:
        role = _role(view, ap.bssid)
        peak, middle = y(ap.signal if ap.signal is not None else -88), x(ap.frequency or 0)
        hint = f"{ap_name(ap)} {ap.bssid}, {ap.security}, {ap.signal} dBm"
        shape = (
            f"M{middle - half:.1f} {floor:.1f}L{middle - half * 0.86:.1f} {peak:.1f}"
            f"H{middle + half * 0.86:.1f}L{middle + half:.1f} {floor:.1f}Z"
        )
        canvas.hinted(hint, "path", d=shape, class_=f"arch {role}")
        if role == "accused":
            canvas.add("path", d=shape, fill="url(#hatch)")
    _labels(canvas, view, ranked, x, y, top + 26)


def _labels(
    canvas: Canvas, view: View, ranked: list[AccessPoint], x: _numbers, y: _numbers, highest: float
) -> None:
    """Names over the shapes, moved up where they would cover each other; the important ones last."""
    placed: list[tuple[float, float, float]] = []
    for ap in reversed(ranked):
        role = _role(view, ap.bssid)
        if role == "other" and len(ranked) > 10:
            continue
        label = f"{_short(ap_name(ap), 18)} {ap.bssid[-5:]}"
        wide = len(label) * 6.4
        left = min(max(x(ap.frequency or 0) - wide / 2, 52), _WIDTH - 12 - wide)
        at = y(ap.signal if ap.signal is not None else -88) - 5
        while at > highest and any(
            abs(at - used) < 13 and left < end and begin < left + wide for used, begin, end in placed
        ):
            at -= 13
        placed.append((at, left, left + wide))
        canvas.text(left, at, label, class_=f"label {role}")


def _usual(name: str) -> Iterable[int]:
    return range(2412, 2473, 5) if name == "2.4 GHz" else ()


def channel_of(frequency: int) -> int:
    """Number of the 20 MHz channel at a centre frequency (802.11-2020, annex E)."""
    if frequency == 2484:
        return 14
    if frequency < 3000:
        return (frequency - 2407) // 5
    if frequency < 5945:
        return (frequency - 5000) // 5
    return (frequency - 5950) // 5


def _short(text: str, longest: int) -> str:
    text = escape.visible(text[: longest + 1])
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _tracks(view: View, subject: Subject, most: int) -> list[Track]:
    """Tracks of accused and harmed access points; of all where none is either."""
    tracks: Sequence[Track] = subject.wifi.tracks if subject.wifi else ()
    tracks = [track for track in tracks if _role_rank(view, track.bssid)] or tracks
    return sorted(tracks, key=lambda track: (-_role_rank(view, track.bssid), track.bssid, track.line))[:most]


def signals(view: View, subject: Subject) -> Markup | None:
    """Signal of each transmitter over time."""
    tracks = [track for track in _tracks(view, subject, 8) if len(track.signal) > 1]
    if not tracks:
        return None
    low = min(point.time for track in tracks for point in track.signal)
    high = max(point.time for track in tracks for point in track.signal)
    bottom = 216.0
    canvas = Canvas(
        bottom + 30 + 18 * len(tracks),
        view.t("Signal over time"),
        view.t("{count} transmitters in dBm").format(count=len(tracks)),
    )
    x, y = _scale(low, high, 52, _WIDTH - 16), _scale(_WEAK, _STRONG, bottom, 16)
    for level in (-90, -70, -50, -30):
        canvas.add("line", x1=52, y1=y(level), x2=_WIDTH - 16, y2=y(level), class_="grid")
        canvas.text(46, y(level) + 4, f"{level}", class_="axis", text_anchor="end")
    canvas.text(8, 14, "dBm", class_="axis")
    _time_axis(canvas, x, low, high, 16, bottom)
    for index, track in enumerate(tracks):
        role = _role(view, track.bssid)
        points = " ".join(f"{x(point.time):.1f},{y(point.dbm):.1f}" for point in track.signal)
        canvas.add("polyline", points=points, class_=f"track {role} dash{index % 4}")
        at = bottom + 40 + 18 * index
        canvas.add("line", x1=52, y1=at - 4, x2=92, y2=at - 4, class_=f"track {role} dash{index % 4}")
        canvas.text(100, at, _track_name(view, track), 90, class_=f"label {role}")
    return canvas.finish()


def _track_name(view: View, track: Track) -> str:
    channel = (
        view.t(", channel {channel}").format(channel=channel_of(track.frequency)) if track.frequency else ""
    )
    return view.t("{bssid}, transmitter {number}").format(bssid=track.bssid, number=track.line + 1) + channel


def clocks(view: View, subject: Subject) -> Markup | None:
    """Clock lines: one row for each transmitter; two rows under one address are two transmitters."""
    tracks = [track for track in _tracks(view, subject, 16) if track.clock is not None]
    if not tracks or len(tracks) < 2:
        return None
    low, high = min(track.first_seen for track in tracks), max(track.last_seen for track in tracks)
    groups = [
        (bssid, list(members)) for bssid, members in itertools.groupby(tracks, key=lambda item: item.bssid)
    ]
    height = 14 + sum(22 + 30 * len(members) for _, members in groups)
    canvas = Canvas(
        height + 26,
        view.t("Clock lines"),
        view.t("Beacon clock minus receive time, one row for each transmitter"),
    )
    x = _scale(low, high, 52, _WIDTH - 16)
    _time_axis(canvas, x, low, high, 8, height)
    top = 8.0
    for bssid, members in groups:
        role = _role(view, bssid)
        several = len(members) > 1
        note = view.t(": {count} clocks under one address").format(count=len(members)) if several else ""
        canvas.text(8, top + 14, bssid + note, 90, class_=f"label {role}")
        top += 22
        for track in members:
            begin, end = x(track.first_seen), max(x(track.last_seen), x(track.first_seen) + 3)
            canvas.add("line", x1=begin, y1=top + 18, x2=end, y2=top + 18, class_=f"bar {role}")
            label = view.t("clock ahead by {seconds} s").format(seconds=f"{track.clock:,.3f}")
            left = min(begin, _WIDTH - 16 - len(label) * 6.4)
            canvas.text(left, top + 11, label, 60, class_="axis")
            top += 30
    return canvas.finish()


_Column = tuple[str, list[tuple[str, str, str, str]]]
"""Head of a column, and its nodes: identity, upper and lower line, role."""


def who_talks(view: View, incident: Incident) -> Markup | None:
    """Access points, clients, hosts and apps of one incident, with lines where one met the other."""
    subjects = [view.subjects[item] for item in incident.subjects if item in view.subjects]
    clients = {client.mac: client for item in subjects if item.wifi for client in item.wifi.clients}
    names = {ap.bssid: ap_name(ap) for item in subjects if item.wifi for ap in item.wifi.access_points}
    findings = [view.by_id[item] for item in incident.findings if item in view.by_id]
    inside = [actor for finding in findings for actor in finding.actors if actor in clients]
    victims = [mac for mac in dict.fromkeys([*inside, *incident.victims]) if mac not in names][:10]
    touched = {bssid for mac in victims if mac in clients for bssid in clients[mac].bssids}
    attacked = [target for finding in findings for target in finding.targets if target in names]
    aps = list(dict.fromkeys([*incident.access_points, *attacked, *sorted(touched & view.harmed)]))[:10]
    hosts = list(incident.endpoints)[:12]
    apps = [view.subjects[item] for item in incident.apps if item in view.subjects][:10]
    columns: list[_Column] = [
        (
            view.t("Access points"),
            [(bssid, names.get(bssid, ""), bssid, _role(view, bssid)) for bssid in aps],
        ),
        (
            view.t("Clients"),
            [
                (mac, _client_name(view, clients.get(mac)), mac, "accused" if mac in inside else "client")
                for mac in victims
            ],
        ),
        (view.t("Hosts"), [(host, "", host, "host") for host in hosts]),
        (
            view.t("Apps"),
            [
                (app.id, app.apk.label if app.apk else "", (app.apk and app.apk.package) or app.name, "app")
                for app in apps
            ],
        ),
    ]
    columns = [item for item in columns if item[1]]
    edges = list(_meetings(view, aps, [clients[mac] for mac in victims if mac in clients], hosts, apps))
    return _network(view, columns, edges) if len(columns) >= 2 and edges else None


def _network(view: View, columns: list[_Column], edges: list[tuple[str, str, str]]) -> Markup:
    """Columns of nodes, with lines between those that met."""
    step = _WIDTH / len(columns)
    wide = min(step - 34, 210.0)
    rows = max(len(nodes) for _, nodes in columns)
    height = 40 + rows * 58 + (20 if any(label for *_, label in edges) else 0)
    canvas = Canvas(
        height, view.t("Who talks to whom"), view.t("{count} connections").format(count=len(edges))
    )
    places: dict[str, tuple[float, float]] = {}
    for column, (_, nodes) in enumerate(columns):
        left = step * column + (step - wide) / 2
        space = rows * 58 / len(nodes)
        for row, (identity, *_) in enumerate(nodes):
            places[identity] = left, 36 + space * row + (space - 44) / 2
    for begin, end, label in edges:
        if begin in places and end in places:
            _edge(canvas, places[begin], places[end], wide, height - 8 if label else None)
    if any(label for *_, label in edges):
        canvas.text(_WIDTH / 2, height - 12, view.t("serves"), class_="label accused", text_anchor="middle")
    for column, (head, nodes) in enumerate(columns):
        canvas.text(step * (column + 0.5), 16, head, class_="head", text_anchor="middle")
        for identity, upper, lower, role in nodes:
            left, top = places[identity]
            canvas.hinted(
                f"{upper} {lower}", "rect", x=left, y=top, width=wide, height=44, rx=6, class_=f"node {role}"
            )
            middle, room = left + wide / 2, int(wide / 6.3)
            if upper:
                canvas.text(middle, top + 18, upper, room, class_="node-text strong", text_anchor="middle")
            canvas.text(
                middle, top + (35 if upper else 27), lower, room, class_="node-text", text_anchor="middle"
            )
    return canvas.finish()


def _client_name(view: View, client: Client | None) -> str:
    if client is None:
        return ""
    return view.t("random address") if client.randomised else client.vendor


def _meetings(
    view: View, aps: Sequence[str], clients: Sequence[Client], hosts: Sequence[str], apps: Sequence[Subject]
) -> Iterable[tuple[str, str, str]]:
    for client in clients:
        yield from ((client.mac, bssid, "") for bssid in client.bssids if bssid in aps)
        yield from ((client.mac, host, "") for host in client.hosts if host in hosts)
    for app in apps:
        if app.apk:
            named = {endpoint.host or endpoint.value for endpoint in app.apk.endpoints}
            yield from ((app.id, host, "") for host in hosts if host in named)
    for link in view.report.links:
        if link.kind == "served-by" and link.value in aps:
            yield link.value, link.source, view.t("serves")


def _edge(
    canvas: Canvas, begin: tuple[float, float], end: tuple[float, float], wide: float, below: float | None
) -> None:
    """A line between two nodes: straight over the gap, or around the nodes between by ``below``."""
    if begin[0] > end[0]:
        begin, end = end, begin
    if below is not None:
        route = (
            f"M{begin[0]:.1f} {begin[1] + 22:.1f}h-10V{below:.1f}"
            f"H{end[0] + wide + 10:.1f}V{end[1] + 22:.1f}h-10"
        )
        canvas.add("path", d=route, class_="edge marked")
        return
    x1, y1, x2, y2 = begin[0] + wide, begin[1] + 22, end[0], end[1] + 22
    bend = (x2 - x1) / 2
    canvas.add(
        "path",
        d=f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}",
        class_="edge",
    )


def score(view: View, terms: Sequence[tuple[str, float, str]]) -> Markup | None:
    """The sum behind the score as one bar of 100 points; ``terms`` are (title, points, severity)."""
    positive = [term for term in terms if term[1] > 0][:12]
    if not positive:
        return None
    canvas = Canvas(
        34,
        view.t("Score"),
        view.t("{count} findings add to the score; the list has the points").format(count=len(positive)),
    )
    canvas.add("rect", x=0, y=6, width=_WIDTH, height=22, rx=4, class_="empty")
    left = 0.0
    for title, points, level in positive:
        wide = min(points, 100) / 100 * _WIDTH
        if left + wide > _WIDTH:
            wide = _WIDTH - left
        canvas.hinted(
            f"{title}: +{points:.0f}",
            "rect",
            x=left,
            y=6,
            width=max(wide - 2, 0.5),
            height=22,
            class_=f"seg {level}",
        )
        if wide > 34:
            canvas.text(left + wide / 2, 22, f"{points:.0f}", class_="dot-text", text_anchor="middle")
        left += wide
    return canvas.finish()
