# ruff: noqa: E501  (packets are easier to read in one line)
import pytest

from rogue_scan.model.data import DataCategory

AP, CLIENT, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:c1", "02:00:00:00:00:e1"
GATEWAY_IP, SITE_IP = "10.9.0.1", "198.51.100.80"
RULE = "wifi/cleartext-personal-data"


def post(air, body, host="shop.example", ip=SITE_IP, **ends) -> None:
    head = f"POST /do HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    air.talk(("client", head.encode() + body.encode()), ("server", answer), server_ip=ip, **ends)


def test_the_labelled_captures(findings) -> None:
    actors = {
        "lure-a": "00:c0:ca:82:0c:11",
        "lan-dhcp-a": "00:c0:ca:d4:00:66",
        "lan-strip-a": "00:c0:ca:55:00:66",
    }
    for capture, actor in actors.items():
        [finding] = [f for f in findings(capture) if f.rule == RULE]
        assert finding.actors == (actor,)
        assert finding.severity.value == "high"
    assert [f for f in findings("hotel-a") if f.rule == RULE] == []


def test_what_the_network_took(air, ask) -> None:
    post(air, "phone=13800138000&passport_no=X1234567", host=GATEWAY_IP, ip=GATEWAY_IP)
    [finding] = ask(RULE, air)
    assert (finding.actors, finding.targets) == ((AP,), (CLIENT,))
    assert finding.data == (DataCategory.IDENTITY_NUMBER, DataCategory.PHONE_NUMBER)
    assert finding.severity.value == "high"


def test_no_value_is_told(air, ask) -> None:
    post(air, "passport_no=X1234567&f=4111111111111111&password=hunter2")
    text = repr(ask(RULE, air))
    for value in ("X1234567", "4111111111111111", "hunter2"):
        assert value not in text
    assert "passport_no (8 characters)" in text


def test_a_card_number_to_any_site_is_serious(air, ask) -> None:
    post(air, "card_number=4111111111111111")
    [finding] = ask(RULE, air)
    assert finding.actors == ()
    assert finding.severity.value == "high"


def test_a_number_that_only_looks_like_a_card_is_a_note(air, ask) -> None:
    post(air, "f=4111111111111111")
    assert [f.severity.value for f in ask(RULE, air)] == ["low"]


def test_a_password_to_an_old_site_of_ones_own_choice_is_a_note(air, ask) -> None:
    post(air, "user=alice&password=hunter2")
    [finding] = ask(RULE, air)
    assert finding.severity.value == "low"
    assert finding.targets == (CLIENT,)


def test_a_login_to_a_mailbox(air, ask) -> None:
    air.talk(
        ("server", b"+OK\r\n"), ("client", b"USER alice\r\nPASS hunter2\r\n"), port=110, server_ip=SITE_IP
    )
    [finding] = ask(RULE, air)
    assert finding.endpoints == (f"pop3://{SITE_IP}:110",)
    assert finding.data == (DataCategory.ACCOUNT_PASSWORD,)


@pytest.mark.parametrize(
    "body", ["q=shoes&lang=en", "room=12&name=Alice", "email=me@example.org", "password="]
)
def test_ordinary_forms_are_quiet(air, ask, body) -> None:
    post(air, body)
    assert ask(RULE, air) == []


def test_a_telephone_number_for_the_networks_own_portal_is_a_note(air, ask) -> None:
    post(air, "phone=13800138000", host=GATEWAY_IP, ip=GATEWAY_IP)
    [finding] = ask(RULE, air)
    assert finding.severity.value == "low"
    assert finding.data == (DataCategory.PHONE_NUMBER,)
