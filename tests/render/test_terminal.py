import msgspec
import pytest
from rich.cells import cell_len

from rogue_scan.model.report import Report
from rogue_scan.model.severity import Verdict
from rogue_scan.model.subject import ChannelWatch, Coverage, NotAssessed, Risk, Subject
from rogue_scan.render.formats import Options, render


def lines(report, **options):
    return render("terminal", report, Options(**options)).splitlines()


@pytest.mark.parametrize("width", [80, 100, 120])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_it_fits_the_terminal(report, width, language):
    assert max(cell_len(line) for line in lines(report, width=width, language=language)) <= width


def test_it_opens_with_the_verdict_and_ends_with_what_was_not_seen(report):
    text = lines(report)
    assert text[0] == "CRITICAL RISK  score 97 of 100"
    assert text[-1] == "Not assessed is not clean."


def test_no_colour_unless_asked(report):
    assert "\x1b" not in render("terminal", report)
    assert "\x1b[" in render("terminal", report, Options(color=True))


def test_evidence_shows_what_speaks_against(report):
    text = render("terminal", report)
    assert "  − the real network's neighbour report names this address  [frame 12, 0.400 s]" in text


def test_suppressed_findings_are_counted_and_listed_on_request(report):
    assert "Suppressed by an ignore file or baseline: 1" in render("terminal", report)
    assert "known printer" not in render("terminal", report)
    assert "known printer, reviewed (site.yml)" in render("terminal", report, Options(show_suppressed=True))


def test_clean_is_never_more_than_nothing_found():
    coverage = Coverage(seconds=30, frames=100, not_assessed=(NotAssessed("wifi/karma", "no probe request"),))
    subject = Subject(id="c", kind="capture", name="a.pcap", coverage=coverage)
    text = render("terminal", Report(subjects=(subject,), risk=Risk(verdict=Verdict.CLEAN)))
    assert text.startswith("NOTHING FOUND")
    assert "No sign of a trap in what could be seen" in text
    assert "? not assessed: wifi/karma: no probe request" in text


def test_clean_names_the_channels_that_were_watched():
    watched = (ChannelWatch(2412, 1, 5.0, 9), ChannelWatch(2462, 11, 5.0, 9), ChannelWatch(5180, 36, 1.0, 1))
    subject = Subject(id="c", kind="capture", name="a.pcap", coverage=Coverage(channels=watched))
    text = " ".join(lines(Report(subjects=(subject,)), width=200))
    assert "channels that were watched (2.4 GHz: 1, 11; 5 GHz: 36). Nobody listened on 6 GHz" in text


def test_nothing_analysed_says_nothing():
    assert "so nothing can be said" in render("terminal", Report())


def test_many_incidents_are_cut_with_a_count(report):
    many = tuple(msgspec.structs.replace(report.incidents[0], id=f"i{n}") for n in range(25))
    assert "… and 15 more incidents" in render("terminal", msgspec.structs.replace(report, incidents=many))
