"""What a name or address says about who is behind it, from shipped, dated lists.

The lists stand under ``signatures/apk/_lists``; each names its source, date and licence in its head.
Nothing is looked up: the same endpoint gets the same remarks on every machine.
"""

import functools
import ipaddress
import re
from collections.abc import Iterable

import msgspec
from publicsuffixlist import PublicSuffixList

from rogue_scan.model.subject import Endpoint
from rogue_scan.rules.files import builtin

CLEARTEXT = ("http://", "ws://", "ftp://", "mqtt://", "smtp://", "telnet://")
BOTS = (
    ("api.telegram.org", "/bot", "Telegram bot"),
    ("discord.com", "/api/webhooks/", "Discord webhook"),
    ("discordapp.com", "/api/webhooks/", "Discord webhook"),
    ("hooks.slack.com", "/services/", "Slack webhook"),
)
"""Host, path and name of services where whoever holds the token reads along without a server of his own."""

_THIS_DEVICE = [ipaddress.ip_network(net) for net in ("127.0.0.0/8", "0.0.0.0/8", "::1/128", "::/128")]
_PRIVATE = [
    ipaddress.ip_network(net)
    for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
]
_LOOKS_LIKE = str.maketrans({"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "$": "s"})
_SHORT = 4
"""A brand name up to this length counts only as a whole word beside bait."""


def host_of(value: str) -> str:
    """Host of a URL, a ``host:port`` or a plain host, in lower case; empty where there is none."""
    rest = value.split("://", 1)[-1]
    rest = re.split(r"[/?#\\]", rest, maxsplit=1)[0].rsplit("@", 1)[-1]
    if rest.startswith("["):
        return rest[1:].split("]", 1)[0].lower()
    return (rest.rsplit(":", 1)[0] if rest.count(":") == 1 else rest).lower().rstrip(".")


def remarked(endpoint: Endpoint) -> Endpoint:
    """The endpoint with its remarks, those it had included."""
    return msgspec.structs.replace(endpoint, remarks=tuple(sorted({*endpoint.remarks, *remarks(endpoint)})))


def registrable(host: str) -> str:
    """The part of a host that somebody registered (``b.example`` of ``a.b.example``), else the host."""
    return host if _address(host) else _suffixes().privatesuffix(host) or host


def remarks(endpoint: Endpoint) -> tuple[str, ...]:
    """What stands out about an endpoint, sorted: ``cleartext``, ``raw address``, ``private address``,
    ``this device``, ``dynamic DNS``, ``shortener``, ``tunnel``, ``Telegram bot``, ``internationalised
    name``, ``imitates BRAND``.
    """
    found: set[str] = set()
    value = endpoint.value.lower()
    host = host_of(endpoint.host or value)
    if endpoint.kind in ("email", "phone") or not host:
        return ()
    if value.startswith(CLEARTEXT):
        found.add("cleartext")
    found |= {name for bot, path, name in BOTS if host == bot and path in value}
    address = _address(host)
    if address is not None:
        found.add(
            "this device"
            if any(address in net for net in _THIS_DEVICE if net.version == address.version)
            else "private address"
            if any(address in net for net in _PRIVATE if net.version == address.version)
            else "raw address"
        )
        return tuple(sorted(found))
    if host == "localhost":
        found.add("this device")
    for remark, name in (("dynamic DNS", "dynamic-dns"), ("shortener", "shorteners"), ("tunnel", "tunnels")):
        if not _parents(host).isdisjoint(listed(name)):
            found.add(remark)
    if host.endswith(".onion"):
        found.add("onion service")
    if "xn--" in host or not host.isascii():
        found.add("internationalised name")
    brand = imitated(host)
    if brand:
        found.add(f"imitates {brand}")
    return tuple(sorted(found))


@functools.lru_cache(maxsize=4096)
@functools.lru_cache(maxsize=4096)
def imitated(host: str) -> str | None:
    """The brand whose name a host carries without belonging to it.

    The name counts where it stands as a word of its own, glued to a bait word (``paypal-login``,
    ``securepaypal``), or written with look-alike digits (``paypa1``).
    """
    if not any(name in host.translate(_LOOKS_LIKE) or name in host for name, _ in _brands()):
        return None
    own = registrable(host)
    suffix = _suffixes().publicsuffix(host) or ""
    labels = host.removesuffix(suffix).strip(".").split(".")
    words = [word for label in labels for word in re.split(r"[-_]", label) if word]
    bait = listed("bait-words")
    baited = any(word in bait for word in words)
    for name, domains in _brands():
        if own in domains or host in domains or any(host.endswith("." + domain) for domain in domains):
            continue
        for word in words:
            plain = word.translate(_LOOKS_LIKE)
            if len(name) <= _SHORT:
                hit = word == name and baited
            else:
                glued = name in word and (word.removeprefix(name) in bait or word.removesuffix(name) in bait)
                hit = glued or (word == name and baited) or (plain == name and word != name)
            if hit:
                return name
    return None


@functools.cache
def listed(name: str) -> frozenset[str]:
    """The lines of a list, without its head; in lower case."""
    return frozenset(line.lower() for line in lines(name))


@functools.cache
def _brands() -> tuple[tuple[str, frozenset[str]], ...]:
    rows = (line.split("\t") for line in lines("brands"))
    return tuple(
        (name, frozenset(domains.split(","))) for names, domains in rows for name in names.split(",")
    )


def lines(name: str) -> Iterable[str]:
    """The lines of a list as written, without its head."""
    text = (builtin() / "apk" / "_lists" / f"{name}.txt").read_text("utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


@functools.cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _parents(host: str) -> set[str]:
    labels = host.split(".")
    return {".".join(labels[n:]) for n in range(max(0, len(labels) - 8), len(labels))}


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
