import pytest

from rogue_scan.apk import facts as app_facts
from rogue_scan.apk import intake
from rogue_scan.errors import Malformed, Unsupported


def decode(data):
    return intake.decode(data).facts


@pytest.fixture
def app_bytes(zip_writer, xml):
    """A small app with more entries: ``app_bytes({name: content})``."""

    def build(more=(), manifest=None, **bend):
        tree = manifest or (
            "manifest",
            {":package": "org.example.app"},
            [("application", {}, [("activity", {"name": ".A"})])],
        )
        box = type(zip_writer)().add("AndroidManifest.xml", xml(tree, **bend))
        for name, content in dict(more).items():
            box.add(name, content)
        return box.done()

    return build


def test_an_app(labelled, truth):
    facts = decode(labelled("calculator"))
    assert (facts.form, facts.manifest.package, facts.dex) == (
        "apk",
        truth("calculator")["package"],
        ("classes.dex",),
    )
    assert facts.sha256 == truth("calculator")["sha256"]
    assert not facts.differences and not facts.problems


def test_every_copy_is_read(labelled):
    facts = decode(labelled("zip-duplicate"))
    assert facts.dex == ("classes.dex", "classes.dex#2")
    assert facts.manifests == 2
    assert facts.manifest.package == "com.battery.saver.pro"


def test_a_set_of_splits(labelled, truth):
    facts = decode(labelled("split-bundle"))
    assert facts.form == "bundle"
    assert facts.parts == ("base.apk", "split_config.arm64_v8a.apk")
    assert facts.manifest.package == truth("split-bundle")["package"]
    assert facts.dex == ("base.apk!classes.dex",)


def test_other_apps_in_an_archive_are_not_taken_for_splits(app_bytes, zip_writer):
    other = ("manifest", {":package": "org.other"}, [("application", {}, [("activity", {"name": ".A"})])])
    data = (
        zip_writer.add("base.apk", app_bytes(), method=0)
        .add("x.apk", app_bytes(manifest=other), method=0)
        .done()
    )
    decoded = intake.decode(data)
    assert decoded.facts.parts == ("base.apk",)
    assert [i.origin for i in decoded.inner] == ["x.apk"]


def test_an_app_inside_the_app(labelled):
    decoded = intake.decode(labelled("apk-in-apk"))
    (inner,) = decoded.inner
    assert (inner.origin, decoded.facts.nested[0].package) == ("assets/update.apk", "com.update.flash")
    assert decode(inner.data).manifest.package == "com.update.flash"


def test_a_bare_dex(labelled):
    from rogue_scan.apk.container import open_container

    box = open_container(labelled("calculator"))
    facts = decode(box.read(box.get("classes.dex")))
    assert (facts.form, facts.dex) == ("dex", ("classes.dex",))


def test_an_app_behind_a_dex_is_an_app(labelled, zip_writer, xml):
    dex = b"dex\n035\0" + bytes(200)
    data = zip_writer.add(
        "AndroidManifest.xml", xml(("manifest", {":package": "a.b"}, [("application", {})]))
    ).done(before=dex)
    facts = decode(data)
    assert facts.form == "apk"
    assert [d.value for d in facts.differences if d.kind == "zip:data-before"] == ["DEX file"]


def test_code_under_other_names(app_bytes, labelled, zip_writer):
    from rogue_scan.apk.container import open_container

    box = open_container(labelled("calculator"))
    dex = box.read(box.get("classes.dex"))
    jar = type(zip_writer)().add("classes.dex", dex).done()
    facts = decode(
        app_bytes({"assets/logo.png": dex, "assets/lib.jar": jar, "assets/font.ttf": b"\x7fELF" + bytes(80)})
    )
    assert {f.name: f.kind for f in facts.files} == {
        "assets/logo.png": "disguised dex", "assets/lib.jar": "dex archive",
        "assets/font.ttf": "disguised elf"
    }  # fmt: skip
    assert set(facts.dex) == {"assets/logo.png", "assets/lib.jar!classes.dex"}


def test_damaged_code_is_told(labelled):
    assert {d.kind for d in decode(labelled("dex-bad-checksum")).differences} >= {"dex:checksum"}
    facts = decode(labelled("dex-truncated"))
    assert [p.kind for p in facts.problems] == ["truncated"]
    assert facts.manifest.permissions


def test_a_manifest_that_is_missing(labelled):
    facts = decode(labelled("manifest-missing"))
    assert facts.manifests == 0
    assert "manifest:missing" in facts.kinds()


def test_the_second_reader_is_asked_where_the_manifest_is_odd(app_bytes):
    facts = decode(app_bytes(attribute_start=32))
    assert "manifest:readers-disagree" in facts.kinds()


def test_opaque_files(labelled):
    assert ("assets/classes0.jar", "opaque") in {
        (f.name, f.kind) for f in decode(labelled("packed-stub")).files
    }


def test_flows_of_scripts(labelled):
    facts = decode(labelled("hybrid-js"))
    assert [(f.data.value, f.sink.value, f.endpoint) for f in facts.flows] == [
        ("contacts", "http", "box.album-private.example"), ("location", "http", "box.album-private.example")
    ]  # fmt: skip
    assert facts.flows[0].entry == "com.album.private.box.MainActivity"


def test_endpoints_in_native_code(labelled):
    (end,) = decode(labelled("dex-missing")).endpoints
    assert (end.host, end.hidden) == ("c2.native-box.example", "native library")


def test_an_app_bundle(zip_writer):
    def field(number, value):
        if isinstance(value, str):
            value = value.encode()
        length = len(value)
        size = bytes([length]) if length < 128 else bytes([length & 0x7F | 0x80, length >> 7])
        return bytes([number << 3 | 2]) + size + value

    name = field(1, "http://schemas.android.com/apk/res/android") + field(2, "name") + field(3, ".Main")
    activity = field(1, field(3, "activity") + field(4, name))
    app = field(1, field(3, "application") + field(5, activity))
    package = field(4, field(2, "package") + field(3, "org.example.aab"))
    root = field(1, field(3, "manifest") + package + field(5, app))
    data = zip_writer.add("base/manifest/AndroidManifest.xml", root).add("BundleConfig.pb", b"x").done()
    facts = decode(data)
    assert (facts.form, facts.manifest.package) == ("aab", "org.example.aab")
    assert [c.name for c in facts.manifest.components] == ["org.example.aab.Main"]


def test_modules_of_an_app_bundle(zip_writer, labelled):
    """A feature's components, and kits by names below the module's folder."""
    from rogue_scan.apk.container import open_container

    real = open_container(labelled("build-tools-bundle"))
    for entry in real.entries:
        zip_writer.add(entry.name, real.read(entry))
    manifest = real.read(real.get("base/manifest/AndroidManifest.xml"))
    feature = manifest.replace(b".A11y", b".Late").replace(b"READ_SMS", b"SEND_SMS")
    zip_writer.add("feature/manifest/AndroidManifest.xml", feature)
    zip_writer.add("feature/assets/index.android.bundle", b"fetch('https://late.example.org/in')")
    facts = decode(zip_writer.done())
    assert {"org.example.bundle.A11y", "org.example.bundle.Late"} <= {
        c.name for c in facts.manifest.components
    }
    assert "android.permission.SEND_SMS" in {p.name for p in facts.manifest.permissions}
    assert facts.manifest.labels["zh-TW"] == "Name zh-rTW"
    assert [e.value for e in facts.endpoints if "late" in e.value] == ["https://late.example.org/in"]
    assert "React Native" in {kit.name for kit in facts.kits}


def test_labels_from_language_splits(zip_writer, app_bytes, labelled):
    """The languages of a set lie in packages of their own; all tables are asked."""
    from rogue_scan.apk.container import open_container

    real = open_container(labelled("build-tools"))
    table = real.read(real.get("resources.arsc"))
    french = table.replace(b"de\0\0", b"fr\0\0")
    assert french != table
    base = app_bytes(
        {"resources.arsc": table},
        (
            "manifest",
            {":package": "org.example.app"},
            [
                ("application", {"label": ("ref", 0x7F090000)}, [("activity", {"name": ".A"})]),
            ],
        ),
    )
    split = app_bytes(
        {"resources.arsc": french},
        (
            "manifest",
            {
                ":package": "org.example.app",
                ":split": "config.fr",
            },
            [("application", {}, [])],
        ),
    )
    data = zip_writer.add("base.apk", base, method=0).add("config.fr.apk", split, method=0).done()
    labels = decode(data).manifest.labels
    assert (labels["fr"], labels["de"], labels[""]) == ("Name de", "Name de", "Reader")


def test_code_of_every_module_once(zip_writer, labelled):
    from rogue_scan.apk.container import open_container

    box = open_container(labelled("calculator"))
    code = box.read(box.get("classes.dex"))
    real = open_container(labelled("build-tools-bundle"))
    for entry in real.entries:
        zip_writer.add(entry.name, real.read(entry))
    data = zip_writer.add("base/dex/classes.dex", code).add("late/dex/classes.dex", code).done()
    assert decode(data).dex == ("base/dex/classes.dex", "late/dex/classes.dex")


def test_code_in_a_folder_named_like_a_module(app_bytes, labelled):
    """Outside app bundles Android does not load it, so somebody else does."""
    from rogue_scan.apk.container import open_container

    box = open_container(labelled("calculator"))
    code = box.read(box.get("classes.dex"))
    facts = decode(app_bytes({"base/dex/x.png": code}))
    assert facts.dex == ("base/dex/x.png",)
    assert [f.kind for f in facts.files] == ["disguised dex"]


def test_web_content_in_an_archive(app_bytes, zip_writer):
    """Pages that an app unpacks when it starts: an offline package of a web app."""
    page = b"<html><script>fetch('https://late.example.org/in')</script></html>"
    packed = zip_writer.add("www/index.html", page).add("www/a.png", b"x" * 50).done()
    facts = decode(app_bytes({"assets/www.zip": packed}))
    assert [(e.value, e.where[0].file) for e in facts.endpoints] == [
        ("https://late.example.org/in", "assets/www.zip!www/index.html")
    ]


def test_no_app(zip_writer):
    with pytest.raises(Unsupported):
        decode(zip_writer.add("a.txt", b"1").done())
    with pytest.raises(Malformed):
        decode(b"<html>")


def test_facts_survive_storing(labelled, tmp_path):
    facts = decode(labelled("bank-overlay"))
    store = app_facts.Store(tmp_path)
    store.put(facts)
    assert store.get(facts.sha256) == facts
    assert len(app_facts.encode(facts)) < 50_000


def test_an_app_behind_a_picture(app_bytes):
    picture = b"\x89PNG\r\n\x1a\n" + bytes(3000)
    decoded = intake.decode(
        app_bytes({"assets/icon.png": picture + app_bytes(), "assets/plain.png": picture})
    )
    assert [i.origin for i in decoded.inner] == ["assets/icon.png"]
    assert [(f.name, f.kind) for f in decoded.facts.files] == [("assets/icon.png", "disguised apk")]


def test_many_names_for_one_large_file_cost_it_once(zip_writer, xml):
    """A bomb of names: 300 entries of 8 MiB share the same packed bytes."""
    zip_writer.add("AndroidManifest.xml", xml(("manifest", {":package": "a.b"}, [("application", {})])))
    header = len(zip_writer.local)
    for number in range(300):
        zip_writer.add(f"assets/{number}", b"\0" * (8 << 20), header=header) if number == 0 else _again(
            zip_writer
        )
    facts = decode(zip_writer.done())
    assert "zip:bomb" in facts.kinds()
    assert facts.manifest.package == "a.b"


def _again(box):
    """One more record of the directory for the last entry."""
    last = box.central[box.central.rindex(b"PK\x01\x02") :]
    box.central += last[:46] + last[46:].replace(b"assets/0", b"assets/%d" % (box.count % 10))
    box.count += 1


def test_scheme_v4_lies_beside_the_package(app_bytes, zip_writer):
    data = zip_writer.add("base.apk", app_bytes(), method=0).add("base.apk.idsig", b"x").done()
    assert [(s.name, s.verified) for s in decode(data).signing.schemes] == [("v4", False)]


@pytest.mark.parametrize(
    ("target", "method", "kinds"), [(30, 8, {"zip:table-packed"}), (30, 0, set()), (29, 8, set())]
)
def test_the_resource_table_has_its_place(zip_writer, xml, target, method, kinds):
    sdk = ("uses-sdk", {"minSdkVersion": 21, "targetSdkVersion": target})
    tree = ("manifest", {":package": "a.b"}, [sdk, ("application", {})])
    zip_writer.add("resources.arsc", b"\2\0\x0c\0\x28\0\0\0" + bytes(32), method=method).add("pad", b"")
    zip_writer.add("AndroidManifest.xml", xml(tree))
    found = {kind for kind in decode(zip_writer.done()).kinds() if kind.startswith("zip:")}
    assert found == kinds


def test_code_under_a_simple_encoding(app_bytes, labelled):
    from rogue_scan.apk.container import open_container

    box = open_container(labelled("calculator"))
    dex = box.read(box.get("classes.dex"))
    hidden = {"assets/a.dat": bytes(b ^ 0x5A for b in dex), "assets/b.txt": bytes(b ^ 1 for b in app_bytes())}
    decoded = intake.decode(app_bytes(hidden))
    assert {f.name: f.kind for f in decoded.facts.files} == {
        "assets/a.dat": "disguised dex",
        "assets/b.txt": "disguised apk",
    }
    assert [(d.entry, d.value) for d in decoded.facts.differences if d.kind == "app:encoded-code"] == [
        ("assets/a.dat", "xor 0x5a"), ("assets/b.txt", "xor 0x01")
    ]  # fmt: skip
    assert decoded.facts.dex == ("assets/a.dat",)
    assert [i.origin for i in decoded.inner] == ["assets/b.txt"]
