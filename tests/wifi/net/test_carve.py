import hashlib
import io
import random
import zipfile

import pytest

from rogue_scan.wifi.net.carve import file_name, kind_of
from rogue_scan.wifi.net.http import Head

APK_TYPE = b"application/vnd.android.package-archive"


def app(size: int = 60_000, seed: int = 3) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("AndroidManifest.xml", b"\3\0\x08\0" + bytes(60))
        archive.writestr("classes.dex", b"dex\n035\0" + random.Random(seed).randbytes(size))
    return file.getvalue()


def get(path: str, extra: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 10.9.0.1\r\n{extra}\r\n".encode()


def answer(body: bytes, kind: bytes = APK_TYPE, status: bytes = b"200 OK", extra: bytes = b"") -> bytes:
    head = b"HTTP/1.1 " + status + b"\r\nContent-Type: " + kind + b"\r\nContent-Length: %d\r\n" % len(body)
    return head + extra + b"\r\n" + body


def test_the_file_is_the_one_that_was_served(air) -> None:
    file = app()
    air.talk(("client", get("/Free%20WiFi.apk")), ("server", answer(file)))
    [offer] = air.fold().offers
    assert (offer.kind, offer.name, offer.complete) == ("apk", "Free WiFi.apk", True)
    assert offer.data == file
    assert offer.sha256 == hashlib.sha256(file).hexdigest()


def test_the_order_of_frames_within_a_second_does_not_matter(air) -> None:
    file = app()
    air.talk(("client", get("/a.apk")), ("server", answer(file)))
    order = random.Random(5)
    rows = list(range(len(air.frames)))
    order.shuffle(rows)  # the whole download takes less than a second
    [offer] = air.fold(rows).offers
    assert offer.data == file
    assert offer.complete


def test_two_downloads_at_once_are_told_apart(air) -> None:
    one, two = app(seed=1), app(seed=2)
    air.talk(("client", get("/a.apk")), ("server", answer(one)))
    middle = len(air.frames)
    air.talk(("client", get("/b.apk")), ("server", answer(two)))
    rows = sorted(range(len(air.frames)), key=lambda i: (i % middle, i))
    assert {o.path: o.data == f for o, f in zip(air.fold(rows).offers, (one, two), strict=True)} == {
        "/a.apk": True, "/b.apk": True,
    }  # fmt: skip


def test_frames_that_were_not_heard_make_it_incomplete(air) -> None:
    file = app()
    air.talk(("client", get("/a.apk")), ("server", answer(file)))
    lost = random.Random(2)
    rows = [i for i in range(len(air.frames)) if i < 8 or lost.random() > 0.03]
    assert len(rows) < len(air.frames)
    [offer] = air.fold(rows).offers
    assert not offer.complete
    assert offer.size == len(file)
    assert 0 < offer.received < len(file)
    assert len(offer.data) == len(file)


def test_a_second_download_fills_the_holes_of_the_first(air) -> None:
    file = app()
    for _ in range(2):
        air.talk(("client", get("/a.apk")), ("server", answer(file)))
    half = len(air.frames) // 2
    rows = [i for i in range(len(air.frames)) if i not in (10, 11, half + 20)]
    [offer] = air.fold(rows).offers
    assert offer.complete
    assert offer.data == file


def test_range_requests_are_put_together(air) -> None:
    file = app()
    cut = len(file) // 3
    for begin, end in ((cut, 2 * cut), (0, cut), (2 * cut, len(file))):
        span = b"Content-Range: bytes %d-%d/%d\r\n" % (begin, end - 1, len(file))
        part = answer(file[begin:end], status=b"206 Partial Content", extra=span)
        air.talk(("client", get("/a.apk", f"Range: bytes={begin}-{end - 1}\r\n")), ("server", part))
    [offer] = air.fold().offers
    assert offer.complete
    assert offer.data == file


def test_a_download_broken_off_and_resumed(air) -> None:
    file = app()
    whole = answer(file)
    broken = whole[: len(whole) // 2]
    had = len(broken) - (len(whole) - len(file))
    air.talk(("client", get("/a.apk")), ("server", broken))
    assert not air.fold().offers[0].complete
    span = b"Content-Range: bytes %d-%d/%d\r\n" % (had, len(file) - 1, len(file))
    rest = answer(file[had:], status=b"206 Partial Content", extra=span)
    air.talk(("client", get("/a.apk", f"Range: bytes={had}-\r\n")), ("server", rest))
    [offer] = air.fold().offers
    assert offer.complete
    assert offer.data == file


def test_a_chunked_and_packed_file(air) -> None:
    import gzip

    file = app(5000)
    packed = gzip.compress(file)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    parts = [packed[i : i + 999] for i in range(0, len(packed), 999)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    air.talk(("client", get("/download?id=1")), ("server", head + chunks + b"0\r\n\r\n"))
    [offer] = air.fold().offers
    assert (offer.kind, offer.data, offer.complete) == ("apk", file, True)


def test_another_file_under_the_same_name_is_another_offer(air) -> None:
    for seed in (1, 2):
        air.talk(("client", get("/a.apk")), ("server", answer(app(seed=seed))))
    assert [o.data == app(seed=s) for o, s in zip(air.fold().offers, (1, 2), strict=True)] == [True, True]


def test_the_page_that_says_not_found_is_no_app(air) -> None:
    page = answer(b"<html>not found</html>", b"text/html")
    air.talk(("client", get("/a.apk")), ("server", page))
    assert air.fold().offers == []


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("apk", app(10)),
        ("apk", app(9000)[:4000]),
        ("exe", b"MZ" + bytes(100)),
        ("exe", b"\x7fELF" + bytes(20)),
        ("profile", b'<?xml version="1.0"?><plist><key>PayloadType</key>'),
        ("", b"%PDF-1.7"),
        ("", b"PK\3\4 a broken document"),
    ],
)
def test_kinds_by_content(kind: str, data: bytes) -> None:
    assert kind_of(data) == kind


def test_the_name_is_taken_from_the_disposition() -> None:
    head = Head(fields=(("content-disposition", 'attachment; filename="..\\..\\evil/update.exe"'),))
    assert file_name(head, "/x") == "update.exe"
    named = Head(fields=(("content-disposition", "attachment; filename*=UTF-8''%E5%AE%89%E5%85%A8.apk"),))
    assert file_name(named, "/x") == "安全.apk"
