"""Positions from a gpsd, well or badly behaved, over a real socket."""

import json
import socket
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.wifi.live import gps as module
from rogue_scan.wifi.live.gps import Fix, Gps, position

VERSION = {"class": "VERSION", "release": "3.25", "rev": "3.25", "proto_major": 3, "proto_minor": 15}
FIX = {
    "class": "TPV",
    "device": "/dev/ttyACM0",
    "mode": 3,
    "lat": 52.5,
    "lon": 13.4,
    "altMSL": 34.5,
    "eph": 4.2,
}
NO_FIX = {"class": "TPV", "device": "/dev/ttyACM0", "mode": 1}
SKY = {"class": "SKY", "nSat": 9, "satellites": [{"PRN": 1, "ss": 30.0}] * 9}


def line(report: object) -> bytes:
    return json.dumps(report).encode() + b"\r\n"


class Server:
    """A gpsd that sends what it is told, one connection after the other."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.asked: list[bytes] = []
        self.connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                one, _ = self._listener.accept()
            except OSError:
                return
            one.sendall(line(VERSION))
            self.connections.append(one)
            self.asked.append(one.recv(4096))

    def send(self, *data: bytes) -> None:
        until(lambda: bool(self.asked))
        self.connections[-1].sendall(b"".join(data))

    def drop(self) -> None:
        until(lambda: bool(self.asked))
        self.connections[-1].close()

    def close(self) -> None:
        self._listener.close()
        for one in self.connections:
            one.close()


def until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


@pytest.fixture
def server():
    made = Server()
    yield made
    made.close()


@pytest.fixture
def gps(server):
    made = Gps(port=server.port, retry=0.02)
    yield made
    made.close()


def test_the_watch_is_asked_for_and_the_newest_position_is_known(server, gps):
    server.send(line({"class": "DEVICES", "devices": []}), line(NO_FIX), line(SKY), line(FIX))
    until(lambda: gps.fix is not None)
    assert gps.fix == Fix(52.5, 13.4, 34.5, 4.2)
    assert gps.connected
    assert server.asked == [b'?WATCH={"enable":true,"json":true}\n']
    server.send(line({**FIX, "lat": 52.6}), line(SKY))
    until(lambda: gps.fix is not None and gps.fix.latitude == 52.6)


def test_a_lost_fix_is_no_position(server, gps):
    server.send(line(FIX))
    until(lambda: gps.fix is not None)
    server.send(line(NO_FIX))
    until(lambda: gps.fix is None)
    server.send(line({**FIX, "mode": 2}))
    until(lambda: gps.fix is not None)


def test_a_line_in_pieces_and_garbage_between_lines(server, gps):
    whole = line(FIX)
    server.send(b"\x00\xff\xfenot json\n{\n[]\n\n", whole[:20])
    time.sleep(0.02)
    assert gps.fix is None
    server.send(whole[20:], b"{" * 50_000, b"\n")
    until(lambda: gps.fix is not None)


def test_it_comes_back_after_a_restart_and_knows_nothing_meanwhile(server, gps):
    server.send(line(FIX))
    until(lambda: gps.fix is not None)
    server.drop()
    until(lambda: len(server.asked) == 2)
    assert gps.fix is None
    server.send(line({**FIX, "lat": -33.0}))
    until(lambda: gps.fix is not None)
    assert gps.fix.latitude == -33.0


def test_what_sends_without_line_ends_is_left(server, gps):
    server.send(line(FIX))
    until(lambda: gps.fix is not None)
    for _ in range(40):
        try:
            server.connections[0].sendall(b"x" * 10_000)
        except OSError:
            break
    until(lambda: len(server.asked) >= 2)


def test_a_long_line_is_passed_over(server, gps):
    server.send(b'{"class":"TPV","mode":3,"lat":1,"lon":1,"x":"' + b"y" * 63_000 + b'"}\n')
    until(lambda: gps.fix is not None)
    assert gps.fix == Fix(1.0, 1.0)


def test_a_position_grows_old(server, gps, monkeypatch):
    server.send(line(FIX))
    until(lambda: gps.fix is not None)
    monkeypatch.setattr(module, "_STALE", -1.0)
    assert gps.fix is None


def test_without_a_server_nothing_happens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    gps = Gps(port=port, retry=0.01)
    time.sleep(0.05)
    assert gps.fix is None and not gps.connected
    gps.close()
    assert not gps._thread.is_alive()


def test_a_server_that_starts_later_is_found():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    gps = Gps(port=port, retry=0.01)
    with socket.create_server(("127.0.0.1", port)) as listener:
        one, _ = listener.accept()
        one.sendall(line(FIX))
        until(lambda: gps.fix is not None)
        one.close()
    gps.close()


@pytest.mark.parametrize(
    "report",
    [
        {**FIX, "lat": 91},
        {**FIX, "lon": -180.5},
        {**FIX, "lat": float("nan")},
        {**FIX, "lat": None},
        {**FIX, "lat": [1]},
        {key: value for key, value in FIX.items() if key != "lon"},
        {**FIX, "mode": "three"},
        {**FIX, "mode": float("inf")},
        {**FIX, "class": "SKY"},
        [FIX],
        "TPV",
    ],
)
def test_what_is_no_position_changes_nothing(report):
    assert position(line(report)) == (False, None)


def test_odd_numbers_beside_a_position_are_left_out():
    found, fix = position(line({**FIX, "altMSL": float("inf"), "eph": "near"}))
    assert (found, fix) == (True, Fix(52.5, 13.4))


@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda each: st.dictionaries(
            st.sampled_from(["class", "mode", "lat", "lon", "eph", "altMSL"]), each | st.just("TPV")
        ),
        max_leaves=8,
    ).map(line)
)
def test_no_bytes_raise(data):
    found, fix = position(data)
    assert fix is None or (found and -90 <= fix.latitude <= 90)
