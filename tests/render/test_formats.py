import json
import subprocess
import sys

import pytest

from rogue_scan.errors import UsageError
from rogue_scan.render import sarif
from rogue_scan.render.formats import FORMATS, render, split_output


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("out.json", ("json", "out.json")),
        ("out.jsonl", ("jsonl", "out.jsonl")),
        ("out.SARIF", ("sarif", "out.SARIF")),
        ("a/b.html", ("html", "a/b.html")),
        ("b.md", ("markdown", "b.md")),
        ("t.csv", ("csv", "t.csv")),
        ("stix=bundle.json", ("stix", "bundle.json")),
        ("junit=out.xml", ("junit", "out.xml")),
        ("folder=x/report.json", ("json", "folder=x/report.json")),
    ],
)
def test_the_format_follows_the_ending_unless_given(value, expected):
    assert split_output(value) == expected


@pytest.mark.parametrize("value", ["out.xml", "out", "stix="])
def test_an_ending_that_tells_no_format_is_wrong_usage(value):
    with pytest.raises(UsageError):
        split_output(value)


def test_there_is_no_other_format(report):
    with pytest.raises(UsageError, match="pdf"):
        render("pdf", report)


def test_naming_the_formats_imports_no_renderer():
    code = (
        "import sys, rogue_scan.render.formats as f; f.split_output('a.html');"
        "print([m for m in ('rich', 'jinja2', 'markupsafe') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("name", FORMATS)
def test_equal_reports_give_equal_texts(name, report):
    assert render(name, report) == render(name, report)


def test_false_findings_on_labelled_files_lower_the_precision_and_true_ones_do_not_raise_it(
    report, monkeypatch
):
    def precision(right, false):
        name = "wifi/evil-twin-open"  # found with a confidence of 0.97
        monkeypatch.setattr(sarif, "_measured", lambda: {name: (right, false)})
        runs = json.loads(render("sarif", report))["runs"]
        (rule,) = [r for run in runs for r in run["tool"]["driver"]["rules"] if r["id"] == name]
        return rule["properties"]["precision"]

    assert precision(0, 0) == precision(400, 0) == "very-high"
    assert precision(10, 2) == "high"
    assert precision(1, 4) == "medium"
    assert precision(0, 10) == "low"
