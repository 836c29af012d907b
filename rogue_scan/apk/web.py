"""Web content in a package: HTML and scripts, and what they do with personal data.

Apps built with web technique (Cordova, uni-app, React Native, Capacitor, plain WebView) keep their
logic in scripts that no DEX reader sees. Scripts are scanned, not run: calls that take personal data,
calls that send, the addresses they name, and whether what was taken reaches what is sent (same
callback or same variable).

Hermes bytecode, .NET assemblies and Unity data are searched for addresses only; Dart code (Flutter) is a
native library and searched as one.
"""

import base64
import binascii
import functools
import re
from collections.abc import Iterator

import msgspec

from rogue_scan.apk import address, compiled
from rogue_scan.apk.difference import short
from rogue_scan.apk.facts import WebAddress, WebFile, WebFlow
from rogue_scan.errors import RuleError
from rogue_scan.model.data import DataCategory as D
from rogue_scan.model.data import Sink
from rogue_scan.rules.files import builtin, read_yaml

MAX_FILE = 8 << 20
"""Bytes of a page or script that are read."""
SMALL = 1 << 18
"""Characters up to which a script is searched for names with a port and mail addresses as well: in large
ones these are mostly accidents."""
MAX_ADDRESSES = 500
MAX_FLOWS = 50
MAX_LITERAL = 4000
"""Characters of one literal of compiled code that are searched."""
NEARBY = 1 << 15
"""Characters before and after a call in which the functions and constants that it names are looked for."""


class _Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    takes: dict[D, tuple[str, ...]]


@functools.cache
def _takes() -> tuple[tuple[D, str, str], ...]:
    """Calls that take personal data: category, a text that has to be there, and the pattern.

    Looking for the plain text first makes a bundle of several megabytes cost a tenth, and of the patterns few
    have to be compiled.
    """
    path = builtin() / "apk" / "_models" / "scripts.yml"
    document, _ = read_yaml(path, trusted=True)
    try:
        model = msgspec.convert(document, _Model)
        return tuple(
            (category, _literal(part), part) for category, parts in model.takes.items() for part in parts
        )
    except msgspec.ValidationError as error:
        raise RuleError(str(path), "takes", str(error)) from None


def _literal(pattern: str) -> str:
    """The longest plain text that every match of a pattern contains."""
    runs, depth = [""], 0
    for token in re.findall(r"\\.|\[[^\]]*\]|\{[^}]*\}|.", pattern):
        depth += (token == "(") - (token == ")")
        plain = token[1] if token[0] == "\\" and not token[1].isalnum() else token
        if depth == 0 and len(plain) == 1 and (plain.isalnum() or plain in "_./:- '\""):
            runs[-1] += plain
        else:
            if token in ("?", "*") or token[0] == "{":
                runs[-1] = runs[-1][:-1]  # the last character need not be there
            runs.append("")
    return max(runs, key=len)


# Those that few files need are compiled where they are used first; re keeps them.
_SENDS = (
    r"(?P<http>\bfetch\s*\(|\.open\s*\(\s*['\"](?:POST|GET|PUT)['\"]|\baxios(?:\.(?:post|put|get|request))?\s*\(|\$\.(?:ajax|post|get)\s*\("
    r"|\buni\.(?:request|uploadFile)\s*\(|\bwx\.(?:request|uploadFile)\s*\(|plus\.uploader\.createUpload\s*\(|navigator\.sendBeacon\s*\("
    r"|\bhttp\.(?:post|put|get|sendRequest)\s*\(|cordova\.plugin\.http\.\w+\s*\(|\.src\s*=\s*['\"]https?:)"
    r"|(?P<socket>new\s+WebSocket\s*\(|uni\.connectSocket\s*\(|\bio\s*\(\s*['\"]wss?:)"
    r"|(?P<sms>\bsms\.send\s*\(|SendSMS\.send\s*\(|plus\.messaging\.sendMessage\s*\()"
)
_EVALUATES = re.compile(r"\beval\s*\(|new\s+Function\s*\(|setTimeout\s*\(\s*['\"]")
_BASE64 = re.compile(r"['\"]([A-Za-z0-9+/]{16,2000}={0,2})['\"]")
_RUN = re.compile(rb"[\x20-\x7e]{6,600}")
_WIDE_RUN = re.compile(rb"(?:[\x20-\x7e]\0){8,400}")
_WHOLE_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,4000}={0,2}")
_CODES = re.compile(r"(?:String\.fromCharCode\s*\(|\[)\s*((?:\d{1,3}\s*,\s*){7,500}\d{1,3})")
_ESCAPES = re.compile(r"(?:\\x[0-9a-fA-F]{2}|\\u00[0-9a-fA-F]{2}){8,500}")
_JOINED = re.compile(r"(?:(['\"])([^'\"\\\n]{1,200})\1\s*\+\s*){1,40}(['\"])([^'\"\\\n]{1,200})\3")
_PIECE = re.compile(r"(['\"])([^'\"\\\n]{0,200})\1")
_JOINT = re.compile(r"['\"]\s{0,8}\+\s{0,8}['\"]")
_URL_END = re.compile(r"[\s'\"`<>]")
_IP_PORT = re.compile(r"(?<![\w.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}:\d{2,5}(?!\w)")
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_INPUT = re.compile(r"<(?:input|textarea|select)\b[^>]{0,800}>", re.IGNORECASE)
_ATTRIBUTE = r"(?i)\b(type|name|id|placeholder|autocomplete|aria-label)\s*=\s*['\"]?([^'\">]{1,120})"
_FIELDS: tuple[tuple[D, str], ...] = (
    (
        D.ACCOUNT_PASSWORD,
        r"(?i)passw|\bpwd\b|contrase|passwor|密码|密碼|パスワード|пароль|mot de passe|senha|كلمة",
    ),
    (
        D.BANK_ACCOUNT,
        r"(?i)card.?(?:no|num)|\bcvv\b|\bcvc\b|cc-number|iban|bank|银行卡|銀行|karte|tarjeta|карт",
    ),
    (
        D.IDENTITY_NUMBER,
        r"(?i)id.?card|passport|\bssn\b|national.?id|identity|身份证|身分證|ausweis|aadhaar|\bcpf\b|\bdni\b",
    ),
    (D.PHONE_NUMBER, r"(?i)\bphone\b|\bmobile\b|\btel\b|手机|手機|telefon"),
    (D.HOME_ADDRESS, r"(?i)street|address-line|postal|\bzip\b|住址|地址"),
)


def parse(data: bytes, entry: str) -> WebFile | None:
    """Facts of one file; None where it holds nothing that a rule could ask for."""
    name = entry.lower()
    if data[:8] == compiled.HERMES:
        return _listed(compiled.hermes(data), data, entry, "hermes")
    if data[:4] == compiled.UNITY:
        return _listed(compiled.unity(data), data, entry, "unity")
    if b"\0" in data[:1024]:
        return _searched(data, entry, "binary")
    text = data[:MAX_FILE].decode("utf-8", "replace")
    if name.endswith((".html", ".htm", ".xhtml", ".vue")) or re.match(
        r"\s*<(?:!doctype html|html)", text, re.IGNORECASE
    ):
        kind = "html"
    elif name.endswith((".js", ".mjs", ".jsbundle", ".bundle", ".wxs")):
        kind = "script"
    else:
        kind = "text"
    found = list(_addresses(text))
    if kind == "text":
        return WebFile(entry, kind, len(data), tuple(found)) if found else None
    takes = [
        (category, m.group()[:80], m.start())
        for category, literal, pattern in _takes()
        for m in _first(_near(text, literal, pattern), 20)
    ]
    takes.sort(key=lambda item: item[2])
    return WebFile(
        entry, kind, len(data), tuple(found), tuple(takes), tuple(_flows(text, takes)),
        tuple(_fields(text)) if kind == "html" else (), bool(_EVALUATES.search(text)),
    )  # fmt: skip


def _near(text: str, literal: str, pattern: str) -> Iterator[re.Match[str]]:
    """Matches around the occurrences of a text that every match contains."""
    at, reach, tries = text.find(literal), 0, 0
    while at >= 0 and tries < 200:
        tries += 1
        match = re.compile(pattern).search(text, max(reach, at - 60), at + 200)
        if match:
            reach = match.end()
            yield match
        at = text.find(literal, max(reach, at + len(literal)))


def _first(matches: Iterator[re.Match[str]], most: int) -> Iterator[re.Match[str]]:
    for number, match in enumerate(matches):
        if number >= most:
            return
        yield match


def _listed(texts: Iterator[tuple[str, int]], data: bytes, entry: str, kind: str) -> WebFile | None:
    """A file of compiled code whose strings are listed in it."""
    found: dict[tuple[str, str], WebAddress] = {}
    known = False
    for text, at in texts:
        known = True
        for plain, hidden in _plain(text):
            if address.candidate(plain):
                _note(found, plain, at, hidden)
    if not known:
        return _searched(data, entry, kind)  # of a version that is not known, or damaged
    return WebFile(entry, kind, len(data), tuple(found.values()))


def _plain(text: str) -> Iterator[tuple[str, str | None]]:
    """A string literal as it is, and what it says in base64."""
    yield text[:MAX_LITERAL], None
    match = _WHOLE_BASE64.fullmatch(text)
    if match:
        try:
            plain = base64.b64decode(text, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return
        if plain.isprintable():
            yield plain, "base64"


def dotnet(data: bytes, entry: str) -> WebFile | None:
    """Facts of a native library that only wraps .NET assemblies; None for any other."""
    if not any(magic in data for magic in compiled.WRAPPED):
        return None
    return _searched(data, entry, "binary")


def _searched(data: bytes, entry: str, kind: str) -> WebFile | None:
    """A file of compiled code or data: its strings are searched for addresses."""
    found: dict[tuple[str, str], WebAddress] = {}
    for begin, end in compiled.unpacked_spans(data):
        for match in _RUN.finditer(data, begin, end):
            text = match.group().decode("ascii")
            if address.candidate(text):
                _note(found, text, match.start(), None)
        for text, at in _wide(data, begin, end):
            _note(found, text, at, None)
    for plain, at in compiled.assemblies(data):
        for text, _ in _wide(plain, 0, len(plain)):
            _note(found, text, at, None)
    return WebFile(entry, kind, len(data), tuple(found.values())) if found or kind == "hermes" else None


def _wide(data: bytes, begin: int, end: int) -> Iterator[tuple[str, int]]:
    """Texts with addresses in UTF-16, the form in which .NET keeps string literals."""
    for match in _WIDE_RUN.finditer(data, begin, end):
        text = match.group().decode("utf-16-le")
        if address.candidate(text):
            yield text, match.start()


def _addresses(text: str) -> Iterator[WebAddress]:
    found: dict[tuple[str, str], WebAddress] = {}
    for begin, end in _spots(text):
        _note(found, text[begin:end], begin, None)
    for match in _first(_BASE64.finditer(text), 2000):
        try:
            plain = base64.b64decode(match.group(1), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            continue
        if plain.isprintable() and address.candidate(plain):
            _note(found, plain, match.start(), "base64")
    for match in _first(_CODES.finditer(text), 500):
        codes = [int(part) for part in re.findall(r"\d+", match.group(1))]
        if all(32 <= code < 127 for code in codes):
            _note(found, "".join(map(chr, codes)), match.start(), "character codes")
    if "\\x" in text or "\\u00" in text:
        for match in _first(_ESCAPES.finditer(text), 2000):
            plain = re.sub(r"\\(?:x|u00)(..)", lambda m: chr(int(m.group(1), 16)), match.group())
            _note(found, plain, match.start(), "escapes")
    reach = -1
    for joint in _first(_JOINT.finditer(text), 5000):
        if joint.start() < reach:
            continue
        begin = max(reach, joint.start() - 200, text.rfind("\n", 0, joint.start()) + 1)
        whole = (m for m in _JOINED.finditer(text, begin, joint.end() + 4000) if m.end() > joint.end())
        sum_of = next(whole, None)
        if sum_of:
            reach = sum_of.end()
            plain = "".join(piece for _, piece in _PIECE.findall(sum_of.group()))
            if address.candidate(plain):
                _note(found, plain, sum_of.start(), "split")
    yield from found.values()


def _spots(text: str) -> Iterator[tuple[int, int]]:
    """Spans in which an address can stand: around ``://``, addresses with a port, and mail addresses."""
    at = text.find("://")
    while at >= 0:
        begin = at
        while begin > 0 and at - begin < 8 and text[begin - 1].isalnum():
            begin -= 1
        end = _URL_END.search(text, at + 3, at + 600)
        stop = end.start() if end else min(len(text), at + 600)
        yield begin, stop
        at = text.find("://", max(stop, at + 3))
    for match in _first(_IP_PORT.finditer(text), 500):
        yield match.span()
    if len(text) <= SMALL:
        for match in _first(re.finditer(r"[^\s'\"`<>]{6,600}", text), 20_000):
            if "://" not in match.group() and address.candidate(match.group()):
                yield match.span()


def _note(found: dict[tuple[str, str], WebAddress], text: str, at: int, hidden: str | None) -> None:
    if len(found) < MAX_ADDRESSES:
        for kind, value, host in address.find(text):
            if hidden == "split" and any(
                known.host == host and known.hidden is None for known in found.values()
            ):
                continue
            found.setdefault((kind, value), WebAddress(kind, short(value), short(host), at, hidden))


def _flows(text: str, takes: list[tuple[D, str, int]]) -> Iterator[WebFlow]:
    """Ties a call that takes to a call that sends, through its callback's parameter or its result."""
    seen: set[tuple[D, Sink, str | None]] = set()
    for category, call, at in takes:
        if len(seen) >= MAX_FLOWS:
            return
        begin, end, carriers = _reach(text, at)
        for sending in _first(re.compile(_SENDS).finditer(text, begin, end), 20):
            sink = (
                Sink.HTTP if sending.group("http") else Sink.SOCKET if sending.group("socket") else Sink.SMS
            )
            body = text[sending.start() : min(end, _statement_end(text, sending.start(), 1500))]
            if not any(re.search(rf"(?<![\w$.]){re.escape(name)}(?![\w$])", body) for name in carriers):
                continue
            endpoint = _endpoint(text, sending.start(), body)
            if (category, sink, endpoint) in seen:
                continue
            seen.add((category, sink, endpoint))
            yield WebFlow(category, sink, at, sending.start(), call, sending.group().strip()[:60], endpoint)


def _reach(text: str, at: int) -> tuple[int, int, set[str]]:
    """The span in which what was taken at ``at`` is at hand, and the names that carry it."""
    open_at = text.find("(", at, at + 200)
    end = _closing(text, open_at) if open_at >= 0 else at + 400
    inside = text[open_at:end] if open_at >= 0 else ""
    carriers: set[str] = set()
    for match in _first(
        re.finditer(
            r"function\s*\w*\s*\(([^)]{0,100})\)|\(([^()]{0,100})\)\s*=>|([A-Za-z_$][\w$]*)\s*=>", inside
        ),
        20,
    ):
        carriers.update(_NAME.findall(next(g for g in match.groups() if g is not None)))
    # var x = await taking(…), taking(…).then(x => …)
    before = text[max(0, at - 120) : at]
    assigned = re.search(
        r"(?:var|let|const)?\s*([A-Za-z_$][\w$]*)\s*[=:]\s*(?:await\s+|new\s+)?[\w$.]*$", before
    )
    chain = re.match(r"\)?\s*\.then\s*\(", text[end : end + 40])
    if chain:
        stop = _closing(text, end + chain.end() - 1)
        for match in _first(
            re.finditer(
                r"function\s*\w*\s*\(([^)]{0,100})\)|\(([^()]{0,100})\)\s*=>|([A-Za-z_$][\w$]*)\s*=>",
                text[end:stop],
            ),
            5,
        ):
            carriers.update(_NAME.findall(next(g for g in match.groups() if g is not None)))
        end = stop
    if assigned:
        carriers.add(assigned.group(1))
        end = min(len(text), end + 3000)
    # a named callback: getCurrentPosition(onPlace)
    for name in _first(re.finditer(r"[(,:]\s*([A-Za-z_$][\w$]*)\s*(?=[,)}])", inside), 10):
        begin, end_of = max(0, at - NEARBY), at + NEARBY
        pattern = re.compile(rf"function\s+{re.escape(name.group(1))}\s*\(([^)]{{0,100}})\)\s*\{{")
        body = pattern.search(text, begin, end_of)
        if body:
            carriers.update(_NAME.findall(body.group(1)))
            return body.start(), _closing(text, body.end() - 1), carriers
    # names made from a carrier inside the span carry on
    for _ in range(2):
        for match in _first(re.finditer(r"([A-Za-z_$][\w$]*)\s*=\s*([^;\n]{1,300})", text[at:end]), 200):
            if any(re.search(rf"(?<![\w$.]){re.escape(name)}(?![\w$])", match.group(2)) for name in carriers):
                carriers.add(match.group(1))
    return at, end, carriers


def _closing(text: str, at: int) -> int:
    """Offset behind the bracket that closes the one at ``at``; strings are stepped over."""
    depth, stop = 0, min(len(text), at + 20_000)
    quote = ""
    while at < stop:
        char = text[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif char in "'\"`":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth <= 0:
                return at + 1
        at += 1
    return stop


def _statement_end(text: str, at: int, most: int) -> int:
    """End of what belongs to a sending call: its arguments, and for XMLHttpRequest its ``send``."""
    open_at = text.find("(", at, at + 80)
    end = _closing(text, open_at) if open_at >= 0 else at + 200
    if ".open" in text[at : at + 10] or "WebSocket" in text[at : at + 20]:
        send = text.find(".send", end, end + most)
        if send >= 0:
            end = _closing(text, send + 5)
    return end


def _endpoint(text: str, at: int, body: str) -> str | None:
    """Host that a sending call names, in itself or through a variable holding a constant."""
    for _, _, host in address.find(body):
        return host
    joined = _JOINED.search(body)
    if joined:
        for _, _, host in address.find("".join(piece for _, piece in _PIECE.findall(joined.group()))):
            return host
    around = text[max(0, at - NEARBY) : at + NEARBY]
    for name in dict.fromkeys(_NAME.findall(body)[:40]):
        value = re.search(rf"(?<![\w$.]){re.escape(name)}\s*[=:]\s*['\"`]([^'\"`\n]{{4,300}})", around)
        if value:
            for _, _, host in address.find(value.group(1)):
                return host
            try:
                plain = base64.b64decode(value.group(1), validate=True).decode("utf-8")
            except (binascii.Error, UnicodeDecodeError, ValueError):
                continue
            for _, _, host in address.find(plain):
                return host
    return None


def _fields(text: str) -> Iterator[tuple[D, str]]:
    seen: set[D] = set()
    for match in _first(_INPUT.finditer(text), 300):
        told = {key.lower(): value for key, value in re.findall(_ATTRIBUTE, match.group())}
        label = " ".join(
            told.get(key, "") for key in ("name", "id", "placeholder", "autocomplete", "aria-label")
        ).strip()
        for category, pattern in _FIELDS:
            if category not in seen and (
                re.search(pattern, label)
                or (category is D.ACCOUNT_PASSWORD and told.get("type", "").lower() == "password")
            ):
                seen.add(category)
                yield category, short(label or told.get("type", ""), 80)
