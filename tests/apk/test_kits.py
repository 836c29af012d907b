import pytest

from rogue_scan.apk import kits
from rogue_scan.errors import RuleError


def names(entries=(), classes=(), manifest=()):
    return {k.name: k.signs for k in kits.find(entries, classes, manifest)}


def test_signs():
    assert names(["lib/arm64-v8a/libjiagu.so"]) == {"360 Jiagu": ("library libjiagu.so",)}
    assert names(classes=["Lcom/facebook/react/bridge/X;"]) == {
        "React Native": ("classes com.facebook.react",)
    }
    assert names(manifest=["com.google.android.gms.ads.APPLICATION_ID"]).keys() == {"Google AdMob"}
    assert names(["assets/flutter_assets/x"]).keys() == {"Flutter"}


def test_a_package_that_only_begins_alike_is_another():
    assert names(classes=["Lcom/facebook/reactor/X;", "Lokhttp33/X;"]) == {}


def test_patterns_fit_whole_names_and_tell_the_first():
    entries = ["x/assemblies/A.dll", "assemblies/B.dll.x", "assemblies/sub/B.dll", "assemblies/A.dll"]
    assert names(entries) == {"Xamarin / .NET": ("file assemblies/sub/B.dll",)}
    assert names(manifest=["x.ProtectedApplicationX"]) == {}
    assert names(manifest=["x.ProtectedApplication"]) == {
        "DexProtector": ("manifest x.ProtectedApplication",)
    }


def test_kits_that_need_two_signs():
    assert names(["lib/x/libmd.so"]) == {}
    assert names(["lib/x/libmd.so"], ["Lcom/seworks/medusah/A;"]).keys() == {"Medusah"}


def test_every_kit_can_be_recognised_and_says_what_it_is():
    found = kits.specs()
    assert len(found) > 100
    assert len({k.name for k in found}) == len(found)
    for kit in found:
        assert kit.classes or kit.files or kit.libraries or kit.manifest, kit.name
        assert kit.says.endswith("."), kit.name
        assert not any("*" in name for name in kit.classes), kit.name


def test_a_wrong_file_names_its_place(tmp_path):
    (tmp_path / "x.yml").write_text("source: s\nlicence: l\nkits: [{name: A, family: none, says: x}]\n")
    with pytest.raises(RuleError, match=r"kits\[0\].family"):
        kits.specs(tmp_path)


def test_classes_that_were_renamed():
    renamed = [f"La/{chr(97 + n % 26)}{chr(97 + n // 26)};" for n in range(80)]
    plain = [f"Lcom/example/Screen{n};" for n in range(60)]
    (kit,) = kits.find([], [*renamed, *plain], [])
    assert (kit.name, kit.family, kit.signs) == (
        "Renamed classes", "obfuscator", ("80 of 140 classes with names of one or two letters",),
    )  # fmt: skip
    assert kits.find([], [*renamed[:50], *plain], []) == ()
    assert kits.find([], renamed[:40], []) == ()


def test_a_library_told_by_structure():
    (gson, other) = kits.find([], [], [], {"Gson": 4, "Something": 1})
    assert (gson.name, gson.signs) == ("Gson", ("structure of 4 classes",))
    assert (other.name, other.family, other.signs) == ("Something", "library", ("structure of 1 class",))
