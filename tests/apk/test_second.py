import threading
import time

from rogue_scan.apk import manifest, second

TREE = ("manifest", {":package": "org.example.app"}, [
    ("uses-permission", {"name": "android.permission.READ_SMS"}),
    ("application", {}, [("activity", {"name": ".A"})]),
])  # fmt: skip


def ours(data):
    return manifest.parse(data, None, lambda name: None)


def test_both_agree_on_a_plain_manifest(xml):
    data = xml(TREE)
    assert second.disagreement(data, ours(data)) == ""


def test_a_manifest_that_the_second_reader_misreads(xml):
    data = xml(TREE, attribute_start=32)
    assert "androguard" in second.disagreement(data, ours(data))


def test_permissions_that_it_misses(xml):
    more = xml(("manifest", {":package": "org.example.app"}, [TREE[2][0], TREE[2][0], *TREE[2][1:]]))
    fewer = xml(("manifest", {":package": "org.example.app"}, TREE[2][1:]))
    assert second.disagreement(fewer, ours(more)) == "androguard misses 1 of 1 permissions"


def test_it_is_stopped(xml, monkeypatch):
    monkeypatch.setattr(second, "SECONDS", 0.05)
    monkeypatch.setattr(second, "_compare", lambda *_: time.sleep(5))
    begun = time.monotonic()
    assert "does not come to an end" in second.disagreement(b"x", ours(xml(TREE)))
    assert time.monotonic() - begun < 2


def test_it_is_not_asked_where_nothing_could_stop_it(xml):
    answers = []
    data = xml(TREE, attribute_start=32)
    thread = threading.Thread(target=lambda: answers.append(second.disagreement(data, ours(data))))
    thread.start()
    thread.join()
    assert answers == [""]
