import pytest

from rogue_scan.apk import resources
from rogue_scan.apk.answers import PackageResources
from rogue_scan.apk.code.types import LayoutView, Resources


@pytest.fixture
def answers(xml):
    layout = xml(("LinearLayout", {}, [
        ("EditText", {":id": ("ref", 0x7F020000), ":inputType": 0x81, ":hint": "Password"}),
        ("TextView", {":text": "no id"}),
    ]))  # fmt: skip
    files = {"res/layout/login.xml": layout, "assets/key.txt": b"secret"}

    class Table(resources.Table):
        def __init__(self):
            pass

        def ids(self, kind):
            return iter([0x7F010000] if kind == "layout" else [])

        def text(self, resource):
            return {0x7F010000: "res/layout/login.xml"}.get(resource)

        def name(self, resource):
            return {0x7F020000: "login_password"}.get(resource, "")

        def texts(self, resource):
            return {"": "Password", "de": "x" * 1000}

    return PackageResources(files.get, list(files), Table(), ())


def test_views_that_take_input(answers):
    (view,) = answers.views(0x7F020000)
    assert view == LayoutView(0x7F010000, 0x7F020000, "EditText", 0x81, ("Password",))
    assert answers.name(view.id) == "login_password"
    assert list(answers.view_tags(lambda name: True)) == ["EditText"]
    assert answers.texts(view.id) == ["Password", "x" * 299 + "…"]


def test_files_and_assets(answers):
    assert answers.assets() == ["key.txt"]
    assert answers.asset("key.txt") == b"secret"
    assert answers.file(0x7F010000) is not None
    assert answers.file(0x7F990000) is None


def test_it_answers_all_that_code_may_ask(answers):
    asked: Resources = answers
    assert asked.native_strings() == []
    nothing = PackageResources(lambda name: None, [], None, ())
    assert nothing.string(1) is None
    assert nothing.texts(1) == nothing.views(1) == list(nothing.view_tags(bool)) == []
