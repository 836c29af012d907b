"""Remarks on endpoints from the shipped lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.apk import endpoint_facts
from rogue_scan.model.subject import Endpoint


@pytest.mark.parametrize(
    ("value", "remarks"),
    [
        ("https://api.shop.example/v1", ()),
        ("http://api.shop.example/v1", ("cleartext",)),
        ("192.0.2.10:4444", ("raw address",)),
        ("http://[2001:db8::1]:80/x", ("cleartext", "raw address")),
        ("http://10.8.0.2/", ("cleartext", "private address")),
        ("127.0.0.1:27042", ("this device",)),
        ("https://box.duckdns.org/g", ("dynamic DNS",)),
        ("https://bit.ly/3x", ("shortener",)),
        ("https://ab12.ngrok-free.app/", ("tunnel",)),
        ("https://api.telegram.org/bot123:AA/sendMessage", ("Telegram bot",)),
        ("https://paypal-login.example/", ("imitates paypal",)),
        ("https://paypa1.example/", ("imitates paypal",)),
        ("https://wx-pay-login.example/", ("imitates wx",)),
        ("https://www.paypal.com/signin", ()),
        ("https://m.icloud.com/login", ()),
        ("https://visage.example/login", ()),
        ("https://backups.example/account", ()),
        ("https://xn--80ak6aa92e.example/", ("internationalised name",)),
    ],
)
def test_what_stands_out(value, remarks):
    assert endpoint_facts.remarks(Endpoint(value)) == remarks


def test_mail_addresses_and_numbers_have_no_remarks():
    assert endpoint_facts.remarks(Endpoint("drop@paypal-login.example", kind="email")) == ()


def test_registrable_part_follows_the_public_suffix_list():
    assert endpoint_facts.registrable("a.b.shop.co.uk") == "shop.co.uk"
    assert endpoint_facts.registrable("10.0.0.1") == "10.0.0.1"


@given(st.text(max_size=80))
def test_any_text_is_taken(text):
    endpoint_facts.remarks(Endpoint(text))
