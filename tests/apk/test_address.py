import pytest

from rogue_scan.apk import address


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://a.b.example/x?y=1.", [("url", "https://a.b.example/x?y=1", "a.b.example")]),
        ("http://192.0.2.7:8080/gate", [("url", "http://192.0.2.7:8080/gate", "192.0.2.7:8080")]),
        ("192.0.2.7:4444", [("address", "192.0.2.7:4444", "192.0.2.7:4444")]),
        ("relay.example:5222", [("address", "relay.example:5222", "relay.example:5222")]),
        ("to drop@mail.example now", [("email", "drop@mail.example", "mail.example")]),
        ("wss://push.example/ws", [("url", "wss://push.example/ws", "push.example")]),
    ],
)
def test_addresses(text, found):
    assert address.candidate(text)
    assert address.find(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "http://schemas.android.com/apk/res/android", "http://www.w3.org/2000/svg", "https://localhost:80/",
        "127.0.0.1:27042",
        "http://0.0.0.0/x", "1.2.3.400:80", "https://%s/path", "http://a/b", "https://www.apache.org/licenses/LICENSE-2.0",
        "com.example.Class:12", "http://x.example/schema.xsd", "12:30", "a:b", "http://256.1.1.1/",
    ],
)  # fmt: skip
def test_no_endpoints(text):
    assert [f for f in address.find(text) if f[0] != "address" or not f[1].startswith("com.")] == []
