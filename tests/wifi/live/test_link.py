"""Interfaces go up and down, and refusals are told with what mends them."""

import errno
from typing import Any

import pyroute2
import pytest
from pyroute2.netlink.exceptions import NetlinkError

from rogue_scan.errors import Unreadable
from rogue_scan.wifi.live.link import is_up, set_up


class Route:
    """pyroute2's IPRoute, played."""

    flags = 0x1003
    asked: tuple[Any, ...] = ()
    refuses: int | None = None

    def __enter__(self) -> "Route":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        if self.refuses is not None:
            raise NetlinkError(self.refuses)

    def get_links(self, index: int) -> list[dict[str, int]]:
        self._answer()
        return [{"flags": self.flags}]

    def link(self, what: str, *, index: int, state: str) -> None:
        type(self).asked = (what, index, state)
        self._answer()


@pytest.fixture
def route(monkeypatch: pytest.MonkeyPatch) -> type[Route]:
    fresh = type("Fresh", (Route,), {})
    monkeypatch.setattr(pyroute2, "IPRoute", fresh)
    return fresh


def test_up_is_the_administrators_wish(route: type[Route]) -> None:
    assert is_up(3)
    route.flags = 0x1002
    assert not is_up(3)


def test_state_is_set_by_index(route: type[Route]) -> None:
    set_up(3, up=True)
    assert route.asked == ("set", 3, "up")
    set_up(3, up=False)
    assert route.asked == ("set", 3, "down")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (errno.ERFKILL, r"cannot set the interface up: the radio is switched off \(rfkill unblock wifi\)"),
        (errno.EPERM, "not permitted; run as root, or give the program cap_net_admin"),
        (errno.ENODEV, "no such interface any more"),
        (errno.EBUSY, "in use by another program"),
        (errno.EIO, "cannot set the interface up"),
    ],
)
def test_refusals_are_told_in_words(route: type[Route], code: int, says: str) -> None:
    route.refuses = code
    with pytest.raises(Unreadable, match=says):
        set_up(3, up=True)


def test_an_interface_that_is_gone_has_no_state(route: type[Route]) -> None:
    route.refuses = errno.ENODEV
    with pytest.raises(Unreadable, match="interface 3"):
        is_up(3)
