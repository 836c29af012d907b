"""Our decoders beside scapy's and tshark's, on real captures."""

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from rogue_scan.wifi.dot11.elements import Elements
from rogue_scan.wifi.dot11.frame import SUBTYPES, address_text
from rogue_scan.wifi.dot11.security import decode_rsn
from rogue_scan.wifi.observe import Observer

DATA = Path(__file__).parents[1] / "data" / "wifi"
CAPTURES = sorted(DATA.glob("*.pcapng"))
MOST = 80
"""Frames of each capture that scapy dissects: it is slow."""


def batches(path):
    from rogue_scan.wifi.capture.open import reader_for

    raw = path.read_bytes()
    reader, observer = reader_for(raw), Observer()
    chunks = [*reader.feed(raw), *reader.finish()]
    observer.learn(reader.interfaces)
    for chunk in chunks:
        yield from observer.batches(chunk)
    yield from observer.flush()


@pytest.mark.parametrize("path", CAPTURES, ids=lambda p: p.stem)
def test_headers_and_elements_agree_with_scapy(path):
    from scapy.layers.dot11 import Dot11, Dot11Beacon, Dot11Elt, Dot11ProbeResp, RadioTap
    from scapy.utils import RawPcapNgReader

    (batch,) = batches(path)
    with RawPcapNgReader(str(path)) as reader:
        raw_frames = [raw for raw, _ in reader]
    assert len(raw_frames) == len(batch)
    kinds = Counter()
    for row, raw in enumerate(raw_frames):
        kind = int(batch.type[row])
        kinds[kind] += 1
        if kinds[kind] > MOST // 8:
            continue
        radio = RadioTap(raw)
        frame = radio[Dot11]
        assert (frame.type << 4 | frame.subtype) == kind
        assert (radio.ChannelFrequency or 0) == int(batch.frequency[row])
        assert (radio.dBm_AntSignal or 0) == int(batch.signal[row])
        assert address_text(int(batch.receiver_address[row])) == frame.addr1
        if frame.addr2 is not None:
            assert address_text(int(batch.transmitter[row])) == frame.addr2
        if frame.type != 1:
            assert address_text(int(batch.address3[row])) == frame.addr3
            assert int(batch.sequence_control[row]) == frame.SC
        fixed = frame.getlayer(Dot11Beacon) or frame.getlayer(Dot11ProbeResp)
        if fixed is None:
            continue
        body = batch.buffer[int(batch.body[row]) : int(batch.mac[row] + batch.length[row])].tobytes()
        elements = Elements(body[12:])
        assert int.from_bytes(body[:8], "little") == fixed.timestamp
        assert int.from_bytes(body[8:10], "little") == fixed.beacon_interval
        theirs = []
        layer = fixed.payload.getlayer(Dot11Elt)
        while isinstance(layer, Dot11Elt):
            theirs.append((layer.ID, bytes(layer)[: 2 + layer.len]))
            layer = layer.payload.getlayer(Dot11Elt)
        assert [
            (e.id, elements.raw[e.offset : e.offset + 2 + elements.raw[e.offset + 1]]) for e in elements.items
        ] == theirs
        network = fixed.network_stats()
        assert (elements.ssid or b"").decode("utf-8", "replace") == (network["ssid"] or "")
        assert elements.channel == network.get("channel")
        assert elements.country == (network["country"] if network.get("country") else None)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda p: p.stem)
def test_rsn_suites_agree_with_scapy(path, fold):
    from scapy.layers.dot11 import Dot11EltRSN

    names = {2: "PSK", 1: "802.1X", 6: "PSK-SHA256", 8: "SAE", 18: "OWE", 4: "FT-PSK", 5: "802.1X-SHA256"}
    ciphers = {2: "TKIP", 4: "CCMP", 8: "GCMP-128", 1: "WEP-40"}
    for bss in fold(path.read_bytes()).bss.values():
        for announcement in bss.variants.values():
            body = announcement.elements.first(48)
            if body is None:
                continue
            ours = decode_rsn(body)
            theirs = Dot11EltRSN(bytes((48, len(body))) + body)
            assert [names[s.suite] for s in theirs.akm_suites] == list(ours.akms)
            assert [ciphers[s.cipher] for s in theirs.pairwise_cipher_suites] == list(ours.pairwise)
            assert ciphers[theirs.group_cipher_suite.cipher] == ours.group


def tshark(path, *fields, only=""):
    command = ["tshark", "-r", str(path), "-T", "fields", *(["-Y", only] if only else [])]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("path", CAPTURES, ids=lambda p: p.stem)
def test_counts_names_and_channels_agree_with_tshark(path, fold):
    world = fold(path.read_bytes())
    types = Counter(int(row[0], 0) for row in tshark(path, "wlan.fc.type_subtype"))
    assert sum(types.values()) == world.coverage.frames
    assert {SUBTYPES[t >> 4, t & 15]: n for t, n in types.items()} == world.coverage.subtypes
    rows = tshark(
        path,
        "wlan.bssid",
        "wlan.ssid",
        "wlan.ds.current_channel",
        only="wlan.fc.type_subtype==8 || wlan.fc.type_subtype==5",
    )
    theirs: dict[str, set[tuple[str, str]]] = {}
    for bssid, ssid, channel in rows:
        theirs.setdefault(bssid, set()).add((ssid.replace("<MISSING>", ""), channel))
    ours = {
        bss.bssid: {
            # tshark 4 writes names as hex digits.
            (a.ssid.hex(), str(a.elements.channel) if a.elements.channel else "")
            for a in bss.variants.values()
        }
        for bss in world.bss.values()
    }
    assert ours.keys() == theirs.keys()
    for bssid, told in theirs.items():
        assert ours[bssid] == told
    counts = Counter(row[0] for row in rows)
    assert {bss.bssid: bss.seen.count for bss in world.bss.values()} == dict(counts)
