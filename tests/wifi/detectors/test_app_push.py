import io
import zipfile

AP, CLIENT, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:c1", "02:00:00:00:00:e1"
GATEWAY_IP = "10.9.0.1"
RULE = "wifi/app-push"
PROFILE = (
    b"<?xml version='1.0'?><plist><dict><key>PayloadType</key><string>Configuration</string></dict></plist>"
)


def app() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("AndroidManifest.xml", bytes(3000))
    return file.getvalue()


def get(air, path, body, kind="text/html", host=GATEWAY_IP, ip=GATEWAY_IP, **ends) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    air.talk(
        ("client", f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()),
        ("server", head + body),
        server_ip=ip,
        **ends,
    )


def redirect(air, host, target, ip="198.51.100.1") -> None:
    answer = f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
    air.talk(("client", f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()), ("server", answer), server_ip=ip)


def test_the_labelled_captures(findings) -> None:
    [finding] = [f for f in findings("lure-a") if f.rule == RULE]
    assert finding.actors == ("00:c0:ca:82:0c:11",)
    assert finding.severity.value == "critical"
    assert any("ee8890dea06e4791" in (item.value or "") for item in finding.evidence)
    for capture in ("hotel-a", "lan-strip-a", "lan-arp-a"):
        assert [f for f in findings(capture) if f.rule == RULE] == []


def test_an_app_from_inside_the_network(air, ask) -> None:
    get(air, "/secure.apk", app(), "application/vnd.android.package-archive")
    [finding] = ask(RULE, air)
    assert finding.actors == (AP,)
    assert finding.targets == (CLIENT,)
    assert finding.endpoints == (f"http://{GATEWAY_IP}/secure.apk",)
    assert finding.severity.value == "critical"


def test_a_configuration_profile(air, ask) -> None:
    get(air, "/wifi.mobileconfig", PROFILE, "application/x-apple-aspen-config")
    [finding] = ask(RULE, air)
    assert "configuration profile" in finding.evidence[0].says
    assert any("settings" in item.says for item in finding.evidence)


def test_an_app_under_the_name_of_a_picture(air, ask) -> None:
    get(air, "/photo.exe", app(), "application/octet-stream")
    assert any("not what its name says" in item.says for item in ask(RULE, air)[0].evidence)


def test_a_link_in_the_portal_without_a_download_is_a_question(air, ask) -> None:
    redirect(air, "connectivity.example.com", f"http://{GATEWAY_IP}/")
    get(air, "/", b"<html><a href='/secure.apk?id=7'>Security app</a></html>")
    [finding] = ask(RULE, air)
    assert finding.severity.value == "low"
    assert "secure.apk" in finding.message


def test_a_download_that_was_not_heard_whole_says_so(air, ask) -> None:
    get(air, "/secure.apk", app(), "application/vnd.android.package-archive")
    del air.frames[4]
    [finding] = ask(RULE, air)
    assert any("incomplete" in item.says for item in finding.evidence)


def test_downloads_from_elsewhere_are_quiet(air, ask) -> None:
    get(
        air,
        "/tool.exe",
        b"MZ" + bytes(5000),
        "application/octet-stream",
        host="downloads.example",
        ip="198.51.100.9",
    )
    assert ask(RULE, air) == []


def test_a_portal_with_pages_and_pictures_is_quiet(air, ask) -> None:
    redirect(air, "connectivity.example.com", f"http://{GATEWAY_IP}/")
    get(
        air,
        "/",
        b"<html><a href='/terms.pdf'>terms</a><a href='https://play.google.com/store/apps'>app</a></html>",
    )
    get(air, "/logo.png", b"\x89PNG" + bytes(500), "image/png")
    assert ask(RULE, air) == []
