"""Which URLs a client may name, and whether the document says what the program does."""

import pytest

from rogue_scan.render.formats import FORMATS
from rogue_scan.serve.app import under
from rogue_scan.serve.openapi import MEDIA, document

PREFIX = "https://store.example/apps"


@pytest.mark.parametrize(
    "url",
    ["https://store.example/apps/a.apk", "https://store.example/apps/sub/b%20c.apk"],
)
def test_urls_under_the_prefix(url: str) -> None:
    assert under(url, PREFIX)
    assert under(url, PREFIX + "/")


@pytest.mark.parametrize(
    "url",
    [
        "https://store.example/apps",
        "https://store.example/apps-other/a.apk",
        "https://store.example/apps/../secret",
        "https://store.example/apps/%2e%2e/secret",
        "https://store.example/apps/%252e%252e/secret",
        "https://store.example/apps/%25252e./secret",
        "https://store.example/apps/..%2fsecret",
        "https://store.example/apps/..\\secret",
        "https://store.example/apps/..%5csecret",
        "https://store.example:444/apps/a.apk",
        "https://store.example@evil.example/apps/a.apk",
        "https://user@store.example/apps/a.apk",
        "http://store.example/apps/a.apk",
        "file:///apps/a.apk",
        "simplecache::https://store.example/apps/a.apk",
        "https://store.example/apps/a.apk?x=1",
        "https://store.example/apps/a.apk#x",
        "https://store.example/apps/a\nb.apk",
        "https://store.example/apps/ä.apk",
        "https://[/apps/a.apk",
    ],
)
def test_urls_that_only_look_like_it(url: str) -> None:
    assert not under(url, PREFIX)


def test_every_format_has_a_media_type() -> None:
    assert set(MEDIA) == set(FORMATS)
    choices = document()["paths"]["/v1/apps/{app}/report"]["get"]["parameters"][1]["schema"]["enum"]
    assert choices == list(FORMATS)


def test_everything_but_health_wants_the_token() -> None:
    made = document()
    assert made["security"] == [{"token": []}]
    open_paths = [path for path, item in made["paths"].items() if item.get("get", {}).get("security") == []]
    assert open_paths == ["/health"]
