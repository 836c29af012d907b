"""Network addresses in text: which strings of libraries, resources and web files name a place.

Code has its own, exact way (constants at calls). Here only text is known, so the rules are strict:
a full URL, an address with a port, a mail address. Names of XML namespaces, licences and
documentation are no endpoints.
"""

import ipaddress
import re
from urllib.parse import urlsplit

_URL = re.compile(
    r"(?:https?|wss?|ftps?|mqtts?|tcp|udp)://[^\s\"'<>\\^`{|}\x00-\x1f\x7f-\x9f]{3,500}", re.IGNORECASE
)
# Both cases are written out: patterns that ignore case take five times as long to compile.
_HOST_PORT = re.compile(
    r"(?<![\w.\-/@])((?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]{2,24}|\d{1,3}(?:\.\d{1,3}){3})"
    r":(\d{2,5})(?![\w.])"
)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[a-zA-Z0-9-]{1,63}\.)+[a-zA-Z]{2,24}(?![\w-])")

_NAMES = (
    "schemas.android.com", "schemas.microsoft.com", "schemas.openxmlformats.org", "schemas.xmlsoap.org",
    "www.w3.org",
    "w3.org", "ns.adobe.com", "purl.org", "xmlpull.org", "www.xmlpull.org", "xml.org", "www.xml.org",
    "xml.apache.org",
    "java.sun.com", "javax.xml.xmlconstants", "apache.org", "www.apache.org", "json-schema.org",
    "opensource.org",
    "www.opensource.org", "www.gnu.org", "creativecommons.org", "mozilla.org", "www.mozilla.org",
    "scripts.sil.org",
    "goo.gle", "developer.android.com", "source.android.com", "developer.mozilla.org",
    "issuetracker.google.com", "b.android.com",
    "tools.ietf.org", "www.ietf.org", "unicode.org", "www.unicode.org", "exslt.org", "xmlns.com",
    "iptc.org", "www.iec.ch",
    "www.sqlite.org", "curl.se", "curl.haxx.se", "www.openssl.org", "docs.oracle.com", "feross.org",
    "jquery.org", "jquery.com",
    "npms.io", "reactjs.org", "react.dev", "fb.me", "reactnative.dev", "angular.io", "angular.dev",
    "v8.dev", "promisesaplus.com",
    "bugs.webkit.org", "bugzilla.mozilla.org", "stackoverflow.com", "bugs.chromium.org", "crbug.com",
    "mths.be", "underscorejs.org",
    "lodash.com", "momentjs.com", "getbootstrap.com", "dom.spec.whatwg.org", "html.spec.whatwg.org",
    "tc39.es", "kotlinlang.org",
)  # fmt: skip
NO_ENDPOINTS = frozenset(_NAMES)
"""Hosts that stand in software as names of formats, licences and documents, not to be called."""

_PATHS = re.compile(r"(?i)\.(?:dtd|xsd)$|/licenses?(?:/|$)|/LICENSE")


def candidate(text: str) -> bool:
    """Quick test whether a string can hold an address at all."""
    return (
        "://" in text
        or (":" in text and bool(_HOST_PORT.search(text)))
        or ("@" in text and bool(_MAIL.search(text)))
    )


def find(text: str) -> list[tuple[str, str, str]]:
    """Addresses in a text as (kind, value, host): kinds ``url``, ``address`` and ``email``."""
    found: dict[tuple[str, str], str] = {}
    for match in _URL.finditer(text):
        value = match.group().rstrip(".,;:!?)]}'\"")
        host = url_host(value)
        if host and is_endpoint(host, value):
            found[("url", value)] = host
    for match in _HOST_PORT.finditer(text):
        host, port = match.group(1).lower(), int(match.group(2))
        if 0 < port < 65536 and is_endpoint(host, "") and not any(match.group() in url for _, url in found):
            found[("address", match.group())] = f"{host}:{port}"
    for match in _MAIL.finditer(text):
        found.setdefault(("email", match.group()), match.group().rpartition("@")[2].lower())
    return [(kind, value, host) for (kind, value), host in found.items()]


def url_host(value: str) -> str:
    """Host (and port, if it is not the scheme's own) of a URL; empty if there is none."""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if not host or ("." not in host and host != "localhost" and ":" not in host):
        return ""
    return host if port in (None, 80, 443) else f"{host}:{port}"


def is_endpoint(host: str, value: str) -> bool:
    """Whether a host is a place that can be called, rather than this phone or a name in a format."""
    name = host.partition(":")[0].lower() if host.count(":") < 2 else host
    if (
        name in NO_ENDPOINTS
        or name.endswith((".w3.org", ".apache.org", ".localhost"))
        or name in ("localhost", "example.com", "example.org")
    ):
        return False
    if value and _PATHS.search(value):
        return False
    if re.fullmatch(r"[\d.]+", name) or ":" in name:
        try:
            ip = ipaddress.ip_address(name)
        except ValueError:
            return False
        return not (ip.is_loopback or ip.is_unspecified or ip.is_link_local or ip.is_multicast)
    if any(c in name for c in "%$*{}<>,;()[]! "):
        return False
    labels = name.split(".")
    return len(labels) > 1 and all(0 < len(label) <= 63 for label in labels) and not labels[-1].isdigit()
