"""Asks one rule about frames of an open network, or about a whole capture."""

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
import zstandard

from rogue_scan.model.finding import Finding
from rogue_scan.model.site import Site
from rogue_scan.rules import registry
from rogue_scan.rules.load import load
from rogue_scan.wifi.analyse import Session
from rogue_scan.wifi.listing import capture
from rogue_scan.wifi.world import Bss, Link, Ref, Span, SsidUse, World

HERE = Path(__file__).parent


def _builders() -> ModuleType:
    """The builders of frames, which the tests of ``net`` use too."""
    spec = importlib.util.spec_from_file_location("air_of_open_networks", HERE.parent / "net" / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_net = _builders()
air, kit = _net.air, _net.kit


@pytest.fixture(scope="session")
def rules() -> Any:
    """The built-in rules."""
    return load()


@pytest.fixture
def ask(rules: Any) -> Callable[..., list[Finding]]:
    """``ask("wifi/app-push", air)``: what the rule finds in these frames, maybe with other parameters."""

    def evaluate(name: str, frames: Any, **others: Any) -> list[Finding]:
        world = World(net=frames.fold())
        for _, _, time, header in frames.frames:
            bssid, source = str(header.get("bssid", _net.AP)), str(header["source"])
            ref = Ref(1, time)
            bss = world.bss.setdefault(bssid, Bss(bssid, seen=Span(1, ref, ref)))
            bss.ssids[b"Free WiFi"] = SsidUse(b"Free WiFi")
            bss.seen.last = ref
            if header.get("up", source != bssid and not header.get("wired")):
                link = world.links.setdefault((source, bssid), Link(source, bssid, seen=Span(1, ref, ref)))
                link.up += 1
                link.seen.last = ref
        importlib.import_module(f"rogue_scan.wifi.detectors.{name.partition('/')[2].replace('-', '_')}")
        rule = rules[name]
        params, evaluate = registry._registered[name]
        return list(
            registry.Detector(rule, msgspec.convert(rule.params | others, params), evaluate)(
                world, "capture-1"
            )
        )

    return evaluate


def _unpacked(path: Path) -> bytes:
    """A capture among the test data, most of which are packed."""
    if path.exists():
        return path.read_bytes()
    with path.with_name(f"{path.name}.zst").open("rb") as file:
        return zstandard.ZstdDecompressor().stream_reader(file).read()


@pytest.fixture(scope="session")
def findings(rules: Any) -> Callable[[str], list[Finding]]:
    """``findings("lure-a")``: what all rules find in a labelled capture."""
    known: dict[str, list[Finding]] = {}

    def of(name: str) -> list[Finding]:
        if name not in known:
            session = Session(rules)
            session.feed(_unpacked(HERE.parents[1] / "data" / "wifi" / f"{name}.pcapng"))
            session.finish()
            known[name] = session.findings("capture-1")
            assert session.errors == []
        return known[name]

    return of


@pytest.fixture(scope="session")
def findings_of(rules: Any) -> Callable[..., list[Finding]]:
    """``findings_of(listing)``: what all rules find in a listing of frames, maybe at a site that is known."""

    def of(listing: str, pieces: int = 1, site: Site | None = None) -> list[Finding]:
        session = Session(rules, site=site)
        raw = capture(listing)
        size = len(raw) // pieces + 1
        for at in range(0, len(raw), size):
            session.feed(raw[at : at + size])
        session.finish()
        found = session.findings("capture-1")
        assert session.errors == []
        return found

    return of
