import multiprocessing
import os
import socket
import time

import pytest

from rogue_scan.apk import isolate
from rogue_scan.apk.analyse import Analyser
from rogue_scan.apk.isolate import Isolated, Limits
from rogue_scan.rules.load import load

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="limits are a matter of POSIX")


def hang(data, name):
    time.sleep(60)


def eat(data, name):
    return bytearray(8 << 30)


def die(data, name):
    os._exit(9)


class Spoilt:
    """An analyser that turns on its process when the app asks for it."""

    def __init__(self, inner):
        self.inner = inner

    def scan_or_fail(self, data, name):
        {b"hang": hang, b"eat": eat, b"die": die}.get(data[:4].rstrip(b"\0"), lambda *_: None)(data, name)
        return self.inner.scan_or_fail(data, name)


@pytest.fixture
def spoilt(monkeypatch):
    begin = isolate.start
    # Forked children know the spoilt analyser. A fork while another thread imports would leave them a lock
    # that nobody opens, so everything is imported before the pool has threads.
    Analyser(load()).scan_or_fail(b"no app", "x")
    monkeypatch.setattr(isolate, "_context", lambda: multiprocessing.get_context("fork"))

    def spoil(rules, limits, facts):
        begin(rules, limits, facts)
        isolate._analyser = Spoilt(isolate._analyser)

    monkeypatch.setattr(isolate, "start", spoil)
    with Isolated(limits=Limits(wall=3.0, cpu=20, memory=2 << 30)) as box:
        yield box


def test_one_bad_app_costs_itself(spoilt, labelled):
    """Each dies in its own way, and the app after it is vetted."""
    for data, kind, text in [
        (b"hang", "limit", "took longer"),
        (b"eat\0", "limit", "needed more"),
        (b"die\0", "crashed", "status 9"),
    ]:
        (scan,) = spoilt.scan(data, "bad.apk")
        assert [(e.source, e.kind) for e in scan.errors] == [("bad.apk", kind)]
        assert text in scan.errors[0].message
        assert [f.rule for f in scan.findings] == ["apk/unreadable-package"]
        (good,) = spoilt.scan(labelled("calculator"), "good.apk")
        assert good.subject.apk.package == "org.calc.four" and not good.errors


def test_a_real_child_process(labelled):
    with Isolated() as box:
        scans = box.scan(labelled("apk-in-apk"), "a.apk")
        none = box.scan(b"no app", "b.apk")
    assert [s.subject.name for s in scans] == ["a.apk", "a.apk!assets/update.apk"]
    assert [e.kind for e in none[0].errors] == ["malformed"]


def test_a_child_reaches_nothing():
    with socket.create_server(("127.0.0.1", 0)) as server:
        child = os.fork()
        if child == 0:
            if not isolate.leave_network():
                os._exit(2)
            try:
                socket.create_connection(server.getsockname(), timeout=5)
            except OSError:
                os._exit(0)
            os._exit(1)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == 2:
        pytest.skip("this system gives no network namespaces")
    assert status == 0


def test_scans_cross_the_border_unchanged(labelled, analyser):
    scans = analyser.scan(labelled("bank-overlay"), "app")
    assert isolate.decode(isolate.encode(scans)) == scans
