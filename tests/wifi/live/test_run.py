"""A live run says the same as the file of what it received."""

import itertools
import random
import struct
from pathlib import Path

import msgspec
import pytest
import zstandard

from rogue_scan.errors import Unreadable
from rogue_scan.model.subject import Coverage
from rogue_scan.rules.load import load
from rogue_scan.source.walk import Source
from rogue_scan.wifi.analyse import analyse, analyse_together
from rogue_scan.wifi.live.gps import Fix
from rogue_scan.wifi.live.monitor import Dwell, Heard, Monitor
from rogue_scan.wifi.live.plan import HopPlan
from rogue_scan.wifi.live.record import Recorder
from rogue_scan.wifi.live.run import Live

RULES = load()
DATA = Path(__file__).parents[2] / "data" / "wifi"
START = 1_700_000_000_000_000_000


def flood(wire, count: int) -> list[tuple[int, bytes]]:
    """Beacons of access points that do not exist, each heard once or twice, beside a real one."""
    rng = random.Random(7)
    made = []
    for number in range(count):
        name = bytes(rng.choices(b"abcdefghijklmnopqrstuvwxyz", k=8))
        bssid = f"02:{rng.randrange(1 << 40):010x}"
        bssid = ":".join([bssid[:2], *(bssid[3 + 2 * i : 5 + 2 * i] for i in range(5))])
        if number % 50 == 0:
            bssid, name = "50:c7:bf:00:11:22", b"Teahouse"
        beacon = wire.beacon(bssid, name, tsf=number * 3000, sequence=number % 4096)
        made.append((START + number * 3_000_000, wire.radiotap(beacon)))
    return made


def conversation(wire, frames) -> list[tuple[int, bytes]]:
    """Half of an answer over open HTTP that is still being sent when the run ends."""
    bssid, client = "02:00:00:00:00:01", "02:00:00:00:00:02"
    payload = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\n<title>Login</title>"
        b"<form method=post action=/go><input type=password name=pin><input name=idcard></form>"
    )
    tcp = struct.pack(">HHIIBBHHH", 80, 50000, 1, 1, 0x50, 0x18, 65535, 0, 0) + payload
    packet = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0)
    packet += bytes([10, 0, 0, 1, 10, 0, 0, 2]) + tcp
    ends = b"".join(bytes.fromhex(a.replace(":", "")) for a in (client, bssid, bssid))
    data = (
        struct.pack("<BBH", 0x08, 0x02, 0)
        + ends
        + struct.pack("<H", 16)
        + b"\xaa\xaa\x03\0\0\0\x08\0"
        + packet
    )
    open_one = wire.beacon(bssid, b"Lobby", tsf=1)
    return [(START, wire.radiotap(open_one)), (START + 10_000_000, wire.radiotap(data)), *frames]


def pieces(raw: bytes, size: int):
    """The first batch is the headers, as a monitor gives them."""
    for start in range(0, len(raw), size):
        yield raw[start : start + size]


def ran(live: Live):
    for _ in live.steps():
        pass
    return live.scan()


def of_file(path) -> object:
    return analyse(Source(str(path), str(path)), RULES)


def told(scan) -> dict[str, object]:
    """All that a report says of the air, without the name of its source."""
    view = msgspec.to_builtins(scan.subject.wifi)
    cover: Coverage = scan.subject.coverage
    return {
        "findings": [
            msgspec.to_builtins(msgspec.structs.replace(f, id="", subject="")) for f in scan.findings
        ],
        "view": view,
        "coverage": msgspec.to_builtins(cover),
        "errors": [(error.kind, error.message) for error in scan.errors],
        "started": scan.started_ns,
    }


@pytest.mark.parametrize("step", [0.0, 0.7], ids=["asked at the end alone", "asked all the time"])
def test_after_a_flood_of_made_up_addresses_the_live_report_is_the_files(
    wire, tmp_path, batches, clock, no_gps, step, monkeypatch
):
    monkeypatch.setattr("rogue_scan.wifi.fold.announcements.MAX_BSS", 600)
    monkeypatch.setattr("rogue_scan.wifi.fold.announcements.MAX_NEW_BSS", 200)
    raw = wire.pcapng(flood(wire, 1000))
    path = tmp_path / "flood.pcapng"
    path.write_bytes(raw)
    live = Live(batches(pieces(raw, 6000)), RULES, name="live", clock=clock(step), gps=no_gps)
    scan, file = ran(live), of_file(path)
    assert len(file.subject.wifi.access_points) <= 600, "the table is brought under its cap at the end"
    assert told(scan) == told(file)
    assert "wifi/beacon-flood" in {finding.rule for finding in scan.findings}


def test_lines_asked_for_on_the_way_do_not_cut_conversations(wire, tmp_path, batches, clock, no_gps):
    raw = wire.pcapng(conversation(wire, flood(wire, 400)))
    path = tmp_path / "open.pcapng"
    path.write_bytes(raw)
    live = Live(batches(pieces(raw, 300)), RULES, name="live", clock=clock(0.7), gps=no_gps)
    for fresh in live.steps():
        if fresh:
            live.scan()  # as --format jsonl does
    assert told(live.scan()) == told(of_file(path))


def test_damage_and_losses_are_said_as_of_a_file(wire, tmp_path, batches, clock, no_gps):
    made = flood(wire, 60)
    losses = (
        struct.pack("<III", 0, 0, 0)
        + wire.option(4, struct.pack("<Q", 99))
        + wire.option(5, struct.pack("<Q", 7))
    )
    raw = wire.pcapng(made) + wire.block("<", 5, losses) + b"\x06\0\0\0\x40\0\0\0half"
    path = tmp_path / "cut.pcapng"
    path.write_bytes(raw)
    scan = ran(Live(batches(pieces(raw, 999)), RULES, name="live", clock=clock(0.1), gps=no_gps))
    assert told(scan) == told(of_file(path))
    assert scan.subject.coverage.dropped == 7
    assert [error.kind for error in scan.errors] == ["truncated"]


def test_half_a_record_is_no_damage_when_the_run_was_ended_while_it_was_written(wire, batches, clock, no_gps):
    raw = wire.pcapng(flood(wire, 60))[:-5]
    source = batches(pieces(raw, 999))
    live = Live(source, RULES, name="live", clock=clock(0.1), gps=no_gps)
    for number, _ in enumerate(live.steps()):
        if number == 3:
            source.stop()
    scan = live.scan()
    assert 0 < scan.subject.coverage.frames < 60
    assert scan.errors == ()


def test_a_recording_in_several_files_gives_the_findings_of_the_run(wire, tmp_path, batches, clock, no_gps):
    frames = flood(wire, 3000)
    head = wire.section() + wire.interface(wire.option(9, b"\x09"))
    blocks = [wire.packet(frame, per_second=10**9) for frame in frames]
    parts = [head, *(b"".join(blocks[at : at + 40]) for at in range(0, len(blocks), 40))]
    with Recorder(tmp_path / "walk.pcapng", 1 << 30, file_bytes=60_000) as recorder:
        live = Live(batches(parts), RULES, name="live", recorder=recorder, clock=clock(0.1), gps=no_gps)
        scan = ran(live)
    files = sorted(tmp_path.glob("walk*.pcapng"))
    assert len(files) > 3
    joined = analyse_together([Source(str(path), str(path)) for path in files], RULES)
    assert told(joined)["findings"] == told(scan)["findings"]
    assert told(joined)["view"] == told(scan)["view"]


def test_a_full_disk_ends_the_recording_and_not_the_run(wire, tmp_path, batches, clock, no_gps):
    class Full(Recorder):
        def write(self, batch: bytes) -> None:
            raise Unreadable("no space left on device")

    raw = wire.pcapng(flood(wire, 60))
    with Full(tmp_path / "walk.pcapng", 1 << 30) as recorder:
        source = batches(pieces(raw, 999))
        live = Live(source, RULES, name="live", recorder=recorder, clock=clock(0.1), gps=no_gps)
        scan = ran(live)
    (error,) = scan.errors
    assert error.message.startswith("recording ended: ")
    assert scan.subject.coverage.frames == 60


def test_files_that_the_limit_took_are_told(wire, tmp_path, batches, clock, no_gps):
    frames = flood(wire, 400)
    head = wire.section() + wire.interface(wire.option(9, b"\x09"))
    with Recorder(tmp_path / "walk.pcapng", 40_000, file_bytes=5000) as recorder:
        parts = [head, *(wire.packet(frame, per_second=10**9) for frame in frames)]
        live = Live(batches(parts), RULES, name="live", recorder=recorder, clock=clock(0.01), gps=no_gps)
        scan = ran(live)
    assert any("disk limit" in note for note in scan.subject.coverage.notes)


def test_places_and_positions_carry_the_time_of_the_capture(wire, batches, clock):
    class Walk:
        fix = Fix(52.5, 13.4, 34.0, 5.0)
        closed = False

        def close(self) -> None:
            self.closed = True

    frames = [
        (START + 1_000_000_000_000 + number * 100_000_000, raw)
        for number, (_, raw) in enumerate(flood(wire, 50))
    ]
    gps, time = Walk(), clock(0.25)
    live = Live(batches(pieces(wire.pcapng(frames), 100)), RULES, name="live", clock=time, gps=gps)
    for number, _ in enumerate(live.steps()):
        if number == 3:
            live.mark("room 3")
    marks = live.scan().subject.wifi.marks
    assert gps.closed
    assert [mark.name for mark in marks if mark.name] == ["room 3"]
    assert {(mark.latitude, mark.longitude, mark.altitude, mark.accuracy) for mark in marks} == {
        (52.5, 13.4, 34.0, 5.0)
    }
    apart = [b.time - a.time for a, b in itertools.pairwise(marks) if not a.name and not b.name]
    assert apart and min(apart) >= 5.0


def test_a_run_ends_when_its_time_is_over(wire, batches, clock, no_gps):
    raw = wire.pcapng(flood(wire, 400))
    source = batches(pieces(raw, 100))
    live = Live(source, RULES, name="live", duration=5.0, clock=clock(0.1), gps=no_gps)
    scan = ran(live)
    assert source.stopped
    assert scan.subject.coverage.frames < 400


@pytest.mark.parametrize("name", ["deauthtwin-a", "flood-deauth-a", "ess-a", "extender-a"])
def test_what_two_radios_hear_at_once_is_told_once(wire, tmp_path, name):
    packed = (DATA / f"{name}.pcapng.zst").read_bytes()
    frames = wire.read(zstandard.ZstdDecompressor().decompressobj().decompress(packed))
    radios = [
        wire.interface(wire.option(9, b"\x09"), wire.option(2, radio)) for radio in (b"wlan1", b"wlan2")
    ]
    found = []
    for count in (1, 2):
        path = tmp_path / f"{count}.pcapng"
        path.write_bytes(
            b"".join([wire.section(), *radios[:count]])
            + b"".join(
                wire.packet((time + 40_000 * number, raw), number=number, per_second=10**9)
                for time, raw in frames
                for number in range(count)
            )
        )
        scan = of_file(path)
        found.append((
            sorted((f.rule, f.actors, f.targets) for f in scan.findings),
            [point.bssid for point in scan.subject.wifi.access_points],
            [client.mac for client in scan.subject.wifi.clients],
        ))  # fmt: skip
    assert found[0] == found[1]


class Radios(Monitor):
    """Two radios, of which one is lost, that hand on a capture."""

    def __init__(self, raw: bytes) -> None:
        super().__init__(["wlan1", "wlan2"], None, 0.25)
        self._raw = raw
        self._plans = [HopPlan([2412, 2437], 0.25), HopPlan([2462], 0.25)]
        self.errors = [Unreadable("wlan2 (rogue1): the radio is gone")]
        self.notes = ["2462 MHz was not watched any more once wlan2 was lost"]

    @property
    def plans(self) -> list[HopPlan]:
        return self._plans

    @property
    def radios(self) -> list[Heard]:
        return [
            Heard("wlan1", 50, 0, {2412: Dwell(9.5, 50), 2437: Dwell(4.0, 0)}, None),
            Heard("wlan2", 0, 7, {2462: Dwell(1.25, 0)}, 1.3),
        ]

    @property
    def dwell(self) -> dict[int, Dwell]:
        return {2412: Dwell(9.5, 50), 2437: Dwell(4.0, 0), 2462: Dwell(1.25, 0)}

    @property
    def dropped(self) -> int:
        return 7

    def stream(self, *, idle: float = 0.25):
        yield from pieces(self._raw, 999)


def test_the_coverage_tells_of_each_radio_and_of_silent_channels(wire, clock, no_gps):
    source = Radios(wire.pcapng(flood(wire, 50)))
    live = Live(source, RULES, name="live:wlan1,wlan2", clock=clock(0.1), gps=no_gps)
    scan = ran(live)
    coverage = scan.subject.coverage
    assert [(each.channel, each.seconds, each.frames) for each in coverage.channels] == [
        (1, 9.5, 50), (6, 4.0, 0), (11, 1.25, 0),
    ]  # fmt: skip
    first, second = coverage.radios
    assert (first.name, first.frames, first.dropped, first.lost) == ("wlan1", 50, 0, None)
    assert [each.channel for each in first.channels] == [1, 6]
    assert (second.name, second.dropped, second.lost) == ("wlan2", 7, 1.3)
    assert coverage.dropped == 7
    assert source.notes[0] in coverage.notes
    assert [error.message for error in scan.errors] == ["wlan2 (rogue1): the radio is gone"]
    assert live.scan() == scan, "asking again adds nothing"


def test_plans_learn_where_access_points_and_suspects_are(wire, clock, no_gps):
    frames = flood(wire, 10)
    rsn = wire.element(48, bytes.fromhex("0100000fac040100000fac040100000fac020000"))
    for number in range(40):
        at = START + number * 100_000_000
        for bssid, more, capabilities, frequency, ahead in (
            ("50:c7:bf:00:11:22", [rsn], 0x11, 2412, 0),
            ("00:c0:ca:11:22:33", [], 1, 2462, 10**9),
        ):
            beacon = wire.beacon(
                bssid, b"Teahouse", *more, tsf=number * 100_000 + ahead, sequence=number,
                capabilities=capabilities, channel=(frequency - 2407) // 5,
            )  # fmt: skip
            frames.append((at + 40_000_000, wire.radiotap(beacon, frequency)))
    source = Radios(wire.pcapng(sorted(frames)))
    ran(Live(source, RULES, name="live", clock=clock(0.1), gps=no_gps))
    plan = source.plans[0]
    assert {2412, 2462} <= plan._busy
    assert plan._suspect == {2462}
