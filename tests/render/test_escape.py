import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.render import escape


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Café Müller", "Café Müller"),
        ("咖啡馆", "咖啡馆"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b31m", r"\x9b31m"),
        ("a\u202egpj.apk", r"a\u202egpj.apk"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("two\nlines\t", r"two\nlines\t"),
        ("lone\ud800", r"lone\ud800"),
        ("tag\U000e0041", r"tag\U000e0041"),
    ],
)
def test_what_acts_is_written_out(raw, shown):
    assert escape.visible(raw) == shown


def test_prose_keeps_its_line_breaks():
    assert escape.visible("one\ntwo\x07", prose=True) == "one\ntwo\\x07"


def test_piles_of_marks_are_cut():
    assert escape.visible("e" + "\u0301" * 50) == "e" + "\u0301" * 3


def test_long_names_say_how_long_they_are():
    assert escape.cut("x" * 65536).endswith("… (65536 characters)")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "  =cmd|' /C calc'!A0", "＝1"])
def test_a_cell_is_no_formula(cell):
    assert escape.csv(cell).startswith("'")


def test_a_code_span_cannot_be_left():
    assert escape.markdown_code("a`b``c") == "```a`b``c```"
    assert escape.markdown_code("`edge") == "`` `edge ``"


def test_addresses_in_prose_become_code():
    text = escape.markdown("3c:84:6a:77:20:01 sends to https://a.example.org/x and *boasts*")
    assert text == r"`3c:84:6a:77:20:01` sends to `https://a.example.org/x` and \*boasts\*"


@given(st.text())
def test_escaped_json_means_the_same(text):
    assert json.loads(escape.json(json.dumps({"a": text}, ensure_ascii=False))) == {"a": text}


@given(st.text())
def test_a_uri_is_plain_and_relative(text):
    uri = escape.uri(text)
    assert uri.isascii() and not uri.startswith("/") and ":" not in uri
