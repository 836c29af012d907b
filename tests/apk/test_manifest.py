import pytest

from rogue_scan.apk import manifest, resources
from rogue_scan.apk.container import open_container
from rogue_scan.errors import Malformed

MAIN = ("intent-filter", {}, [
    ("action", {"name": "android.intent.action.MAIN"}),
    ("category", {"name": "android.intent.category.LAUNCHER"}),
])  # fmt: skip


def sdk(target, low=21):
    return ("uses-sdk", {"minSdkVersion": low, "targetSdkVersion": target})


def component(found, name):
    return next(c for c in found.components if c.name == f"org.example.app.{name}")


def test_what_the_manifest_says(manifest_of):
    found = manifest_of(
        sdk(30),
        ("uses-permission", {"name": "android.permission.READ_SMS", "maxSdkVersion": 28}),
        ("permission", {"name": "org.example.P", "protectionLevel": 2}),
        ("application", {"label": "Example", "debuggable": True}, [("activity", {"name": ".Main"}, [MAIN])]),
        versionCode=7,
    )
    assert (found.package, found.version_code, found.min_sdk, found.target_sdk) == (
        "org.example.app",
        "7",
        21,
        30,
    )
    assert [(p.name, p.level, p.max_sdk) for p in found.permissions] == [
        ("android.permission.READ_SMS", "dangerous", 28)
    ]
    assert [(p.name, p.level) for p in found.declared] == [("org.example.P", "signature")]
    assert found.labels == {"": "Example"}
    assert found.flag("debuggable") and not found.flag("allowBackup")
    main = component(found, "Main")
    assert main.launcher and main.exported and main.exported_said is None
    assert not found.differences


def test_class_names_are_completed(manifest_of):
    found = manifest_of(("application", {}, [("service", {"name": n}) for n in (".A", "B", "org.other.C")]))
    assert [c.name for c in found.components] == ["org.example.app.A", "org.example.app.B", "org.other.C"]


@pytest.mark.parametrize(("target", "exported", "refused"), [(30, True, False), (31, True, True)])
def test_a_filter_without_exported(manifest_of, target, exported, refused):
    found = manifest_of(sdk(target), ("application", {}, [("activity", {"name": ".A"}, [MAIN])]))
    assert component(found, "A").exported is exported
    assert [d.refused for d in found.differences if d.kind == "manifest:exported-unsaid"] == [True] * refused


@pytest.mark.parametrize(("target", "exported"), [(16, True), (17, False)])
def test_providers_were_open_by_default(manifest_of, target, exported):
    found = manifest_of(
        sdk(target), ("application", {}, [("provider", {"name": ".P", "authorities": "a;b"})])
    )
    provider = component(found, "P")
    assert (provider.exported, provider.authorities) == (exported, ("a", "b"))


@pytest.mark.parametrize(
    ("target", "said", "allowed"), [(27, None, True), (28, None, False), (28, True, True), (27, False, False)]
)
def test_cleartext_defaults(manifest_of, target, said, allowed):
    flags = {} if said is None else {"usesCleartextTraffic": said}
    assert manifest_of(sdk(target), ("application", flags)).network.cleartext is allowed


def test_roles_come_from_guards(manifest_of):
    guard = "android.permission.BIND_ACCESSIBILITY_SERVICE"
    found = manifest_of(("application", {}, [("service", {"name": ".S", "permission": guard})]))
    assert [c.name for c in found.components if c.role == "accessibility"] == ["org.example.app.S"]


def test_an_old_target_gets_permissions_without_asking(manifest_of):
    names = {p.name for p in manifest_of(sdk(3)).permissions if p.implied}
    assert "android.permission.READ_PHONE_STATE" in names


def test_deep_links(manifest_of):
    link = ("intent-filter", {}, [
        ("action", {"name": "android.intent.action.VIEW"}),
        ("category", {"name": "android.intent.category.BROWSABLE"}),
        ("data", {"scheme": "https", "host": "pay.example"}),
    ])  # fmt: skip
    found = manifest_of(("application", {}, [("activity", {"name": ".L"}, [link])]))
    (entry,) = component(found, "L").filters
    assert entry.deep_link and entry.schemes == ("https",) and entry.hosts == ("pay.example",)


def test_an_empty_manifest_is_told(manifest_of):
    kinds = {d.kind for d in manifest_of(**{":package": ""}).differences}
    assert {"manifest:empty", "manifest:no-package"} <= kinds


def test_only_the_first_application_counts(manifest_of):
    found = manifest_of(("application", {}), ("application", {}, [("service", {"name": ".S"})]))
    assert found.components == ()
    assert "manifest:several-applications" in {d.kind for d in found.differences}


def test_a_text_manifest_is_read_and_refused(labelled):
    box = open_container(labelled("manifest-text"))
    found = manifest.parse(box.read(box.get("AndroidManifest.xml")), None, lambda name: None)
    assert found.package and found.permissions
    assert [(d.kind, d.refused) for d in found.differences if d.kind == "axml:text"] == [("axml:text", True)]


def test_entities_in_a_text_manifest_are_not_expanded():
    bomb = b"""<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>
        <manifest package="org.example"><application label="&b;x"/></manifest>"""
    found = manifest.parse(b"\xef\xbb\xbf" + bomb.strip(), None, lambda name: None)
    assert (found.package, found.labels) == ("org.example", {"": "x"})


def test_text_that_is_no_xml():
    with pytest.raises(Malformed):
        manifest.parse(b"<<<" + b"x" * 40, None, lambda name: None)


def test_configuration_files(labelled):
    box = open_container(labelled("bank-overlay"))
    table = resources.parse(box.read(box.get("resources.arsc")))
    read = lambda name: box.read(box.get(name)) if name in box else None  # noqa: E731
    found = manifest.parse(box.read(box.get("AndroidManifest.xml")), table, read)
    (config,) = next(c for c in found.components if c.role == "accessibility").configs
    assert (config.root, config.entry) == ("accessibility-service", "res/xml/a11y.xml")
    assert config.attributes["canRetrieveWindowContent"] == "true"


def test_network_security_configuration(manifest_of, xml):
    config = xml(("network-security-config", {}, [
        ("base-config", {":cleartextTrafficPermitted": "true"}, [
            ("trust-anchors", {}, [("certificates", {":src": "user"})])]),
        ("domain-config", {":cleartextTrafficPermitted": "false"}, [
            ("pin-set", {}, [("pin", {}), ("pin", {})])]),
        ("debug-overrides", {}),
    ]))  # fmt: skip

    class Table:
        def of(self, attribute):
            return "res/xml/net.xml" if attribute.resource else attribute.text

    found = manifest_of(
        sdk(33), ("application", {"networkSecurityConfig": ("ref", 0x7F010001)}),
        table=Table(), read=lambda name: config if name == "res/xml/net.xml" else None,
    )  # fmt: skip
    base, domain = found.network.rules
    assert found.network.cleartext and base.trusts_user and found.network.debug_overrides
    assert (domain.cleartext, domain.pins) == (False, 2)
