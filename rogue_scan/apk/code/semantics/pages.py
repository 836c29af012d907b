"""Models of WebView: pages, injected scripts, JavaScript bridges."""

import re
from typing import Any

from rogue_scan.apk.code import personal
from rogue_scan.apk.code.library import NOTHING, Site, handles
from rogue_scan.apk.code.semantics.ciphers import unbase64
from rogue_scan.apk.code.semantics.intents import WEBVIEW
from rogue_scan.apk.code.semantics.texts import STRING
from rogue_scan.apk.code.values import (
    CLEAN,
    HOLE,
    UNKNOWN,
    Val,
    const,
    how,
    make,
    objects,
    taint,
    text,
    texts,
    union,
)
from rogue_scan.apk.dex import values
from rogue_scan.model.data import Sink


def _page(site: Site, value: Any) -> None:
    place = site.m.place(site.frame, site.unit)
    for known in texts(value):
        if len(site.lib.pages) < 64 and (known, place) not in site.lib.pages:
            site.lib.pages.append((known, place))


@handles(WEBVIEW, "loadUrl", "loadData", "loadDataWithBaseURL", "evaluateJavascript")
def _load(site: Site) -> Any:
    name = site.ref.name
    if name == "loadUrl":
        address = site.arg(0)
        t = taint(address)
        known = text(address) or ""
        if known.startswith("javascript:"):
            _page(site, address)
            site.lib.emit(site, Sink.WEBVIEW, t, None)
        elif known.startswith("file:///android_asset/"):
            data = site.m.resources.asset(
                known.removeprefix("file:///android_asset/").split("?")[0].split("#")[0]
            )
            if data is not None:
                _page(site, data[: 1 << 18].decode("utf-8", "replace"))
        elif known.startswith("data:"):
            _page(site, address)
        elif texts(address):
            site.lib.emit(site, Sink.HTTP, t, address)
            for obj in objects(site.this):
                site.heap.add(obj, "url", Val(const(address), CLEAN, (), STRING, how(address)))
        for header in site.params[1:]:
            site.lib.emit(site, Sink.HTTP, site.deep(header), address)
        return None
    if name == "evaluateJavascript":
        _page(site, site.arg(0))
        for callback in objects(site.arg(1)):
            if callback.cls in site.m.program.classes:
                kinds = script_kinds(text(site.arg(0)) or "")
                t = union(
                    site.lib.source(site, kind, "a page's form") for kind in sorted(kinds)
                ) or site.lib.source(site, "?page", "a page")
                site.lib.call_back(callback, site, [], t, site.arg(1))
        return NOTHING
    body = site.arg(0 if name == "loadData" else 1)
    known = text(body) or ""
    if name == "loadData" and (text(site.arg(2)) or "") == "base64":
        raw = unbase64(known)
        body = make(raw.decode("utf-8", "replace")) if raw is not None else body
    _page(site, body)
    return None


def script_kinds(script: str) -> frozenset[str]:
    """What a script reads out of a page's form."""
    found: set[str] = set()
    if re.search(r"type\s*[=\\\"']+\s*[\\\"']*password|\.type\s*==+\s*['\"]password", script):
        found.add("account-password")
    for name in re.findall(
        r"(?:getElementById|querySelector|getElementsByName)\(\s*\\?['\"]([^'\"]{1,60})", script
    ):
        found |= personal.categories(name.strip("#.[]"))
    return frozenset(found)


@handles(WEBVIEW, "addJavascriptInterface")
def _add_bridge(site: Site) -> Any:
    name = text(site.arg(1)) or ""
    for obj in objects(site.arg(0)):
        cls = site.m.program.classes.get(obj.cls)
        if cls is None:
            continue
        names = site.lib.bridges.setdefault(obj.cls, [])
        if name not in names:
            names.append(name)
        this = Val(UNKNOWN, CLEAN, (obj,), obj.cls)
        _, marked = values.annotations(cls.dex, cls.row)
        shown_methods = {
            index
            for index, notes in marked.items()
            if any(n.type == "Landroid/webkit/JavascriptInterface;" for n in notes)
        }
        for (method, proto), target in cls.methods.items():
            if method.startswith("<") or not target.access & 1 or target.is_static:
                continue
            if shown_methods and target.index not in shown_methods:
                continue
            args: list[Any] = [this]
            for i, kind in enumerate(site.m.program.params(proto)):
                t = site.m.labelled(
                    "?page", site.frame, site.unit, f"given by the page to {name}.{method}", 0
                )
                label, step = next(iter(t.items()))
                args.append(site.m.unknown(kind, {("?page", f"{name}.{method}.{i}", label[2]): step}))
            site.m.later(obj, target, args)
    return None


@handles("Landroid/webkit/CookieManager;", "getCookie")
def _cookie(site: Site) -> Any:
    return Val(HOLE, CLEAN, (), STRING)
