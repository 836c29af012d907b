"""Honest networks: nothing at medium or above on any of them."""

import pytest

from rogue_scan.model.severity import Severity

HONEST = {
    "a campus of fourteen access points under one name": "\n".join(
        f"ap a{i} 70:db:98:12:{i:02x}:20 Campus ch={(1, 6, 11)[i % 3]} sec=eap make=cisco up={5 + i}777 to=6"
        for i in range(14)
    ),
    "two radios with four names each": "\n".join(
        f"ap r{r}{i} 2c:5d:93:41:{r:x}a:0{i} {name} ch={(1, 11)[r]} sec={sec} make=cisco up=9{r}000 to=6"
        for r in range(2)
        for i, (name, sec) in enumerate(
            [("Staff", "eap"), ("Guest-Net", "open"), ("Things", "wpa2"), ("Voice", "wpa3")]
        )
    ),
    "a mesh of one maker, a unit of which is restarted": """
        ap a 50:c7:bf:8e:02:6a Home ch=6 sec=wpa2 make=tplink up=400000 to=16
        ap b1 50:c7:bf:8e:03:10 Home ch=6 sec=wpa2 make=tplink up=300000 to=5
        ap b2 50:c7:bf:8e:03:10 Home ch=6 sec=wpa2 make=tplink up=3 from=9 to=16
    """,
    "a router and an extender of another maker that is plugged in": """
        ap router 04:d4:c4:0b:19:c0 OakStreet12 ch=6 sec=wpa2 make=tplink up=400000 to=14
        ap extender 9c:3d:cf:70:0a:51 OakStreet12 ch=11 sec=wpa2 make=netgear up=5 from=6 to=14
        station tablet 3c:a9:f4:0b:61:01
        join 9 tablet extender
    """,
    "an extender with the router's address and the local bit set": """
        ap router 50:c7:bf:aa:31:70 Garden ch=6 sec=wpa2 make=tplink up=90000 to=8
        ap extender 52:c7:bf:aa:31:71 Garden ch=11 sec=wpa2 make=tplink up=80000 to=8
    """,
    "a telephone's hotspot that comes and goes": """
        ap router a0:40:a0:0b:61:70 Maple ch=6 sec=wpa2 make=netgear up=400000 to=14
        ap phone b6:41:22:0c:97:1e "Anna's iPhone" ch=6 sec=wpa2 make=phone up=2 from=4 to=10
        station laptop 64:b4:73:0b:61:02
        join 6 laptop phone
    """,
    "a telephone's open hotspot under a common name": """
        ap phone b6:41:22:0c:97:1e AndroidAP ch=6 sec=open make=phone up=2 from=1 to=10
        ap other a6:11:22:0c:97:1e AndroidAP ch=6 sec=wpa2 make=phone up=9 from=1 to=10
    """,
    "an access point without a running clock": """
        ap cheap 9c:3d:cf:0b:0b:31 Kiosk ch=6 sec=wpa2 make=netgear clock=still to=8
        ap other 50:c7:bf:8e:02:6a Kiosk-Office ch=6 sec=wpa2 make=tplink up=9000 to=8
    """,
    "a network in the middle of an upgrade": """
        ap a 78:8a:20:a0:11:01 Office ch=1 sec=wpa23 make=unifi up=9000 to=8
        ap b 78:8a:20:a0:2c:5d Office ch=6 sec=wpa2 make=unifi up=900000 to=8
        ap c 78:8a:20:a0:2d:6e Office ch=11 sec=wpa2 make=unifi up=800000 to=8
    """,
    "roaming": """
        ap a 78:8a:20:a0:11:01 Fast ch=1 sec=wpa2 make=unifi mdid=41393 up=9000 to=12
        ap b 78:8a:20:a0:2c:5d Fast ch=11 sec=wpa2 make=unifi mdid=41393 up=90000 to=12
        station c f0:18:98:45:46:47
        join 1 c a
        join 5 c b
        join 9 c a
    """,
    "a guest network whose name is the main one's with a word added": """
        ap main ac:84:c6:41:70:b0 Bakery ch=11 sec=wpa2 make=tplink up=90000 to=6
        ap guest ae:84:c6:41:70:b0 "Bakery Guest" ch=11 sec=open make=tplink up=90000 to=6
    """,
    "a crowd of telephones that search": "\n".join(
        ["ap cafe 58:b6:33:40:11:08 Cafe-Net ch=6 sec=open make=cisco up=90000 to=10"]
        + [f"station p{i} {2 + 4 * (i % 60):02x}:11:22:33:44:{i:02x}" for i in range(30)]
        + [f'ask {1 + i * 0.2:.2f} p{i} ""\nask {1.02 + i * 0.2:.2f} p{i} ""' for i in range(30)]
        + [f"ask {1.04 + i * 0.2:.2f} p{i} Home{i % 5}" for i in range(30)]
    ),
    "devices that come back after an outage": "\n".join(
        ["ap office 50:c7:bf:f1:00:10 Office ch=6 sec=wpa2 make=tplink up=3 to=14"]
        + [f"station c{i} 3c:a9:f4:00:01:{i:02x}" for i in range(25)]
        + [f"join {3 + i * 0.3:.1f} c{i} office" for i in range(25)]
    ),
    "an access point that says goodbye to each of its clients": "\n".join(
        ["ap office 50:c7:bf:f1:00:10 Office ch=6 sec=wpa2 make=tplink up=90000 to=6"]
        + [f"station c{i} 3c:a9:f4:00:01:{i:02x}" for i in range(20)]
        + [f"goodbye {6 + i * 0.01:.2f} office c{i} reason=3" for i in range(20)]
        + ["goodbye 6.3 office all reason=3 count=2"]
    ),
    "the same by an access point whose goodbyes have a counter of their own": "\n".join(
        ["ap office 50:c7:bf:f1:00:10 Office ch=6 sec=wpa2 make=tplink up=90000 seq=100 to=6"]
        + [f"station c{i} 3c:a9:f4:00:01:{i:02x}" for i in range(20)]
        + [f"goodbye {6 + i * 0.01:.2f} office c{i} reason=3 seq={2000 + i}" for i in range(20)]
        + ["goodbye 6.3 office all reason=3 count=2 seq=2020"]
    ),
    "a client that the access point throws off and that comes back": """
        ap office 50:c7:bf:f1:00:10 Office ch=6 sec=wpa2 make=tplink up=90000 to=14
        station c 3c:a9:f4:00:01:02
        join 1 c office
        goodbye 5 office c count=3 every=0.02 reason=4 seq=2000
        join 7 c office
    """,
    "a move to another channel as announced, and back": """
        ap a 14:cc:20:be:05:72 Workshop ch=36 sec=wpa2 make=tplink up=9000 to=5
        switch 5 a ch=100 frames=5 every=0.1024 count=5
        ap b 14:cc:20:be:05:72 Workshop ch=100 sec=wpa2 make=tplink up=9005.6 from=5.6 to=12
        switch 12 b ch=36 frames=5 every=0.1024 count=5
        ap c 14:cc:20:be:05:72 Workshop ch=36 sec=wpa2 make=tplink up=9012.6 from=12.6 to=18
    """,
    "neighbours' names out of the factory": """
        ap a 04:d4:c4:0b:19:c0 "FRITZ!Box 7590 AB" ch=1 sec=wpa2 make=tplink up=400000 to=5
        ap b 9c:3d:cf:70:0a:51 "FRITZ!Box 7590 AC" ch=6 sec=wpa23 make=netgear up=40000 to=5
        ap c 50:c7:bf:00:1a:2b Vodafone-1A2B ch=11 sec=wpa2 make=cisco up=4000 to=5
        ap d 50:c7:bf:00:1a:2c Vodafone-1A2D ch=11 sec=wpa2 make=cisco up=400 to=5
    """,
}


@pytest.mark.parametrize("listing", HONEST.values(), ids=HONEST)
def test_no_alarm(findings_of, listing: str) -> None:
    loud = [f for f in findings_of(listing) if f.severity >= Severity.MEDIUM]
    assert not loud, [
        (f.rule, f.confidence, f.actors, [(e.weight, e.says) for e in f.evidence]) for f in loud
    ]
