"""Views of the layouts of a package: what an app asks people to type in.

A package has hundreds of layouts, most of them of libraries, and few are ever asked about. So each gets
a quick look first, and is read whole when something in it matters.
"""

from collections.abc import Callable, Iterator

from rogue_scan.apk import xmlfile
from rogue_scan.apk.axml import Attribute, Element
from rogue_scan.apk.code.types import LayoutView
from rogue_scan.apk.difference import short
from rogue_scan.apk.resources import Table
from rogue_scan.errors import SourceError

MAX_LAYOUTS = 3000
MAX_KEPT = 16 << 20
"""Bytes of layouts kept to be read later; past that they are read at once."""

_SAYING = ("hint", "text", "contentDescription", "label", "autofillHints")


class Layouts:
    """All layouts of a package."""

    def __init__(self, file: Callable[[str], bytes | None], table: Table) -> None:
        """Take a quick look at each layout in ``table``; ``file`` gives the content of a file."""
        self._unread: dict[int, bytes] = {}
        self._tags: dict[int, set[str]] = {}
        """Element names of each layout."""
        self._mentions: dict[int, list[int]] = {}
        """Layouts that refer to a resource."""
        self._views: dict[int, list[LayoutView]] = {}
        """Views of each layout that was read."""
        self._by_id: dict[int, list[LayoutView]] = {}
        kept = 0
        for layout in list(table.ids("layout"))[:MAX_LAYOUTS]:
            path = table.text(layout)
            data = file(path) if path else None
            if data is None:
                continue
            try:
                self._tags[layout], references = xmlfile.outline(data)
            except SourceError:
                continue
            for resource in references:
                self._mentions.setdefault(resource, []).append(layout)
            self._unread[layout] = data
            kept += len(data)
            if kept > MAX_KEPT:
                self._read(layout)

    def with_id(self, resource: int) -> list[LayoutView]:
        """All views of that id."""
        for layout in self._mentions.pop(resource, ()):
            self._read(layout)
        return self._by_id.get(resource, [])

    def tags(self, wanted: Callable[[str], bool]) -> Iterator[str]:
        """Element names that are ``wanted``, of views with an id or an input type."""
        for layout, tags in self._tags.items():
            if any(map(wanted, tags)):
                yield from (view.tag for view in self._read(layout) if wanted(view.tag))

    def _read(self, layout: int) -> list[LayoutView]:
        data = self._unread.pop(layout, None)
        if data is not None:
            try:
                root, _ = xmlfile.parse(data, "")
            except SourceError:
                root = None
            self._views[layout] = list(_views(layout, root)) if root else []
            for view in self._views[layout]:
                if view.id:
                    self._by_id.setdefault(view.id, []).append(view)
        return self._views[layout]


def _views(layout: int, root: Element) -> Iterator[LayoutView]:
    pending = [root]
    labels = _labels(root)
    while pending:
        element = pending.pop()
        pending += reversed(element.children)
        marked = element.get("id")
        kind = element.get("inputType")
        secret = element.get("password")
        if marked is None and kind is None and secret is None:
            continue
        yield LayoutView(
            layout,
            marked.resource if marked else 0,
            element.tag,
            kind.data if kind else 0x81 if secret is not None and secret.text == "true" else 0,
            tuple(filter(None, (_said(element.get(key)) for key in _SAYING))),
            labels.get(id(element), ""),
        )


def _labels(root: Element) -> dict[int, str | int]:
    """The text that stands right before an input field, by element."""
    found: dict[int, str | int] = {}
    pending = [root]
    while pending:
        parent = pending.pop()
        pending += parent.children
        said = _said(parent.get("hint"))
        for child in parent.children:
            if "Edit" in child.tag or "AutoComplete" in child.tag:
                found[id(child)] = said
                said = ""
            elif child.tag.endswith("TextView"):
                said = _said(child.get("text"))
    return found


def _said(attribute: Attribute | None) -> str | int:
    """What an attribute shows: a text, or the resource id of one."""
    return (attribute.resource or short(attribute.text)) if attribute else ""
