"""What a client submits with a request: names and kinds of its parameters, never their values."""

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

from rogue_scan.wifi.net import http, personal
from rogue_scan.wifi.net.records import Sent

_MAX_BODY = http.MAX_REQUEST
_OPENED, _RATIO = 64 * 1024, 32
"""Octets that a packed body may always unfold to, and so many times its own: nobody packs forms better."""
_MAX_PARAMETERS = 256
_MAX_NAME = 64
_MAX_DEPTH = 8
_PART_NAME = re.compile(r'name="([^"]{0,256})"', re.IGNORECASE)


def sent(request: http.Message) -> list[Sent]:
    """The parameters of a request: of its query and of its body (form, multipart, JSON).

    Only those that are of some kind of personal data come first; the order is else as sent.
    """
    found: list[Sent] = []
    for name, value in _pairs(request):
        if len(found) >= _MAX_PARAMETERS:
            break
        kinds = personal.of_parameter(name, value)
        shape = personal.of_value(value)
        shown = "" if personal.of_value(name) else name[:_MAX_NAME]
        named = bool(kinds) and kinds == personal.of_name(name)
        found.append(Sent(shown, tuple(sorted(kinds)), len(value), named, bool(kinds & shape)))
    return sorted(found, key=lambda item: not item.kinds)


def _pairs(request: http.Message) -> Iterator[tuple[str, str]]:
    head = request.head
    if head is None:
        return
    query = head.target.partition("?")[2]
    if query:
        yield from _form(query[:_MAX_BODY])
    if not request.body or "br" in head.get("content-encoding").lower():
        return  # no client packs forms with Brotli; opening it is dear
    body, _ = http.content(request, min(_MAX_BODY, max(_OPENED, _RATIO * len(request.body))))
    kind = head.content_type
    if kind == "multipart/form-data":
        yield from _multipart(body, head.get("content-type"))
    elif kind.endswith("json") or body[:1] in (b"{", b"["):
        yield from _json(body)
    elif kind in ("application/x-www-form-urlencoded", "text/plain", ""):
        yield from _form(body.decode("utf-8", "replace"))


def _form(text: str) -> Iterator[tuple[str, str]]:
    try:
        yield from parse_qsl(text, keep_blank_values=False, max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        return


def _multipart(body: bytes, content_type: str) -> Iterator[tuple[str, str]]:
    boundary = re.search(r'boundary="?([^";]{1,70})', content_type)
    if boundary is None:
        return
    mark = b"--" + boundary[1].encode("latin-1", "replace")
    for part in body.split(mark, _MAX_PARAMETERS)[1:]:
        head, empty, value = part.partition(b"\r\n\r\n")
        name = _PART_NAME.search(head[:2048].decode("utf-8", "replace"))
        if empty and name:
            yield name[1], value.removesuffix(b"\r\n").decode("utf-8", "replace")


def _json(body: bytes) -> Iterator[tuple[str, str]]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return
    yield from _leaves("", document, 0)


def _leaves(name: str, value: object, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(str(key), inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(name, inner, depth + 1)
    elif value is not None and not isinstance(value, bool):
        yield name, str(value)
