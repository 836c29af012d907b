"""Network interfaces up and down (rtnetlink)."""

from __future__ import annotations

from rogue_scan.errors import Unreadable


def is_up(index: int) -> bool:
    """Whether the interface is administratively up. Raises Unreadable where there is none."""
    from pyroute2 import IPRoute
    from pyroute2.netlink.exceptions import NetlinkError

    try:
        with IPRoute() as route:
            (link,) = route.get_links(index)
            return bool(link["flags"] & 1)
    except NetlinkError as error:
        raise Unreadable(f"interface {index}: {error}") from error


def set_up(index: int, *, up: bool) -> None:
    """Set an interface up or down. Raises Unreadable with the kernel's reason."""
    import errno

    from pyroute2 import IPRoute
    from pyroute2.netlink.exceptions import NetlinkError

    try:
        with IPRoute() as route:
            route.link("set", index=index, state="up" if up else "down")
    except NetlinkError as error:
        reason = {
            errno.ERFKILL: "the radio is switched off (rfkill unblock wifi)",
            errno.EPERM: "not permitted; run as root, or give the program cap_net_admin and cap_net_raw",
            errno.ENODEV: "no such interface any more",
            errno.EBUSY: "the radio is in use by another program",
        }.get(error.code, str(error))
        raise Unreadable(f"cannot set the interface {'up' if up else 'down'}: {reason}") from error
