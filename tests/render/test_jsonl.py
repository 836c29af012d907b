import json

import msgspec

from rogue_scan.render.jsonl import Stream, render


def events(lines):
    return [
        (item["event"], item.get("id") or item.get("finding", {}).get("id"))
        for item in map(json.loads, lines)
    ]


def with_findings(report, *findings):
    return msgspec.structs.replace(report, findings=findings)


def test_findings_open_change_and_close(report):
    twin, flood = report.findings[0], report.findings[1]
    surer = msgspec.structs.replace(flood, confidence=0.99)
    stream = Stream()
    assert events(stream.update(with_findings(report))) == [("started", None)]
    assert events(stream.update(with_findings(report, flood))) == [("opened", "f-deauth")]
    assert events(stream.update(with_findings(report, flood))) == []
    assert events(stream.update(with_findings(report, twin, surer))) == [
        ("opened", "f-twin"),
        ("updated", "f-deauth"),
    ]
    assert events(stream.update(with_findings(report, surer))) == [("closed", "f-twin")]


def test_the_end_has_the_rest(report):
    lines = [json.loads(line) for line in render(report, None).splitlines()]
    assert lines[0]["event"] == "started" and lines[0]["schema"] == "rogue-scan/stream/1"
    assert [line["event"] for line in lines].count("opened") == len(report.findings)
    assert {"subject", "suppressed", "incident", "link", "error"} <= {line["event"] for line in lines}
    assert lines[-1]["event"] == "ended" and lines[-1]["risk"]["score"] == 97
