import base64
import hashlib
import itertools
import re

import lxml.html
import msgspec
import pytest

from rogue_scan.model.report import Report
from rogue_scan.render.formats import Options, render
from rogue_scan.render.html import _link


@pytest.fixture
def page(report):
    return lxml.html.document_fromstring(render("html", report))


def test_it_loads_nothing(page):
    assert page.xpath("//link | //img | //iframe | //*[@src] | //style[contains(., 'url(')]") == []
    assert all(not re.search(r"@import|https?:", style.text) for style in page.xpath("//style"))


def test_the_policy_allows_only_its_own_style_and_script(page):
    policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy.startswith("default-src 'none'")
    for tag in ("style", "script"):
        digest = hashlib.sha256(page.xpath(f"//{tag}")[0].text.encode()).digest()
        assert f"'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert page.xpath("//*[@style]") == [], "the policy would not apply style attributes"


def test_links_within_the_page_lead_somewhere(page):
    ids = set(page.xpath("//@id"))
    assert len(ids) == len(page.xpath("//@id"))
    assert {link[1:] for link in page.xpath("//a/@href") if link.startswith("#")} <= ids


def test_headings_and_names_for_those_who_do_not_see(page):
    assert len(page.xpath("//h1")) == 1 and page.get("lang") == "en"
    assert page.xpath("//a[@class='skip']/@href") == ["#main"] and page.xpath("//main[@id='main']")
    for picture in page.xpath("//svg[not(@aria-hidden)]"):
        assert picture.get("role") == "img" and picture.get("aria-label")
    for cell in page.xpath("//thead//th"):
        assert cell.get("scope") == "col"
    levels = [
        int(heading.tag[1])
        for heading in page.xpath("//main//*[self::h1 or self::h2 or self::h3 or self::h4]")
    ]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_the_pictures_are_there(page):
    labels = " ".join(page.xpath("//svg/@aria-label"))
    for name in (
        "Score",
        "Time line",
        "Who talks to whom",
        "Channel occupancy",
        "Signal over time",
        "Clock lines",
    ):
        assert name in labels
    assert page.xpath("//ol[@class='flow']/li") and page.xpath("//table[@class='matrix']")


def test_each_finding_can_be_read_without_javascript(page, report):
    text = page.text_content()
    for finding in report.findings:
        for part in (finding.title, finding.message, *(item.says for item in finding.evidence)):
            assert part in text


def test_the_rules_prose_stands_once(report):
    twice = tuple(
        msgspec.structs.replace(report.findings[0], id=f"f{n}", fingerprint=f"{n}") for n in range(3)
    )
    text = render("html", msgspec.structs.replace(report, findings=twice, incidents=()))
    assert text.count("A second access point uses the name") == 1
    assert "3 cases" in text


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "data:text/html,x", "https://a b", "//evil", "vbscript:x", " https://a"],
)
def test_only_web_addresses_become_links(address):
    assert "<a" not in _link(address)


def test_an_empty_report_is_a_page():
    page = lxml.html.document_fromstring(render("html", Report()))
    assert "nothing can be said" in page.xpath("//h1")[0].text_content()


def test_in_chinese(report):
    page = lxml.html.document_fromstring(render("html", report, Options(language="zh_CN")))
    assert page.get("lang") == "zh-CN"
    assert [heading.text_content() for heading in page.xpath("//h2")][1:4] == ["事件", "个人数据", "发现"]
