import pytest

REAL = "ap real 50:c7:bf:f1:00:10 OfficeWest ch=6 sec=wpa2 make=tplink up=90000 to=10\n"


@pytest.mark.parametrize(("phantoms", "speaks"), [(19, False), (20, True)])
def test_twenty_access_points_heard_once_are_a_flood(findings_of, phantoms: int, speaks: bool) -> None:
    found = findings_of(f"{REAL}phantom 4 count={phantoms} every=0.04")
    said = [f.message for f in found if f.rule == "wifi/beacon-flood"]
    assert [message.split(" ", 1)[0] for message in said] == (["20"] if speaks else [])
