import time

from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.wifi.net.html import MAX_PAGE, read, text_of

PAGE = """<html><head><title> Free
 Wi-Fi </title><meta http-equiv="Refresh" content="5; url=/next.html"></head><body>
<form action="/submit" method="POST">Phone <input name="phone">
<label for="id1">身份证号</label><input id="id1" name="f2">
<label>Card <input name="f3" placeholder="4111 …"></label>
<input type="hidden" name="token"><input type="password" name="p" autocomplete="Current-Password">
<select name="country"><option>x</select><textarea name="note"></textarea>
<input type="submit" value="go"></form>
<input name="loose"><a href="/app.apk">Install</a><a href="javascript:void(0)">no</a>
<iframe src="/frame"></iframe>
<script>setTimeout(function(){ window.location.href = "http://10.0.0.1/second" }, 10);</script></body>"""


def test_title_links_and_forwarding() -> None:
    page = read(PAGE)
    assert page.title == "Free Wi-Fi"
    assert page.links == ("/app.apk", "/frame", "http://10.0.0.1/second")
    assert page.refresh == "/next.html"


def test_fields_have_the_labels_people_see() -> None:
    form, loose = read(PAGE).forms
    assert (form.action, form.method) == ("/submit", "post")
    asked = {f.name: f.label for f in form.fields if f.asks}
    assert asked["phone"] == "Phone"
    assert asked["f2"] == "身份证号"
    assert asked["f3"] == "Card"
    assert [f.name for f in form.fields if not f.asks] == ["token", ""]
    assert next(f for f in form.fields if f.name == "p").autocomplete == "current-password"
    assert [f.name for f in loose.fields] == ["loose"]


def test_brackets_in_values_hide_nothing() -> None:
    page = read(
        '<form><input placeholder="a > b" name="card"><!-- > --><input name=\'x\' title="<b>"></form>'
    )
    assert [f.name for f in page.forms[0].fields] == ["card", "x"]


def test_a_script_is_no_markup() -> None:
    page = read("<script>document.write('<input name=a>')</script><style>p > a {}</style><input name=b>")
    assert [f.name for form in page.forms for f in form.fields] == ["b"]


def test_the_charset_is_found() -> None:
    text = "身份证"
    assert text_of(text.encode("gb18030"), "text/html; charset=gb18030") == text
    assert text_of(b'<meta charset="gb18030">' + text.encode("gb18030"), "text/html").endswith(text)
    assert text_of(text.encode(), "text/html; charset=nonsense") == text


def test_hostile_pages_are_read_in_bounded_time() -> None:
    begun = time.process_time()
    for filler in (
        "<",
        "<!--",
        "<a ",
        "<input name=x>",
        "<form>",
        "&#",
        "<![CDATA[",
        "<script>",
        "</",
        "<!",
        "<?",
    ):
        page = read(filler * (MAX_PAGE // len(filler)))
        assert len(page.forms) <= 33
    assert time.process_time() - begun < 20


@given(st.text(max_size=300))
def test_any_text_is_survived(text: str) -> None:
    read(text)
    read("<form><input name=" + text)
