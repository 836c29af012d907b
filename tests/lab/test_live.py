"""The live scanner on simulated radios: real access points, a twin, and everything that can go wrong.

Each test boots a machine (some 10 s) and works in emulation, so times are generous. The simulated radios
share one clock, so the twin is injected with beacons of its own.
"""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import vm

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(vm.missing()), reason=f"the lab needs {', '.join(vm.missing())}"),
]

SCAN = f"{sys.executable} -m rogue_scan"

AIR = f"""
export PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=xterm LANG=C.UTF-8 PYTHONPATH={Path(__file__).parents[2]}
mkdir -p /tmp/w /run/wpa_supplicant; cd /tmp/w
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
twin() {{ ip link set wlan3 down; iw dev wlan3 set type monitor; ip link set wlan3 up; iw dev wlan3 set channel 11
    {sys.executable} twin.py & }}
left() {{ grep -c rogue /proc/net/dev; iw dev wlan1 info | grep -o 'type .*'; }}
"""


def run(tmp_path: Path, script: str, *, seconds: int = 400) -> list[str]:
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
{sys.executable} supplicant.py
""",
    )
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
        seconds=560,
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


def _parts(text: str) -> list[str]:
    found: list[str] = []
    for line in text.splitlines():
        if line in ("killed", "interrupted", "unplugged", "forbidden", "off", "missing"):
            found += [line, ""]
        elif found:
            found[-1] += line + "\n"
    return found
