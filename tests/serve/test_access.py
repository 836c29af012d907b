"""Who may ask, and how often."""

import stat
from pathlib import Path

import pytest

from rogue_scan.errors import UsageError
from rogue_scan.serve.access import Rate, Token, token

SECRET = "sixteen characters"


@pytest.mark.parametrize(
    ("header", "fits"),
    [
        (f"Bearer {SECRET}", True),
        (f"bearer {SECRET}", True),
        (f"Basic {SECRET}", False),
        (SECRET, False),
        (f"Bearer {SECRET}x", False),
        (f"Bearer {SECRET[:-1]}", False),
        ("Bearer ", False),
        ("Bearer \udcff", False),
        (None, False),
    ],
)
def test_a_header_fits_or_not(header: str | None, fits: bool) -> None:
    assert Token(SECRET).fits(header) is fits


def test_a_token_that_could_be_guessed() -> None:
    with pytest.raises(UsageError, match="at least 16"):
        Token("secret")


def test_a_made_token_is_kept_for_the_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROGUE_SCAN_SERVE_TOKEN", raising=False)
    first, place = token(tmp_path, None)
    assert place is not None
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert first.fits(f"Bearer {place.read_text().strip()}")
    again, _ = token(tmp_path, None)
    assert again.fits(f"Bearer {place.read_text().strip()}")


def test_file_before_environment_before_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROGUE_SCAN_SERVE_TOKEN", "of the environment")
    file = tmp_path / "secret"
    file.write_text("of the file, as a line\n")
    assert token(tmp_path, file)[0].fits("Bearer of the file, as a line")
    assert token(tmp_path, None)[0].fits("Bearer of the environment")
    assert not (tmp_path / "token").exists()
    with pytest.raises(UsageError, match="cannot be read"):
        token(tmp_path, tmp_path / "missing")


def test_a_bucket_fills_again() -> None:
    rate = Rate(2.0, 3)
    now = 100.0
    rate._now = lambda: now
    assert [rate.wait("a") for _ in range(3)] == [0, 0, 0]
    assert rate.wait("a") == pytest.approx(0.5)
    assert rate.wait("b") == 0  # everybody has a bucket
    now += 0.5
    assert rate.wait("a") == 0
    assert rate.wait("a") > 0


def test_strangers_do_not_fill_memory() -> None:
    rate = Rate(1.0, 1)
    for number in range(10_000):
        rate.wait(str(number))
    assert len(rate._clients) == 4096
