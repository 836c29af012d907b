"""Hostile strings in every field of every format come out inert."""

import csv
import io
import json
import re

import lxml.html
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.cells import cell_len

from rogue_scan.model.report import decode, encode
from rogue_scan.model.walk import change_texts
from rogue_scan.render import escape
from rogue_scan.render.formats import FORMATS, Options, render

from .conftest import make_report
from .test_schemas import CHECKS

PAYLOADS = [
    "\x1b[31m\x1b]0;title\x07\x1b[2J",
    "\x9b31m\x85\x00",
    "\u202egnp.exe\u2066x\u2069",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "\" onmouseover='alert(1)' x=\"",
    "javascript:alert(1)",
    "</style><style>*{display:none}</style>",
    "{{ 7*7 }}{% raw %}",
    "[bold red]x[/bold red][link=http://evil.example]y[/link]",
    "=cmd|' /C calc'!A0",
    "+1",
    "@SUM(1+1)",
    "\t=1",
    'a,"b"\r\n=1',
    "[click](http://evil.example) ![i](http://evil.example/x.png) <http://evil.example>",
    "https://evil.example/a www.evil.example mail@evil.example @someone #1 evil.com //evil.com",
    "| a | b |\n|---|---|\n\n# head\n\n```\ncode\n> quote",
    "1. list\n- item\n* * *\n===",
    "`code` ``x`` \\`",
    "]]>&amp;<!--x--><?pi?>",
    "lone \ud800 \udfff",
    "\ufeff\u200b\u2060\ufffe\uffff",
    "Z\u0335\u0321\u0322" * 40,
    "N" * 65536,
    "\\x1b' OR file:name = 'x",
    "%s %d {0} {title} {count}",
    "../../etc/passwd",
    "",
    " ",
]
_ACTIVE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def hostile_report(draw):
    """The fixed report with every text replaced; enumerations and the schema stay."""

    def change(owner, field, text):
        return text if (owner, field) == ("Report", "schema") else draw(text)

    return change_texts(make_report(), change)


def check_terminal(text):
    assert not _ACTIVE.search(text)
    assert max(cell_len(line) for line in text.split("\n")) <= 100


def check_html(text):
    assert not _ACTIVE.search(text)
    page = lxml.html.document_fromstring(text)
    assert len(page.xpath("//script")) == 1 and len(page.xpath("//style")) == 1
    for element in page.iter("*"):
        assert element.tag not in {"img", "iframe", "object", "embed", "link", "form", "base", "image", "use"}
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on"), name
            if name in {"href", "src", "xlink:href"}:
                assert re.match(r"#[fs]\d+$|#[a-z-]+$|https?://", value), value


def check_csv(text):
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 9 and {len(row) for row in rows} == {20}
    for row in rows[1:]:
        for cell in row:
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝"))
            assert not _ACTIVE.search(cell)


def check_markdown(text):
    assert not _ACTIVE.search(text) and len(text) < 62_000
    page = lxml.html.fragment_fromstring(MarkdownIt("gfm-like").render(text), create_parent="div")
    allowed = {"div", "h1", "h2", "h3", "p", "ul", "li", "strong", "code", "table", "thead", "tbody", "tr",
               "th", "td"}  # fmt: skip
    for element in page.iter():
        if isinstance(element.tag, str):
            assert element.tag in allowed, (element.tag, element.text)


def check_jsonl(text):
    for line in text.splitlines():
        assert not _ACTIVE.search(line)
        json.loads(line)


def check_json(text):
    assert not _ACTIVE.search(text.replace("\n", ""))
    decode(text.encode())


def check(name, text):
    if name in CHECKS:
        assert not _ACTIVE.search(text)
        CHECKS[name](text)
    {"terminal": check_terminal, "html": check_html, "csv": check_csv, "markdown": check_markdown,
     "jsonl": check_jsonl, "json": check_json}.get(name, lambda _: None)(text)  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda text: ascii(text[:20]))
@pytest.mark.parametrize("name", FORMATS)
def test_one_payload_everywhere(name, payload):
    check(name, render(name, hostile_report(lambda _text: payload)))


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda text: ascii(text[:20]))
@pytest.mark.parametrize("name", FORMATS)
def test_payload_around_what_is_there(name, payload):
    """Ids and addresses still tie together, so pictures and incidents are drawn."""
    check(name, render(name, hostile_report(lambda text: f"{payload}{text}{payload}")))


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
@pytest.mark.parametrize("name", FORMATS)
def test_any_text(name, data):
    texts = data.draw(st.lists(st.text(max_size=40) | st.sampled_from(PAYLOADS[:-6]), min_size=1, max_size=8))
    count = iter(range(10**9))
    check(name, render(name, hostile_report(lambda _text: texts[next(count) % len(texts)])))


def test_colour_is_the_only_control(report):
    text = render("terminal", hostile_report(lambda text: f"\x1b[5m{text}\x07"), Options(color=True))
    assert not _ACTIVE.search(re.sub(r"\x1b\[[\d;]*m", "", text))


def test_escaping_keeps_prose_readable():
    assert escape.markdown("A page asks for a card number (16 digits).") == (
        "A page asks for a card number (16 digits)."
    )


EXTREMES = [0, 1, -1, 2**31, 2**63 - 1, 0.5, 1e-300, 1e308, -1e308]


def with_numbers(value, draw):
    """A JSON document with its numbers replaced, but for those that the schema bounds."""
    if isinstance(value, dict):
        bounded = {"confidence", "score"}
        return {key: item if key in bounded else with_numbers(item, draw) for key, item in value.items()}
    if isinstance(value, list):
        return [with_numbers(item, draw) for item in value]
    return draw(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
@pytest.mark.parametrize("name", FORMATS)
def test_any_number_that_the_schema_allows(name, data):
    kinds = data.draw(st.lists(st.sampled_from(EXTREMES), min_size=1, max_size=6))
    count = iter(range(10**9))

    def draw(number):
        chosen = kinds[next(count) % len(kinds)]
        return int(min(max(chosen, -(2**63)), 2**63 - 1)) if isinstance(number, int) else float(chosen)

    document = with_numbers(json.loads(encode(make_report())), draw)
    render(name, decode(json.dumps(document).encode()))
