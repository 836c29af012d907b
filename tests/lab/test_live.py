"""The live scanner on simulated radios: real access points, a twin, and everything that can go wrong.

Each test boots a machine (some 10 s) and works in emulation, so times are generous. The simulated radios
share one clock, so the twin is injected with beacons of its own.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import vm

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(bool(vm.missing()), reason=f"the lab needs {', '.join(vm.missing())}"),
]

SCAN = f"{sys.executable} -m rogue_scan"

AIR = f"""
export PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=xterm LANG=C.UTF-8 PYTHONPATH={Path(__file__).parents[2]}
mkdir -p /tmp/scan /run/wpa_supplicant; cd /tmp/scan
cat > real.conf <<X
interface=wlan0
ssid=Teahouse
channel=6
hw_mode=g
ieee80211n=1
wpa=2
wpa_key_mgmt=WPA-PSK
rsn_pairwise=CCMP
wpa_passphrase=chamomile-22
vendor_elements=dd0900037f01010000ff7f
X
ip link set wlan0 address 50:c7:bf:00:11:22
hostapd -B real.conf >/dev/null
cat > twin.py <<X
import time
from scapy.layers.dot11 import Dot11, Dot11Beacon, Dot11Elt, RadioTap
from scapy.sendrecv import conf
socket = conf.L2socket(iface="wlan3")
began = time.time()
address = "00:c0:ca:11:22:33"
for number in range(100000):
    beacon = RadioTap() / Dot11(type=0, subtype=8, addr1="ff:ff:ff:ff:ff:ff", addr2=address, addr3=address, SC=(number % 4096) << 4)
    beacon /= Dot11Beacon(timestamp=int((time.time() - began) * 1e6), beacon_interval=100, cap=1)
    beacon /= Dot11Elt(ID=0, info=b"Teahouse") / Dot11Elt(ID=1, info=bytes([0x82, 0x84, 0x8b, 0x96])) / Dot11Elt(ID=3, info=bytes([11]))
    socket.send(beacon)
    time.sleep(0.1024)
X
air_of() {{ ip link set $1 down; iw dev $1 set type monitor; ip link set $1 up; iw dev $1 set channel $2; }}
listening() {{ for i in $(seq 120); do grep -q listening $1 && break; sleep 1; done; }}
restored() {{ for i in $(seq 60); do grep -q rogue /proc/net/dev || break; sleep 1; done; left; }}
twin() {{ ip link set wlan3 down; iw dev wlan3 set type monitor; ip link set wlan3 up; iw dev wlan3 set channel 11
    {sys.executable} twin.py & }}
left() {{ grep -c rogue /proc/net/dev; iw dev wlan1 info | grep -o 'type .*'; }}
"""


def run(tmp_path: Path, script: str, *, seconds: int = 900) -> list[str]:
    """Run a script in the air described above; the lines it printed."""
    return vm.run(AIR + script, tmp_path / "out", seconds=seconds).splitlines()


def report(tmp_path: Path, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((tmp_path / "out" / name).read_text())
    return document


def rules(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(finding["rule"], *finding["actors"]) for finding in document["findings"]}


def test_monitor_mode_finds_the_twin_restores_the_radio_and_the_file_says_the_same(tmp_path: Path) -> None:
    lines = run(
        tmp_path,
        f"""
twin
{SCAN} wifi --interface wlan1 --channels 1,6,11 --hop 0.4 --duration 25 --write /out/live.pcapng -f json >/out/live.json
echo status $?
left
{SCAN} wifi /out/live.pcapng -f json >/out/file.json
echo status $?
""",
    )
    assert lines.count("status 0") == 2, lines
    assert "0" in lines and "type managed" in lines, lines
    live, file = report(tmp_path, "live.json"), report(tmp_path, "file.json")
    assert ("wifi/evil-twin-open", "00:c0:ca:11:22:33") in rules(live)
    assert {finding["fingerprint"] for finding in live["findings"]} == {
        finding["fingerprint"] for finding in file["findings"]
    }
    watched = {
        channel["channel"]: channel["seconds"] for channel in live["subjects"][0]["coverage"]["channels"]
    }
    assert set(watched) == {1, 6, 11}
    assert watched[1] > 1, "a silent channel was watched, too"


@pytest.mark.slow
def test_two_radios_give_one_ordered_session_and_one_goes_on_when_the_other_is_unplugged(
    tmp_path: Path,
) -> None:
    lines = run(
        tmp_path,
        f"""
twin
{SCAN} wifi --interface wlan1 --interface wlan2 --channels 1,6,11 --hop 0.3 --duration 40 \\
    --write /out/live.pcapng -f json >/out/live.json 2>/out/live.err & pid=$!
listening /out/live.err; sleep 20; iw dev rogue1 del; wait $pid; echo status $?
restored
{SCAN} wifi /out/live.pcapng -f json >/out/file.json; echo status $?
stat -c 'mode %a' /out/live.pcapng
{SCAN} wifi --interface wlan1 --interface wlan1x 2>&1; echo status $?
""",
    )
    assert [line for line in lines if line.startswith("status")] == ["status 3", "status 0", "status 3"]
    assert "0" in lines and "type managed" in lines and "mode 600" in lines, lines
    assert not any("Traceback" in line for line in lines)
    live, file = report(tmp_path, "live.json"), report(tmp_path, "file.json")
    assert ("wifi/evil-twin-open", "00:c0:ca:11:22:33") in rules(live)
    assert [finding["fingerprint"] for finding in live["findings"]] == [
        finding["fingerprint"] for finding in file["findings"]
    ]
    (error,) = live["errors"]
    assert "wlan2 (rogue1)" in error["message"]
    views = [document["subjects"][0]["wifi"] for document in (live, file)]
    assert views[0]["access_points"] == views[1]["access_points"]
    points = [point["bssid"] for point in views[0]["access_points"]]
    assert sorted(points) == ["00:c0:ca:11:22:33", "50:c7:bf:00:11:22"], "one row each, whoever heard it"
    coverage = live["subjects"][0]["coverage"]
    assert "time_backwards" not in coverage
    first, second = coverage["radios"]
    assert (first["name"], second["name"]) == ("wlan1", "wlan2")
    assert "lost" not in first and second["lost"] > 5
    parts = [
        {channel["channel"]: channel["seconds"] for channel in one["channels"]} for one in (first, second)
    ]
    assert set(parts[0]) == {1, 6, 11}, "what the lost radio watched is taken over"
    assert set(parts[1]) == {6}
    assert min(parts[0].values()) > 1
    assert first["frames"] + second["frames"] == coverage["frames"]


@pytest.mark.slow
def test_an_ordinary_user_with_two_capabilities_listens_and_one_without_any_reads_the_file(
    tmp_path: Path,
) -> None:
    lines = run(
        tmp_path,
        f"""
twin
chmod a+rx /root; chmod 777 /out; mkdir -m 777 /tmp/u; cd /tmp/u; export HOME=/tmp/u
as() {{ setpriv --reuid=1000 --regid=1000 --clear-groups "$@"; }}
some="--inh-caps=-all,+net_raw,+net_admin --ambient-caps=+net_raw,+net_admin --bounding-set=-all,+net_raw,+net_admin"
none="--inh-caps=-all --bounding-set=-all"
as $some sh -c 'id -u; grep CapEff /proc/self/status'
as $some {SCAN} doctor -f json >/out/doctor.json; echo status $?
as $some {SCAN} wifi --interface wlan1 --channels 6,11 --hop 0.4 --duration 20 --write /out/live.pcapng -f json >/out/live.json
echo status $?
restored
as $none {SCAN} wifi /out/live.pcapng -f json >/out/file.json; echo status $?
stat -c 'owner %u %a' /out/live.pcapng
as $none {SCAN} wifi --interface wlan1 2>&1; echo status $?
""",
    )
    assert "1000" in lines and any(line.endswith("0000000000003000") for line in lines), lines
    assert [line for line in lines if line.startswith("status")] == ["status 0"] * 3 + ["status 3"], lines
    assert "owner 1000 600" in lines and "type managed" in lines and "0" in lines, lines
    assert any("not permitted" in line for line in lines), lines
    live, file = report(tmp_path, "live.json"), report(tmp_path, "file.json")
    assert ("wifi/evil-twin-open", "00:c0:ca:11:22:33") in rules(live)
    assert rules(live) == rules(file)
    checks = json.loads((tmp_path / "out" / "doctor.json").read_text())
    rights = {check["what"]: check["state"] for check in checks if check["area"] == "rights"}
    assert set(rights.values()) == {"ok"}


@pytest.mark.slow
def test_a_walk_with_gpsd_gives_a_track_and_places_in_the_report_and_for_wigle(tmp_path: Path) -> None:
    lines = run(
        tmp_path,
        f"""
cat > gpsd.py <<X
import json, socket, time
server = socket.create_server(("127.0.0.1", 2947))
for visit in range(99):
    one, _ = server.accept()
    one.sendall(b'{{"class":"VERSION","release":"3.25","proto_major":3,"proto_minor":15}}\\n')
    assert b"?WATCH=" in one.recv(4096)
    print("watched", flush=True)
    try:
        one.sendall(b'{{"class":"TPV","mode":1}}\\n\\xff\\x00garbage\\n' + b"x" * 70000 + b"\\n")
        for step in range(8):
            fix = {{"class": "TPV", "mode": 3, "lat": 52.5 + visit / 100 + step / 10000, "lon": 13.4, "altMSL": 34.5, "eph": 4.2}}
            one.sendall(json.dumps(fix).encode() + b"\\n" + b'{{"class":"SKY","satellites":[]}}\\n')
            time.sleep(1)
    except OSError:
        pass
    one.close()
X
ip link set lo up; {sys.executable} gpsd.py >/out/gpsd.log 2>&1 &
{SCAN} wifi --interface wlan1 --channels 6 --duration 45 --export wigle=/out/wigle.csv -f json >/out/live.json
echo status $?
""",
    )
    assert "status 0" in lines, lines
    marks = report(tmp_path, "live.json")["subjects"][0]["wifi"]["marks"]
    places = [mark["latitude"] for mark in marks if "latitude" in mark]
    assert len(places) >= 2 and places == sorted(places), "gpsd went away and was found again"
    assert all(mark["altitude"] == 34.5 and mark["accuracy"] == 4.2 for mark in marks)
    times = [mark["time"] for mark in marks]
    assert times == sorted(times)
    assert (tmp_path / "out" / "gpsd.log").read_text().count("watched") >= 2
    row = next(
        line for line in (tmp_path / "out" / "wigle.csv").read_text().splitlines() if line.startswith("50:c7")
    )
    assert ",52.5" in row and ",34.5,4.2," in row


@pytest.mark.slow
def test_one_transmitter_is_followed_and_its_clone_has_a_needle_of_its_own(tmp_path: Path) -> None:
    lines = run(
        tmp_path,
        f"""
cat > clone.py <<X
import socket, struct, time
from scapy.layers.dot11 import Dot11, Dot11Beacon, Dot11Elt, RadioTap
address = "50:c7:bf:00:11:22"
beacon = RadioTap() / Dot11(type=0, subtype=8, addr1="ff:ff:ff:ff:ff:ff", addr2=address, addr3=address)
beacon /= Dot11Beacon(timestamp=0, beacon_interval=100, cap=1)
beacon /= Dot11Elt(ID=0, info=b"Teahouse") / Dot11Elt(ID=1, info=bytes([0x82, 0x84, 0x8b, 0x96])) / Dot11Elt(ID=3, info=bytes([6]))
raw = bytearray(bytes(beacon)); mac = len(RadioTap())
air = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); air.bind(("wlan4", 0))
for number in range(100000):
    struct.pack_into("<H", raw, mac + 22, number % 4096 << 4)
    struct.pack_into("<Q", raw, mac + 24, int((40000 + time.monotonic()) * 1e6))
    air.send(raw)
    time.sleep(0.1024)
X
air_of wlan4 6; {sys.executable} clone.py &
mount -t debugfs none /sys/kernel/debug
{SCAN} wifi locate 50:c7:bf:00:11:22 --interface wlan1 --channels 6,11 >/out/locate.txt 2>/out/locate.err & pid=$!
listening /out/locate.err; sleep 25; iw dev wlan0 set txpower fixed 0; printf %u -75 >/sys/kernel/debug/ieee80211/phy0/hwsim/rx_rssi; sleep 25
kill -INT $pid; wait $pid; echo status $?
restored
""",
    )
    assert "status 0" in lines and "type managed" in lines and "0" in lines, lines
    told = (tmp_path / "out" / "locate.txt").read_text()
    assert "2 transmitters use this address, told apart by their clocks" in told, told
    levels: dict[str, list[float]] = {}
    for line in told.splitlines():
        words = line.split()
        if words[1:2] == ["s"] and words[-1] == "dBm":
            assert words[3:5] == ["ch", "6"]
            levels.setdefault(words[2], []).append(float(words[-2]))
    assert {"#1", "#2"} <= set(levels)
    spans = sorted(max(seen) - min(seen) for seen in (levels["#1"], levels["#2"]))
    assert spans[0] < 5 and spans[1] > 10, f"the needle of the one that became weak moved alone: {levels}"


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("tmux"), reason="needs tmux")
def test_the_live_view_in_a_terminal_takes_keys_and_leaves_a_report(tmp_path: Path) -> None:
    lines = run(
        tmp_path,
        f"""
twin
scan="{SCAN} wifi --interface wlan1 --channels 6,11 --hop 0.4 --no-color"
show() {{ tmux capture-pane -p -t =v: >/out/$1.txt; tmux capture-pane -e -p -t =v: >/out/$1.esc; }}
tmux new-session -d -s v -x 80 -y 24 "cd /tmp/scan; $scan -o /out/live.json; echo status \\$?; sleep 500"
for i in $(seq 150); do sleep 1; tmux capture-pane -p -t =v: | grep -q 'high' && break; done; show seen
tmux send-keys -t =v: m; tmux send-keys -t =v: 'room 3' Enter; sleep 2; tmux send-keys -t =v: l; sleep 3; tmux send-keys -t =v: Enter; sleep 4; show locked
tmux resize-window -t v -x 200 -y 50; sleep 4; show large
tmux send-keys -t =v: q; for i in $(seq 90); do sleep 1; tmux capture-pane -p -t =v: | grep -q 'status' && break; done; show ended
restored
""",
    )
    assert "type managed" in lines and "0" in lines, lines

    def screen(name: str) -> list[str]:
        assert "\x1b[3" not in (tmp_path / "out" / f"{name}.esc").read_text().replace("\x1b[39m", "")
        return (tmp_path / "out" / f"{name}.txt").read_text().splitlines()

    seen = screen("seen")
    assert len(seen) == 24 and seen[-1].startswith("q end  p pause  l lock channel  m mark place")
    assert any(line.startswith("! 00:c0:ca:11:22:33 11") for line in seen), seen
    assert seen[1].startswith("wlan1 ch ")
    locked = screen("locked")
    assert locked[1].startswith("wlan1 ch 11 locked") and "last room 3" in locked[1], locked
    large = screen("large")
    assert len(large) == 50 and "maker" in large[3]
    assert "status 0" in screen("ended")
    document = report(tmp_path, "live.json")
    assert [mark["name"] for mark in document["subjects"][0]["wifi"]["marks"]] == ["room 3"]


@pytest.mark.slow
def test_without_monitor_mode_the_scan_list_is_followed(tmp_path: Path) -> None:
    lines = run(
        tmp_path,
        f"""
twin
ip link set wlan2 up
{SCAN} wifi --managed --interface wlan2 --duration 15 -f json >/out/kernel.json
echo status $?
echo ctrl_interface=/run/wpa_supplicant >w.conf
wpa_supplicant -B -i wlan2 -c w.conf >/dev/null
cat > supplicant.py <<X
import time
from rogue_scan.wifi.live.managed import Supplicant
way = Supplicant("wlan2")
way.scan()
time.sleep(8)
print("entries", *sorted((entry.bssid, entry.frequency, b"Teahouse" in entry.elements) for entry in way.entries()))
X
{sys.executable} supplicant.py; killall wpa_supplicant
{SCAN} wifi --managed --interface wlan2 -f json >/out/unplugged.json 2>/out/run.err & pid=$!
listening /out/run.err; sleep 12; iw dev wlan2 del; wait $pid; echo unplugged status $?
""",
    )
    assert "unplugged status 3" in lines, lines
    unplugged = report(tmp_path, "unplugged.json")
    assert unplugged["errors"] and unplugged["subjects"][0]["wifi"]["access_points"]
    assert "status 0" in lines, lines
    kernel = report(tmp_path, "kernel.json")
    points = {point["bssid"]: point for point in kernel["subjects"][0]["wifi"]["access_points"]}
    assert points["50:c7:bf:00:11:22"]["akms"] == ["PSK"]
    notes = " ".join(kernel["subjects"][0]["coverage"]["notes"])
    assert "no clients" in notes
    assert any(
        line.startswith("entries") and "('50:c7:bf:00:11:22', 2437, True)" in line for line in lines
    ), lines


@pytest.mark.slow
def test_whatever_happens_the_radio_is_left_as_it_was(tmp_path: Path) -> None:
    """Killed, interrupted, unplugged, not permitted, switched off, not there."""
    lines = run(
        tmp_path,
        f"""
start() {{ : >/out/run.err; {SCAN} wifi --interface wlan1 --channels 6 -f json "$@" >/out/run.json 2>/out/run.err & pid=$!
    for i in $(seq 90); do grep -q listening /out/run.err && break; sleep 1; done; sleep 4; }}
gone() {{ for i in $(seq 30); do grep -q rogue /proc/net/dev || break; sleep 1; done; left; }}
echo killed; start; kill -9 $pid; wait $pid 2>/dev/null; gone
echo interrupted; start; kill -INT $pid; wait $pid; echo status $?; gone; cp /out/run.json /out/interrupted.json
echo unplugged; start; iw dev rogue0 del; wait $pid; echo status $?; gone; cp /out/run.json /out/unplugged.json
echo forbidden; setpriv --bounding-set=-net_admin,-net_raw --inh-caps=-all {SCAN} wifi --interface wlan1 2>&1; echo status $?; gone
echo off; rfkill block wlan; {SCAN} wifi --interface wlan1 2>&1; echo status $?; rfkill unblock wlan; gone
echo missing; {SCAN} wifi --interface wlan77 2>&1; echo status $?
""",
        seconds=1100,
    )
    text = "\n".join(lines)
    parts = dict(zip(*[iter(_parts(text))] * 2, strict=True))
    for name in ("killed", "interrupted", "unplugged", "forbidden", "off"):
        assert parts[name].splitlines()[-2:] == ["0", "type managed"], text
    assert "status 0" in parts["interrupted"], text
    assert report(tmp_path, "interrupted.json")["subjects"][0]["wifi"]["access_points"]
    assert "status 3" in parts["unplugged"], text
    assert report(tmp_path, "unplugged.json")["errors"], "the radio's loss is reported beside what was heard"
    assert "not permitted" in parts["forbidden"] and "status 3" in parts["forbidden"], text
    assert "rfkill" in parts["off"] and "status 3" in parts["off"], text
    assert "no such wireless interface" in parts["missing"], text
    assert "Traceback" not in text


@pytest.mark.slow
def test_ctrl_c_at_any_moment_leaves_the_radio_as_it_was(tmp_path: Path) -> None:
    """While it loads, while it opens the radio, while it listens, and twice in a row."""
    lines = run(
        tmp_path,
        f"""
start() {{ : >/out/run.err; env --default-signal=INT {SCAN} wifi --interface wlan1 --channels 6 -f json >/out/run.json 2>/out/run.err & pid=$!; }}
for wait in 2 6 10 14 18 22 26 30; do
    start; sleep $wait; kill -INT $pid; wait $pid; echo status $?; cat /out/run.err >>/out/all.err; restored
done
start; listening /out/run.err; kill -INT $pid; sleep 0.3; kill -INT $pid; wait $pid; echo status $?; restored
""",
        seconds=1100,
    )
    states = [line for line in lines if line == "0" or line.startswith("type")]
    assert states == ["0", "type managed"] * 9, lines
    assert {line for line in lines if line.startswith("status")} <= {"status 0", "status 130"}, lines
    assert "status 130" in lines, "at least one interrupt came before there was a report"


def _parts(text: str) -> list[str]:
    found: list[str] = []
    for line in text.splitlines():
        if line in ("killed", "interrupted", "unplugged", "forbidden", "off", "missing"):
            found += [line, ""]
        elif found:
            found[-1] += line + "\n"
    return found
