from rogue_scan.model.data import DataCategory
from rogue_scan.wifi.net import clients


def test_the_victim_of_the_lure(capture, folded) -> None:
    net = folded(capture("lure-a"))
    events = [event for client, event in clients.events(net) if client == "5a:c1:09:73:20:01"]
    told = {event.kind: event for event in events}
    assert set(told) == {"given an address", "asked", "sent", "downloaded"}
    assert DataCategory.IDENTITY_NUMBER in told["asked"].data
    assert "card_number (19)" in told["sent"].detail
    assert told["downloaded"].detail.startswith("WiFiSecurity.apk (apk) from 10.0.0.1")
    for value in ("13800001234", "110101199003070000", "6222020000000000000", "442761", "hunter2"):
        assert value not in repr(events)


def test_whom_a_client_talked_to(capture, folded) -> None:
    hosts = clients.hosts(folded(capture("hotel-a")))["5a:19:c2:70:31:00"]
    assert {"connectivitycheck.gstatic.com", "example.org", "wifi.grandhotel.example"} <= hosts
    assert "93.184.215.14" not in hosts  # known by its name


def test_a_login_is_told_without_its_secret(air) -> None:
    air.talk(("server", b"+OK\r\n"), ("client", b"USER alice\r\nPASS hunter2\r\n"), port=110)
    [(_, event)] = list(clients.events(air.fold()))
    assert event.kind == "logged in"
    assert "hunter2" not in event.detail
