import pytest

from rogue_scan.ties import host_of


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("https://A.Example.:8443/x?y", "a.example"),
        ("a.example:80", "a.example"),
        ("10.0.0.1", "10.0.0.1"),
        ("http://[fe80::1]/", "fe80::1"),
        ("http://[broken", "http://[broken"),
        ("", ""),
    ],
)
def test_hosts_are_compared_in_one_form(endpoint, host):
    assert host_of(endpoint) == host
