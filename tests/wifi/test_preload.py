import pytest

from rogue_scan.wifi import preload


@pytest.mark.parametrize(
    ("host", "listed"),
    [
        ("www.paypal.com", True),
        ("WWW.PayPal.com.", True),
        ("deep.down.github.com", True),  # an entry with its subdomains
        ("shop.example.bank", True),  # a whole top-level domain
        ("1.0.0.1", True),  # an entry without
        ("x.1.0.0.1", False),
        ("notgithub.com", False),
        ("github.com.evil.example", False),
        ("com", False),
        ("", False),
        (".", False),
        ("bücher.example", False),
        ("a." * 4000 + "example", False),
    ],
)
def test_names_of_the_list(host, listed) -> None:
    assert preload.is_preloaded(host) is listed


def test_the_list_says_where_it_comes_from() -> None:
    assert preload.about().startswith("hstspreload 20")


def test_looking_at_wifi_reads_no_list() -> None:
    import subprocess
    import sys

    code = (
        "from rogue_scan.wifi import preload; from rogue_scan.wifi.detectors import ssl_strip;"
        "assert not preload._names.cache_info().currsize"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
