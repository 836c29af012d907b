"""What in an app's texts is an endpoint, and what only looks like one."""

import functools
import re
from pathlib import Path

from rogue_scan.apk.code.models import Models
from rogue_scan.apk.code.values import HOLE

# Both cases are written out: patterns that ignore case take five times as long to compile.
URL = re.compile(r"([a-zA-Z][a-zA-Z0-9+.\-]{1,11})://([^\s/?#\"'<>\\^`{|}]+)([^\s\"'<>\\^`{|}]*)")
MAIL = re.compile(r"[\w.+\-]{1,64}@(?:[a-zA-Z0-9](?:[a-zA-Z0-9\-]*[a-zA-Z0-9])?\.)+[a-zA-Z]{2,24}")
SCHEMES = frozenset(
    (
        *("http", "https", "ws", "wss", "ftp", "ftps", "sftp", "mqtt", "mqtts", "tcp", "udp", "ssl"),
        *("smtp", "smtps", "rtmp", "rtsp", "socks", "socks5", "stun", "turn"),
    )
)
_COMMON = frozenset(
    (
        *("com", "net", "org", "io", "cn", "ru", "de", "info", "xyz", "top", "app", "dev", "me", "co", "in"),
        *("example", "test", "invalid", "onion", "local", "lan", "internal", "home", "corp", "arpa", "i2p"),
    )
)
"""Frequent top-level domains, and those that are on no list but can be reached."""
_MOST_LABELS = 8
"""Of a rule in the public suffix list, and then some."""
_HOST = re.compile(r"(?:[a-zA-Z0-9_](?:[a-zA-Z0-9_\-]{0,62})?\.)+[a-zA-Z][a-zA-Z0-9\-]{1,62}")
_IP = re.compile(r"(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}")


def host_port(value: str) -> str:
    """The host of an address, with its port where it is no URL; empty where there is none."""
    match = URL.match(value)
    if match:
        host = match.group(2).rsplit("@", 1)[-1]
        return _plain(re.sub(r":\d+$", "", host))
    return _plain(value.split("/", 1)[0])


def _plain(host: str) -> str:
    return host.lower().rstrip(".")


def is_host(host: str) -> bool:
    """Whether a text is a host name or an address, with or without a port."""
    bare = re.sub(r":\d{1,5}$", "", host)
    if _HOST.fullmatch(bare):
        return is_public(bare)
    return bool(_IP.fullmatch(bare) or re.fullmatch(r"\[[0-9a-f:]+\]", bare, re.I))


@functools.cache
def _suffixes() -> frozenset[str]:
    """The rules of the public suffix list as they stand there (its comments are no names).

    The package's own reader takes longer to build its tables than most apps take to analyse, and only
    whether a rule exists is asked here.
    """
    from publicsuffixlist import PSLFILE

    return frozenset(Path(PSLFILE).read_text("utf-8").split("\n"))


def is_public(host: str) -> bool:
    """Whether a name ends like one that can be on the network; a class path does not."""
    labels = host.lower().rsplit(".", _MOST_LABELS)[-_MOST_LABELS:]
    if labels[-1] in _COMMON:
        return True
    if host.startswith(("java.", "javax.", "android.")):
        return False
    rules, ending = _suffixes(), ""
    for label in reversed(labels):
        ending = f"{_international(label)}.{ending}" if ending else _international(label)
        # An exception stands beside a wildcard above it, so it need not be asked for.
        if ending in rules or f"*.{ending}" in rules:
            return True
    return False


def _international(label: str) -> str:
    """A label of a name as the public suffix list writes it."""
    if not label.startswith("xn--"):
        return label
    try:
        return label.encode("ascii").decode("idna")
    except UnicodeError:
        return label


def zone(name: str) -> str:
    """The constant end of a host name whose first labels are not known, as data in a look-up is."""
    tail = name.rsplit(HOLE, 1)[-1]
    tail = tail.lstrip(".") if tail.startswith(".") else tail.partition(".")[2]
    return tail if "." in tail and is_host(tail) else ""


def clean(value: str) -> str:
    """An address up to where it is not known any more."""
    return value.split(HOLE, 1)[0].strip()


def classify(value: str, models: Models) -> tuple[str, str] | None:
    """Kind and host of a text that is an endpoint, None for one that is none."""
    known = clean(value)
    whole = URL.match(value)
    if whole and HOLE in whole.group(2):
        tail = zone(whole.group(2).rsplit("@", 1)[-1])
        return ("host", tail) if tail and not is_documentation(tail, models) else None
    match = URL.match(known)
    if match:
        scheme = match.group(1).lower()
        host = host_port(known)
        if known.startswith(models.not_endpoint_prefixes):
            return None
        if scheme not in SCHEMES or not is_host(host) or is_documentation(host, models):
            return None
        if len(known) < len(value.strip()) and match.end(2) == len(known) and HOLE in value:
            # The host itself goes on in what is not known.
            return None
        return "url", host
    host = host_port(known)
    if HOLE in value and not value.split(HOLE, 1)[0].endswith(("/", "?", "=")):
        return None
    if host and is_host(host) and ":" in host:
        return "socket", host
    if host and _IP.fullmatch(host):
        return "address", host
    if host and is_host(host):
        return "host", host
    return None


def is_documentation(host: str, models: Models) -> bool:
    """Whether a host stands in code for a namespace, a licence or documentation."""
    bare = re.sub(r":\d{1,5}$", "", host)
    return (
        bare in models.not_endpoint_hosts
        or bare.startswith(("schemas.", "javax.", "java."))
        or bare.endswith((".w3.org", ".apache.org"))
    )


def hidden_how(tags: frozenset[str], host: str, plain: set[str], whole: set[str]) -> str | None:
    """How an address was hidden, None for one that stands in the code as it is.

    ``plain`` are the texts that stand in the code, ``whole`` the hosts that stand there in an address.
    """
    strong = sorted(tags - {"format", "joined", "part of a text", "split", "character array"})
    weak = sorted(tags & {"format", "joined", "part of a text", "split", "character array"})
    if "native" in tags:
        return "string in native library"
    if "string resource" in tags or "manifest meta-data" in tags or "file in the package" in tags:
        return ", ".join(strong)
    if host in whole or (host in plain and not weak):
        return None
    if strong or weak:
        return ", ".join(strong or weak)
    return "text put together from pieces"
