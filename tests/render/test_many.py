"""Ten thousand findings: pages stay usable, and rendering stays quick."""

import time

import msgspec
import pytest

from rogue_scan.render.formats import FORMATS, Options, render

MANY = 10_000


@pytest.fixture(scope="module")
def many():
    from .conftest import make_report

    report = make_report()
    findings = []
    for number in range(MANY):
        pattern = report.findings[number % len(report.findings)]
        address = f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}"
        findings.append(
            msgspec.structs.replace(
                pattern,
                id=f"{number:016x}",
                fingerprint=f"{number:016x}",
                actors=(address,),
                message=f"{address}: {pattern.message}",
            )
        )
    return msgspec.structs.replace(report, findings=tuple(findings))


@pytest.mark.parametrize("name", FORMATS)
def test_rendering_is_quick(name, many):
    begin = time.process_time()
    text = render(name, many)
    assert time.process_time() - begin < 5
    if name == "html":
        assert len(text.encode()) < 20_000_000
    if name in ("json", "csv", "html", "sarif", "jsonl"):
        assert f"{MANY - 1:016x}" in text or f"{MANY - 1 >> 8:02x}:{MANY - 1 & 255:02x}" in text


def test_the_terminal_cuts_with_a_count(many):
    text = render("terminal", many, Options(most=40))
    assert len(text.splitlines()) < 700
    assert "9,960 more findings" in text
