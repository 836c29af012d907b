import pytest

from rogue_scan.apk import axml, layouts
from rogue_scan.apk.layouts import Layouts

LOGIN, FORM, BROKEN, GONE = 0x7F010000, 0x7F010001, 0x7F010002, 0x7F010003
USER, PHONE, MAIL, LABEL = 0x7F020000, 0x7F020001, 0x7F020002, 0x7F030000


class Table:
    def ids(self, kind):
        return iter((LOGIN, FORM, BROKEN, GONE) if kind == "layout" else ())

    def text(self, resource):
        return f"res/{resource:x}.xml"


@pytest.fixture
def files(xml):
    login = xml(("LinearLayout", {}, [
        ("app.Field", {":id": ("ref", USER)}),
        ("app.Box", {}),
        ("TextView", {":label": ("ref", LABEL)}),
    ]))  # fmt: skip
    form = xml(("TableRow", {}, [
        ("TextView", {":text": ("ref", LABEL)}),
        ("AutoCompleteTextView", {":id": ("ref", PHONE)}),
        ("EditText", {":id": ("ref", MAIL), ":hint": "mail"}),
        ("app.Field", {":id": ("ref", USER), ":password": True}),
    ]))  # fmt: skip
    return {f"res/{LOGIN:x}.xml": login, f"res/{FORM:x}.xml": form, f"res/{BROKEN:x}.xml": b"\x0a\x7f"}


def test_views_by_id(files):
    found = Layouts(files.get, Table())
    assert [(v.layout, v.tag, v.input_type) for v in found.with_id(USER)] == [
        (LOGIN, "app.Field", 0),
        (FORM, "app.Field", 0x81),
    ]
    assert found.with_id(LABEL) == found.with_id(0) == []


def test_the_text_before_a_field_labels_it(files):
    found = Layouts(files.get, Table())
    assert [(v.says, v.label) for v in found.with_id(PHONE)] == [((), LABEL)]
    assert [(v.says, v.label) for v in found.with_id(MAIL)] == [(("mail",), "")]


def test_element_names_of_views_that_have_an_id(files):
    found = Layouts(files.get, Table())
    assert list(found.tags(lambda name: name.startswith("app."))) == ["app.Field", "app.Field"]


def test_a_layout_is_read_when_it_is_asked_for(files, monkeypatch):
    read = []
    parse = axml.parse
    monkeypatch.setattr(axml, "parse", lambda data, entry: read.append(data) or parse(data, entry))
    found = Layouts(files.get, Table())
    assert not read
    for _ in range(2):
        found.with_id(PHONE)
    assert read == [files[f"res/{FORM:x}.xml"]]
    assert list(found.tags(lambda name: name == "app.Box")) == []
    assert len(read) == 2


def test_only_so_many_bytes_wait_to_be_read(files, monkeypatch):
    monkeypatch.setattr(layouts, "MAX_KEPT", 10)
    found = Layouts(files.get, Table())
    assert not found._unread
    assert [v.layout for v in found.with_id(USER)] == [LOGIN, FORM]
