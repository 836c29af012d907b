import pytest

from rogue_scan.apk.parts import open_parts
from rogue_scan.errors import Malformed, Unsupported


@pytest.fixture
def apk(zip_writer, xml):
    """One APK: ``apk(package, split, components)``."""

    def build(package="a.b", split="", components=1, size=0):
        attributes = {":package": package} | ({":split": split} if split else {})
        activities = [("activity", {"name": f".A{n}"}) for n in range(components)]
        box = type(zip_writer)().add(
            "AndroidManifest.xml", xml(("manifest", attributes, [("application", {}, activities)]))
        )
        return box.add("pad", bytes(range(256)) * size, method=0).done()

    return build


def opened(zip_writer, **files):
    for name, data in files.items():
        zip_writer.add(f"{name}.apk", data, method=0)
    return open_parts(zip_writer.done())


def test_one_apk(apk):
    found = open_parts(apk())
    assert (found.form, [p.name for p in found.parts]) == ("apk", [""])
    assert found.parts[0].label("x") == "x"


def test_a_base_with_splits(zip_writer, apk):
    found = opened(zip_writer, split_config=apk(split="config.de", components=0), base=apk())
    assert (found.form, [p.name for p in found.parts]) == ("bundle", ["base.apk", "split_config.apk"])
    assert found.parts[1].label("classes.dex") == "split_config.apk!classes.dex"


def test_the_base_is_told_by_its_manifest_where_names_do_not_help(zip_writer, apk):
    found = opened(zip_writer, zzz=apk(size=9), aaa=apk(split="config.en", components=0))
    assert [p.name for p in found.parts] == ["zzz.apk", "aaa.apk"]


@pytest.mark.parametrize("other", [{"package": "x.y"}, {"package": "a.b"}])
def test_a_second_whole_app_is_an_app_of_its_own(zip_writer, apk, other):
    """Also one of the same package: else a harmless base would hide it."""
    found = opened(zip_writer, base=apk(), second=apk(**other))
    assert [p.name for p in found.parts] == ["base.apk"]
    assert [i.origin for i in found.others] == ["second.apk"]


def test_a_member_that_cannot_be_read_is_told(zip_writer, apk):
    found = opened(zip_writer, base=apk(), broken=b"no archive")
    assert [(p.part, p.kind) for p in found.problems] == [("broken.apk", "malformed")]


def test_an_apk_without_manifest_and_code(zip_writer):
    assert open_parts(zip_writer.add("resources.arsc", b"x").done()).form == "apk"


def test_no_app(zip_writer):
    with pytest.raises(Unsupported):
        open_parts(zip_writer.add("letter.txt", b"x").done())
    with pytest.raises(Malformed):
        open_parts(b"letter")
