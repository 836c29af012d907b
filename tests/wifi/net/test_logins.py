import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.wifi.net.logins import PORTS, Login, Reader, basic


def encoded(text: bytes) -> bytes:
    return base64.b64encode(text)


@pytest.mark.parametrize(
    ("protocol", "lines"),
    [
        ("ftp", b"USER alice\r\nPASS hunter2\r\n"),
        ("pop3", b"USER alice\r\nPASS hunter2\r\n"),
        ("imap", b"a1 LOGIN alice hunter2\r\n"),
        ("imap", b'a1 login "alice" "hunter2"\r\n'),
        ("imap", b"a1 AUTHENTICATE PLAIN\r\n" + encoded(b"\0alice\0hunter2") + b"\r\n"),
        ("smtp", b"EHLO x\r\nAUTH LOGIN\r\n" + encoded(b"alice") + b"\r\n" + encoded(b"hunter2") + b"\r\n"),
        ("smtp", b"AUTH PLAIN " + encoded(b"\0alice\0hunter2") + b"\r\n"),
    ],
)
def test_a_login_is_told_by_its_lengths(protocol: str, lines: bytes) -> None:
    reader = Reader(protocol)
    found = [login for i in range(len(lines)) for login in reader.feed(lines[i : i + 1])]
    assert found == [Login(protocol, 5, 7)]


def test_the_public_account_is_no_login() -> None:
    assert Reader("ftp").feed(b"USER anonymous\r\nPASS someone@example.org\r\n") == []


def test_basic_authorization() -> None:
    assert basic("Basic " + encoded(b"alice:hunter2").decode()) == Login("http", 5, 7)
    assert basic("Bearer abc") is None


def test_a_conversation_without_login_is_let_go() -> None:
    reader = Reader("smtp")
    reader.feed(b"NOOP\r\n" * 1000)
    assert reader.done
    assert reader.kept == 0


@given(st.sampled_from(sorted(set(PORTS.values()))), st.lists(st.binary(max_size=40), max_size=20))
def test_any_lines_are_survived(protocol: str, parts: list[bytes]) -> None:
    reader = Reader(protocol)
    for part in parts:
        reader.feed(part)
