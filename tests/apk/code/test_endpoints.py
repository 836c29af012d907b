"""Which names count as reachable: as the public suffix list says, asked without reading it whole."""

from pathlib import Path

import pytest
from publicsuffixlist import PSLFILE, PublicSuffixList

from rogue_scan.apk.code import endpoints


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("www.example.ac.uk", True),
        ("stats.example.co.za", True),  # the list has no rule for "za" alone
        ("example.za", False),
        ("shop.ck", True),  # only a wildcard
        ("xn--e1afmkfd.xn--p1ai", True),
        ("xn--zz--.example.edu", True),  # one bad label says nothing of the rest
        ("a.b.xn--", False),
        ("java.util.AE", False),
        ("view.Visible", False),
        ("a." * 20_000 + "nothing", False),
    ],
)
def test_a_name_is_public_where_a_rule_of_the_list_ends_it(host: str, public: bool) -> None:
    assert endpoints.is_public(host) is public


def test_every_rule_is_followed_as_the_library_follows_it() -> None:
    library = PublicSuffixList(accept_unknown=False)
    lines = Path(PSLFILE).read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("//")]
    for rule in rules:
        name = rule.lstrip("!").removeprefix("*.")
        for host in (name, f"a.{name}", f"a.b.{name}", "x." + name.rpartition(".")[2]):
            coded = host.encode("idna").decode("ascii")
            last = coded.rpartition(".")[2]
            if last not in endpoints._COMMON and not coded.startswith(("java.", "javax.", "android.")):
                assert endpoints.is_public(coded) == (library.publicsuffix(coded) is not None), coded
