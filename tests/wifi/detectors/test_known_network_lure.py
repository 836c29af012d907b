"""One radio with many well-known open networks."""

from collections.abc import Callable

from rogue_scan.model.finding import Finding

Find = Callable[..., list[Finding]]


def test_a_lure_beside_a_cafe_with_one_open_network(findings_of: Find) -> None:
    lure = "\n".join(
        f'ap a{i} 02:11:22:33:44:{i:02x} "{name}" ch=6 sec=open make=bare up=20 to=12'
        for i, name in enumerate(("freenet", "linksys", "Starbucks WiFi", "xfinitywifi"))
    )
    cafe = "ap cafe 50:c7:bf:8e:02:6a Lindenhof ch=6 sec=open make=tplink up=400000 to=12"
    (finding,) = [f for f in findings_of(f"{lure}\n{cafe}") if f.rule == "wifi/known-network-lure"]
    assert finding.actors == tuple(f"02:11:22:33:44:{i:02x}" for i in range(4))
    assert not any("a venue's installation" in item.says for item in finding.evidence)
