"""What a page asks for and offers: forms with their fields and labels, links, forwarding.

Read with the standard library's parser: memory-safe, and forgiving as browsers are. Scripts are not run.
"""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser

import msgspec

MAX_PAGE = 512 * 1024
"""Characters that are read."""
_MAX_FORMS = 32
_MAX_FIELDS = 128
_MAX_LINKS = 512
_MAX_TEXT = 256
_MAX_TAGS = 100_000
_SPACE = re.compile(r"\s+")
_REFRESH = re.compile(r"^\s*[\d.]*\s*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"'>]+)", re.IGNORECASE)
_ASSIGNED = re.compile(
    r"""(?:location(?:\.href)?\s*=|location\.(?:assign|replace)\(|window\.open\()\s*["']([^"'\s]{1,2048})["']"""
)
_TAG = re.compile(
    r"""<(/?[a-zA-Z][^\s<>/"'=]{0,64}+)(?:[^<>"']++|"[^"]{0,2048}+"|'[^']{0,2048}+'){0,128}+>"""
)
"""A tag that is closed; its quoted values may hold angle brackets. Nothing in it backtracks."""
_READ = frozenset({
    "title", "script", "base", "meta", "form", "label", "input", "select", "textarea", "a", "area", "iframe",
    "frame", "embed", "object", "button", "/title", "/form", "/label",
})  # fmt: skip
"""Tags that say something; most of a page is others, which are passed over unread."""
_ANCHOR = re.compile(
    r"""<a\s+href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))(?=[\s/>])""", re.IGNORECASE | re.ASCII
)
"""A link as most are written: half of all tags that say something."""
_QUIET = frozenset({"hidden", "submit", "button", "reset", "image"})


class Field(msgspec.Struct, frozen=True, gc=False):
    """One thing a form asks for."""

    name: str
    type: str = "text"
    label: str = ""
    """Text of its label, or the text in front of it."""
    placeholder: str = ""
    autocomplete: str = ""

    @property
    def asks(self) -> bool:
        """Whether a person fills it in."""
        return self.type not in _QUIET


class Form(msgspec.Struct, frozen=True, gc=False):
    """One form; fields outside any form are gathered in one without action."""

    action: str = ""
    method: str = "get"
    fields: tuple[Field, ...] = ()


class Page(msgspec.Struct, frozen=True, gc=False):
    """Facts of one HTML page."""

    title: str = ""
    forms: tuple[Form, ...] = ()
    links: tuple[str, ...] = ()
    """Targets of links, frames and scripted forwarding, as written."""
    refresh: str = ""
    """Where a meta refresh or a script sends the browser by itself."""
    base: str = ""


def read(markup: str) -> Page:
    """The facts of a page; never fails: what cannot be read is not there."""
    reader = _Reader()
    for texts, name, piece in _pieces(markup[:MAX_PAGE]):
        if texts:
            reader.words(texts)
        if name == "a" and (anchor := _ANCHOR.match(piece)):
            reader.link(unescape(anchor[anchor.lastindex or 1]))
        elif name == "code":
            reader.scripted(piece)
        elif name:
            reader.feed(piece)
            reader.clear_cdata_mode()  # its content comes apart, or not at all
    return reader.page()


def _pieces(markup: str) -> Iterator[tuple[list[str], str, str]]:
    """(texts before it, name, tag) of tags that say something; the name of an end begins with a slash.

    The content of a script comes as ``code``; at the end there may be texts alone. In linear time: the
    standard library's parser looks again and again for the ends of what is never closed; given whole pieces,
    it has nothing to look for. Comments and styles are left out.
    """
    texts: list[str] = []
    at = 0
    for _ in range(_MAX_TAGS):
        begin = markup.find("<", at)
        if begin != at:
            text = markup[at:begin] if begin >= 0 else markup[at:]
            if text and not text.isspace():
                texts.append(text)
            if begin < 0:
                break
        if markup[begin + 1 : begin + 2] in ("!", "?"):
            comment = markup.startswith("<!--", begin)
            end = markup.find("-->", begin + 4) if comment else markup.find(">", begin)
            if end < 0:
                break  # an open comment hides all the rest, in browsers too
            at = end + (3 if comment else 1)
            continue
        tag = _TAG.match(markup, begin)
        if tag is None:
            at = begin + 1
            continue
        at = tag.end()
        name = tag[1].lower()
        if name in _READ:
            yield texts, name, tag[0]
            texts = []
        if name in ("script", "style"):
            end_tag = re.compile(f"</{name}", re.IGNORECASE).search(markup, at)
            if name == "script":
                yield texts, "code", markup[at : end_tag.start() if end_tag else None]
            if end_tag is None:
                break
            at = end_tag.start()
    yield texts, "", ""


def text_of(body: bytes, content_type: str) -> str:
    """The characters of a page, by the charset of its header, its own declaration, or UTF-8."""
    declared = re.search(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", content_type, re.IGNORECASE)
    found = declared[1] if declared else ""
    if body[:3] == b"\xef\xbb\xbf":
        found = "utf-8-sig"
    elif not found:
        inside = re.search(rb"charset\s*=\s*[\"']?([\w.:-]{1,40})", body[:2048], re.IGNORECASE)
        found = inside[1].decode("ascii", "replace") if inside else "utf-8"
    try:
        return body.decode(found, "replace")
    except (LookupError, ValueError):
        return body.decode("utf-8", "replace")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._title: list[str] = []
        self._in_title = False
        self._forms: list[tuple[str, str, list[tuple[str, Field]]]] = []
        self._loose: list[tuple[str, Field]] = []
        self._open: list[tuple[str, Field]] | None = None
        self._links: list[str] = []
        self._labels: dict[str, str] = {}
        self._label: list[str] | None = None
        self._label_for = ""
        self._label_fields: list[int] = []
        self._before = ""
        """The last words, as written: they name the field that follows them."""
        self._refresh = ""
        self._base = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in reversed(attrs)}
        match tag:
            case "title":
                self._in_title = True
            case "script":
                self.link(values.get("src", ""))
            case "base":
                self._base = self._base or values.get("href", "").strip()
            case "meta":
                if values.get("http-equiv", "").lower() == "refresh" and not self._refresh:
                    target = _REFRESH.match(values.get("content", ""))
                    self._refresh = target[1].strip() if target else ""
            case "form":
                if len(self._forms) < _MAX_FORMS:
                    self._open = []
                    method = values.get("method", "get").strip().lower()
                    self._forms.append((values.get("action", "").strip(), method, self._open))
                self._before = ""
            case "label":
                self._label = []
                self._label_for = values.get("for", "")
            case "input" | "select" | "textarea":
                self._field(tag, values)
            case "a" | "area":
                self.link(values.get("href", ""))
            case "iframe" | "frame" | "embed":
                self.link(values.get("src", ""))
            case "object":
                self.link(values.get("data", ""))
            case "button":
                self.link(values.get("formaction", ""))

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "title":
                self._in_title = False
            case "form":
                self._open = None
            case "label":
                if self._label is not None and self._label_for:
                    self._labels.setdefault(self._label_for, _tidy(self._label))
                self._label = None
                self._label_for = ""

    def words(self, texts: list[str]) -> None:
        """Takes what stands between two tags that say something."""
        if self._in_title:
            self._title += map(unescape, texts)
            return
        if self._label is not None:
            self._label += map(unescape, texts)
        self._before = texts[-1]

    def scripted(self, code: str) -> None:
        """Takes the text of a script: where it sends the browser to."""
        for target in _ASSIGNED.findall(code):
            self.link(target)
            self._refresh = self._refresh or target

    def page(self) -> Page:
        forms = [
            Form(action, method, tuple(self._named(item) for item in fields))
            for action, method, fields in self._forms
        ]
        if self._loose:
            forms.append(Form(fields=tuple(self._named(item) for item in self._loose)))
        return Page(
            _tidy(self._title), tuple(forms), tuple(dict.fromkeys(self._links)), self._refresh, self._base
        )

    def _field(self, tag: str, values: dict[str, str]) -> None:
        fields = self._open if self._open is not None else self._loose
        kind = values.get("type", "text").strip().lower() if tag == "input" else tag
        near = _tidy(self._label) if self._label else _tidy([unescape(self._before)])
        label = values.get("aria-label") or values.get("title") or ("" if kind in _QUIET else near)
        identifier = values.get("id", "")
        if len(fields) < _MAX_FIELDS:
            fields.append((
                identifier,
                Field(
                    (values.get("name") or identifier)[:_MAX_TEXT], kind[:32], label[:_MAX_TEXT],
                    values.get("placeholder", "")[:_MAX_TEXT], values.get("autocomplete", "").lower()[:64],
                ),
            ))  # fmt: skip
        if kind not in _QUIET:
            self._before = ""
        self.link(values.get("formaction", ""))

    def _named(self, item: tuple[str, Field]) -> Field:
        identifier, field = item
        label = self._labels.get(identifier) if identifier else None
        if not label:
            return field
        return Field(field.name, field.type, label, field.placeholder, field.autocomplete)

    def link(self, target: str) -> None:
        """Takes the target of a link."""
        target = target.strip()
        if (
            target
            and len(self._links) < _MAX_LINKS
            and not target.lower().startswith(("javascript:", "data:"))
        ):
            self._links.append(target[:2048])


def _tidy(parts: list[str]) -> str:
    return _SPACE.sub(" ", " ".join(parts)).strip()[:_MAX_TEXT]
