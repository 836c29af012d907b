"""What the code analysis may ask about the rest of the package."""

from collections.abc import Callable, Iterator, Sequence

from rogue_scan.apk import address, axml, protoxml
from rogue_scan.apk.axml import Attribute, Element
from rogue_scan.apk.code.types import LayoutView
from rogue_scan.apk.difference import short
from rogue_scan.apk.native import NativeLibrary
from rogue_scan.apk.resources import Table
from rogue_scan.errors import SourceError

MAX_LAYOUTS = 3000

_SAYING = ("hint", "text", "contentDescription", "label", "autofillHints")


class PackageResources:
    """What the code analysis may ask about the package (``rogue_scan.apk.code.types.Resources``)."""

    def __init__(
        self,
        file: Callable[[str], bytes | None],
        names: Sequence[str],
        table: Table | None,
        libraries: tuple[NativeLibrary, ...],
    ) -> None:
        self._file, self._names, self._table, self._libraries = file, names, table, libraries

    def string(self, resource: int) -> str | None:
        """The text of a string resource in the default language."""
        return self._table.text(resource) if self._table else None

    def texts(self, resource: int) -> list[str]:
        """A string resource in all languages, the default first."""
        return [short(text) for text in self._table.texts(resource).values()] if self._table else []

    def strings(self, resource: int) -> list[str]:
        """The items of a string-array resource."""
        if self._table is None:
            return []
        return [
            (self._table.text(v.data) or "") if v.kind == axml.REFERENCE else v.text
            for v in self._table.array(resource)
        ]

    def name(self, resource: int) -> str:
        """The entry name of a resource id."""
        return self._table.name(resource) if self._table else ""

    def identifier(self, name: str, kind: str) -> int:
        """The resource id of a name and a type; 0 where unknown."""
        return self._table.identifier(name, kind) if self._table else 0

    def file(self, resource: int) -> bytes | None:
        """The content of a raw or XML resource."""
        path = self._table.text(resource) if self._table else None
        return self._file(path) if path and "/" in path else None

    def asset(self, path: str) -> bytes | None:
        """The content of ``assets/PATH``."""
        return self._file(f"assets/{path}")

    def assets(self) -> list[str]:
        """The paths of all assets."""
        return [name.removeprefix("assets/") for name in self._names if name.startswith("assets/")]

    def native_strings(self) -> list[str]:
        """Strings of all native libraries that look like endpoints."""
        return [s.value for library in self._libraries for s in library.strings if address.find(s.value)]

    def layout_views(self) -> list[LayoutView]:
        """All views with an id or an input type in all layouts."""
        views: list[LayoutView] = []
        if self._table is None:
            return views
        for resource in list(self._table.ids("layout"))[:MAX_LAYOUTS]:
            path = self._table.text(resource)
            data = self._file(path) if path else None
            if data is None:
                continue
            try:
                root, _ = protoxml.parse_either(data, path or "")
            except SourceError:
                continue
            if root is not None:
                views += self._views(resource, root)
        return views

    def _views(self, layout: int, root: Element) -> Iterator[LayoutView]:
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
